"""Synthetic traffic for the network on chip: who sends which flit to whom, and when."""

import dataclasses
import enum

import numpy as np

from trispike.models.errors import BadInput
from trispike.models.mesh import flits
from trispike.models.mesh.flits import Access, Command, FlitType
from trispike.models.mesh.topology import MeshShape

HOT_SHARE = 0.2
"""Share of packets that go to the hot node under HOTSPOT."""

LONGEST = 8
"""Most flits of a memory transaction; lengths from 2 to this one are equally likely."""

MAX_CYCLES = 10_000_000
"""Most cycles that traffic may be made for."""

_SEQUENCE = (("neuron", 8), ("step", 2), ("control", 1))


class Pattern(enum.Enum):
    """Where the flits of a node go, by the usual names.

    UNIFORM: any node, the node itself too. TRANSPOSE: the node whose number is the same when nodes
    are counted along z first; in a cube, z.y.x for x.y.z. BITCOMP: the opposite node, whose
    coordinates are the complements. HOTSPOT: a fifth to the node in the middle, the rest uniform.
    NEIGHBOUR: one further along every axis, round the edge.
    """

    UNIFORM = "uniform"
    TRANSPOSE = "transpose"
    BITCOMP = "bitcomp"
    HOTSPOT = "hotspot"
    NEIGHBOUR = "neighbour"


@dataclasses.dataclass(frozen=True, kw_only=True)
class Traffic:
    """Flits that the nodes of a mesh send, each node's in the order in which they are sent.

    - ``mesh``: the nodes.
    - ``cycles``: length, in cycles.
    - ``sources``: int64, shape (n,): number of the node that sends each flit, ascending.
    - ``times``: int64, shape (n,): cycle from which it is offered, ascending for each node.
    - ``flits``: uint32, shape (n,).
    """

    mesh: MeshShape
    cycles: int
    sources: np.ndarray
    times: np.ndarray
    flits: np.ndarray

    def __post_init__(self):
        for name in ("sources", "times", "flits"):
            if getattr(self, name).shape != self.sources.shape:
                raise ValueError("sources, times and flits must have the same length")

    @property
    def load(self) -> float:
        """Offered load in flits per node and cycle."""
        return len(self.flits) / (self.mesh.nodes * self.cycles)


def check(rate: float, cycles: int, bursts: float, multicast: float) -> None:
    """`BadInput` unless `generate` takes these."""
    if not 0 < rate <= 1:
        raise BadInput(f"RATE must be above 0 and at most 1 flit per node and cycle, not {rate:g}")
    if not 1 <= cycles <= MAX_CYCLES:
        raise BadInput(f"CYCLES must be from 1 to {MAX_CYCLES}, not {cycles}")
    if not 0 <= bursts <= 1:
        raise BadInput(f"BURSTS must be a share from 0 to 1, not {bursts:g}")
    if not 0 <= multicast <= 1:
        raise BadInput(f"MULTICAST must be a share from 0 to 1, not {multicast:g}")


def pattern(name: str) -> Pattern:
    """The pattern called ``name``; `BadInput` names the known ones."""
    try:
        return Pattern(name)
    except ValueError:
        known = ", ".join(each.value for each in Pattern)
        raise BadInput(f"TRAFFIC must be one of {known}, not {name!r}") from None


def hot_node(mesh: MeshShape) -> int:
    """Number of the node in the middle of ``mesh``."""
    return mesh.number(tuple(side // 2 for side in mesh.sides))


def generate(
    mesh: MeshShape,
    kind: Pattern,
    rate: float,
    *,
    cycles: int,
    seed: int,
    bursts: float = 0.0,
    multicast: float = 0.0,
) -> Traffic:
    """Traffic of ``rate`` flits per node and cycle for ``cycles`` cycles.

    - ``mesh``, ``kind``: nodes, and where they send to.
    - ``rate``: a packet begins in a cycle with the same chance everywhere and at any time
      (Bernoulli).
    - ``cycles``: 1 to 10,000,000.
    - ``seed``: same seed, same traffic.
    - ``bursts``: share of packets that are memory transactions of 2 to 8 flits; the others are
      spike flits. The spike flits of a node are numbered, so that a lost or repeated one shows.
    - ``multicast``: share of the spike flits that are multicasts, but for those to 0.0.0, which
      cannot be. Whichever it is, they are otherwise the same flits.
    """
    check(rate, cycles, bursts, multicast)
    rng = np.random.default_rng([seed, mesh.nodes])
    mean_length = 1 + bursts * ((2 + LONGEST) / 2 - 1)
    begins = [np.flatnonzero(rng.random(cycles) < rate / mean_length) for _ in range(mesh.nodes)]
    sources = np.repeat(np.arange(mesh.nodes), [len(each) for each in begins])
    times = np.concatenate(begins)
    to = _destinations(mesh, kind, sources, rng)
    lengths = np.ones(len(sources), dtype=np.int64)
    burst = rng.random(len(sources)) < bursts
    lengths[burst] = rng.integers(2, LONGEST + 1, int(burst.sum()))
    copied = np.random.default_rng([seed, mesh.nodes, 1]).random(len(sources)) < multicast
    copied &= to != mesh.number((0, 0, 0))
    return Traffic(
        mesh=mesh,
        cycles=cycles,
        sources=np.repeat(sources, lengths),
        times=np.repeat(times, lengths),
        flits=_flits(mesh, sources, to, lengths, copied),
    )


def _destinations(mesh: MeshShape, kind: Pattern, sources: np.ndarray, rng) -> np.ndarray:
    """Node numbers that packets of the nodes ``sources`` go to."""
    if kind in (Pattern.UNIFORM, Pattern.HOTSPOT):
        to = rng.integers(0, mesh.nodes, len(sources))
        if kind is Pattern.HOTSPOT:
            to[rng.random(len(sources)) < HOT_SHARE] = hot_node(mesh)
        return to
    by_node = np.empty(mesh.nodes, dtype=np.int64)
    for number, node in enumerate(mesh.every()):
        if kind is Pattern.TRANSPOSE:
            x, y, z = node
            by_node[z + mesh.z * (y + mesh.y * x)] = number
        elif kind is Pattern.BITCOMP:
            target = tuple(side - 1 - at for at, side in zip(node, mesh.sides, strict=True))
            by_node[number] = mesh.number(target)
        else:
            target = tuple((at + 1) % side for at, side in zip(node, mesh.sides, strict=True))
            by_node[number] = mesh.number(target)
    return by_node[sources]


def _coordinates(mesh: MeshShape, numbers: np.ndarray) -> np.ndarray:
    """int64, shape (3, n)."""
    return np.stack(
        [numbers % mesh.x, numbers // mesh.x % mesh.y, numbers // (mesh.x * mesh.y)]
    ).astype(np.int64)


def _flits(
    mesh: MeshShape,
    sources: np.ndarray,
    to: np.ndarray,
    lengths: np.ndarray,
    copied: np.ndarray,
) -> np.ndarray:
    """The flits of packets of ``lengths`` flits; one of one flit is a spike flit.

    ``copied``: the packets that are multicasts if they are spike flits.
    """
    destination = dict(zip("xyz", _coordinates(mesh, to), strict=True))
    source = dict(
        zip(("source_x", "source_y", "source_z"), _coordinates(mesh, sources), strict=True)
    )
    first = np.cumsum(lengths) - lengths  # where each packet begins
    counter = np.arange(len(sources)) - np.searchsorted(sources, sources)  # packets of this node
    sequence, shift = {}, 0
    for name, width in _SEQUENCE:
        sequence[name] = counter >> shift
        shift += width
    spikes = flits.pack(
        flits.SPIKE, type=FlitType.SPIKE, **destination, **source, **sequence, to_host=copied
    )
    heads = flits.pack(
        flits.MEMORY,
        type=FlitType.MEMORY,
        **destination,
        command=Command.KEPT,
        access=Access.BURST_WRITE,
        content=(counter & 0xFF) << 9,
    ) | flits.pack(flits.HEAD, **source)
    stream = np.repeat(np.where(lengths == 1, spikes, heads), lengths)
    place = np.arange(len(stream)) - np.repeat(first, lengths)  # of a flit in its packet
    content = flits.MEMORY["content"]
    body = place > 0
    others = stream & ~content.put(content.mask) | content.put(place + np.repeat(counter, lengths))
    stream = np.where(body, others, stream)
    last = body & (place == np.repeat(lengths, lengths) - 1)
    command = flits.MEMORY["command"]
    stream[last] &= ~command.put(command.mask)
    stream[last] |= command.put(int(Command.DONE))
    return stream.astype(np.uint32)
