"""Networks on meshes for tests, and arrivals of their flits to tamper with."""

import dataclasses

import numpy as np

from tb.kit.networks import random_network_of
from trispike import golden
from trispike.golden.mesh.nodes import exchange, is_end
from trispike.models.mesh.mapping import FULL_NODE, Mapping
from trispike.models.mesh.node_shape import NodeShape
from trispike.models.mesh.topology import MeshShape
from trispike.models.network.layers import Threshold
from trispike.models.network.shape import NetworkShape, ReadOut

SMALL_NODE = NodeShape(inputs=128, neurons=32)
_SENDS_POTENTIALS = dataclasses.replace(SMALL_NODE, potentials=True)
_WIDE_NODE = dataclasses.replace(SMALL_NODE, inputs=512)

CASES = {
    "one node": ((300, 10), "1x1x1", FULL_NODE),
    "one layer": ((128, 80), "2x2x1", SMALL_NODE),
    "small nodes": ((100, 70, 40, 5), "3x2x2", SMALL_NODE),
    "full nodes": ((700, 300, 520, 270), "3x3x1", FULL_NODE),
    "potentials": ((100, 70, 40), "3x2x2", _SENDS_POTENTIALS),
    "one layer of potentials": ((128, 33), "2x2x1", _SENDS_POTENTIALS),
    "deep": ((9, *[4] * 40, 3), "4x4x4", SMALL_NODE),
    "multicasts": ((300, 70, 60, 90, 40), "3x2x2", _WIDE_NODE),
}

_PLACES = {
    "multicasts": (
        *((1, 0, 0), (2, 0, 0), (2, 1, 0)),  # the host reaches all by one flit
        *((0, 1, 0), (0, 0, 0)),  # node 1.0.0 reaches both, past the host
        *((0, 1, 1), (0, 0, 1), (1, 1, 0)),
        *((1, 0, 1), (2, 0, 1)),  # node 0.0.1 reaches both
    )
}
"""Those that are not at random."""


@dataclasses.dataclass(frozen=True, kw_only=True, eq=False)
class Case:
    """A network on a mesh, and what it does with some spikes."""

    mapping: Mapping
    given: np.ndarray
    result: golden.Result

    @property
    def run(self):
        return exchange(self.mapping, self.given, self.result, first_image=7)


def mapped(name, *, images=3, timesteps=4, seed=0):
    """A random network with random spikes; the same for the same arguments.

    Its places are random too, or those of `_PLACES`.
    """
    sizes, mesh, node = CASES[name]
    mesh = MeshShape.parse(mesh)
    shape = NetworkShape.dense(name="random", sizes=sizes)
    if node.potentials:
        last = dataclasses.replace(shape.layers[-1], threshold=Threshold.NONE)
        shape = NetworkShape.of("random", (*shape.layers[:-1], last), ReadOut.POTENTIAL)
    network = random_network_of(shape, seed)
    rng = np.random.default_rng(seed)
    wanted = sum(-(-size // node.neurons) for size in sizes[1:])
    places = tuple(mesh.node(int(k)) for k in rng.permutation(mesh.nodes)[:wanted])
    places = _PLACES.get(name, places)
    given = rng.random((images, timesteps, sizes[0])) < rng.random((images, timesteps, 1))
    return Case(
        mapping=Mapping(shape=network.shape, mesh=mesh, places=places, node=node),
        given=given,
        result=golden.run(network, given, keep_potentials=False),
    )


def flit(to, source, step, *, word, control=0, from_host=0, to_host=0):
    """A spike flit by the table in docs/noc.md; ``to`` and ``source`` are 9 bits."""
    low = to << 1 | (step & 3) << 10 | control << 12
    return low | source << 13 | word << 22 | from_host << 30 | to_host << 31


@dataclasses.dataclass
class Arrivals:
    """Who was given which flits, in order of arrival."""

    receivers: list[int]
    flits: list[int]

    @classmethod
    def of(cls, run, seed=0):
        """All flits of ``run``, each flow's in order, in which nobody is two timesteps ahead."""
        rng = np.random.default_rng(seed)
        receivers, sent, times = [], [], []
        for flow in run.flows:
            made = run.flits(flow)
            if flow.credits:
                step = np.arange(len(made)) // flow.credits
            else:
                step = np.cumsum(is_end(made)) - is_end(made)
            times.append(step + np.sort(rng.random(len(made))) * 2)
            receivers.append(np.full(len(made), flow.receiver))
            sent.append(made)
        order = np.argsort(np.concatenate(times), kind="stable")
        return cls(np.concatenate(receivers)[order].tolist(), np.concatenate(sent)[order].tolist())

    @property
    def arrays(self):
        return np.array(self.receivers, dtype=np.int64), np.array(self.flits, dtype=np.uint32)

    def find(self, receiver, flit):
        """Where ``flit`` came to ``receiver`` for the first time."""
        return list(zip(self.receivers, self.flits, strict=True)).index((receiver, flit))

    def remove(self, at):
        return self.receivers.pop(at), self.flits.pop(at)

    def insert(self, at, receiver, flit):
        self.receivers.insert(at, receiver)
        self.flits.insert(at, flit)
