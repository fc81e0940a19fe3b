"""The waveform of a run: how large it will be, how many images of it fit, where it is kept."""

import dataclasses
from collections.abc import Iterator
from pathlib import Path

from trispike import golden
from trispike.models.network.parameters import Network
from trispike.models.network.shape import NetworkShape
from trispike.sim.cosim.stimulus import Stimulus
from trispike.sim.cost.operations import effective_operations
from trispike.sim.tools import waveform
from trispike.sim.tools.build import missing_for_fst
from trispike.sim.tools.waveform import WAVES, Plan


@dataclasses.dataclass(frozen=True, kw_only=True)
class Format:
    """A format of waveforms, and the bytes that it takes, fitted to measured files.

    - ``head``: for each neuron and lane.
    - ``operation``: for each effective synaptic operation: nearly all that changes in a chip are
      the sums of neurons, each time that a spike meets a weight other than 0.
    """

    head: float
    operation: float


VCD = Format(head=1000.0, operation=118.0)
FST = Format(head=110.0, operation=10.0)


def plan(
    network: Network, shape: NetworkShape, stimulus: Stimulus, images: range, cxx: str, limit: int
) -> Plan:
    """How many of ``images`` fit ``limit`` megabytes; `BadInput` if not even the first does.

    - ``shape``: of the chip: it says how many lanes each layer has.
    - ``cxx``: the compiler, whose headers decide on the format.
    """
    missing = missing_for_fst(cxx)
    form = VCD if missing else FST
    head = form.head * shape.lanes * sum(shape.sizes[1:])
    sizes = _sizes(network, stimulus, images, form)
    return waveform.plan("images", len(images), head, sizes, limit, missing)


def _sizes(network: Network, stimulus: Stimulus, images: range, form: Format) -> Iterator[float]:
    """Estimated bytes that each image adds to a waveform."""
    for image in images:
        spikes = stimulus.spikes(image, image + 1)
        found = golden.run(network, spikes, keep_potentials=False)
        layer_inputs = (spikes, *found.spikes[:-1])
        counts = [each[0, : int(found.decided[0])].sum(axis=0) for each in layer_inputs]
        yield form.operation * sum(effective_operations(network, counts))


def keep(folder: Path, place: Path) -> Path | None:
    """Move the waveform of a run in ``folder`` to ``place`` with the suffix of its format.

    None if there is none that can be read, see `sim.tools.waveform.keep`.
    """
    raws = sorted(folder.glob(f"shards/*/*/{WAVES}"), key=lambda raw: raw.stat().st_size)
    return waveform.keep(raws[-1], place) if raws else None
