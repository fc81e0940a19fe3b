"""``trispike energy``: what a prediction costs, told in three ways."""

import dataclasses
from typing import ClassVar

from trispike.models.data import spikes
from trispike.models.errors import BadInput
from trispike.rtl.chip.fixed_chip import Chip
from trispike.sim.cosim import waveform
from trispike.sim.cosim.figures import Figures
from trispike.sim.energy import tables, width_tables
from trispike.sim.energy.record import ENERGIES, WIDTHS, Energy, Told, Widths, figure
from trispike.sim.energy.runs import Runs
from trispike.sim.energy.switching import Switching, switching
from trispike.sim.energy.toggles import Toggles
from trispike.sim.energy.trace import Trace
from trispike.sim.energy.widths import activities
from trispike.sim.report.place import Place
from trispike.sim.synthesis import liberty, tools
from trispike.sim.synthesis.early import synthesised_chip
from trispike.sim.synthesis.flow import netlist_folder
from trispike.sim.terminal import extras
from trispike.sim.terminal.console import next_phase, progress_bar, relative, table_console
from trispike.sim.terminal.options import Images, Input, Lanes, Record
from trispike.sim.terminal.request import command, option
from trispike.sim.terminal.subject import Subject
from trispike.sim.tools import toolchain
from trispike.sim.tools.paths import docs
from trispike.sim.tools.run_folder import run_folder

SECTION = "energy"
"""Of docs/results.md."""


WIDTHS_SECTION = "energy widths"


@dataclasses.dataclass(frozen=True, kw_only=True)
class Prediction(Record, Images, Input):
    """A network on test images."""

    usual_timesteps: ClassVar[int] = 1

    timesteps: int | None = option(
        "Timesteps per image.  [default: those that INPUT's spikes have, that the network was "
        f"trained for, or {usual_timesteps}]",
        check=spikes.check_timesteps,
        short="-t",
    )


@dataclasses.dataclass(frozen=True, kw_only=True)
class ChipEnergy(Lanes, Prediction):
    """Energy of its chip."""

    traced: int = option("Images, the first ones, that the netlist's switching is counted on.", 20)


@dataclasses.dataclass(frozen=True, kw_only=True)
class LayerEnergies(Prediction):
    """Energy of its layers, whatever computes them."""

    widths: bool = option(
        "Instead, energy of each layer with weights of 2, 8 and 32 bits, by TW-SNN's eq. 14-17.",
        False,
    )


def _mode(values: dict) -> type:
    return LayerEnergies if values["widths"] else ChipEnergy


@command("energy", {ChipEnergy: "runs of the RTL", LayerEnergies: "WIDTHS=1"}, _mode)
def energy(asked: ChipEnergy | LayerEnergies) -> None:
    """Energy of a prediction, by events and by switching; needs yosys, opensta and their cells.

    Runs the RTL on test images, compared with the models as ever. Its counts times published
    energies are one answer; the switching of the mapped netlist on the first of these images,
    priced by OpenSTA, is another, both with clock gates and without; TW-SNN's power a third. With
    --record it rewrites the table of
    docs/results.md, which keeps other runs from the record docs/energy.json.

    With --widths it tells the energy of each layer by TW-SNN's equations instead, from the spikes
    of the golden model, also of convolutions; --record draws it too, which needs matplotlib.
    """
    if isinstance(asked, LayerEnergies):
        _layers(asked)
    else:
        _chip(asked)


def _layers(asked: LayerEnergies) -> None:
    """Tell the energy of each layer."""
    plots = extras.plots("energy.plots") if asked.record else None
    subject, folder = Subject.of(asked), docs(record=asked.record)
    network, data, timesteps = subject.network, subject.data, asked.timesteps
    pixels, labels = subject.chosen_images(asked)
    image = folder / figure(network.name, data, timesteps)
    home = Place(folder, WIDTHS, "energy-widths.json", WIDTHS_SECTION, [image], record=asked.record)
    layers, accuracy = activities(network, pixels, labels, timesteps)
    entry = Widths(
        network=network.name,
        data=data,
        timesteps=timesteps,
        accuracy=accuracy,
        images=len(pixels),
        layers=layers,
    )
    table_console().print(width_tables.terminal(entry))
    print(*width_tables.remarks(entry), sep="\n")
    subject.check_accuracy(timesteps, accuracy, len(pixels))
    if plots:
        entries = WIDTHS.renewed(home.kept, entry)
        text = width_tables.markdown(entries)
        for path in home.store(entries, text, {image: plots.widths(entry)}):
            print(f"written: {relative(path)}")


def _chip(asked: ChipEnergy) -> None:
    """Tell the energy of a chip."""
    layer, lanes, traced = asked.layer, asked.lanes, asked.traced
    subject = Subject.of(asked)
    network, data = subject.network, subject.data
    shape = network.shape.with_lanes(lanes)
    pixels, labels, chosen = subject.test_images(asked)
    if not 1 <= traced <= len(chosen):
        raise BadInput(f"TRACED must be from 1 to {len(chosen)}, the images, not {traced}")
    toolchain.find()
    for tool in tools.PACKAGES:
        tools.find(tool)
    library = liberty.read(tools.find_liberty(None))
    home = Place(docs(record=asked.record), ENERGIES, "energy.json", SECTION, record=asked.record)

    measured = Runs(
        weight_file=subject.weight_file,
        network=network,
        shape=shape,
        data=data,
        pixels=pixels,
        labels=labels,
        timesteps=asked.timesteps,
    )
    chip = Chip(shape=shape)
    with progress_bar("images") as progress, run_folder(f"energy-{layer}") as folder:
        task = progress.add_task(f"building {layer} (Verilator)", total=None)

        def ran(images: range, *, waves: bool = False) -> Figures:
            nonlocal task

            def judged(done: int) -> None:
                progress.update(task, completed=done)

            model = measured.model(waves=waves)
            doing = "tracing" if waves else "simulating"
            task = next_phase(progress, task, f"{doing} {layer}", len(images))
            return measured.run(images, folder, waves=waves, model=model, progress=judged)

        whole = ran(chosen)
        few = ran(range(traced), waves=True)
        task = next_phase(progress, task, f"reading the waveform of {layer}")
        wave = waveform.keep(folder, folder / "energy")
        trace = Trace(wave)

        def switched(gated: bool) -> Switching:
            how = "" if gated else " without clock gates"
            progress.update(task, description=f"mapping {layer}{how} (Yosys)")
            folder = netlist_folder(chip, library, gated=gated)
            mapped, _ = synthesised_chip(chip, library, folder, gated=gated)
            progress.update(task, description=f"counting the switching of {layer}{how} (OpenSTA)")
            return switching(mapped, Toggles(mapped, trace))

        with_gates, without_gates = switched(True), switched(False)
    entry = Energy(
        network=network.name,
        recipe=subject.card.recipe,
        data=data,
        timesteps=asked.timesteps,
        lanes=shape.lanes,
        accuracy=whole.accuracy,
        images=whole.images,
        cycles=whole.cycles_per_image_mean,
        traced_images=traced,
        traced_cycles=few.cycles_per_image_mean,
        gated=Told(events=whole.energy_nj, traced_events=few.energy_nj, switching=with_gates),
        ungated=Told(
            events=whole.energy_nj_ungated,
            traced_events=few.energy_nj_ungated,
            switching=without_gates,
        ),
        library=library.name,
    )
    table_console().print(tables.terminal(entry))
    print(*tables.remarks(entry), sep="\n")
    subject.check_accuracy(asked.timesteps, whole.accuracy, whole.images)
    for path in home.keep(entry, tables.markdown):
        print(f"written: {relative(path)}")
