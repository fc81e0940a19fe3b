"""``trispike prune``: a network without the neurons that cannot matter."""

import dataclasses
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from rich.table import Table

from trispike import golden
from trispike.models.data.encoders import encode
from trispike.models.files import check_writable
from trispike.models.network import weights
from trispike.models.network.card import Card
from trispike.models.network.parameters import Network
from trispike.models.network.shape import NetworkShape
from trispike.sim.prune.pruning import Pruning, Zeros, zeros
from trispike.sim.prune.pruning import prune as find
from trispike.sim.report import records
from trispike.sim.report.mismatch import Mismatch, MismatchFound
from trispike.sim.terminal.console import progress_bar, relative, table_console
from trispike.sim.terminal.options import Images, Input, Json, Seeded
from trispike.sim.terminal.request import command, option
from trispike.sim.terminal.subject import Subject
from trispike.sim.tools.paths import build_folder

_AT_ONCE = 100
"""Images that both networks take at once."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Prune(Json, Seeded, Images, Input):
    """A trained network to prune."""

    output: Path | None = option("File (.npz) to write.  [default: build/weights/NAME_pruned.npz]")


@dataclasses.dataclass(frozen=True, kw_only=True)
class PrunedLayer:
    """What became of a layer.

    neurons: PEs: of a convolution its channels.
    silent, unread: Those that went: never fire, whatever the inputs; no one reads them.
    quiet: Those that did not fire on the images, None in a read-out of potentials.
    before, after: Its zeros.
    """

    neurons: int
    silent: int
    unread: int
    quiet: int | None
    before: Zeros
    after: Zeros


@dataclasses.dataclass(frozen=True, kw_only=True)
class Pruned:
    """What was found, and on how many images both networks were compared."""

    network: str
    data: str
    images: int
    timesteps: int
    layers: tuple[PrunedLayer, ...]


@command("prune", Prune)
def prune(asked: Prune) -> None:
    """Remove neurons that never fire, whatever the inputs, or that nobody reads.

    That a neuron never fires is proved from the weights. What the others do stays the same bit for
    bit, and so do the labels; the golden model runs both networks on test images to show it.
    Nothing is written if nothing can go.
    """
    subject = Subject.of(asked)
    network = subject.network
    pixels, _ = subject.chosen_images(asked)
    name = f"{network.name}_pruned"
    path = asked.output or build_folder() / "weights" / f"{name}.npz"
    check_writable(path)
    asked.check_json()
    pruning = find(network)
    pruned = dataclasses.replace(pruning.pruned, name=name)
    quiet = _compare(pruning, pruned, pixels, asked)
    found = Pruned(
        network=network.name,
        data=subject.data,
        images=len(pixels),
        timesteps=asked.timesteps,
        layers=tuple(_layers(pruning, pruned, quiet)),
    )
    table_console().print(_neurons(found, network.shape))
    table_console().print(_zeros(found))
    print(
        f"equal on {len(pixels):,} images of {subject.data}, T = {asked.timesteps}: every label, "
        "and every spike and potential that is left"
    )
    if all(layer.silent + layer.unread == 0 for layer in found.layers):
        print("nothing can go: nothing is written")
    else:
        card = Card(shape=pruned.shape, origin=subject.card.origin)
        weights.save(path, pruned, card)
        print(f"weights: {relative(path)} ({pruned.shape})")
    asked.keep(records.plain(found))


def _compare(
    pruning: Pruning, pruned: Network, pixels: np.ndarray, asked: Prune
) -> list[np.ndarray | None]:
    """Run both networks on ``pixels``: `MismatchFound` where they differ.

    Returns of each layer which neurons did not fire, bool (neurons,), or None if none can.
    """
    whole = pruning.network
    fired = [np.zeros(layer.shape.neurons, dtype=bool) for layer in whole.layers]
    with progress_bar("batches") as progress:
        for first in progress.track(range(0, len(pixels), _AT_ONCE), description="comparing"):
            some = pixels[first : first + _AT_ONCE]
            spikes = encode(whole.shape, some, asked.timesteps, asked.seed, first)
            one, other = (golden.run(each, spikes) for each in (whole, pruned))
            if (what := pruning.difference(one, other)) is not None:
                raise MismatchFound(Mismatch(what=f"{what} differ"))
            for total, mine in zip(fired, one.spikes, strict=True):
                total |= mine.reshape(*mine.shape[:2], len(total), -1).any(axis=(0, 1, 3))
    fires = (layer.threshold is not None for layer in whole.layers)
    return [~total if can else None for total, can in zip(fired, fires, strict=True)]


def _layers(
    pruning: Pruning, pruned: Network, quiet: list[np.ndarray | None]
) -> Iterator[PrunedLayer]:
    none = np.zeros(1, dtype=bool)
    silent, unread = ((*masks, none) for masks in (pruning.silent, pruning.unread))
    for k, (before, after) in enumerate(zip(pruning.network.layers, pruned.layers, strict=True)):
        yield PrunedLayer(
            neurons=before.shape.neurons,
            silent=int(silent[k].sum()),
            unread=int(unread[k].sum()),
            quiet=None if quiet[k] is None else int(quiet[k].sum()),
            before=zeros(before),
            after=zeros(after),
        )


def _neurons(found: Pruned, shape: NetworkShape) -> Table:
    table = Table(title=f"{found.network} ({shape}) without what cannot matter")
    for head in ("layer", "PEs", "never fire", "unread", "left", f"quiet on {found.data}"):
        table.add_column(head, justify="right")
    for k, layer in enumerate(found.layers, 1):
        counts = (k, layer.neurons, layer.silent, layer.unread, layer.after.neurons)
        quiet = "" if layer.quiet is None else f"{layer.quiet:,}"
        table.add_row(*(f"{count:,}" for count in counts), quiet)
    return table


def _zeros(found: Pruned) -> Table:
    table = Table(title="what a spike reads and adds in vain: before, after")
    for head in ("layer", "weights 0", "empty rows", "empty words"):
        table.add_column(head, justify="right")
    for k, layer in enumerate(found.layers, 1):
        both = (layer.before, layer.after)
        table.add_row(
            str(k),
            ", ".join(f"{each.weights:.1%}" for each in both),
            ", ".join(f"{each.empty_rows:,} of {each.rows:,}" for each in both),
            ", ".join(f"{each.empty_words:,} of {each.words:,}" for each in both),
        )
    return table
