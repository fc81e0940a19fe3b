"""Where two waves part."""

import dataclasses

from sim.waves.wave import Wave

_END = "the end of the recording"


@dataclasses.dataclass(frozen=True, kw_only=True)
class Difference:
    """The first cycle in which two waves differ.

    Parameters
    ----------
    cycle
        Number of that cycle.
    signals
        Names of the signals that differ in it, in the waves' order.
    expected, found
        Values of the first of them; None where the wave has ended.
    cycles
        Of each signal that differs anywhere, in how many cycles it does.
    lengths
        Cycles expected and found.
    """

    cycle: int
    signals: tuple[str, ...]
    expected: str | None
    found: str | None
    cycles: dict[str, int]
    lengths: tuple[int, int]

    def __str__(self):
        first, *others = self.signals
        text = (
            f"{first} differs first, in cycle {self.cycle}: expected {self.expected or _END}, "
            f"found {self.found or _END}"
        )
        if others and None not in (self.expected, self.found):
            text += f" (there too: {', '.join(others)})"
        return text


def compare(expected: Wave, found: Wave) -> Difference | None:
    """The difference between two waves of the same signals; None if there is none."""
    length = max(expected.cycles, found.cycles)
    cycles: dict[str, int] = {}
    by_cycle: dict[int, list[str]] = {}
    for name in expected.signals:
        for cycle in range(length):
            if expected.value(name, cycle) != found.value(name, cycle):
                by_cycle.setdefault(cycle, []).append(name)
                cycles[name] = cycles.get(name, 0) + 1
    if not by_cycle:
        return None
    cycle = min(by_cycle)
    signals = tuple(by_cycle[cycle])
    return Difference(
        cycle=cycle,
        signals=signals,
        expected=expected.value(signals[0], cycle),
        found=found.value(signals[0], cycle),
        cycles=cycles,
        lengths=(expected.cycles, found.cycles),
    )
