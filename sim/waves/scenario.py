"""What a scenario is: a block, what is done to it, and which of its signals are looked at."""

import dataclasses
from collections.abc import Callable, Coroutine

from trispike.rtl.hierarchy import Block
from trispike.sim.waves.probe import Probe
from trispike.sim.waves.stimulus import Stimulus


@dataclasses.dataclass(frozen=True, kw_only=True)
class Scenario:
    """One reference waveform.

    Parameters
    ----------
    name
        Also the name of the reference's file.
    about
        One line on what happens.
    block
        Makes the block, so that a scenario costs nothing before it runs.
    drive
        The stimulus, a coroutine function that runs under cocotb. What it does must be the same
        every time: recorded signals may depend on nothing but it and the block.
    signals
        Paths of the signals, see `Probe.name`, to how their values are written, see `Probe.show`.
    limit
        Most cycles, those before the recording too.
    """

    name: str
    about: str
    block: Callable[[], Block]
    drive: Callable[[Stimulus], Coroutine]
    signals: dict[str, Callable[[int, int], str]]
    limit: int = 1_000

    @property
    def probes(self) -> list[Probe]:
        """The signals, in the order of the reference."""
        return [Probe(name=name, show=show) for name, show in self.signals.items()]
