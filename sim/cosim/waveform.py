"""The waveform of a run: how large it will be, how many images of it fit, where it is kept."""

import dataclasses
from collections.abc import Iterator
from pathlib import Path

from trispike import golden
from trispike.models.errors import BadInput
from trispike.models.network.parameters import Network
from trispike.models.network.shape import NetworkShape
from trispike.sim.cosim import harness
from trispike.sim.cosim.stimulus import Stimulus
from trispike.sim.cost.operations import effective_operations
from trispike.sim.tools.build import missing_for_fst

USUAL_MB = 500
"""Megabytes that a waveform may take unless the user says otherwise."""

NONE = "none; the run ended before the first image, or a simulator was killed with it unwritten"
"""What is said of a waveform that is not there."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Format:
    """A format of waveforms, and the bytes that it takes, fitted to measured files.

    - ``head``: for each neuron and lane.
    - ``operation``: for each effective synaptic operation: nearly all that changes in a chip are
      the sums of neurons, each time that a spike meets a weight other than 0.
    """

    name: str
    head: float
    operation: float


VCD = Format(name="VCD", head=1000.0, operation=118.0)
FST = Format(name="FST", head=110.0, operation=10.0)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Plan:
    """What will be traced of a run.

    - ``traced``: images, the first ones, of the run's ``images``.
    - ``size``, ``whole``: estimated bytes of their waveform, and of that of all images.
    - ``format``: of the waveform.
    - ``missing``: Debian's packages that would make it FST.
    """

    traced: int
    images: int
    size: float
    whole: float
    format: Format
    missing: list[str]

    def __str__(self):
        what = "all" if self.traced == self.images else f"the first {self.traced} of"
        parts = [
            f"waves: {what} {self.images} images, about {_text(self.size)} of {self.format.name}"
        ]
        if self.traced < self.images:
            parts.append(f"all would take {_text(self.whole)}: WAVES_MB={_megabytes(self.whole)}")
        if self.missing:
            parts.append(f"FST is a tenth of VCD: sudo apt install {' '.join(self.missing)}")
        return "; ".join(parts)


def plan(
    network: Network, shape: NetworkShape, stimulus: Stimulus, images: range, cxx: str, limit: int
) -> Plan:
    """How many of ``images`` fit ``limit`` megabytes; `BadInput` if not even the first does.

    - ``shape``: of the chip: it says how many lanes each layer has.
    - ``cxx``: the compiler, whose headers decide on the format.
    """
    missing = missing_for_fst(cxx)
    form = VCD if missing else FST
    size = whole = form.head * shape.lanes * sum(shape.sizes[1:])
    count = 0
    for each in _sizes(network, stimulus, images, form):
        count += 1
        whole = size + each
        if whole > limit * 1e6:
            break
        size = whole
    traced = count if size == whole else count - 1
    if traced == 0:
        raise BadInput(
            f"the waveform of one image would take {_text(whole)}, and WAVES_MB is {limit}: take "
            f"fewer timesteps by T=, or WAVES_MB={_megabytes(whole)}"
        )
    whole *= len(images) / count  # those that were not looked at are as the others
    return Plan(
        traced=traced, images=len(images), size=size, whole=whole, format=form, missing=missing
    )


def _sizes(network: Network, stimulus: Stimulus, images: range, form: Format) -> Iterator[float]:
    """Estimated bytes that each image adds to a waveform."""
    for image in images:
        spikes = stimulus.spikes(image, image + 1)
        found = golden.run(network, spikes, keep_potentials=False)
        layer_inputs = (spikes, *found.spikes[:-1])
        counts = [each[0, : int(found.decided[0])].sum(axis=0) for each in layer_inputs]
        yield form.operation * sum(effective_operations(network, counts))


def _megabytes(size: float) -> int:
    """``size`` with a tenth more, as the argument of WAVES_MB."""
    return int(size * 1.1 / 1e6) + 1


def _text(size: float) -> str:
    return f"{size / 1e9:.1f} GB" if size >= 1e9 else f"{max(size / 1e6, 0.1):.3g} MB"


def keep(folder: Path, place: Path) -> Path | None:
    """Move the waveform of a run in ``folder`` to ``place`` with the suffix of its format.

    None if there is none that can be read: no image was begun, or the simulator died by SIGKILL or
    a crash with an FST file open, which holds next to nothing until it is closed.
    """
    raws = sorted(folder.glob(f"shards/*/*/{harness.WAVES}"), key=lambda raw: raw.stat().st_size)
    if not raws:
        return None
    with raws[-1].open("rb") as file:
        head = file.read(16)
    if not any(head):
        return None
    place.parent.mkdir(parents=True, exist_ok=True)
    return raws[-1].replace(place.with_suffix(".vcd" if head.startswith(b"$") else ".fst"))
