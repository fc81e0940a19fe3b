"""Whether a network on a mesh exchanged what it had to: every flow exact, in order, to its end."""

import dataclasses
import enum

import numpy as np

from trispike.golden.mesh.nodes import Exchange, Flow, host_receiver, is_end, named_source
from trispike.models.mesh import flits
from trispike.models.mesh.flits import SPIKE, Control, FlitType
from trispike.models.mesh.topology import MeshShape
from trispike.sim.report.mismatch import Mismatch

_COMPARED = 64
"""Flits by which it is told whether a flit is missing, is too many or is another."""

_UNKNOWN = -1
"""Cycle in which a flit came, if that is not known."""

_STEPS = SPIKE["step"].mask + 1
"""Timesteps that a flit tells apart."""

_KEY_BITS = 3 * flits.COORDINATE_BITS + 2
"""Source and kind of a flit, see `_keys`."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class _Fault:
    """What went wrong, and its rank: timestep, layer, and that credits come before spikes."""

    rank: tuple[int, int, int]
    mismatch: Mismatch


def judge(
    run: Exchange,
    receivers: np.ndarray,
    received: np.ndarray,
    times: np.ndarray | None = None,
) -> Mismatch | None:
    """The first difference between what came and what had to come.

    - ``run``: what had to be exchanged.
    - ``receivers``: who was given each flit: int64, shape (n,), node numbers or
      `golden.mesh.nodes.host_receiver`.
    - ``received``: the flits: uint32, shape (n,), those of a receiver in the order in which they
      came.
    - ``times``: the cycles in which they came: int64, shape (n,); None if it is not known.

    It is that of the earliest timestep, and of these the one nearest to the input. A flit that is
    of no flow counts as of the first timestep that it can mean and whose ends its receiver has not
    all been given.
    """
    which = _flows_of(run, receivers, received)
    times = np.full(len(received), _UNKNOWN) if times is None else times
    order = np.argsort(which, kind="stable")
    ends = np.cumsum(np.bincount(which, minlength=len(run.flows) + 1))[:-1]
    *parts, strangers = np.split(order, ends)
    faults = []
    for flow, part in zip(run.flows, parts, strict=True):
        due, came = run.flits(flow), received[part]
        if not np.array_equal(due, came):
            faults.append(_fault(run, flow, due, came, times[part]))
    _, firsts = np.unique(receivers[strangers], return_index=True)
    for at in strangers[firsts].tolist():
        faults.append(_unknown(run, receivers, received, times, which, at))
    return min(faults, key=lambda fault: fault.rank).mismatch if faults else None


def _flows_of(run: Exchange, receivers: np.ndarray, received: np.ndarray) -> np.ndarray:
    """Number of the flow of each flit, or of all flows if it is of none: uint16, shape (n,).

    So few bits, as NumPy sorts those in linear time.
    """
    receiver_count = host_receiver(run.mapping.mesh) + 1
    assert len(run.flows) < 1 << 16
    assert np.all((receivers >= 0) & (receivers < receiver_count))
    known = np.array([flow.address for flow in run.flows], dtype=np.uint32)
    keys = _keys(np.array([flow.receiver for flow in run.flows]), known)
    table = np.full(receiver_count << _KEY_BITS, len(run.flows), dtype=np.uint16)
    assert len(np.unique(keys)) == len(keys)
    table[keys] = np.arange(len(keys))
    which = table[_keys(receivers, received)]
    which[SPIKE["type"].get(received) != FlitType.SPIKE] = len(run.flows)
    return which


def _keys(receivers: np.ndarray, received: np.ndarray) -> np.ndarray:
    """A number for each receiver, source and kind of flit: int64, shape (n,)."""
    host = SPIKE["from_host"].get(received)
    part = named_source(received) << 2 | host << 1 | _is_credit(received)
    return receivers << _KEY_BITS | part.astype(np.int64)


def _is_credit(received: np.ndarray) -> np.ndarray:
    control, word = SPIKE["control"].get(received), SPIKE["neuron"].get(received)
    return (control == 1) & (word == Control.CREDIT)


class _How(enum.Enum):
    """How two sequences differ where they first do."""

    MISSING = enum.auto()
    EXTRA = enum.auto()
    OTHER = enum.auto()


def _how(due: np.ndarray, came: np.ndarray, at: int) -> _How:
    """How ``came`` differs from ``due`` at ``at``: as it goes on like the other for longest."""
    if at == len(came):
        return _How.MISSING
    if at == len(due):
        return _How.EXTRA
    more = len(came) - len(due)
    due, came = due[at : at + _COMPARED], came[at : at + _COMPARED]
    scores = {
        _How.MISSING: (_common(due[1:], came), more < 0),
        _How.EXTRA: (_common(due, came[1:]), more > 0),
        _How.OTHER: (_common(due[1:], came[1:]), more == 0),
    }
    return max(scores, key=scores.get)


def _common(one: np.ndarray, other: np.ndarray) -> int:
    """Flits from the start on that two sequences have in common."""
    length = min(len(one), len(other))
    differ = np.flatnonzero(one[:length] != other[:length])
    return int(differ[0]) if len(differ) else length


def _fault(
    run: Exchange, flow: Flow, due: np.ndarray, came: np.ndarray, times: np.ndarray
) -> _Fault:
    """The first difference of a flow; ``times`` are those at which its flits came."""
    at = _common(due, came)
    here = at // flow.credits if flow.credits else int(np.count_nonzero(is_end(due[:at])))
    match _how(due, came, at):
        case _How.MISSING:
            subject, step = int(due[at]), here
            what = _missing(flow, subject, came[at:])
        case _How.EXTRA:
            subject = int(came[at])
            step = _step(subject, max(here - 1, 0))
            what = _extra(flow, subject, came[:at], step < here)
        case _How.OTHER:
            subject, step = int(due[at]), here
            what = _other(subject, int(came[at]))
    expected = flits.text(int(due[at])) if at < len(due) else f"no more than {len(due)} flits"
    got = flits.text(int(came[at])) if at < len(came) else f"only {at} of {len(due)} flits"
    mesh, is_spike = run.mapping.mesh, _kind(subject) == "spike"
    neuron = SPIKE["neuron"].get(subject)
    if flow.potentials:  # the flit of a neuron is known by its place in the timestep
        begun = np.flatnonzero(is_end(due[:at]))[-1:] + 1
        neuron = (at - begun.sum()) // flits.POTENTIAL_FLITS
        is_spike = neuron < len(flow.neurons)
        what = what.replace("spike with a wrong neuron", "wrong potential")
        what = what.replace("spike", "potential")
        expected, got = (each.replace(" neuron ", " eight bits ") for each in (expected, got))
    sender = _name(mesh, flow.sender)
    if SPIKE["from_host"].get(flow.address) and not flow.credits:
        sender += f"'s virtual node {named_source(flow.address)}"
    mismatch = Mismatch(
        what=what,
        **_when(run, step),
        layer=flow.layer if flow.layer < len(run.spikes) else None,
        neuron=int(flow.neurons.start + neuron) if is_spike else None,
        where=f"{sender} to {_name(mesh, flow.receiver)}",
        cycle=_cycle(times, at),
        expected=expected,
        got=got,
    )
    return _Fault(rank=(step, flow.layer, 0 if flow.credits else 1), mismatch=mismatch)


def _cycle(times: np.ndarray, at: int) -> int | None:
    """When flit number ``at`` came, if it did and that is known."""
    return int(times[at]) if at < len(times) and times[at] != _UNKNOWN else None


def _step(flit: int, least: int) -> int:
    """The first timestep from ``least`` on that ``flit`` can mean."""
    return least + (SPIKE["step"].get(flit) - least) % _STEPS


def _kind(flit: int) -> str:
    """What a spike flit is."""
    if not SPIKE["control"].get(flit):
        return "spike"
    word = SPIKE["neuron"].get(flit)
    return Control(word).name.lower() if word in list(Control) else f"control {word}"


def _missing(flow: Flow, flit: int, rest: np.ndarray) -> str:
    """What is wrong if ``flit`` did not come when it was due, but ``rest`` did.

    It may be among those of this timestep and the next one; later on the same flit is due again.
    """
    if flow.credits:
        rest, ended = rest[: 2 * flow.credits], np.zeros(0)
    else:
        ended = np.cumsum(is_end(rest))
        rest = rest[ended < 2]
    later = np.flatnonzero(rest == flit)
    if not len(later):
        return f"missing {_kind(flit)}"
    if _kind(flit) == "spike" and ended[later[0]]:
        return "spike after its end"
    return f"{_kind(flit)} out of order"


def _extra(flow: Flow, flit: int, before: np.ndarray, ended: bool) -> str:
    """What is wrong with ``flit``, too many after ``before``; its timestep may have ``ended``."""
    kind = _kind(flit)
    if kind == "spike" and ended:
        return "spike after its end"
    if not flow.credits:
        ends = np.flatnonzero(is_end(before))
        begun = ends[-1] if len(ends) else 0  # the last end itself may come twice
        if (before[begun:] == flit).any():
            return f"duplicated {kind}"
    return f"extra {kind}"


def _other(due: int, came: int) -> str:
    """What is wrong with a flit that ``came`` in place of the one that was ``due``."""
    differ = due ^ came
    if differ == differ & SPIKE["step"].put(SPIKE["step"].mask):
        return f"{_kind(due)} with a wrong step"
    if _kind(came) == "spike" and differ == differ & SPIKE["neuron"].put(SPIKE["neuron"].mask):
        return "spike with a wrong neuron"
    return f"altered {_kind(due)}"


def _when(run: Exchange, step: int) -> dict[str, int]:
    image, timestep = divmod(step, run.timesteps)
    return {"image": run.first_image + image, "timestep": timestep + 1}


def _name(mesh: MeshShape, number: int) -> str:
    """A node, or the host."""
    if number == host_receiver(mesh):
        return "host"
    return f"node {'.'.join(map(str, mesh.node(number)))}"


def _unknown(
    run: Exchange,
    receivers: np.ndarray,
    received: np.ndarray,
    times: np.ndarray,
    which: np.ndarray,
    at: int,
) -> _Fault:
    """What is wrong with flit number ``at``, which is of no flow."""
    receiver, flit = int(receivers[at]), int(received[at])
    there = {
        "where": f"to {_name(run.mapping.mesh, receiver)}",
        "cycle": _cycle(times, at),
        "expected": "none",
        "got": flits.text(flit),
    }
    sources = [
        number
        for number, flow in enumerate(run.flows)
        if flow.receiver == receiver and not flow.credits
    ]
    if not sources:
        mismatch = Mismatch(what="flit to a node not in use", **there)
        return _Fault(rank=(run.steps + _STEPS, 0, 0), mismatch=mismatch)
    before = which[:at][(receivers[:at] == receiver) & is_end(received[:at])]
    begun = min(int(np.count_nonzero(before == number)) for number in sources)
    memory = SPIKE["type"].get(flit) == FlitType.MEMORY
    step = begun if memory else _step(flit, begun)
    what = "memory flit" if memory else "flit of an unknown source"
    return _Fault(
        rank=(step, run.flows[sources[0]].layer, 0),
        mismatch=Mismatch(what=what, **_when(run, step), **there),
    )
