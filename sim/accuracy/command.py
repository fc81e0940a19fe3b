"""``trispike accuracy``: TW-SNN's figures 10 and 11, measured here."""

import dataclasses
import functools
import itertools
from pathlib import Path

import numpy as np

from trispike.models.data import datasets
from trispike.models.data.spikes import check_timesteps
from trispike.models.errors import BadInput
from trispike.models.network import weights
from trispike.models.network.presets import TABLE_1, preset
from trispike.sim.accuracy import point_tables, tables
from trispike.sim.accuracy.cost import costs
from trispike.sim.accuracy.measure import batches, measure
from trispike.sim.accuracy.points import POINTS, points
from trispike.sim.accuracy.record import RECORDS, Entry, zeros_of
from trispike.sim.accuracy.source import DRAWN, Source, sources
from trispike.sim.report.place import Place
from trispike.sim.terminal import extras
from trispike.sim.terminal.console import progress_bar, relative, table_console
from trispike.sim.terminal.options import DataFolder, Record
from trispike.sim.terminal.request import at_least_1, command, option
from trispike.sim.tools import paths
from trispike.sim.tools.processes import cores
from trispike.sim.tools.run_folder import run_folder

DEFAULT_TIMESTEPS = 35
"""TW-SNN's fig. 10 ends there."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class _Data(Record, DataFolder):
    """A data set."""

    data: str = option(f"Data set: {', '.join(datasets.NAMES)}.", "mnist", check=datasets.source)


@dataclasses.dataclass(frozen=True, kw_only=True)
class AccuracyRequest(_Data):
    """The networks of a data set, or some of them."""

    layer: str | None = option(
        f"Only this network: {', '.join(TABLE_1)}.", check=functools.partial(preset, known=TABLE_1)
    )
    recipe: str | None = option(f"Only this recipe: {', '.join(DRAWN)}.")
    timesteps: int = option(
        "Most timesteps of a prediction.", DEFAULT_TIMESTEPS, check=check_timesteps, short="-t"
    )
    seeds: int = option("How many spike seeds, from 0.", 5, check=at_least_1("SEEDS"))
    jobs: int | None = option(
        "Threads.  [default: one a core]", check=at_least_1("JOBS"), short="-j"
    )

    def __post_init__(self):
        super().__post_init__()
        if self.recipe not in (None, *DRAWN):
            raise BadInput(f"RECIPE must be one of {', '.join(DRAWN)}, not {self.recipe!r}")


@dataclasses.dataclass(frozen=True, kw_only=True)
class EnergyRequest(_Data):
    """Accuracy against energy."""

    energy: bool = option("Instead, accuracy against energy, of networks of dense layers.", False)
    images: int | None = option(
        "Test images, the first ones.  [default: all]", check=at_least_1("IMAGES")
    )
    nj: float = option("Most energy of a prediction, nJ.", 40.0)


def _mode(values: dict) -> type:
    return EnergyRequest if values["energy"] else AccuracyRequest


@command("accuracy", {AccuracyRequest: "accuracy against T", EnergyRequest: "ENERGY=1"}, _mode)
def accuracy(asked: AccuracyRequest | EnergyRequest) -> None:
    """Measure accuracy against timesteps and what ternary weights cost; needs matplotlib.

    Measures the networks of the data set whose weights are at hand, by the golden model, with
    several seeds of spikes; draws figures in build/accuracy. What is not at hand or not asked for
    is kept from the record of earlier measurements, docs/accuracy.json. With --record, the figures
    and tables in docs/ and that record are renewed.

    With --energy it tells accuracy against energy of a prediction instead, by events, of the
    committed networks of dense layers: by the golden model and the cycle model, without the RTL.
    The figure goes to build/accuracy; --record renews the section in docs/results.md, its figure
    and docs/accuracy-energy.json.
    """
    if isinstance(asked, EnergyRequest):
        _against_energy(asked)
    else:
        _against_timesteps(asked)


def _against_energy(asked: EnergyRequest) -> None:
    data, plots = asked.data, extras.plots("accuracy.point_plots")
    folder, name = paths.docs(record=asked.record), f"energy-accuracy-{data}.png"
    drawn = [folder / "figures" / name, paths.build_folder() / "accuracy" / name]
    section = f"accuracy energy {data}"
    place = Place(folder, POINTS, "accuracy-energy.json", section, drawn, record=asked.record)
    images, labels = datasets.load_test(data, datasets.find_folder(asked.data_folder, data))
    count = asked.images or len(images)
    if count > len(images):
        raise BadInput(f"IMAGES must be at most {len(images)}, {data}'s test images, not {count}")
    loaded = [weights.load(path) for path in weights.all_committed(data)]
    dense = [each for each in loaded if not each[0].shape.has_maps]
    with progress_bar("networks") as progress, run_folder(f"accuracy-{data}") as run:
        task = progress.add_task(f"measuring {len(dense)} networks", total=len(dense))
        found = []
        for network, card in dense:
            few = images[:count], labels[:count]
            found += points(network, card, *few, most=asked.nj, folder=run)
            progress.advance(task)
    if not found:
        raise BadInput(f"no committed network of {data} takes {asked.nj:g} nJ or less: raise NJ=")
    table_console().print(point_tables.terminal(found))
    text = point_tables.markdown(data, found, f"figures/{name}")
    image = plots.energy(data, found)
    others = [point for point in place.kept if point.data != data]
    for path in place.store([*others, *found], text, dict.fromkeys(drawn, image)):
        print(f"written: {relative(path)}")


def _against_timesteps(asked: AccuracyRequest) -> None:
    data = asked.data
    plots = extras.plots("accuracy.plots")
    chosen = [
        source
        for source in sources(data)
        if asked.layer in (None, source.layer) and asked.recipe in (None, source.recipe)
    ]
    loaded = {source: source.load() for source in chosen if source.path.exists()}
    if not loaded:
        raise BadInput(
            f"there are no weights to measure on {data}, {chosen[0].path} for one; "
            f"{chosen[0].remedy}"
        )
    place = _Place(data, record=asked.record)
    kept = {entry.source: entry for entry in place.kept}
    images, labels = datasets.load_test(data, datasets.find_folder(asked.data_folder, data))
    samples = datasets.source(data).samples
    for source, (network, _) in loaded.items():
        samples.check_input(network.shape, str(source.path), data)
    jobs = asked.jobs or cores()
    fresh = _measured(loaded, images, labels, asked.timesteps, range(asked.seeds), jobs)
    everything = {**kept, **fresh}
    entries = [everything[source] for source in sources(data) if source in everything]

    console = table_console()
    console.print(tables.terminal(data, entries, fresh, console.width))
    for line in _remarks(data, chosen, fresh, kept):
        print(line)
    for path in place.write(plots, everything, entries):
        print(f"written: {relative(path)}")


class _Place(Place):
    """Where everything about the data set ``data`` is written."""

    def __init__(self, data: str, *, record: bool):
        docs, build = paths.docs(record=record), paths.build_folder() / "accuracy"
        self._data = data
        self._figures = {
            name: (docs / "figures" / f"{name}-{data}.png", build / f"{number}-{data}.png")
            for name, number in (("accuracy", "fig10"), ("quantisation", "fig11"))
        }
        images = itertools.chain(*self._figures.values())
        section = f"accuracy {data}"
        super().__init__(docs, RECORDS, "accuracy.json", section, images, record=record)

    def write(self, plots, everything: dict[Source, Entry], entries: list[Entry]) -> list[Path]:
        """Write figures, section and record; returns the files' paths."""
        prices = costs(entries)
        drawn = {"accuracy": plots.accuracy(self._data, entries)}
        if prices:
            drawn["quantisation"] = plots.quantisation(self._data, prices)
        links = [f"figures/{committed.name}" for committed, _ in self._figures.values()]
        text = tables.markdown(self._data, entries, prices, links)
        images = {path: image for name, image in drawn.items() for path in self._figures[name]}
        return self.store(everything.values(), text, images)


def _measured(
    loaded: dict, images: np.ndarray, labels: np.ndarray, timesteps: int, seeds: range, jobs: int
) -> dict[Source, Entry]:
    networks = [network for network, _ in loaded.values()]
    with progress_bar("batches") as progress:
        total = batches(len(images), timesteps, len(seeds))
        task = progress.add_task(f"measuring {len(networks)} networks", total=total)
        spreads = measure(
            networks,
            images,
            labels,
            timesteps=timesteps,
            seeds=seeds,
            jobs=jobs,
            progress=lambda done: progress.update(task, completed=done),
        )
    return {
        source: Entry.of(
            source, spread, digest=card.digest, images=len(images), zeros=zeros_of(network)
        )
        for (source, (network, card)), spread in zip(loaded.items(), spreads, strict=True)
    }


def _remarks(
    data: str, chosen: list[Source], fresh: dict[Source, Entry], kept: dict[Source, Entry]
) -> list[str]:
    """One line each on what was kept from the record, what of that is stale, and what is absent."""
    unseen = [source for source in sources(data) if source not in fresh]
    recorded = [source for source in unseen if source in kept]
    stale = [
        source
        for source in recorded
        if source.path.exists() and source.load()[1].digest != kept[source].digest
    ]
    absent = [source for source in unseen if source in chosen and source not in kept]
    lines = []
    if recorded:
        lines.append(f"kept from the record: {_names(recorded)}")
    if stale:
        lines.append(f"their weights have changed since: {_names(stale)}")
    if absent:
        lines.append(f"absent, no weights and no record: {_names(absent)}; {absent[0].remedy}")
    return lines


def _names(group: list[Source]) -> str:
    recipes = dict.fromkeys(source.recipe for source in group)
    return ", ".join(
        f"{recipe} of {' '.join(source.layer for source in group if source.recipe == recipe)}"
        for recipe in recipes
    )
