"""Flits on a timeline: what each party sends and gets, and an arrow for each flit's way."""

import collections
import dataclasses
import itertools
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from trispike.models.mesh import flits
from trispike.sim.timeline.events import TraceEvents


@dataclasses.dataclass(frozen=True, kw_only=True)
class Journey:
    """A flit's way through a network.

    - ``sender``, ``receiver``: numbers of parties; ``sender`` is None if nobody sent it.
    - ``since``: cycle from which the sender offered it, no other one being before it; None if that
      is not known.
    - ``taken``, ``came``: cycles in which the network took it, and its receiver got it; ``came`` is
      None if it never did, ``taken`` if nobody sent it.
    - ``text``: it, in words.
    - ``again``: it is the flit of the journey before, on its way to one more receiver.
    """

    sender: int | None
    receiver: int
    since: int | None
    taken: int | None
    came: int | None
    text: str
    again: bool = False

    def within(self, cycles: range) -> bool:
        """Whether it begins in ``cycles``."""
        return (self.came if self.taken is None else self.taken) in cycles


class Sent(NamedTuple):
    """A flit that a network took, see `Journey`."""

    sender: int
    since: int | None
    taken: int
    flit: int


def ways(sent: Sent, arrivals: Iterable[tuple[int, int]]) -> Iterator[Journey]:
    """The ways of a flit to its receivers, of which each is given with the cycle it came in.

    Without any it never came.
    """
    for k, (receiver, cycle) in enumerate(list(arrivals) or [(sent.sender, None)]):
        yield Journey(
            sender=sent.sender,
            receiver=receiver,
            since=sent.since,
            taken=sent.taken,
            came=cycle,
            text=flits.text(sent.flit),
            again=k > 0,
        )


def paired(sent: Iterable[Sent], came: Iterable[tuple[int, int, int]]) -> Iterator[Journey]:
    """The ways of flits ``sent``, and of those that ``came``: receiver, cycle, flit.

    Both are in the order of cycles. Flits of the same bits come in the order in which they left, a
    multicast once to each of its receivers.
    """
    waiting = collections.defaultdict(lambda: collections.defaultdict(collections.deque))
    for receiver, cycle, flit in came:
        queue = waiting[flit][receiver if flits.is_multicast(flit) else None]
        queue.append((receiver, cycle))
    for each in sent:
        queues = [queue for queue in waiting[each.flit].values() if queue]
        yield from ways(each, [q.popleft() for q in queues if q[0][1] > each.taken])
    for flit, queues in waiting.items():
        for receiver, cycle in itertools.chain(*queues.values()):
            yield Journey(
                sender=None,
                receiver=receiver,
                since=None,
                taken=None,
                came=cycle,
                text=flits.text(flit),
            )


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
        if each.sender is not None and not each.again:
            todo.append((each.taken if each.since is None else each.since, 0, number, each))
        if each.came is not None:
            todo.append((each.came, 2, number, each))
        if each.sender is not None and each.came is not None:
            todo.append((each.taken, 1, number, each))
    for cycle, what, number, each in sorted(todo, key=lambda one: one[:3]):
        receives = _receives(each.receiver)
        sends = None if each.sender is None else _sends(each.sender)
        if what == 0:
            waited = each.taken - cycle
            args = {} if each.since is None else {"waited": waited}
            events.slice(sends, cycle, waited + 1, each.text, **args)
        elif what == 1:
            events.leaves(number, sends, cycle)
        elif sends is None:
            events.slice(receives, cycle, 1, each.text)
        else:
            events.slice(receives, cycle, 1, each.text, cycles=each.came - each.taken)
            events.arrives(number, receives, cycle)
