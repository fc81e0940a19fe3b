"""What shows where the RTL and the models differ: a waveform and a timeline of that image alone."""

import dataclasses
from pathlib import Path

from trispike.models.network.parameters import Network
from trispike.models.network.shape import NetworkShape
from trispike.sim.cosim import cosimulation, harness, waveform
from trispike.sim.cosim.figures import first_mismatch
from trispike.sim.cosim.stimulus import Stimulus
from trispike.sim.report.mismatch import Mismatch
from trispike.sim.terminal.console import progress_bar
from trispike.sim.terminal.options import USUAL_WAVES_MB
from trispike.sim.timeline.chip import chip_timeline
from trispike.sim.tools import divergence, toolchain, viewers


@dataclasses.dataclass(frozen=True, kw_only=True)
class Subject:
    """What a run was of: ``shape`` is the chip's, that of the network with its ``lanes``."""

    weight_file: Path
    network: Network
    shape: NetworkShape
    lanes: cosimulation.Lanes
    stimulus: Stimulus


def show(first: Mismatch, subject: Subject, folder: Path, place: Path) -> str:
    """Run the image of ``first`` again, alone and traced; returns words on what shows it.

    The run's files go to ``folder``; waveform and timeline to ``place``, with their suffixes, in
    place of older ones. There is no waveform if it would be too large, and neither if the image
    does not differ so where it is alone.
    """
    return divergence.shown(place, lambda: _show(first, subject, folder, place))


def _show(first: Mismatch, subject: Subject, folder: Path, place: Path) -> str:
    images = range(first.image, first.image + 1)
    chip, cxx = (subject.network, subject.shape, subject.stimulus), toolchain.find().cxx
    waves = divergence.fits(lambda: waveform.plan(*chip, images, cxx, USUAL_WAVES_MB))
    with progress_bar() as progress:
        progress.add_task(f"image {first.image} alone, to be looked at (Verilator)", total=None)
        model = cosimulation.chip_model(subject.network, lanes=subject.lanes, waves=waves)
        found = cosimulation.run(
            subject.weight_file,
            subject.stimulus,
            images,
            folder,
            lanes=subject.lanes,
            waves=int(waves),
            timeline=1,
            model=model,
        )
    alone = first_mismatch(found.outcomes)
    if alone is None or _as_alone(alone) != _as_alone(first):
        return f"image {first.image} does not differ so where it is run alone"
    wave, timeline = waveform.keep(folder, place), place.with_suffix(".json")
    if wave:
        viewers.write(wave, harness.views(subject.shape))
    chip_timeline(
        timeline,
        cosimulation.logged(folder),
        subject.shape,
        images,
        subject.stimulus.timesteps,
        mark=alone,
    )
    return f"{divergence.see(alone.cycle, (wave, timeline))}, of image {first.image} alone"


def _as_alone(mismatch: Mismatch) -> Mismatch:
    """What of it an image has that is run alone: no cycle, and no number of cycles or vectors."""
    values = {} if mismatch.neuron is not None else {"expected": None, "got": None}
    return dataclasses.replace(mismatch, cycle=None, **values)
