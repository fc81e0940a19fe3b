"""Both ends of a ``valid``/``ready``/``payload`` handshake, with random stalls."""

import collections
import random
from collections.abc import Callable

from tb.kit.pins import Pins


class StreamDriver:
    """Offers payloads to an input stream of the design, each until it is taken.

    While it offers nothing the payload is noise, which the design must not look at.

    Parameters
    ----------
    width
        Bits of the payload.

    Attributes
    ----------
    pace
        Chance of offering the next payload in a cycle; 1.0 never stalls.
    taken
        Cycle in which each payload was taken.
    """

    def __init__(self, pins: Pins, name: str, width: int, rng: random.Random):
        self._pins, self._name, self._width, self._rng = pins, name, width, rng
        self._queue: collections.deque[tuple[int, Callable[[], None]]] = collections.deque()
        self._offering = False
        self.pace = 1.0
        self.taken: list[int] = []

    def send(self, payload: int, then: Callable[[], None] = lambda: None) -> None:
        """Queue ``payload``; ``then`` is called in the cycle that it is taken in."""
        self._queue.append((payload, then))

    @property
    def idle(self) -> bool:
        """Everything was taken."""
        return not self._queue

    def clear(self) -> None:
        """Offer nothing more."""
        self._queue.clear()
        self._offering = False
        self._drive_noise()

    def _drive_noise(self):
        self._pins.set(f"{self._name}__valid", 0)
        self._pins.set(f"{self._name}__payload", self._rng.getrandbits(self._width))

    def drive(self) -> None:
        """Set the ports for the cycle to come."""
        if self._queue and not self._offering and self._rng.random() < self.pace:
            self._offering = True
            self._pins.set(f"{self._name}__valid", 1)
            self._pins.set(f"{self._name}__payload", self._queue[0][0])
        elif not self._offering:
            self._drive_noise()

    def look(self, cycle: int) -> None:
        """See at the end of ``cycle`` what the design did."""
        if self._offering and self._pins.get(f"{self._name}__ready"):
            self._offering = False
            self.taken.append(cycle)
            _, then = self._queue.popleft()
            then()


class StreamMonitor:
    """Takes payloads from an output stream of the design and holds it to the handshake's rules.

    Parameters
    ----------
    receive
        Called with each payload that is taken.

    Attributes
    ----------
    pace
        Chance of being ready in a cycle; 1.0 never stalls.
    shy
        Be ready only after ``valid`` was seen, so that a design whose ``valid`` waits for
        ``ready`` never gets on.
    taken
        Cycle in which each payload was taken.
    """

    def __init__(self, pins: Pins, name: str, receive: Callable[[int], None], rng: random.Random):
        self._pins, self._name, self._receive, self._rng = pins, name, receive, rng
        self._standing: int | None = None  # the payload that was valid and not taken
        self._ready = False
        self.pace = 1.0
        self.shy = False
        self.taken: list[int] = []

    def clear(self) -> None:
        """Forget what stands at the port: the design is being reset."""
        self._standing = None

    def drive(self) -> None:
        """Set the ports for the cycle to come."""
        may = self._standing is not None or not self.shy
        self._ready = may and self._rng.random() < self.pace
        self._pins.set(f"{self._name}__ready", int(self._ready))

    def look(self, cycle: int) -> None:
        """See at the end of ``cycle`` what the design did."""
        if not self._pins.get(f"{self._name}__valid"):
            assert self._standing is None, f"cycle {cycle}: {self._name}.valid fell before ready"
            return
        payload = self._pins.get(f"{self._name}__payload")
        assert self._standing in (None, payload), (
            f"cycle {cycle}: {self._name}.payload changed before it was taken: "
            f"{self._standing:#x} to {payload:#x}"
        )
        self._standing = None if self._ready else payload
        if self._ready:
            self.taken.append(cycle)
            self._receive(payload)
