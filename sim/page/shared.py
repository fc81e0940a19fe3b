"""Parts of a page that chips and meshes have."""

import dataclasses
from collections.abc import Sequence

import numpy as np
from rich.text import Text

from trispike.models.network.volume import Volume
from trispike.sim.page import charts
from trispike.sim.page.contents import DERIVED, GIVEN, MEASURED, Choice, Picture, Plot, Row, Section
from trispike.sim.page.details import Detail, Layer
from trispike.sim.page.thumbnail import picture

MOST_WRONG = 60
"""Wrong images that are shown."""

_EFFECTIVE, _ZERO, _SILENT = "effective", "weight is 0", "input does not spike"

_MOST_MARKS = 4000
"""Spikes of an image that a raster draws."""


def plain_rows(rows: Sequence[Row]) -> tuple[Row, ...]:
    """``rows`` of a terminal's table without its colours."""
    return tuple((name, Text.from_markup(value).plain, how) for name, value, how in rows)


_HIGHLIGHTS = ("accuracy, RTL", "mismatches", "cycles/image", "predictions/s", "energy/image")


def highlights(rows: Sequence[Row]) -> tuple[Row, ...]:
    """Those of ``rows`` that come first to mind."""
    return tuple(row for row in rows if row[0].startswith(_HIGHLIGHTS))


def accuracy(
    images: Sequence[int],
    labels: np.ndarray | None,
    got: np.ndarray,
    pictures: dict[int, str | None],
) -> Section:
    """Right and wrong: labels that the RTL ``got``, the true ``labels`` (images,) if known."""
    if labels is None:
        return Section(title="Accuracy", text="The data have no labels.")
    wrong = np.flatnonzero(labels != got)
    kinds, counts = np.unique(np.stack([labels, got]), axis=1, return_counts=True)
    cells = [
        {"label": int(label), "said": int(said), "images": int(count)}
        for label, said, count in zip(*kinds, counts, strict=True)
    ]
    every = sorted({int(label) for label in kinds.ravel()} | set(range(int(labels.max()) + 1)))
    text = f"{len(images) - len(wrong):,} of {len(images):,} images are labelled right."
    if len(wrong) > MOST_WRONG:
        text += f" The first {MOST_WRONG} of {len(wrong):,} wrong ones are shown."
    return Section(
        title="Accuracy",
        text=text,
        plots=(
            Plot(
                name="confusion",
                title="Images by true label and by the RTL's",
                how=MEASURED,
                spec=charts.confusion(cells, every),
            ),
        ),
        pictures=tuple(
            Picture(
                picture=pictures[images[k]],
                text=f"image {images[k]}: {labels[k]}, told as {got[k]}",
            )
            for k in wrong[:MOST_WRONG].tolist()
            if pictures.get(images[k])
        ),
    )


@dataclasses.dataclass(frozen=True, kw_only=True)
class Work:
    """Synapses of a layer in an image: ``every`` one, those ``read``, and those not 0 of these."""

    every: float
    read: float
    effective: float


def activity(
    work: Sequence[Work], spikes: Sequence[float], sizes: Sequence[int], timesteps: float
) -> Section:
    """What is skipped, by the ``work`` of each layer, and how active neurons are.

    ``spikes`` are those of an image, of the input and of each layer, and ``sizes`` their neurons.
    """
    names = ["input", *(f"layer {k}" for k in range(1, len(sizes)))]
    rows = []
    for name, layer in zip(names[1:], work, strict=True):
        parts = {
            _EFFECTIVE: layer.effective,
            _ZERO: layer.read - layer.effective,
            _SILENT: max(0.0, layer.every - layer.read),
        }
        rows += [{"place": name, "kind": kind, "amount": n} for kind, n in parts.items()]
    active = [
        {"place": name, "amount": 100 * count / (size * timesteps)}
        for name, count, size in zip(names, spikes, sizes, strict=True)
    ]
    plots = (
        Plot(
            name="skipped",
            title="Synapses of a prediction, by what they have to do",
            how=DERIVED,
            spec=charts.shares(rows, (_EFFECTIVE, _ZERO), _SILENT, "operations/image"),
            note="No cycle is spent on an input that does not spike; a weight of 0 is read, but "
            "moves nothing.",
        ),
        Plot(
            name="activity",
            title="Spikes for each 100 neurons and timesteps",
            how=MEASURED,
            spec=charts.amounts(active, "%", ".2f"),
        ),
    )
    return Section(title="What is skipped", plots=plots)


def image_pictures(
    pixels: np.ndarray, volume: Volume, indices: Sequence[int], *, spikes: bool
) -> dict[int, str | None]:
    """A picture of each of the images ``indices`` in ``pixels``, as `models.data.datasets` has."""

    def values(index: int) -> np.ndarray:
        if not spikes:
            return np.asarray(pixels[index])
        return np.unpackbits(pixels[index], axis=-1, count=volume.size).sum(axis=0)

    return {index: picture(values(index), volume) for index in indices}


def choices(
    shown: Sequence[Layer], found: Sequence[Detail], told: dict[int, str]
) -> tuple[Choice, ...]:
    """Choices of an image, each ``told`` in words, a layer and a neuron.

    The neuron at first is one that spikes most in what is seen first.
    """
    busiest = int(found[0].spikes[1].sum(axis=0)[: shown[1].shown].argmax())
    return (
        Choice(
            name="image", label="Image", options=tuple((str(k), text) for k, text in told.items())
        ),
        Choice(
            name="layer",
            label="Layer",
            options=tuple((str(k), layer.name) for k, layer in enumerate(shown) if layer.shown),
        ),
        Choice(
            name="neuron",
            label="Neuron",
            most=max(layer.shown for layer in shown) - 1,
            first=busiest,
        ),
    )


def told(details: Sequence[Detail], labels: dict[int, int], got: dict[int, int]) -> dict[int, str]:
    """The words of each image of ``details``: its label if that is known, and the RTL's."""

    def words(image: int) -> str:
        if image not in labels:
            return f"{image}: told as {got[image]}"
        right = labels[image] == got[image]
        return f"{image}: {labels[image]}, " + ("right" if right else f"told as {got[image]}")

    return {each.image: words(each.image) for each in details}


def detail_plots(
    details: Sequence[Detail],
    shown: Sequence[Layer],
    labels: dict[int, int],
    pictures: dict[int, str | None],
    how: str,
    how_potentials: str,
    *,
    grouped: bool,
) -> list[Plot]:
    """Picture, scores, raster and potentials of images.

    ``grouped``: a label is told by several groups of outputs, so that none is the label's.
    """
    right = {} if grouped else labels
    timesteps = max(each.timesteps for each in details)
    drawn = [{"image": k, "picture": pictures[k]} for k in pictures if pictures[k]]
    rasters = [_raster(each) for each in details]
    cut = any(
        len(row["t"]) < sum(map(np.count_nonzero, each.spikes))
        for row, each in zip(rasters, details, strict=True)
    )
    plots = [
        Plot(
            name="raster",
            title="Spikes by layer and timestep",
            how=how,
            spec=charts.raster(
                rasters, [layer.name for layer in shown], [layer.rows for layer in shown], timesteps
            ),
            note=_raster_note(shown, cut),
        ),
        Plot(
            name="potential",
            title="Potential of the neuron and its threshold",
            how=how_potentials,
            spec=charts.potential(
                _potentials(details, shown),
                {k: layer.shown for k, layer in enumerate(shown) if layer.shown},
                timesteps,
            ),
            note=_potential_note(shown),
        ),
        Plot(
            name="scores",
            title="What the read-out compared",
            how=how,
            spec=charts.scores(
                [
                    {"image": d.image, "label": right.get(d.image), "scores": d.scores.tolist()}
                    for d in details
                ],
                "score",
            ),
            note="The true label's output is blue." if right else "",
        ),
    ]
    if drawn:
        picture = Plot(name="picture", title="The image", how=GIVEN, spec=charts.image(drawn))
        plots.insert(2, picture)
    return plots


def _raster(detail: Detail) -> dict:
    """The row of `charts.raster`: whole timesteps, the first ones if there are too many spikes."""
    at = [np.nonzero(spikes) for spikes in detail.spikes]
    counts = np.concatenate([s[a] for s, a in zip(detail.spikes, at, strict=True)])
    k = np.repeat(np.arange(len(at)), [len(t) for t, _ in at])
    t, n = (np.concatenate([each[axis] for each in at]) for axis in (0, 1))
    if len(t) > _MOST_MARKS:
        last = max(1, int(np.searchsorted(np.bincount(t).cumsum(), _MOST_MARKS, side="right")))
        k, n, counts, t = (each[t < last] for each in (k, n, counts, t))
    columns = {"t": t + 1, "k": k, "n": n, "c": counts}
    return {"image": detail.image, **{name: each.tolist() for name, each in columns.items()}}


def _raster_note(shown: Sequence[Layer], cut: bool) -> str:
    notes = []
    if any(layer.positions > 1 for layer in shown):
        notes.append("Of maps a line stands for a channel in which something spikes.")
    if cut:
        notes.append(f"Only an image's first timesteps are drawn, up to {_MOST_MARKS:,} spikes.")
    return " ".join(notes)


def _potential_note(shown: Sequence[Layer]) -> str:
    notes = []
    if any(layer.positions > 1 for layer in shown[1:]):
        notes.append("Of a convolution it is the middle window's, for each channel.")
    fewer = [f"{layer.name}: {layer.shown}" for layer in shown if 0 < layer.shown < layer.rows]
    if fewer:
        notes.append(f"Potentials are kept of the first neurons only ({', '.join(fewer)}).")
    return " ".join(notes)


def _potentials(details: Sequence[Detail], shown: Sequence[Layer]) -> list[dict]:
    thresholds = [None if each.thresholds is None else each.thresholds.tolist() for each in shown]
    return [
        {"image": each.image, "layer": k, "u": values.T.tolist(), "h": thresholds[k]}
        for each in details
        for k, values in enumerate(each.potentials, 1)
    ]
