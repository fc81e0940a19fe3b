"""What the samples of a data set are, and its two parts."""

import dataclasses
import enum
import math

import numpy as np

from trispike.models.errors import BadInput
from trispike.models.network.shape import Encoder, NetworkShape
from trispike.models.network.volume import Volume


class Part(enum.Enum):
    """What a file of a data set is for."""

    TRAIN = "train"
    TEST = "test"


@dataclasses.dataclass(frozen=True, kw_only=True)
class Samples:
    """What a network of a data set is given, and what it is asked.

    - ``volume``: pixels of an image, or inputs that spike.
    - ``timesteps``: those of a sample of spikes; None: samples are images.
    - ``groups``: classes of each question that a label answers, each told by output neurons of its
      own: the digit and the direction of a moved digit have (10, 2). Empty: not known.
    """

    volume: Volume
    timesteps: int | None = None
    groups: tuple[int, ...] = (10,)

    @property
    def inputs(self) -> int:
        """Number of values of an image, or of a timestep's spikes."""
        return self.volume.size

    @property
    def classes(self) -> int:
        """Number of labels: one for each combination of the questions' answers."""
        return math.prod(self.groups)

    @property
    def outputs(self) -> int:
        """Output neurons of a network that answers every question."""
        return sum(self.groups)

    def check_input(self, shape: NetworkShape, network: str, data: str) -> None:
        """`BadInput` unless the network of ``shape`` takes such samples.

        ``network``, ``data``: what the message calls them.
        """
        kinds = {True: "spikes", False: "pixels"}
        wanted = shape.input.volume.size, kinds[shape.input.encoder is Encoder.GIVEN]
        given = self.inputs, kinds[self.timesteps is not None]
        if wanted != given:
            raise BadInput(
                f"{network} takes {wanted[0]} {wanted[1]}, but {data} gives {given[0]} {given[1]}: "
                "give it what it was made for (DATA=, INPUT=)"
            )
        taken = shape.input.volume
        if self.volume != taken and min(self.volume.positions, taken.positions) > 1:
            raise BadInput(
                f"{network} takes maps of {taken}, but {data} gives {self.volume}: channels, "
                "height and width; transpose them"
            )

    def answers(self, labels: np.ndarray) -> tuple[np.ndarray, ...]:
        """The answer to each question in ``labels``, each an array of their shape."""
        return np.unravel_index(labels, self.groups)


IMAGES = Samples(volume=Volume(channels=1, height=28, width=28))
"""Images of 28 x 28 pixels in ten classes."""
