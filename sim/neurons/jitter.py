"""Zhou 2021's table 3 on our input times: what jitter of the input does to a first spike."""

import dataclasses
from collections.abc import Sequence

import numpy as np
from rich import box
from rich.table import Table

from trispike import golden
from trispike.models.data import latency
from trispike.models.network.numbers import MAX_TIMESTEPS
from trispike.models.network.parameters import Network
from trispike.sim.report.markdown import markdown_table
from trispike.sim.report.records import Records

PERCENTS = (0, 1, 2, 3, 5, 7, 9, 20, 50)
"""Largest relative deviations of an input spike's time; Zhou's are 1 to 9."""

_BATCH = 500


@dataclasses.dataclass(frozen=True, kw_only=True)
class Jittered:
    """What jitter of up to ``percent`` of the input times does.

    - ``network``, ``data``, ``timesteps``, ``images``, ``seed``: what was measured.
    - ``accuracy``: fraction of labels that are right.
    - ``moved``: fraction of the input spikes that come in another timestep.
    - ``output``: mean of ``|time - time without jitter| / time without jitter`` of an image's first
      output spike, in percent; times count from 1. Images without one are left out.
    - ``decision``: mean timestep of the first output spike, from 1.
    - ``spikes``: mean spikes of an image, of the input and all layers.
    """

    network: str
    data: str
    timesteps: int
    images: int
    seed: int
    percent: int
    accuracy: float
    moved: float
    output: float
    decision: float
    spikes: float


JITTER = Records(
    format="trispike-jitter-1",
    entry=Jittered,
    what="jitter",
    key=lambda entry: (entry.network, entry.data, entry.timesteps, entry.percent),
)


def measure(
    network: Network,
    data: str,
    images: np.ndarray,
    labels: np.ndarray,
    timesteps: int,
    percent: int,
    seed: int = 0,
) -> Jittered:
    """Run the golden model on ``images`` with and without jitter."""
    right = moved = spiking = 0
    decisions, deviations, total = [], [], 0
    for first in range(0, len(images), _BATCH):
        some = images[first : first + _BATCH]
        plain = latency.encode(some, timesteps)
        spikes = latency.encode_jittered(
            some, timesteps, percent=percent, seed=seed, first_image=first
        )
        result = golden.run(network, spikes, keep_potentials=False)
        still = golden.run(network, plain, keep_potentials=False)
        right += int((result.labels == labels[first : first + _BATCH]).sum())
        moved += int((plain & ~spikes).sum())
        spiking += int(plain.sum())
        times, usual = (MAX_TIMESTEPS + 1 - each.scores.max(axis=1) for each in (result, still))
        answered = (times <= timesteps) & (usual <= timesteps)
        decisions += times[times <= timesteps].tolist()
        deviations += (np.abs(times - usual)[answered] / usual[answered]).tolist()
        total += int(spikes.sum()) + sum(int(each.sum()) for each in result.spikes)
    return Jittered(
        network=network.name,
        data=data,
        timesteps=timesteps,
        images=len(images),
        seed=seed,
        percent=percent,
        accuracy=right / len(images),
        moved=moved / max(1, spiking),
        output=100 * float(np.mean(deviations)) if deviations else 0.0,
        decision=float(np.mean(decisions)) if decisions else float(timesteps),
        spikes=total / len(images),
    )


_HEAD = (
    "input jitter up to",
    "input spikes in another timestep",
    "output jitter",
    "accuracy",
    "time of decision",
    "spikes an image",
)


def _row(entry: Jittered) -> list[str]:
    return [
        f"{entry.percent}%",
        f"{entry.moved:.2%}",
        f"{entry.output:.3f}%",
        f"{entry.accuracy:.2%}",
        f"{entry.decision:.2f} of {entry.timesteps}",
        f"{entry.spikes:.1f}",
    ]


def terminal(entries: Sequence[Jittered]) -> Table:
    """The table of ``entries``, of one network."""
    one = entries[0]
    table = Table(title=f"{one.network} on {one.data}, {one.images} images", box=box.SIMPLE_HEAD)
    for head in _HEAD:
        table.add_column(head, justify="right")
    for entry in entries:
        table.add_row(*_row(entry))
    return table


def markdown(entries: Sequence[Jittered]) -> str:
    """The section of docs/results.md."""
    one = entries[0]
    return (
        f"`make neurons JITTER=1`: {one.network} on all {one.images:,} test images of {one.data}, "
        f"T = {one.timesteps}, golden model, measured. An input time is multiplied by 1 + e, e "
        "even within the jitter, before it is rounded down to a timestep (Zhou 2021, table 3: 1 to "
        "9% in, 0.024 to 0.997% out, of an analogue circuit). Times of an output count from 1.\n\n"
        f"{markdown_table(_HEAD, [_row(entry) for entry in entries])}"
    )
