"""What an imported network is compared, calibrated and trained on."""

import dataclasses
from pathlib import Path

import numpy as np

from trispike.models.data import datasets
from trispike.models.data.own import OwnData
from trispike.models.data.samples import Samples
from trispike.models.errors import BadInput
from trispike.models.network.shape import NetworkShape


@dataclasses.dataclass(frozen=True, kw_only=True, eq=False)
class Inputs:
    """Images or spikes as `models.data.datasets.Dataset` has them, and their labels or None.

    - ``name``: of the data set or the file.
    - ``known``: whether it is one of `models.data.datasets.NAMES`.
    - ``fit_images``, ``fit_labels``: what may be learnt from.
    - ``images``, ``labels``: what both networks run on. Of a user's own file these are all of it,
      and the same, unless one trains: then the last fifth, which the others are without.
    """

    name: str
    known: bool
    samples: Samples
    fit_images: np.ndarray
    fit_labels: np.ndarray | None
    images: np.ndarray
    labels: np.ndarray | None

    @classmethod
    def of_dataset(cls, name: str, folder: Path | None) -> "Inputs":
        """A data set by name."""
        data = datasets.load(name, datasets.find_folder(folder, name))
        return cls(
            name=name,
            known=True,
            samples=data.samples,
            fit_images=data.fit_images,
            fit_labels=data.fit_labels,
            images=data.test_images,
            labels=data.test_labels,
        )

    @classmethod
    def of_file(cls, own: OwnData, *, trains: bool) -> "Inputs":
        """A user's own file; `BadInput` if one ``trains`` and it has no labels, or one sample."""
        images, labels = own.images, own.labels
        fit, rest = slice(None), slice(None)
        if trains:
            if labels is None:
                raise BadInput(f"{own.path}: TUNE needs labels: add them to the file")
            cut = len(images) - datasets.held_out_count(len(images))
            if cut == len(images):
                raise BadInput(f"{own.path}: TUNE needs 5 samples or more, not {len(images)}")
            fit, rest = slice(cut), slice(cut, None)
        return cls(
            name=own.name,
            known=False,
            samples=own.samples,
            fit_images=images[fit],
            fit_labels=None if labels is None else labels[fit],
            images=images[rest],
            labels=None if labels is None else labels[rest],
        )

    def check(self, shape: NetworkShape, network: str) -> None:
        """`BadInput` unless the network of ``shape``, called ``network``, takes them."""
        self.samples.check_input(shape, network, self.name)
        for labels in (self.labels, self.fit_labels):
            if labels is not None and labels.max() >= shape.labels:
                raise BadInput(
                    f"{network} has {shape.labels} outputs, and {self.name} has a label "
                    f"{labels.max()}"
                )
