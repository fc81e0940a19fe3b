"""What a run of the scalable chip is told, and the file in which `sim/node/drive.cpp` reads it."""

import dataclasses
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from trispike.models.errors import BadInput
from trispike.models.mesh import flits
from trispike.models.mesh.flits import MEMORY, SPIKE, Access, Control, FlitType
from trispike.models.mesh.mapping import VIRTUAL_NEURONS, Mapping, virtual_nodes
from trispike.models.mesh.topology import DeadLink, MeshShape, Node
from trispike.rtl.noc.program import dead_links_word
from trispike.sim.noc.cpp import packed
from trispike.sim.node.formats import SETTINGS, TRANSACTIONS
from trispike.sim.node.memory import Transaction

STILL = 20_000
"""Cycles without a flit after which a run is given up: a node computes for less than 2,000."""

_SLOWEST = 1000
"""Cycles after which a flit has come even where links hardly ever pass one."""

_CHANCES = 256
"""Chances of a stall are multiples of one in so many."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Memory:
    """Transactions, one after the other from the host through the mesh.

    ``back_door``: at each node's own port in place of the mesh, all nodes at the same time.
    """

    transactions: Sequence[Transaction] = ()
    back_door: bool = False


@dataclasses.dataclass(frozen=True, kw_only=True)
class Work:
    """What is to be done with a mesh of nodes.

    - ``mesh``: its nodes.
    - ``before``, ``after``: transactions before the timesteps, and after the last one.
    - ``steps``: the host's flits of each timestep, spikes and ends in the order in which it sends
      them: uint32 of shape (n,) each.
    - ``receivers``: nodes that the host sends to, by copies too.
    - ``senders``: nodes that send to the host.
    - ``credits``: what each receiver gives the host for a timestep: one for each virtual node.
    """

    mesh: MeshShape
    before: Memory = Memory()
    steps: Sequence[np.ndarray] = ()
    receivers: tuple[Node, ...] = ()
    senders: tuple[Node, ...] = ()
    credits: int = 0
    after: Memory = Memory()


@dataclasses.dataclass(frozen=True, kw_only=True)
class Waves:
    """What a waveform shows.

    - ``nodes``: these, besides the mesh.
    - ``cycles``: of the run.
    - ``steps``: it ends with so many timesteps, if that is sooner.
    """

    nodes: tuple[Node, ...]
    cycles: range
    steps: int


@dataclasses.dataclass(frozen=True, kw_only=True)
class Conditions:
    """How a run goes, whatever the work is.

    - ``dead_links``: what the routers are told.
    - ``stall``: chance that a link passes nothing in a cycle, each link for itself, the one to the
      host too: 0 to less than 1, rounded to 256ths. More than 0 only if the program has stalls.
    - ``seed``: of the stalls, and of what stands in the memories before they are written.
    - ``gated``: do not evaluate what cannot change: the run is the same and takes less time.
    - ``record``: keep every flit that a node or the host is given in the run.
    - ``until_drop``: end the run when a router has dropped a flit.
    - ``still``: cycles without a flit after which a phase is given up.
    - ``limit``: most cycles of the run.  [default: more than any right one takes]
    - ``logged``: log so many timesteps, the first ones, for a timeline.
    - ``waves``: what the waveform shows of the run; the program must be one that writes them.
    """

    dead_links: tuple[DeadLink, ...] = ()
    stall: float = 0.0
    seed: int = 0
    gated: bool = True
    record: bool = True
    until_drop: bool = True
    still: int = STILL
    limit: int | None = None
    logged: int = 0
    waves: Waves | None = None

    def __post_init__(self):
        if not 0 <= self.stall < 1:
            raise BadInput(f"the chance of a stall must be from 0 to less than 1, not {self.stall}")


USUAL = Conditions()
"""A run without stalls and dead links."""


def mapped(
    mapping: Mapping, spikes: np.ndarray, *, before: Memory = Memory(), after: Memory = Memory()
) -> Work:
    """The work of a mapped network: input ``spikes``, bool of shape (timesteps, inputs)."""
    return Work(
        mesh=mapping.mesh,
        before=before,
        steps=[step_flits(mapping, vector, k) for k, vector in enumerate(spikes)],
        receivers=mapping.places_of(0),
        senders=mapping.places_of(len(mapping.shape.layers) - 1),
        credits=len(virtual_nodes(mapping.shape)),
        after=after,
    )


def step_flits(mapping: Mapping, spikes: np.ndarray, step: int) -> np.ndarray:
    """The host's flits of timestep number ``step``, whose input ``spikes`` are bool (inputs,).

    Each virtual node after the other sends its spikes, each with all that reach the receivers, and
    then its ends. Returns uint32, shape (n,).
    """
    sends = mapping.host_sends()
    to = np.array([send.destination for send in sends])
    multicast = np.array([int(send.multicast) for send in sends])
    sent = []
    for k in virtual_nodes(mapping.shape):
        mine = np.flatnonzero(spikes[k * VIRTUAL_NEURONS : (k + 1) * VIRTUAL_NEURONS])
        neurons = np.append(mine, int(Control.END))
        control = np.zeros(len(neurons), dtype=np.int64)
        control[-1] = 1
        common = flits.pack(
            SPIKE,
            type=FlitType.SPIKE,
            step=step,
            control=control,
            source_x=k,  # a virtual node's number stands in the nine bits of the source
            source_y=k >> flits.COORDINATE_BITS,
            source_z=k >> 2 * flits.COORDINATE_BITS,
            neuron=neurons,
            from_host=1,
        )
        targets = flits.pack(SPIKE, **flits.to_node(to.T), to_host=multicast)
        sent.append((common[:, np.newaxis] | targets[np.newaxis]).reshape(-1))
    return np.concatenate(sent).astype(np.uint32)


def write(path: Path, work: Work, conditions: Conditions) -> None:
    """Write the file WORK of `sim/node/drive.cpp`."""
    limit = conditions.limit
    if limit is None:
        limit = STILL * _SLOWEST * (len(work.steps) + 1)
    waves = conditions.waves or Waves(nodes=(), cycles=range(0), steps=0)
    settings = packed(
        SETTINGS,
        conditions.gated,
        conditions.record,
        conditions.until_drop,
        min(round(conditions.stall * _CHANCES), _CHANCES - 1),
        conditions.seed,
        dead_links_word(work.mesh, conditions.dead_links),
        conditions.still,
        limit,
        conditions.logged,
        waves.steps,
        waves.cycles.start,
        waves.cycles.stop - 1,
    )
    receivers, senders, shown = (
        np.array([work.mesh.number(node) for node in nodes], dtype=np.int64)
        for nodes in (work.receivers, work.senders, waves.nodes)
    )
    parts = [
        settings,
        _counted(shown),
        *_transactions(work.mesh, work.before),
        _counted(receivers),
        _counted(senders),
        _words(work.credits, len(work.steps)),
        *map(_counted, work.steps),
        *_transactions(work.mesh, work.after),
    ]
    path.write_bytes(b"".join(parts))


def _words(*values: int) -> bytes:
    return np.array(values, dtype=np.int64).tobytes()


def _counted(values: np.ndarray) -> bytes:
    return _words(len(values)) + values.tobytes()


def _transactions(mesh: MeshShape, memory: Memory) -> Iterator[bytes]:
    requests = [transaction.request for transaction in memory.transactions]
    flits = sum(len(request) + _words_wanted(request) for request in requests)
    limit = STILL * (len(requests) + 1) + _SLOWEST * flits
    yield packed(TRANSACTIONS, memory.back_door, limit, len(requests))
    for transaction in memory.transactions:
        yield _words(mesh.number(transaction.node)) + _counted(transaction.request)


def _words_wanted(request: np.ndarray) -> int:
    """Words that a burst read asks for; no other answer is long."""
    burst = MEMORY["access"].get(int(request[0])) == Access.BURST_READ
    return MEMORY["content"].get(int(request[2])) if burst and len(request) > 2 else 0
