"""What a co-simulation found of some images, and how it is kept on disk while the rest run."""

import dataclasses
import io
import json
from pathlib import Path

import numpy as np

from trispike.models.files import write_atomically
from trispike.sim.report.mismatch import Mismatch

_SUFFIX = ".outcome.npz"
_ARRAYS = (
    "labels",
    "golden_labels",
    "silent",
    "tied",
    "decided",
    "begun",
    "result_cycles",
    "spikes",
    "spiking_cycles",
)
_OF_LAYERS = ("operations", "reads", "tap_reads", "saturations")


@dataclasses.dataclass(frozen=True, kw_only=True, eq=False)
class Outcome:
    """What was found of consecutive images: those of a chunk, or of a shard.

    - ``images``: their indices in the data set.
    - ``mismatches``: differences between RTL and model, by quantity.
    - ``first``: the first difference, or None.
    - ``labels``, ``golden_labels``: a label an image, from the RTL (-1 where it gave none) and from
      the golden model: int64.
    - ``silent``, ``tied``: what `sim.cosim.decision` says of the RTL's scores: bool.
    - ``decided``: timesteps that the RTL took to each label: uint8 (images,).
    - ``begun``: timesteps of each image that each layer took the input of: uint8, shape (layers,
      images); more than ``decided`` where layers were ahead of the read-out as the image ended.
    - ``result_cycles``: the cycle in which the RTL gave each prediction: int64.
    - ``spikes``: spikes of the input and of each layer at each step, the timesteps of all images in
      a row: uint32, shape (1 + layers, steps); 0 where the simulation, or the image, ended earlier.
    - ``spiking_cycles``: what `sim.cosim.cycles.spiking_cycles` says of the golden model's spikes:
      uint16, shape (firings, steps).
    - ``operations``, ``reads``, ``tap_reads``: of each layer, by `sim.cost.operations`; operations
      are the effective ones.
    - ``saturations``: additions of each layer whose sum was cut to 18 bits, by the golden model.
    - ``cycles``: cycles simulated, those that load the network among them.
    - ``seconds``: wall time of the simulation proper.
    """

    images: range
    mismatches: dict[str, int]
    first: Mismatch | None
    labels: np.ndarray
    golden_labels: np.ndarray
    silent: np.ndarray
    tied: np.ndarray
    decided: np.ndarray
    begun: np.ndarray
    result_cycles: np.ndarray
    spikes: np.ndarray
    spiking_cycles: np.ndarray
    operations: tuple[int, ...]
    reads: tuple[int, ...]
    tap_reads: tuple[int, ...]
    saturations: tuple[int, ...]
    cycles: int
    seconds: float

    @classmethod
    def joined(cls, parts: list["Outcome"]) -> "Outcome":
        """The outcome of all images of ``parts``, at least one, each beginning where one ended."""
        return cls(
            images=range(parts[0].images.start, parts[-1].images.stop),
            mismatches={
                what: sum(part.mismatches[what] for part in parts) for what in parts[0].mismatches
            },
            first=next((part.first for part in parts if part.first), None),
            **{
                name: np.concatenate([getattr(part, name) for part in parts], axis=-1)
                for name in _ARRAYS
            },
            **{
                name: tuple(map(sum, zip(*(getattr(part, name) for part in parts), strict=True)))
                for name in _OF_LAYERS
            },
            cycles=sum(part.cycles for part in parts),
            seconds=sum(part.seconds for part in parts),
        )

    def write(self, folder: Path) -> None:
        """Keep it in ``folder``, next to those of other images."""
        head = {
            "mismatches": self.mismatches,
            "first": dataclasses.asdict(self.first) if self.first else None,
            **{name: getattr(self, name) for name in _OF_LAYERS},
            "cycles": self.cycles,
            "seconds": self.seconds,
        }
        file = io.BytesIO()
        arrays = {name: getattr(self, name) for name in _ARRAYS}
        np.savez(file, head=np.array(json.dumps(head)), **arrays)
        name = f"{self.images.start}-{self.images.stop}{_SUFFIX}"
        write_atomically(folder / name, file.getvalue())


def _files(folder: Path) -> dict[Path, range]:
    """The outcomes kept in ``folder`` and their images, in the order of these."""
    found = {}
    for path in folder.glob(f"[0-9]*{_SUFFIX}"):
        start, stop = path.name.removesuffix(_SUFFIX).split("-")
        found[path] = range(int(start), int(stop))
    return dict(sorted(found.items(), key=lambda item: item[1].start))


def images_in(folder: Path) -> int:
    """Number of images whose outcomes are kept in ``folder``."""
    return sum(map(len, _files(folder).values()))


def read(folder: Path) -> Outcome | None:
    """The outcome of all images whose outcomes are kept in ``folder``; None if there are none."""
    parts = []
    for path, images in _files(folder).items():
        with np.load(path, allow_pickle=False) as arrays:
            fields = dict(arrays)
        head = json.loads(str(fields.pop("head")))
        first = head.pop("first")
        parts.append(
            Outcome(images=images, first=Mismatch(**first) if first else None, **head, **fields)
        )
    return Outcome.joined(parts) if parts else None
