"""A scenario: a block, its stimulus, and the signals that are recorded."""

import dataclasses
from collections.abc import Callable, Coroutine

from trispike.rtl.hierarchy import Block
from trispike.sim.waves.probe import Probe
from trispike.sim.waves.stimulus import Stimulus


@dataclasses.dataclass(frozen=True, kw_only=True)
class Scenario:
    """One reference waveform.

    - ``name``: also the stem of the reference's file name.
    - ``about``: the stimulus in one line.
    - ``block``: makes the block, so that a scenario costs nothing before it runs.
    - ``drive``: the stimulus, a coroutine function that runs under cocotb. It must be
      deterministic: recorded signals may depend only on it and on the block.
    - ``signals``: path of each signal, see `rtl.probe.Probe.name`, to the text of its values, see
      `Probe.show`.
    - ``limit``: most cycles, including those before the recording.
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
