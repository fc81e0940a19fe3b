"""Where the layers of a network stand on a mesh of nodes (TW-SNN sec. 4.3, fig. 8)."""

import dataclasses
import itertools
from collections.abc import Sequence

import numpy as np

from models.errors import BadInput
from models.mesh import MAX_SIDE, MeshShape, Node
from models.network import NetworkShape

NODE_NEURONS = 256
"""Neurons of a node. A node takes up to 1024 inputs, as any layer."""

HOST: Node = (0, 0, 0)
"""The node beside which the host stands: input spikes enter there, output spikes leave there."""

_EXCHANGED = 65
"""With up to so many places, pairs are exchanged after the placement as long as that helps."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Part:
    """Neurons ``first`` to ``first + neurons - 1`` of layer ``layer`` (0 takes the input)."""

    layer: int
    first: int
    neurons: int

    def __str__(self):
        return f"layer {self.layer + 1}: {self.first}-{self.first + self.neurons - 1}"


def parts(shape: NetworkShape) -> tuple[Part, ...]:
    """The layers of ``shape`` in order, cut into parts that fit a node."""
    return tuple(
        Part(layer=k, first=first, neurons=min(NODE_NEURONS, layer.neurons - first))
        for k, layer in enumerate(shape.layers)
        for first in range(0, layer.neurons, NODE_NEURONS)
    )


def smallest_mesh(nodes: int) -> MeshShape:
    """The mesh with the least sum of sides that has ``nodes``, of those the one of the fewest."""
    sides = itertools.product(range(1, MAX_SIDE + 1), repeat=3)
    fitting = [(x, y, z) for x, y, z in sides if x >= y >= z and x * y * z >= nodes]
    if not fitting:
        raise BadInput(f"no mesh has {nodes} nodes: the largest is 8x8x8")
    x, y, z = min(fitting, key=lambda mesh: (sum(mesh), mesh[0] * mesh[1] * mesh[2]))
    return MeshShape(x=x, y=y, z=z)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Mapping:
    """A network on a mesh.

    Parameters
    ----------
    shape
        The network.
    mesh
        The nodes.
    places
        The node of each of the network's `parts`, no two the same.
    """

    shape: NetworkShape
    mesh: MeshShape
    places: tuple[Node, ...]

    def __post_init__(self):
        wanted = len(parts(self.shape))
        check_room(self.shape, self.mesh)
        if len(self.places) != wanted:
            raise BadInput(f"a mapping of {self.shape} must have {wanted} places")
        if len(set(self.places)) != wanted or not all(map(self.mesh.holds, self.places)):
            raise BadInput(f"the places of a mapping must be different nodes of {self.mesh}")

    @property
    def numbers(self) -> np.ndarray:
        """Node numbers of the host and of each part: int64, shape (parts + 1,)."""
        return np.array([self.mesh.number(node) for node in (HOST, *self.places)])


def check_room(shape: NetworkShape, mesh: MeshShape) -> None:
    """`BadInput` if ``mesh`` has too few nodes for ``shape``."""
    wanted = len(parts(shape))
    if wanted > mesh.nodes:
        raise BadInput(
            f"{shape.name} ({shape}) needs {wanted} nodes of {NODE_NEURONS} neurons, and a mesh of "
            f"{mesh} has {mesh.nodes}: name a larger one by MESH="
        )


def flows(shape: NetworkShape, spikes: Sequence[np.ndarray]) -> np.ndarray:
    """Flits per timestep from each sender to each receiver.

    A spike is a flit for each node that it has to go to (unicast, TW-SNN sec. 4.3); each sender
    also tells each of its receivers that it has sent all spikes of the timestep, with one flit.

    Parameters
    ----------
    shape
        The network.
    spikes
        Mean spikes per timestep of each neuron, of the input first and then of each layer: floats
        of shape (neurons,).

    Returns
    -------
    ndarray
        float64, shape (parts + 1, parts + 1): from, to; 0 is the host, then the parts.
    """
    every = parts(shape)
    found = np.zeros((len(every) + 1, len(every) + 1))
    last = len(shape.layers) - 1
    for k, part in enumerate(every, 1):
        if part.layer == 0:
            found[0, k] = spikes[0].sum() + 1
        sent = spikes[part.layer + 1][part.first : part.first + part.neurons].sum() + 1
        if part.layer == last:
            found[k, 0] = sent
        for other, receiver in enumerate(every, 1):
            if receiver.layer == part.layer + 1:
                found[k, other] = sent
    return found


def _hops(nodes: Sequence[Node]) -> np.ndarray:
    """Hops between any two of ``nodes``."""
    at = np.array(nodes)
    return np.abs(at[:, np.newaxis] - at[np.newaxis]).sum(axis=2)


def hop_flits(mapping: Mapping, sent: np.ndarray) -> float:
    """Flits of ``sent``, as from `flows`, times the hops that they make with ``mapping``."""
    return float((sent * _hops([HOST, *mapping.places])).sum())


def place(shape: NetworkShape, mesh: MeshShape, sent: np.ndarray) -> Mapping:
    """A mapping with few `hop_flits`, the same for the same arguments.

    A quadratic assignment, solved approximately by SciPy: FAQ (Vogelstein et al. 2015), and on
    meshes of up to 64 nodes exchanges of pairs after it. `BadInput` if ``mesh`` is too small.
    """
    from scipy.optimize import quadratic_assignment  # here, as it would slow every command's start

    check_room(shape, mesh)
    places = mesh.nodes + 1
    padded = np.zeros((places, places))
    padded[: len(sent), : len(sent)] = sent
    both = padded + padded.T
    distances = _hops([*mesh.every(), HOST])  # the host's own place after the nodes
    host = np.array([[0, mesh.nodes]])
    solved = quadratic_assignment(both, distances, options={"partial_match": host})
    if places <= _EXCHANGED:
        guess = np.column_stack([np.arange(places), solved.col_ind])
        solved = quadratic_assignment(
            both,
            distances,
            method="2opt",
            options={"partial_match": host, "partial_guess": guess[1:]},
        )
    at = solved.col_ind[1 : len(sent)]
    return Mapping(shape=shape, mesh=mesh, places=tuple(mesh.node(int(k)) for k in at))
