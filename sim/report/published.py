"""Figures that others have printed, each with the place where it is printed.

Only what a paper's text or tables say: nothing is read off its drawings.
"""

import dataclasses

TW_SNN = "TW-SNN"
"""Nguyen et al., the ternary-weight network that Trispike rebuilds."""

YIN = "Yin 2017"
"""Yin et al., 2017, whose neuron TW-SNN has."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Accuracy:
    """An accuracy that a paper prints.

    Parameters
    ----------
    paper
        Who printed it.
    layer, data
        Names of the network and of the data set, as ours are called.
    bits
        Width of the paper's weights.
    timesteps
        Timesteps of one prediction.
    percent
        Images labelled right, 0 to 100.
    text
        The figure as the paper words it.
    where
        Where it is printed.
    """

    paper: str
    layer: str
    data: str
    bits: int
    timesteps: int
    percent: float
    text: str
    where: str


ACCURACIES = (
    Accuracy(
        paper=TW_SNN,
        layer="fc256_256",
        data="mnist",
        bits=2,
        timesteps=1,
        percent=96.7,
        text="96.7% at T = 1",
        where="sec. 5.1.1",
    ),
    Accuracy(
        paper=TW_SNN,
        layer="fc256_256",
        data="mnist",
        bits=2,
        timesteps=3,
        percent=97.0,
        text="97%, saturated after T = 3",
        where="table 4; sec. 5.1.1 for T",
    ),
    Accuracy(
        paper=YIN,
        layer="fc256_256",
        data="mnist",
        bits=7,
        timesteps=1,
        percent=98.0,
        text="98.0% at T = 1",
        where="results of SNN-DC on MNIST",
    ),
    Accuracy(
        paper=YIN,
        layer="fc256_256",
        data="mnist",
        bits=7,
        timesteps=16,
        percent=98.7,
        text="98.7% at T = 16",
        where="results of SNN-DC on MNIST",
    ),
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


COSTS = (
    Cost(paper=TW_SNN, data="mnist", least=0.2, most=1.05, where="sec. 5.1.1, with Fig. 10"),
    Cost(paper=TW_SNN, data="fashion", least=1.68, most=1.84, where="sec. 5.1.1, with Fig. 10"),
)


def accuracies(data: str) -> list[Accuracy]:
    """The printed accuracies on the data set ``data``."""
    return [printed for printed in ACCURACIES if printed.data == data]


def cost(data: str) -> Cost | None:
    """The printed cost of ternary weights on the data set ``data``, if there is one."""
    return next((printed for printed in COSTS if printed.data == data), None)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Silicon:
    """A chip that a paper prints the size of.

    Parameters
    ----------
    paper
        Who printed it.
    layer
        Name of the network that it runs, as ours is called.
    process
        Its technology.
    gates
        Gates of logic, memories not counted.
    logic_mm2
        Area of that logic, mm2.
    memory_bytes
        Memory on the chip.
    megahertz
        Its clock.
    where
        Where it is printed.
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


def _table_5(what: str, area: float, megahertz: float = 0.0) -> NodePart:
    return NodePart(
        paper=TW_SNN,
        what=what,
        process="65 nm",
        area=area,
        megahertz=megahertz,
        where="table 5",
    )


AER_LUT = _table_5("AER LUT", 16_747.0)
ADDRESS_LUT = _table_5("address LUT", 20_768.0)
INTERFACE = _table_5("network interface, both LUTs in it", 72_032.0, 699.30)
CLUSTER = _table_5("neuron cluster", 205_608.0, 751.87)
ROUTER = _table_5("3D router of Dang et al. 2020, 7 ports", 41_739.0, 537.63)
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


def _table_4(paper: str, technology: str, weights: str, accuracy: str, energy: str) -> Rival:
    return Rival(
        paper=paper,
        technology=technology,
        weights=weights,
        accuracy=accuracy,
        cycles="",
        energy=energy,
        where="scaled in TW-SNN's table 4",
    )


RIVALS = (
    Rival(
        paper=TW_SNN,
        technology="65 nm, 1.2 V",
        weights="2 bits",
        accuracy="97% (96.7% at T = 1)",
        cycles="138.4, derived from predictions/s",
        energy="74",
        where="table 4",
    ),
    Rival(
        paper=YIN,
        technology="28 nm HPC (40 nm in its abstract)",
        weights="7 bits",
        accuracy="98.0% at T = 1",
        cycles="112",
        energy="48.4 in its own technology",
        where="results of SNN-DC on MNIST",
    ),
    _table_4("Yin 2018", "28 nm", "7 bits", "97.9%", "187"),
    _table_4("Zheng 2018", "65 nm", "16 bits", "91%", "112"),
    _table_4("Frenkel 2019", "28 nm", "4 bits", "85%, images made smaller", "95"),
    _table_4("Whatmough 2017", "28 nm", "8 or 16 bits", "98.3%, images made smaller", "225"),
    _table_4("Park 2019", "65 nm", "8 bits", "97.83%", "622"),
    _table_4("Chuang 2020", "90 nm", "1 bit", "98.01%, convolutional", "4991"),
)


@dataclasses.dataclass(frozen=True, kw_only=True)
class MeshLatency:
    """Latency that another simulator gives a mesh of 4x4x4 under uniform traffic.

    Parameters
    ----------
    rate
        Offered load, flits per node and cycle.
    latency
        Mean, cycles.
    routers
        Mean number of routers that a flit passes, hops + 1; None where it printed none.
    unstable
        It gave up: the load is beyond saturation.
    """

    rate: float
    latency: float
    routers: float | None
    unstable: bool


BOOKSIM = tuple(
    MeshLatency(rate=rate, latency=latency, routers=routers, unstable=unstable)
    for rate, latency, routers, unstable in (
        (0.02, 21.0365, 4.73145, False),
        (0.1, 21.7809, 4.75121, False),
        (0.2, 23.6447, 4.76289, False),
        (0.25, 26.4624, 4.74926, False),
        (0.3, 340.8, 4.74764, False),
        (0.4, 715.36, None, True),
    )
)
"""BookSim2: k-ary 3-mesh, dimension order, packets of one flit, islip, one virtual channel of 4
flits, switch and virtual channel allocation of a cycle each, no routing delay, seed 1. Its latency
without other flits is 4 cycles a router and 2."""
