"""One shard of a co-simulation: the folder that it is described in and answers in."""

import dataclasses
import json
from pathlib import Path

import numpy as np

from models import weights
from models.errors import BadInput
from models.files import write_atomically
from models.network import Network
from sim.judge import Divergence

_JOB, _SPIKES, _OUTCOME = "job.json", "spikes.npy", "outcome.json"


@dataclasses.dataclass(frozen=True, kw_only=True, eq=False)
class Shard:
    """Images to run and what to run them on.

    Parameters
    ----------
    weights
        The weight file.
    spikes
        Input spikes: bool, shape (images, timesteps, inputs).
    first_image
        Index of the first of them in the data set.
    potentials
        Capture and compare membrane potentials too.
    digest
        Digest of the parameters in the weight file, which must not change during a run.
    lanes
        Spikes that the chip takes in one cycle.
    """

    weights: Path
    spikes: np.ndarray
    first_image: int
    potentials: bool
    digest: str
    lanes: int

    def network(self) -> Network:
        """The network in the weight file; `BadInput` if it is not the one the run began with."""
        network, card = weights.load(self.weights)
        if card.digest != self.digest:
            raise BadInput(f"{self.weights} was changed during the run; run it again")
        return network

    def write(self, folder: Path) -> None:
        """Describe the shard in ``folder``, which is made, and forget an earlier answer."""
        folder.mkdir(parents=True, exist_ok=True)
        (folder / _OUTCOME).unlink(missing_ok=True)
        with (folder / _SPIKES).open("wb") as file:
            np.save(file, np.packbits(self.spikes, axis=-1), allow_pickle=False)
        job = {
            "weights": str(self.weights.resolve()),
            "inputs": self.spikes.shape[2],
            "first_image": self.first_image,
            "potentials": self.potentials,
            "digest": self.digest,
            "lanes": self.lanes,
        }
        (folder / _JOB).write_text(json.dumps(job))

    @classmethod
    def read(cls, folder: Path) -> "Shard":
        """The shard that `write` described in ``folder``."""
        job = json.loads((folder / _JOB).read_text())
        packed = np.load(folder / _SPIKES, allow_pickle=False)
        return cls(
            weights=Path(job["weights"]),
            spikes=np.unpackbits(packed, axis=-1, count=job["inputs"]).astype(bool),
            first_image=job["first_image"],
            potentials=job["potentials"],
            digest=job["digest"],
            lanes=job["lanes"],
        )


@dataclasses.dataclass(frozen=True, kw_only=True)
class Outcome:
    """What a shard found.

    Parameters
    ----------
    mismatches
        Differences between RTL and model, by quantity.
    first
        The first difference, or None.
    labels, golden_labels
        A label an image, from the RTL and from the golden model.
    result_cycles
        The cycle in which the RTL gave each prediction.
    spikes
        Spikes of the input and of each layer at each step, the timesteps of all images in a row;
        shorter for a layer that the simulation ended too early for.
    spiking_cycles
        What `sim.cycles.spiking_cycles` says of the golden model's spikes: a list a layer.
    cycles
        Cycles simulated, those that load the network among them.
    seconds
        Wall time of the simulation proper.
    """

    mismatches: dict[str, int]
    first: Divergence | None
    labels: list[int]
    golden_labels: list[int]
    result_cycles: list[int]
    spikes: list[list[int]]
    spiking_cycles: list[list[int]]
    cycles: int
    seconds: float

    def write(self, folder: Path) -> None:
        """Answer in ``folder``."""
        write_atomically(folder / _OUTCOME, json.dumps(dataclasses.asdict(self)).encode())

    @classmethod
    def read(cls, folder: Path) -> "Outcome | None":
        """The answer in ``folder``, or None if there is none."""
        try:
            fields = json.loads((folder / _OUTCOME).read_text())
        except FileNotFoundError:
            return None
        first = fields.pop("first")
        return cls(**fields, first=Divergence(**first) if first else None)
