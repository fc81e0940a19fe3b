"""Figures that others have printed, each with the place where it is printed.

Only what a paper's text or tables say: nothing is read off its drawings.
"""

import dataclasses
import re
from typing import TypeVar

Printed = TypeVar("Printed")

TW_SNN = "TW-SNN"
"""Nguyen et al., the ternary-weight network that Trispike rebuilds."""

YIN = "Yin 2017"
"""Yin et al., 2017, whose neuron TW-SNN has."""


def _rows(kind: type[Printed], *rows: tuple) -> tuple[Printed, ...]:
    """A ``kind`` of each row, the values in the order of its fields."""
    names = [field.name for field in dataclasses.fields(kind)]
    return tuple(kind(**dict(zip(names, row, strict=True))) for row in rows)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Accuracy:
    """An accuracy that a paper prints: ``text`` in its words, ``where`` in the paper.

    ``layer`` and ``data`` are named as ours, ``bits`` is the width of a weight, ``timesteps`` are
    those of one prediction, ``percent`` is the share of images labelled right, 0 to 100.
    """

    paper: str
    layer: str
    data: str
    bits: int
    timesteps: int
    percent: float
    text: str
    where: str


_SATURATED = "table 4; sec. 5.1.1 for T"
_YIN_RESULTS = "results of SNN-DC on MNIST"

ACCURACIES = _rows(
    Accuracy,
    (TW_SNN, "fc256_256", "mnist", 2, 1, 96.7, "96.7% at T = 1", "sec. 5.1.1"),
    (TW_SNN, "fc256_256", "mnist", 2, 3, 97.0, "97%, saturated after T = 3", _SATURATED),
    (YIN, "fc256_256", "mnist", 7, 1, 98.0, "98.0% at T = 1", _YIN_RESULTS),
    (YIN, "fc256_256", "mnist", 7, 16, 98.7, "98.7% at T = 16", _YIN_RESULTS),
)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Cost:
    """Points of accuracy that ternary weights cost, least and most over a paper's networks.

    For which network and for how many timesteps each is, the text does not say.
    """

    paper: str
    data: str
    least: float
    most: float
    where: str


COSTS = _rows(
    Cost,
    (TW_SNN, "mnist", 0.2, 1.05, "sec. 5.1.1, with Fig. 10"),
    (TW_SNN, "fashion", 1.68, 1.84, "sec. 5.1.1, with Fig. 10"),
)


def accuracies(data: str) -> list[Accuracy]:
    """The printed accuracies on the data set ``data``."""
    return [printed for printed in ACCURACIES if printed.data == data]


def cost(data: str) -> Cost | None:
    """The printed cost of ternary weights on the data set ``data``, if there is one."""
    return next((printed for printed in COSTS if printed.data == data), None)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Silicon:
    """A chip that a paper prints the size of; it runs the network ``layer``, named as ours.

    ``gates`` and ``logic_mm2`` are of logic, memories not counted; ``megahertz`` is its clock.
    """

    paper: str
    layer: str
    process: str
    gates: int
    logic_mm2: float
    memory_bytes: int
    megahertz: float
    where: str

    @property
    def gate_area(self) -> float:
        """Area of its logic for each gate, um2."""
        return self.logic_mm2 * 1e6 / self.gates


SILICON = Silicon(
    paper=TW_SNN,
    layer="fc256_256",
    process="65 nm, 1.2 V",
    gates=206_000,
    logic_mm2=0.24,
    memory_bytes=81 * 1024,
    megahertz=167.0,
    where="table 4 and the text on fig. 14",
)
"""TW-SNN's chip after layout. Its gate count is an estimate of theirs, of logic only; in what unit
the paper does not say, and NAND2 equivalents are the usual one."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class NodePart:
    """A part of a node that a paper prints the size of: ``what`` it is, and by whom.

    ``area`` is in um2, ``megahertz`` its highest clock, 0 where none is printed.
    """

    paper: str
    what: str
    process: str
    area: float
    megahertz: float
    where: str


AER_LUT, ADDRESS_LUT, INTERFACE, CLUSTER, ROUTER = _rows(
    NodePart,
    (TW_SNN, "AER LUT", "65 nm", 16_747.0, 0.0, "table 5"),
    (TW_SNN, "address LUT", "65 nm", 20_768.0, 0.0, "table 5"),
    (TW_SNN, "network interface, both LUTs in it", "65 nm", 72_032.0, 699.30, "table 5"),
    (TW_SNN, "neuron cluster", "65 nm", 205_608.0, 751.87, "table 5"),
    (TW_SNN, "3D router of Dang et al. 2020, 7 ports", "65 nm", 41_739.0, 537.63, "table 5"),
)
"""TW-SNN's scalable node after synthesis, without its vertical connections (TSVs). TW-SNN says
neither how many entries the LUTs have, nor how deep the router's buffers are, nor whether the
cluster is with its weight memory, nor whether wires are in the clocks."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Rival:
    """A row of TW-SNN's table 4, or of another paper, as it is printed.

    ``energy`` is in nJ of a prediction. TW-SNN scaled the others' to 65 nm and 1.2 V.
    """

    paper: str
    technology: str
    weights: str
    accuracy: str
    cycles: str
    energy: str
    where: str

    @property
    def percent(self) -> float:
        """Accuracy in percent, the last one that is printed: of the energy's T."""
        return float(re.findall(r"([\d.]+)%", self.accuracy)[-1])

    @property
    def nj(self) -> float:
        """Energy of a prediction in nJ."""
        return float(self.energy.split()[0])


_TABLE_4 = "scaled in TW-SNN's table 4"

RIVALS = _rows(
    Rival,
    (
        TW_SNN,
        "65 nm, 1.2 V",
        "2 bits",
        "97% (96.7% at T = 1)",
        "138.4, derived from predictions/s",
        "74",
        "table 4",
    ),
    (
        YIN,
        "28 nm HPC (40 nm in its abstract)",
        "7 bits",
        "98.0% at T = 1",
        "112",
        "48.4 in its own technology",
        _YIN_RESULTS,
    ),
    ("Yin 2018", "28 nm", "7 bits", "97.9%", "", "187", _TABLE_4),
    ("Zheng 2018", "65 nm", "16 bits", "91%", "", "112", _TABLE_4),
    ("Frenkel 2019", "28 nm", "4 bits", "85%, images made smaller", "", "95", _TABLE_4),
    ("Whatmough 2017", "28 nm", "8 or 16 bits", "98.3%, images made smaller", "", "225", _TABLE_4),
    ("Park 2019", "65 nm", "8 bits", "97.83%", "", "622", _TABLE_4),
    ("Chuang 2020", "90 nm", "1 bit", "98.01%, convolutional", "", "4991", _TABLE_4),
)


@dataclasses.dataclass(frozen=True, kw_only=True)
class WidthGain:
    """How many times the energy of ternary weights a paper prints for weights of ``bits``.

    ``energy`` is in nJ of a prediction with ternary weights.
    """

    paper: str
    network: str
    data: str
    timesteps: int
    energy: float
    bits: int
    times: float
    where: str


_VGG16 = (TW_SNN, "VGG16", "CIFAR-10", 250, 6.03e4)

WIDTH_GAINS = _rows(
    WidthGain,
    (*_VGG16, 8, 4.12, "sec. 5.2.3, with Fig. 16"),
    (*_VGG16, 32, 16.35, "sec. 5.2.3, with Fig. 16"),
)
"""TW-SNN prints a gain of 4.12 to 16.35 times over "8-b or 32-b"; which is which follows from their
size."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class MeshLatency:
    """Latency that another simulator gives a mesh of 4x4x4 under uniform traffic.

    ``rate`` is the offered load, flits per node and cycle; ``latency`` the mean, cycles;
    ``routers`` the mean number that a flit passes, hops + 1, None where it printed none;
    ``unstable``: it gave up, the load is beyond saturation.
    """

    rate: float
    latency: float
    routers: float | None
    unstable: bool


BOOKSIM = _rows(
    MeshLatency,
    (0.02, 21.0365, 4.73145, False),
    (0.1, 21.7809, 4.75121, False),
    (0.2, 23.6447, 4.76289, False),
    (0.25, 26.4624, 4.74926, False),
    (0.3, 340.8, 4.74764, False),
    (0.4, 715.36, None, True),
)
"""BookSim2: k-ary 3-mesh, dimension order, packets of one flit, islip, one virtual channel of 4
flits, switch and virtual channel allocation of a cycle each, no routing delay, seed 1. Its latency
without other flits is 4 cycles a router and 2."""
