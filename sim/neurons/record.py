"""The record of what neurons cost, docs/neurons.json."""

import dataclasses

from trispike.sim.report.records import Records


@dataclasses.dataclass(frozen=True, kw_only=True)
class Named:
    """A neuron, whose it is, and the trained network of ours that has it."""

    neuron: str
    paper: str
    network: str
    data: str


NEURONS = (
    Named(neuron="from zero", paper="TW-SNN", network="fc256_256", data="mnist"),
    Named(neuron="continuous", paper="Yin 2017, SNN-CT", network="ct256_256", data="saccade"),
    Named(neuron="leaky", paper="Rathi 2021", network="diet256_256", data="mnist"),
    Named(neuron="weighted spikes", paper="Kim 2018", network="ws1200_1200", data="mnist"),
    Named(neuron="first spike", paper="Zhou 2021", network="first512", data="mnist"),
)
"""Every neuron of the papers, TW-SNN's first."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Cost:
    """What a neuron costs.

    - ``element``: gates of one PE, of a hidden layer that takes spikes, in NAND2.
    - ``chip``: gates of 784-256-256-10 of such neurons, without memories, in NAND2.
    - ``fmax``: its clock in MHz.
    - ``library``: the cells of both.
    - ``network``, ``sizes``, ``data``, ``timesteps``, ``images``: the trained network, and what of
      its test images ran in the RTL.
    - ``cycles``, ``energy``: of an image, mean: cycles, and nJ by events at 65 nm.
    - ``accuracy``: fraction of labels of these images that are right.
    - ``all_accuracy``: of all test images, by the network's card.
    """

    neuron: str
    paper: str
    element: float
    chip: float
    fmax: float
    library: str
    network: str
    sizes: tuple[int, ...]
    data: str
    timesteps: int
    images: int
    cycles: float
    energy: float
    accuracy: float
    all_accuracy: float | None


def _key(cost: Cost) -> tuple:
    return ([named.neuron for named in NEURONS].index(cost.neuron),)


COSTS = Records(format="trispike-neurons-1", entry=Cost, what="what neurons cost", key=_key)
