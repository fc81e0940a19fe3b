"""What came of a run of the scalable chip: the files that `sim/node/drive.cpp` writes."""

import dataclasses
from pathlib import Path

import numpy as np

from trispike.models.mesh.memory_map import STATUS
from trispike.models.mesh.topology import MeshShape, Node, Port, node_name
from trispike.sim.noc.cpp import RecordFile
from trispike.sim.node.formats import ARRIVAL, EXCHANGE, HAPPENING, NODE, PHASE, STATES, Ending
from trispike.sim.node.memory import Exchange, name
from trispike.sim.node.work import Memory, Work
from trispike.sim.tools.simulator import SimulationError

_PHASES = ("loading", "the run", "reading back")


@dataclasses.dataclass(frozen=True, kw_only=True)
class Phase:
    """Loading, the run or reading back.

    - ``ending``: how it ended.
    - ``cycles``: its length; cycles are counted from its beginning.
    - ``seconds``: time that it took, files aside.
    - ``evaluations``: cycles of nodes that were evaluated; the others could not change anything.
    - ``strays``: flits to the host that nobody should have sent.
    - ``links``: int64, shape (nodes, 7): flits that left each router by each `Port`.
    - ``states``: int64, shape (nodes, 8): cycles of each node in each state, see `formats.STATES`.
    """

    ending: Ending
    cycles: int
    seconds: float
    evaluations: int
    strays: int
    links: np.ndarray
    states: np.ndarray

    @property
    def computing(self) -> np.ndarray:
        """Cycles in which each node's cluster had a timestep at work: int64, shape (nodes,)."""
        return self.states[:, 1::2].sum(axis=1)

    @property
    def only_sending(self) -> np.ndarray:
        """Cycles in which it did nothing but send spikes or ends."""
        return self.states[:, [2, 6]].sum(axis=1)

    @property
    def only_blocked(self) -> np.ndarray:
        """Cycles in which it did nothing, as its spikes waited for a credit."""
        return self.states[:, 4]

    @property
    def idle(self) -> np.ndarray:
        """Cycles in which it did none of these."""
        return self.states[:, 0]


@dataclasses.dataclass(frozen=True, kw_only=True)
class NodesRun:
    """What a mesh of nodes did.

    - ``mesh``: its nodes.
    - ``loading``, ``running``, ``reading``: the phases.
    - ``quiet``, ``computing``, ``sending``, ``blocked``: bool, shape (nodes,): state of the nodes
      at the end; ``quiet`` is nothing to do.
    - ``status``: int64, shape (nodes,): `models.mesh.memory_map.STATUS`, 0 if all went well.
    - ``dropped``, ``dropped_ports``: int64, shape (nodes,): flits that each router dropped, and a
      bit for each `Port` that they wanted.
    - ``begun``, ``done``: int64, shape (steps,): cycle in which the host's first flit of a timestep
      was taken, and in which the last end of it came to the host; -1 if never.
    - ``before``, ``after``: what came of the transactions before the run and after it.
    - ``receivers``, ``times``, ``flits``: int64 (n,), int64 (n,), uint32 (n,): number of the node,
      or of nodes for the host, cycle and flit of all that was given to nodes and host in the run,
      in the order of cycles.
    - ``log``: `sim.node.formats.HAPPENING`, shape (m,): what was logged of the run's first
      timesteps, in the order of cycles but that a state is told a cycle ahead.
    """

    mesh: MeshShape
    loading: Phase
    running: Phase
    reading: Phase
    quiet: np.ndarray
    computing: np.ndarray
    sending: np.ndarray
    blocked: np.ndarray
    status: np.ndarray
    dropped: np.ndarray
    dropped_ports: np.ndarray
    begun: np.ndarray
    done: np.ndarray
    before: tuple[Exchange, ...]
    after: tuple[Exchange, ...]
    receivers: np.ndarray
    times: np.ndarray
    flits: np.ndarray
    log: np.ndarray

    @property
    def phases(self) -> tuple[Phase, ...]:
        """All phases in order."""
        return self.loading, self.running, self.reading

    @property
    def lost(self) -> list[tuple[Node, int, tuple[Port, ...]]]:
        """Routers that dropped flits: where, how many, by which ports these wanted to leave."""
        return [
            (
                self.mesh.node(n),
                int(self.dropped[n]),
                tuple(port for port in Port if self.dropped_ports[n] >> port & 1),
            )
            for n in np.flatnonzero(self.dropped).tolist()
        ]

    def check(self) -> None:
        """`SimulationError` if a phase did not finish, or a node saw the protocol broken."""
        for phase, what in zip(self.phases, _PHASES, strict=True):
            if phase.ending is not Ending.FINISHED:
                raise SimulationError(self._story(phase, what))
            if phase.strays:
                raise SimulationError(f"{phase.strays} flits in {what} had no business at the host")
        for n in np.flatnonzero(self.status).tolist():
            raise SimulationError(f"{name(self.mesh.node(n))}: {status_text(int(self.status[n]))}")

    def _story(self, phase: Phase, what: str) -> str:
        why = {
            Ending.STILL: f"{what} stands still after {phase.cycles:,} cycles",
            Ending.DROPPED: f"a router dropped flits in {what}, by cycle {phase.cycles:,}",
            Ending.LATE: f"{what} has not ended after {phase.cycles:,} cycles",
        }[phase.ending]
        parts = [why]
        if phase is self.running:
            parts.append(f"{np.count_nonzero(self.done >= 0)} of {len(self.done)} timesteps done")
        for flags, state in ((~self.quiet, "not quiet"), (self.blocked, "waiting for a credit")):
            if flags.any():
                parts.append(f"{state}: {self._names(flags)}")
        parts += [
            f"router {'.'.join(map(str, node))} dropped {count} flits that wanted to leave by "
            f"{' or '.join(port.name.lower() for port in ports)}"
            for node, count, ports in self.lost
        ]
        broken = self.status != 0
        if broken.any():
            texts = (
                f"{name(self.mesh.node(n))}: {status_text(int(self.status[n]))}"
                for n in np.flatnonzero(broken).tolist()
            )
            parts += texts
        return "; ".join(parts)

    def _names(self, flags: np.ndarray) -> str:
        nodes = [self.mesh.node(n) for n in np.flatnonzero(flags).tolist()]
        some = ", ".join(node_name(node) for node in nodes[:8])
        return some + (f" and {len(nodes) - 8} more" if len(nodes) > 8 else "")


def status_text(status: int) -> str:
    """A node's STATUS in words: ``status early, 3 spikes refused``."""
    refused = STATUS["refused"].get(status)
    words = [key for key, field in STATUS.items() if key != "refused" and field.get(status)]
    return f"status {', '.join([*words, *([f'{refused} flits refused'] if refused else [])])}"


def read(folder: Path, work: Work) -> NodesRun:
    """The run of ``work`` whose files are in ``folder``."""
    results = RecordFile(folder / "results")
    nodes, steps = work.mesh.nodes, len(work.steps)
    phases = [
        _phase(
            head,
            links=results.take(nodes * len(Port)).reshape(nodes, len(Port)),
            states=results.take(nodes * STATES).reshape(nodes, STATES),
        )
        for head in results.take(len(_PHASES), PHASE)
    ]
    ends = results.take(nodes, NODE)
    begun, done = results.take(steps), results.take(steps)
    before, after = (_exchanges(results, memory) for memory in (work.before, work.after))
    given, log = _records(folder / "flits", ARRIVAL), _records(folder / "log", HAPPENING)
    return NodesRun(
        mesh=work.mesh,
        **dict(zip(("loading", "running", "reading"), phases, strict=True)),
        **{name: ends[name].astype(bool) for name in ("quiet", "computing", "sending", "blocked")},
        **{name: ends[name] for name in ("status", "dropped", "dropped_ports")},
        begun=begun,
        done=done,
        before=before,
        after=after,
        receivers=given["receiver"].astype(np.int64),
        times=given["cycle"],
        flits=given["flit"].copy(),
        log=log,
    )


def _records(path: Path, layout: np.dtype) -> np.ndarray:
    """All records of a file, none if it was never written."""
    return RecordFile(path).rest(layout) if path.exists() else np.zeros(0, dtype=layout)


def _phase(head: np.void, *, links: np.ndarray, states: np.ndarray) -> Phase:
    return Phase(
        ending=Ending(head["ending"]),
        cycles=int(head["cycles"]),
        seconds=int(head["nanoseconds"]) / 1e9,
        evaluations=int(head["evaluations"]),
        strays=int(head["strays"]),
        links=links,
        states=states,
    )


def _exchanges(results: RecordFile, memory: Memory) -> tuple[Exchange, ...]:
    exchanges = []
    for transaction in memory.transactions:
        [(begun, ended, flits)] = results.take(1, EXCHANGE).tolist()
        answer = results.take(flits, np.uint32)
        exchanges.append(Exchange(transaction=transaction, begun=begun, ended=ended, answer=answer))
    return tuple(exchanges)
