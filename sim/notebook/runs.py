"""Runs of a network on images or spikes: by the golden model, and of its RTL."""

import dataclasses
import time
from pathlib import Path

import numpy as np

from trispike import golden
from trispike.models.data.encoders import encode
from trispike.models.data.own import OwnData
from trispike.models.network import weights
from trispike.models.network.card import Card
from trispike.models.network.origin import Made
from trispike.models.network.parameters import Network
from trispike.models.network.shape import Encoder
from trispike.sim.cosim import cosimulation
from trispike.sim.cosim.figures import CLOCK_MHZ, Figures, figures
from trispike.sim.cosim.stimulus import Given
from trispike.sim.cost.registers import chip_registers
from trispike.sim.report.mismatch import Mismatch
from trispike.sim.terminal.options import Images
from trispike.sim.tools.run_folder import run_folder
from trispike.sim.tools.simulator import SimulationError


@dataclasses.dataclass(frozen=True, kw_only=True, eq=False)
class RTLRun:
    """What the RTL did, all of it compared with the models.

    - ``labels``: of each image; -1 where the RTL gave none.
    - ``cycles``: of each image, from one prediction to the next; of the first, its latency.
    - ``spikes``: how many the input and each layer had: shape (1 + layers, images, timesteps).
    - ``mismatches``: differences between RTL and models: 0 unless something is wrong.
    - ``first_mismatch``: the first of them, or None.
    - ``figures``: what the table of `make sim` shows; means are over images.
    """

    labels: np.ndarray
    cycles: np.ndarray
    spikes: np.ndarray
    mismatches: int
    first_mismatch: Mismatch | None
    figures: Figures

    @property
    def energy_nj(self) -> float:
        """Energy of an image at 65 nm and `CLOCK_MHZ`, by events (docs/energy.md)."""
        return sum(self.figures.energy_nj.values())

    def predictions_per_second(self, clock_mhz: float = CLOCK_MHZ) -> float:
        """At a clock, with images one after the other."""
        return clock_mhz * 1e6 / self.figures.cycles_per_image_mean


def run_golden(network: Network, samples: np.ndarray, **how: int | None) -> golden.Result:
    """Labels, spikes and potentials of all layers, scores; ``how``: ``timesteps``, ``seed``.

    ``samples`` are as for `run_rtl`.
    """
    return golden.run(network, _given(network, samples, **how)[0])


def run_rtl(
    network: Network,
    samples: np.ndarray,
    labels: np.ndarray | None = None,
    *,
    timesteps: int | None = None,
    seed: int = 0,
    lanes: int | tuple[int, ...] = 1,
) -> RTLRun:
    """Run the RTL of ``network``, which Verilator compiles the first time; compare all of it.

    - ``samples``, ``labels``: images, or spikes where the encoder is GIVEN, and labels if there are
      any, as `models.data.own.OwnData.of` takes them.
    - ``timesteps``: of an image; spikes have their own.  [default: 5]
    - ``seed``: of spikes that are drawn.
    - ``lanes``: spikes that a layer takes in a cycle.

    `BadInput` for what does not fit; `SimulationError` if the simulator breaks down.
    """
    begun = time.perf_counter()
    spikes, true = _given(network, samples, labels, timesteps, seed)
    shape, images = network.shape.with_lanes(lanes), range(len(spikes))
    model = cosimulation.chip_model(network, lanes=lanes)
    with run_folder(network.name) as folder:
        file = folder / f"{network.name}.npz"
        weights.save(file, network, Card(shape=network.shape, origin=Made(how="in Python")))
        found = cosimulation.run(file, Given(spikes), images, folder, lanes=lanes, model=model)
        if found.deaths:
            raise SimulationError(found.deaths[0].why)
    measured = figures(
        shape,
        found.outcomes,
        true,
        images=images,
        data="samples",
        timesteps=spikes.shape[1],
        seed=seed,
        registers=chip_registers(model),
        wall_seconds=time.perf_counter() - begun,
    )
    (outcome,) = found.outcomes
    return RTLRun(
        labels=outcome.labels,
        cycles=np.diff(outcome.result_cycles, prepend=0),
        spikes=outcome.spikes.reshape(len(outcome.spikes), -1, spikes.shape[1]),
        mismatches=sum(outcome.mismatches.values()),
        first_mismatch=outcome.first,
        figures=measured,
    )


def _given(
    network: Network,
    samples: np.ndarray,
    labels: np.ndarray | None = None,
    timesteps: int | None = None,
    seed: int = 0,
) -> tuple[np.ndarray, np.ndarray | None]:
    """What goes in at each timestep, see `models.data.encoders.encode`, and the labels."""
    arrays = {"spikes" if network.encoder is Encoder.GIVEN else "images": np.asarray(samples)}
    if labels is not None:
        arrays["labels"] = np.asarray(labels)
    data = OwnData.of(Path("samples"), arrays)
    data.samples.check_input(network.shape, network.name, data.name)
    data.check_labels(network.shape.labels, network.name)
    if timesteps is None:
        timesteps = data.samples.timesteps or Images.usual_timesteps
    return encode(network.shape, data.images, timesteps, seed), data.labels
