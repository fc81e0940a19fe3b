"""Co-simulated runs whose energy is told by events."""

import dataclasses
from collections.abc import Callable
from pathlib import Path

import numpy as np

from trispike.models.network.parameters import Network
from trispike.models.network.shape import NetworkShape
from trispike.sim.cosim import cosimulation
from trispike.sim.cosim.figures import Figures, figures, first_mismatch
from trispike.sim.cosim.stimulus import Encoding
from trispike.sim.cost.registers import chip_registers
from trispike.sim.report.mismatch import MismatchFound


@dataclasses.dataclass(frozen=True, kw_only=True)
class Runs:
    """Runs of a network with its weights, on test images; ``shape`` has the lanes."""

    weight_file: Path
    network: Network
    shape: NetworkShape
    data: str
    pixels: np.ndarray
    labels: np.ndarray | None
    timesteps: int

    def model(self, *, waves: bool = False) -> Path:
        """The Verilated chip, which can write a waveform if it is to have ``waves``."""
        return cosimulation.chip_model(self.network, lanes=self.shape.each_lanes, waves=waves)

    def run(
        self,
        images: range,
        folder: Path,
        *,
        waves: bool = False,
        model: Path | None = None,
        progress: Callable[[int], None] = lambda done: None,
    ) -> Figures:
        """Co-simulate ``images``; `MismatchFound` if RTL and models differ.

        ``model``: from `model`, with the same ``waves``; ``progress``: called with the number of
        images judged so far, now and then.
        """
        model = model or self.model(waves=waves)
        found = cosimulation.run(
            self.weight_file,
            Encoding.of(self.shape, self.pixels, self.timesteps, 0, folder),
            images,
            folder,
            lanes=self.shape.each_lanes,
            waves=len(images) if waves else 0,
            model=model,
            progress=progress,
        )
        first = first_mismatch(found.outcomes)
        if first:
            raise MismatchFound(first)
        return figures(
            self.shape,
            found.outcomes,
            self.labels,
            images=images,
            data=self.data,
            timesteps=self.timesteps,
            seed=0,
            registers=chip_registers(model),
            wall_seconds=0.0,
        )
