"""The page of a run of the fixed chip."""

import itertools

import numpy as np

from trispike.models.data import datasets
from trispike.models.network.layers import Layer
from trispike.models.network.presets import PRESETS
from trispike.models.network.shape import Encoder
from trispike.sim.cosim import table
from trispike.sim.cosim.command import ChipRan, ChipRun
from trispike.sim.cosim.cycles import NEVER, Pipeline
from trispike.sim.cosim.figures import CLOCK_MHZ, intervals
from trispike.sim.cosim.occupancy import Occupancy, occupancies
from trispike.sim.cosim.outcome import Outcome
from trispike.sim.cost.operations import weight_reads
from trispike.sim.page import charts, details, shared
from trispike.sim.page.contents import DERIVED, MEASURED, PUBLISHED, Page, Plot, Section
from trispike.sim.report import published, records
from trispike.sim.synthesis.figures import Synthesis
from trispike.sim.synthesis.record import CELLS
from trispike.sim.tools import paths

ADDING, ENDING, STALLED, WAITING = "adding", "ending a timestep", "stalled", "waiting for input"
_DOES = (ADDING, ENDING, STALLED)

_MOST_WINDOWS = 600_000
"""Windows of all layers that are scheduled, which takes a second or two."""

_MOST_BARS = 120
"""Bars of a layer in an image's cycles."""


class _Run:
    """What the parts of the page are made of."""

    def __init__(self, ran: ChipRan):
        self.ran, self.figures = ran, ran.figures
        self.network, self.shape = ran.subject.network, ran.shape
        self.outcome = Outcome.joined(ran.outcomes)
        self.images = [image for outcome in ran.outcomes for image in outcome.images]
        self.labels = None if ran.labels is None else ran.labels[self.images].astype(np.int64)
        self.names = [f"layer {k}" for k in range(1, len(self.shape.layers) + 1)]
        self._schedule()

    def _schedule(self) -> None:
        """Find where the cycles go: of all images, or of as many as there is time for."""
        timesteps, spiking = self.figures.timesteps, self.outcome.spiking_cycles
        count = min(len(self.images), max(1, _MOST_WINDOWS // (len(spiking) * timesteps)))
        spiking = spiking[:, : count * timesteps].astype(np.int64)
        schedule = Pipeline(self.shape, timesteps).advance(spiking, self.outcome.decided[:count])
        self.scheduled = self.images[:count]
        self.result = schedule.result
        self.whole = int(schedule.result[-1])
        self.cycles = occupancies(self.shape, spiking, schedule)


def name(ran: ChipRan) -> str:
    """What the page is called."""
    return f"{ran.figures.network}-{ran.figures.data}"


def page(asked: ChipRun, ran: ChipRan) -> Page:
    """The page of what ``ran`` as it was ``asked`` for."""
    run, figures = _Run(ran), ran.figures
    wrong = sum(figures.mismatches.values())
    verdict = f"RTL and models agree: 0 mismatches in {', '.join(figures.mismatches)}"
    if wrong:
        verdict = f"{wrong:,} mismatches of RTL and models. First: {figures.first_divergence}"
    got, numbers = run.outcome.labels, run.images
    wrong_images = []
    if run.labels is not None:
        wrong_images = [numbers[k] for k in np.flatnonzero(run.labels != got).tolist()]
    rows = shared.plain_rows(table.rows(figures))
    return Page(
        title=table.title(figures),
        command=asked.command,
        verdict=verdict,
        agreed=not wrong,
        highlights=shared.highlights(rows),
        figures=records.plain(figures),
        sections=(
            shared.accuracy(
                numbers, run.labels, got, _pictures(run, wrong_images[: shared.MOST_WRONG])
            ),
            _details(run, wrong_images),
            _cycles(run),
            _activity(run),
            _costs(asked, run),
            *_published(run),
            Section(title="All figures", rows=rows),
        ),
    )


def _pictures(run: _Run, images: list[int]) -> dict[int, str | None]:
    subject = run.ran.subject
    samples = subject.own.samples if subject.own else datasets.source(subject.data).samples
    spikes = run.shape.input.encoder is Encoder.GIVEN
    return shared.image_pictures(run.ran.pixels, samples.volume, images, spikes=spikes)


def _details(run: _Run, wrong: list[int]) -> Section:
    timesteps = run.figures.timesteps
    shown = details.layers(run.network, timesteps)
    images = details.chosen(wrong, run.images, shown, run.network.shape, timesteps)
    stimulus = run.ran.stimulus
    found = list(details.details(run.network, shown, images, lambda k: stimulus.spikes(k, k + 1)))
    at = {image: run.images.index(image) for image in images}
    labels = {} if run.labels is None else {k: int(run.labels[n]) for k, n in at.items()}
    got = {k: int(run.outcome.labels[n]) for k, n in at.items()}
    how = DERIVED if sum(run.figures.mismatches.values()) else MEASURED
    pictures, grouped = _pictures(run, images), bool(run.shape.groups)
    plots = shared.detail_plots(found, shown, labels, pictures, how, how, grouped=grouped)
    text = f"{len(images)} of {len(run.images):,} images can be chosen, wrong ones first. "
    if how is MEASURED:
        text += "The RTL and the golden model had the same spikes and potentials, one by one."
    else:
        text += "Spikes and potentials are the golden model's; the RTL's differ from them."
    scheduled = [image for image in images if image in run.scheduled]
    if scheduled:
        plots.insert(2, _timeline(run, scheduled))
    return Section(
        title="An image",
        text=text,
        choices=shared.choices(shown, found, shared.told(found, labels, got)),
        plots=tuple(plots),
    )


def _timeline(run: _Run, images: list[int]) -> Plot:
    rows = [{"image": image, **_bars(run, run.images.index(image))} for image in images]
    note = "A convolution's bars are rows of windows, or more of them at once. "
    last = f"Cycles are had of images up to {run.scheduled[-1]}, the last one scheduled here."
    return Plot(
        name="timeline",
        title="Cycles of the image, layer by layer",
        how=DERIVED,
        spec=charts.timeline(rows, _DOES),
        note=(note if run.shape.has_maps else "")
        + (last if len(run.scheduled) < len(run.images) else ""),
    )


def _bars(run: _Run, number: int) -> dict[str, list]:
    """What each layer does in image ``number`` of the run, in lists, see `charts.timeline`."""
    timesteps = run.figures.timesteps
    bars: list[tuple] = []
    for name, layer, cycles in zip(run.names, run.shape.layers, run.cycles, strict=True):
        mine = slice(number * timesteps * layer.firings, (number + 1) * timesteps * layer.firings)
        parts = {
            what: getattr(cycles, what)[mine].reshape(timesteps, -1)
            for what in ("start", "adding", "ending", "stop")
        }
        each = _of_windows if layer.firings > 1 else _of_timestep
        bars += [
            (name, *bar)
            for t in range(timesteps)
            for bar in each(t + 1, {what: values[t] for what, values in parts.items()})
        ][:_MOST_BARS]
    first = min((bar[2] for bar in bars), default=0)
    columns = zip(
        *((place, kind, a - first, b - first, t) for place, kind, a, b, t in bars), strict=True
    )
    return dict(zip(("place", "kind", "begin", "end", "t"), map(list, columns), strict=False))


def _of_timestep(t: int, parts: dict[str, np.ndarray]) -> list[tuple]:
    """Bars of a timestep without windows: kind, first cycle, cycle after the last, timestep."""
    start, adding, ending, stop = (int(values[0]) for values in parts.values())
    if start == NEVER:
        return []
    edges = {ADDING: start + adding, ENDING: start + adding + ending, STALLED: stop}
    bars, begin = [], start
    for kind, end in edges.items():
        bars += [(kind, begin, end, t)] if end > begin else []
        begin = end
    return bars


def _of_windows(t: int, parts: dict[str, np.ndarray]) -> list[tuple]:
    """Bars of a timestep's windows, those of them that follow each other as one."""
    start, stop = parts["start"], parts["stop"]
    cut = np.flatnonzero(start[1:] > stop[:-1]) + 1
    edges = [0, *cut.tolist(), len(start)]
    return [(ADDING, int(start[a]), int(stop[b - 1]), t) for a, b in itertools.pairwise(edges)]


def _cycles(run: _Run) -> Section:
    whole, count = run.whole, len(run.scheduled)
    rows = [
        {"place": name, "kind": kind, "amount": cycles / count}
        for name, each in zip(run.names, run.cycles, strict=True)
        for kind, cycles in _spent(each, whole).items()
    ]
    text = (
        f"Of {whole:,} cycles from the first input to the prediction of image "
        f"{run.scheduled[-1]}, by the cycle model, to which the RTL is compared cycle by cycle. "
        "Adding: a spike is in the layer's encoder. Ending a timestep: bias, threshold and what is "
        "carried on. Stalled: it could fire, but what it gave before is not yet taken."
    )
    plot = Plot(
        name="cycles",
        title="Where each layer's cycles went",
        how=DERIVED,
        spec=charts.shares(rows, _DOES, WAITING, "cycles/image"),
    )
    between = Plot(
        name="intervals",
        title="Cycles from one prediction to the next",
        how=DERIVED,
        spec=charts.spread(intervals(run.result).tolist(), "cycles/image"),
    )
    return Section(title="Cycles", text=text, plots=(plot, between))


def _spent(cycles: Occupancy, whole: int) -> dict[str, int]:
    """Cycles of a layer by what it does, of ``whole`` ones."""
    busy = {
        ADDING: int(cycles.adding.sum()),
        ENDING: int(cycles.ending.sum()),
        STALLED: int(cycles.stalled.sum()),
    }
    return {**busy, WAITING: whole - sum(busy.values())}


def _activity(run: _Run) -> Section:
    figures, judged, layers = run.figures, len(run.images), run.shape.layers
    work = [
        shared.Work(
            every=_synapses(layer) * figures.timesteps_taken,
            read=reads * layer.neurons / judged,
            effective=operations / judged,
        )
        for layer, reads, operations in zip(
            layers, run.outcome.reads, run.outcome.operations, strict=True
        )
    ]
    return shared.activity(work, figures.spikes, figures.sizes, figures.timesteps_taken)


def _synapses(layer: Layer) -> int:
    """Weights that a timestep would read if all inputs spiked."""
    return weight_reads(layer, np.ones(layer.volume.size, dtype=np.int64)) * layer.neurons


def _costs(asked: ChipRun, run: _Run) -> Section:
    energy = run.figures.energy_nj
    text = (
        f"{sum(energy.values()):.1f} nJ an image by its events, at 65 nm and {CLOCK_MHZ} MHz; "
        f"without clock gates {sum(run.figures.energy_nj_ungated.values()):.1f} nJ. "
    )
    plots = [
        Plot(
            name="energy",
            title="Energy of an image by kind of event",
            how=DERIVED,
            spec=charts.amounts(
                [{"place": kind, "amount": nj} for kind, nj in energy.items()], "nJ", ",.2f"
            ),
        )
    ]
    entry, command = _synthesis(run), ""
    if entry:
        plots.append(_gates(entry))
        text += (
            f"The logic has {entry.total.gates:,.0f} NAND2 equivalents of {entry.library}, as kept "
            f"from make synth, and {entry.total.memory_bits / 8192:g} kB of memory macros."
        )
    else:
        network = f"WEIGHTS={asked.weights}" if asked.weights else f"LAYER={run.shape.name}"
        command = f"make synth {network}" + (f" LANES={asked.lanes}" if asked.lanes != 1 else "")
        text += "Gates of this chip are not kept; this measures them:"
    return Section(title="Energy and gates", text=text, command=command, plots=tuple(plots))


def _gates(entry: Synthesis) -> Plot:
    blocks = sorted(entry.blocks, key=lambda block: -block.gates)
    rows = [{"place": block.block, "amount": block.gates} for block in blocks if block.gates]
    return Plot(
        name="gates",
        title="Gates by block",
        how=MEASURED,
        spec=charts.amounts(rows, "NAND2 equivalents", ",.0f"),
    )


def _synthesis(run: _Run) -> Synthesis | None:
    """What is kept of the chip, if it is that of the network of its name."""
    known = PRESETS.get(run.shape.name)
    if known is None or run.shape != known.with_lanes(run.shape.lanes):
        return None
    kept = CELLS.read(paths.docs(record=False) / "synthesis.json")
    mine = (run.shape.name, run.shape.lanes)
    return next((entry for entry in kept if (entry.network, entry.lanes) == mine), None)


def _published(run: _Run) -> list[Section]:
    """What papers print of the network on these data; no section if they print nothing."""
    figures, silicon = run.figures, published.SILICON
    rows = [
        (f"accuracy, {each.paper}, {each.bits}-bit weights", each.text, PUBLISHED)
        for each in published.accuracies(figures.data)
        if each.layer == figures.network and each.timesteps == figures.timesteps
    ]
    if figures.network == silicon.layer:
        rows.append((f"gates, {silicon.paper}", f"{silicon.gates:,}", PUBLISHED))
        if figures.data == "mnist":
            rival = next(each for each in published.RIVALS if each.paper == silicon.paper)
            rows.append((f"energy of a prediction, {rival.paper}", f"{rival.nj:g} nJ", PUBLISHED))
    text = "Of the same network, as papers print it; see docs/results.md for where."
    return [Section(title="Published", text=text, rows=tuple(rows))] if rows else []
