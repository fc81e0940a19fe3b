"""From a NIR file to a network of integers, its weight file and what is known of its drift."""

import dataclasses
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import numpy as np

from trispike.models.data.encoders import encode
from trispike.models.errors import BadInput
from trispike.models.network import weights
from trispike.models.network.card import Card
from trispike.models.network.origin import Imported
from trispike.models.network.parameters import Network
from trispike.models.network.shape import Encoder
from trispike.sim.nir import reference
from trispike.sim.nir.chain import Chain
from trispike.sim.nir.drift import Drift, drift, reference_inputs
from trispike.sim.nir.integers import Converted
from trispike.sim.nir.network import calibrated, convert, network_of
from trispike.sim.nir.rules import Rules
from trispike.sim.nir.stages import Stage, stages

_MOST_IMAGES, _LEAST_IMAGES, _VALUES = 500, 20, 1 << 26
"""Images that thresholds are searched on, and values of all layers and timesteps at once."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Reading:
    """How a file is read: what it cannot say.

    - ``rules``: how its neurons are stepped.
    - ``encoder``: what its input is.
    - ``pixel``: real value of a pixel of 1.
    - ``shifts``: most shifts of a leak or a synapse.
    - ``timesteps``: of an image.
    - ``seed``: of spikes that are drawn.
    """

    rules: Rules
    encoder: Encoder
    pixel: Fraction
    shifts: int
    timesteps: int
    seed: int = 0


@dataclasses.dataclass(frozen=True, kw_only=True, eq=False)
class Import:
    """A network that was read from a file, and how."""

    chain: Chain
    reading: Reading
    stages: tuple[Stage, ...]
    layers: list[Converted]
    network: Network

    @property
    def exact(self) -> bool:
        """Nothing was approximated."""
        return all(finding.exact for each in self.layers for finding in each.findings)

    @property
    def calibration_images(self) -> int:
        """Images that thresholds are searched on, at most: as many as memory has room for."""
        values = self.reading.timesteps * sum(
            layer.neurons * layer.firings for layer in self.network.shape.layers
        )
        return max(_LEAST_IMAGES, min(_MOST_IMAGES, _VALUES // values))

    def with_layers(self, layers: list[Converted]) -> "Import":
        """The same with other integer layers."""
        parameters = [each.layer for each in layers]
        network = network_of(self.network.name, parameters, self.reading.encoder)
        return dataclasses.replace(self, layers=layers, network=network)

    def seen(self, images: np.ndarray) -> reference.Seen:
        """What the file's own network does on ``images``."""
        return self._seen(self._encoded(images))

    def _encoded(self, images: np.ndarray) -> np.ndarray:
        return encode(self.network.shape, images, self.reading.timesteps, self.reading.seed)

    def _seen(self, spikes: np.ndarray) -> reference.Seen:
        given = reference_inputs(self.network, spikes, float(self.reading.pixel))
        return reference.run(self.chain, self.reading.rules, given, self.reading.timesteps)

    def calibrated(
        self, images: np.ndarray, progress: Callable[[int], None] = lambda done: None
    ) -> "Import":
        """The same with thresholds searched on ``images``, where weights were quantised.

        ``progress`` is told how many layers are done.
        """
        if not any(each.weights.error for each in self.layers):
            return self
        spikes = self._encoded(images[: self.calibration_images])
        seen = self._seen(spikes)
        rates = [
            None
            if stage.fires is None
            else seen.spikes[stage.fires].mean(axis=(0, 1)).reshape(len(stage.bias), -1).mean(1)
            for stage in self.stages
        ]
        return self.with_layers(calibrated(self.layers, rates, spikes, progress))

    def drift(
        self,
        images: np.ndarray,
        labels: np.ndarray | None,
        progress: Callable[[int], None] = lambda done: None,
    ) -> Drift:
        """Compare it with the file's own network on ``images``."""
        return drift(
            self.chain,
            self.reading.rules,
            self.stages,
            self.network,
            images,
            labels,
            timesteps=self.reading.timesteps,
            seed=self.reading.seed,
            pixel=float(self.reading.pixel),
            progress=progress,
        )

    def save(self, path: Path, data: str | None) -> None:
        """Write the weight file and its card."""
        origin = Imported(
            file=self.chain.file,
            sha256=self.chain.sha256,
            data=data,
            timesteps=self.reading.timesteps,
        )
        weights.save(path, self.network, Card(shape=self.network.shape, origin=origin))


def imported(chain: Chain, name: str, reading: Reading) -> Import:
    """``chain`` as a network called ``name``; `BadInput` where hardware has no such layer."""
    try:
        parts = stages(chain, reading.rules)
        layers = convert(parts, reading.encoder, reading.pixel, reading.shifts)
        network = network_of(name, [each.layer for each in layers], reading.encoder)
    except BadInput as error:
        raise BadInput(f"{chain.file}: {error}") from None
    return Import(chain=chain, reading=reading, stages=parts, layers=layers, network=network)
