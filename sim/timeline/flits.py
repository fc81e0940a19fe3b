"""Flits on a timeline: what each party sends and gets, and an arrow for each flit's way."""

import dataclasses
from collections.abc import Iterable, Mapping

from trispike.sim.timeline.events import TraceEvents


@dataclasses.dataclass(frozen=True, kw_only=True)
class Journey:
    """A flit's way through a network.

    - ``sender``, ``receiver``: numbers of parties.
    - ``since``: cycle from which the sender offered it, no other one being before it; None if that
      is not known.
    - ``taken``, ``came``: cycles in which the network took it, and its receiver got it; ``came`` is
      None if it never did.
    - ``text``: it, in words.
    """

    sender: int
    receiver: int
    since: int | None
    taken: int
    came: int | None
    text: str


def work_track(party: int) -> int:
    """The track above those of `add_tracks`, for what else a party does."""
    return 3 * party


def add_tracks(events: TraceEvents, parties: Mapping[int, str]) -> None:
    """Tracks for what each of ``parties``, names by number, sends and gets."""
    for party, name in parties.items():
        events.track(_sends(party), f"{name} sends")
        events.track(_receives(party), f"{name} receives")


def _sends(party: int) -> int:
    return 3 * party + 1


def _receives(party: int) -> int:
    return 3 * party + 2


def add_journeys(events: TraceEvents, journeys: Iterable[Journey]) -> None:
    """Slices of one flit each, and arrows between them."""
    todo = []
    for number, each in enumerate(journeys):
        since = each.taken if each.since is None else each.since
        todo.append((since, 0, number, each))
        if each.came is not None:
            todo += [(each.taken, 1, number, each), (each.came, 2, number, each)]
    for cycle, what, number, each in sorted(todo, key=lambda one: one[:3]):
        sends, receives = _sends(each.sender), _receives(each.receiver)
        if what == 0:
            waited = each.taken - cycle
            args = {} if each.since is None else {"waited": waited}
            events.slice(sends, cycle, waited + 1, each.text, **args)
        elif what == 1:
            events.leaves(number, sends, cycle)
        else:
            events.slice(receives, cycle, 1, each.text, cycles=each.came - each.taken)
            events.arrives(number, receives, cycle)
