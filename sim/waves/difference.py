"""The first difference of two waves."""

import dataclasses

from trispike.sim.waves.wave import Wave

THE_END = "the end of the recording"
"""Printed in place of a value after the end of a wave."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Difference:
    """The first cycle in which two waves differ.

    - ``cycle``: number of that cycle.
    - ``signals``: names of the signals that differ in it, in the waves' order.
    - ``expected``, ``found``: values of the first of them; None where the wave has ended.
    - ``differing``: names of the signals that differ anywhere, in the waves' order.
    - ``lengths``: cycles expected and found.
    """

    cycle: int
    signals: tuple[str, ...]
    expected: str | None
    found: str | None
    differing: tuple[str, ...]
    lengths: tuple[int, int]

    def __str__(self):
        first, *others = self.signals
        text = (
            f"{first} differs first, in cycle {self.cycle}: expected {self.expected or THE_END}, "
            f"found {self.found or THE_END}"
        )
        if others and None not in (self.expected, self.found):
            text += f" (there too: {', '.join(others)})"
        return text


def compare(expected: Wave, found: Wave) -> Difference | None:
    """The difference between two waves of the same signals; None if there is none."""
    length = max(expected.cycles, found.cycles)
    first = {}
    for name in expected.signals:
        for cycle in range(length):
            if expected.value(name, cycle) != found.value(name, cycle):
                first[name] = cycle
                break
    if not first:
        return None
    cycle = min(first.values())
    signals = tuple(name for name in first if first[name] == cycle)
    return Difference(
        cycle=cycle,
        signals=signals,
        expected=expected.value(signals[0], cycle),
        found=found.value(signals[0], cycle),
        differing=tuple(first),
        lengths=(expected.cycles, found.cycles),
    )
