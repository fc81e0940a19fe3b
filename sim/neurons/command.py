"""``trispike neurons``: what each neuron of the seed papers costs, one row each."""

import dataclasses
from pathlib import Path

from trispike.models.data import datasets
from trispike.models.errors import BadInput
from trispike.models.network import weights
from trispike.models.network.shape import NetworkShape
from trispike.rtl.chip.fixed_chip import Chip
from trispike.rtl.hierarchy import leave_out
from trispike.rtl.layers.layer import processing_element
from trispike.sim.energy.runs import Runs
from trispike.sim.neurons import jitter, tables
from trispike.sim.neurons.record import COSTS, NEURONS, Cost, Named
from trispike.sim.report import records
from trispike.sim.report.place import Place
from trispike.sim.synthesis import liberty, tools
from trispike.sim.synthesis.early import synthesised_chip
from trispike.sim.synthesis.figures import figures, module_figures
from trispike.sim.synthesis.liberty import Liberty
from trispike.sim.terminal.console import progress_bar, relative, table_console
from trispike.sim.terminal.options import Json, Record
from trispike.sim.terminal.request import at_least_1, command, option
from trispike.sim.terminal.subject import committed
from trispike.sim.tools import toolchain
from trispike.sim.tools.paths import build_folder, docs
from trispike.sim.tools.run_folder import run_folder

SECTION = "neurons"
"""Of docs/results.md."""

JITTER_SECTION = "neurons jitter"

SIZES = (784, 256, 256, 10)
"""Of the chip that is mapped for each neuron."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class NeuronsRequest(Json, Record):
    """Neurons to price."""

    neuron: str | None = option(
        f"One of them: {', '.join(named.neuron for named in NEURONS)}.  [default: all]"
    )
    images: int = option("Test images in the RTL.", 200, check=at_least_1("IMAGES"), short="-n")
    jitter: bool = option(
        "Instead, jitter the input times of the network of first spikes (Zhou 2021, table 3).",
        False,
    )

    def __post_init__(self):
        super().__post_init__()
        if self.jitter and self.neuron is not None:
            raise BadInput("NEURON has no meaning with JITTER=1: leave one out")

    @property
    def named(self) -> list[Named]:
        """The neurons; `BadInput` if there is no such one."""
        found = [named for named in NEURONS if self.neuron in (None, named.neuron)]
        if not found:
            names = ", ".join(named.neuron for named in NEURONS)
            raise BadInput(f"NEURON must be one of {names}, not {self.neuron!r}")
        return found


def resized(shape: NetworkShape, sizes: tuple[int, ...]) -> NetworkShape:
    """A network of ``sizes`` whose first, hidden and last layers are like those of ``shape``."""
    first, *hidden, last = shape.layers
    between = hidden[0] if hidden else dataclasses.replace(first, pixels=False)
    kinds = [first, *[between] * (len(sizes) - 3), last]
    layers = tuple(
        dataclasses.replace(kind, inputs=inputs, neurons=neurons)
        for kind, inputs, neurons in zip(kinds, sizes, sizes[1:], strict=False)
    )
    return NetworkShape.of(f"{shape.name}_sized", layers, shape.read_out, shape.input.encoder)


def price(named: Named, images: int, library: Liberty, folder: Path) -> Cost:
    """Map the chip, run ``images`` test images of the trained network, take the figures."""
    weight_file = committed(named.network, named.data)
    network, card = weights.load(weight_file)
    pixels, labels = datasets.load_test(named.data, datasets.find_folder(None, named.data))
    if images > len(pixels):
        raise BadInput(f"IMAGES must be at most {len(pixels)}, {named.data}'s, not {images}")
    shape = resized(network.shape, SIZES)
    chip = Chip(shape=shape)
    place = build_folder() / "synthesis" / f"{chip.module_name}-{library.name}"
    mapped, timed = synthesised_chip(chip, library, place)
    whole = figures(shape, mapped, timed, yosys="", opensta="")
    element = processing_element(shape.layers[1])
    leave_out(element)  # only its name is wanted
    timesteps = card.timesteps or 1
    ran = Runs(
        weight_file=weight_file,
        network=network,
        shape=network.shape,
        data=named.data,
        pixels=pixels,
        labels=labels,
        timesteps=timesteps,
    ).run(range(images), folder)
    return Cost(
        neuron=named.neuron,
        paper=named.paper,
        element=sum(
            module_figures(mapped, name, n).gates
            for name, n in mapped.netlist.below(element.module_name).instances().items()
        ),
        chip=whole.total.gates,
        fmax=timed.fmax,
        library=library.name,
        network=network.name,
        sizes=network.shape.sizes,
        data=named.data,
        timesteps=timesteps,
        images=images,
        cycles=ran.cycles_per_image_mean,
        energy=sum(ran.energy_nj.values()),
        accuracy=ran.accuracy,
        all_accuracy=card.accuracy(named.data, timesteps),
    )


def _jitter(asked: NeuronsRequest) -> None:
    named = NEURONS[-1]
    network, card = weights.load(committed(named.network, named.data))
    images, labels = datasets.load_test(named.data, datasets.find_folder(None, named.data))
    home = Place(
        docs(record=asked.record), jitter.JITTER, "jitter.json", JITTER_SECTION, record=asked.record
    )
    asked.check_json()
    with progress_bar("spreads") as progress:
        task = progress.add_task(f"jitter of {network.name}", total=len(jitter.PERCENTS))
        entries = []
        for percent in jitter.PERCENTS:
            entries.append(
                jitter.measure(network, named.data, images, labels, card.timesteps, percent)
            )
            progress.advance(task)
    table_console().print(jitter.terminal(entries))
    written = home.store(entries, jitter.markdown(entries)) if asked.record else []
    for path in written + asked.keep({"jitter": records.plain(entries)}):
        print(f"written: {relative(path)}")


@command("neurons", NeuronsRequest)
def neurons(asked: NeuronsRequest) -> None:
    """What each neuron of the seed papers costs: gates, clock, cycles, energy, accuracy.

    Maps 784-256-256-10 of each neuron to standard cells, and runs the network of ours that was
    trained with it in the RTL. Needs yosys and opensta. With --record it rewrites the table of
    docs/results.md, which keeps other rows from the record docs/neurons.json.
    """
    if asked.jitter:
        _jitter(asked)
        return
    wanted = asked.named
    toolchain.find()
    for tool in tools.PACKAGES:
        tools.find(tool)
    library = liberty.read(tools.find_liberty(None))
    home = Place(docs(record=asked.record), COSTS, "neurons.json", SECTION, record=asked.record)
    asked.check_json()
    for named in wanted:
        committed(named.network, named.data)
    costs = []
    with progress_bar("networks") as progress, run_folder("neurons") as folder:
        task = progress.add_task("neurons", total=len(wanted))
        for named in wanted:
            progress.update(task, description=f"{named.neuron}: {named.network}")
            place = folder / named.network
            place.mkdir()
            costs.append(price(named, asked.images, library, place))
            progress.advance(task)
    table_console(width=120).print(tables.terminal(costs))
    print(*tables.remarks(costs), sep="\n")
    entries = home.kept
    for cost in costs:
        entries = COSTS.renewed(entries, cost)
    written = home.store(entries, tables.markdown(entries)) if asked.record else []
    for path in written + asked.keep({"neurons": records.plain(costs)}):
        print(f"written: {relative(path)}")
