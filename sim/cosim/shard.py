"""One shard of a co-simulation, and the folder that describes it to the simulator that runs it."""

import dataclasses
import os
import pickle
from pathlib import Path

from trispike.models.errors import BadInput
from trispike.models.network import weights
from trispike.models.network.parameters import Network
from trispike.sim.cosim.stimulus import Stimulus

_SHARD = "shard.pickle"

PARENT = "parent"
"""File that is there while a shard is wanted."""


@dataclasses.dataclass(frozen=True, kw_only=True, eq=False)
class Shard:
    """Consecutive images to run in one pipeline and what to run them on.

    - ``weights``: the weight file.
    - ``stimulus``: where their spikes come from.
    - ``images``: their indices in the data set.
    - ``chunk``: images that are judged together.
    - ``potentials``: capture and compare membrane potentials too.
    - ``digest``: digest of the parameters in the weight file, which must not change during a run.
    - ``lanes``: see `models.network.shape.NetworkShape.with_lanes`.
    - ``trace``: keep all that was captured, for `sim.cosim.trace`.
    - ``timeline``: log so many images, the first ones, for `sim.timeline.chip`.
    """

    weights: Path
    stimulus: Stimulus
    images: range
    chunk: int
    potentials: bool
    digest: str
    lanes: int | tuple[int, ...]
    trace: bool = False
    timeline: int = 0

    def __str__(self):
        return f"images {self.images.start} to {self.images.stop - 1}"

    def network(self) -> Network:
        """The network in the weight file; `BadInput` if it is not the one the run began with."""
        network, card = weights.load(self.weights)
        if card.digest != self.digest:
            raise BadInput(f"{self.weights} was changed during the run; run it again")
        return network

    def chunks(self) -> list[range]:
        """The images in the parts in which they are judged."""
        images = self.images
        return [images[k : k + self.chunk] for k in range(0, len(images), self.chunk)]

    def write(self, folder: Path) -> None:
        """Describe the shard in ``folder`` to a simulator, a child of this process."""
        shard = dataclasses.replace(self, weights=self.weights.resolve())
        (folder / _SHARD).write_bytes(pickle.dumps(shard))
        (folder / PARENT).write_text(str(os.getpid()))

    @classmethod
    def read(cls, folder: Path) -> "Shard":
        """The shard that `write` described in ``folder``."""
        return pickle.loads((folder / _SHARD).read_bytes())


def wanted(folder: Path) -> bool:
    """Whether the shard described in ``folder`` still is, by the parent that began it.

    Asked by its simulator. A parent that died leaves it to another; one that has given the shard up
    has withdrawn the description, or removed the folder.
    """
    try:
        return (folder / PARENT).read_text() == str(os.getppid())
    except FileNotFoundError:
        return False


def withdraw(folder: Path) -> None:
    """Have the simulator in ``folder``, wherever it runs, end soon."""
    (folder / PARENT).unlink(missing_ok=True)
