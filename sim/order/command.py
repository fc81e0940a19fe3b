"""``trispike order``: a network whose busiest lane has fewer spikes."""

import dataclasses
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from rich.progress import Progress
from rich.table import Table

from trispike import golden
from trispike.models.data.datasets import held_out_count
from trispike.models.data.encoders import encode
from trispike.models.errors import BadInput
from trispike.models.files import check_writable
from trispike.models.network import weights
from trispike.models.network.card import Card
from trispike.models.network.numbers import MAX_FAN_IN, POTENTIAL_MAX
from trispike.models.network.order import Order as InputOrder
from trispike.models.network.parameters import Network
from trispike.models.network.shape import NetworkShape
from trispike.sim.cosim import cycles
from trispike.sim.order.dealing import deal, together, with_twins
from trispike.sim.order.ordering import Ordering, usual
from trispike.sim.report import records
from trispike.sim.report.mismatch import Mismatch, MismatchFound
from trispike.sim.terminal.console import progress_bar, relative, table_console
from trispike.sim.terminal.options import Images, Input, Json, Lanes, Seeded
from trispike.sim.terminal.request import at_least_1, command, option
from trispike.sim.terminal.subject import Subject
from trispike.sim.tools.paths import build_folder

DEFAULT_IMAGES, HELD_OUT_IMAGES = 5000, 1000
"""Images that an order is chosen by, and most that it is measured on."""

_AT_ONCE = 100


@dataclasses.dataclass(frozen=True, kw_only=True)
class Order(Json, Seeded, Images, Lanes, Input):
    """A trained network to order."""

    images: int | None = option(
        f"Training images to choose by.  [default: {DEFAULT_IMAGES}, or all that are not held out "
        "if there are fewer]",
        check=at_least_1("IMAGES"),
        short="-n",
    )
    copies: int | None = option(
        "Values of the data that have a second input, with the same weights.  [default: as many as "
        "layer 1's memory has rows for]"
    )
    output: Path | None = option("File (.npz) to write.  [default: build/weights/NAME_ordered.npz]")


@dataclasses.dataclass(frozen=True, kw_only=True)
class OrderedLayer:
    """Mean spikes of a timestep in the busiest lane of a layer, on held-out images.

    inputs: Before and after.
    even: If all lanes had as many, or one less.
    """

    inputs: tuple[int, int]
    lanes: int
    before: float
    after: float
    even: float


@dataclasses.dataclass(frozen=True, kw_only=True)
class Ordered:
    """How many images an order was chosen by, and what it does on others.

    before, after, even: Mean cycles of an image, by the cycle model, see `OrderedLayer`.
    """

    network: str
    data: str
    images: int
    held_out: int
    timesteps: int
    before: float
    after: float
    even: float
    layers: tuple[OrderedLayer, ...]


@command("order", Order)
def order(asked: Order) -> None:
    """Deal a network's inputs and hidden neurons out to LANES= so that the busiest has less.

    Input i of a layer belongs to lane i mod lanes. Another order is chosen on training images, and
    values of the data get a second input, which may spike in place of the first: as many as the
    memory has rows for. Labels, scores and what each neuron does stay, bit for bit; held-out images
    show that, and what it saves. Nothing is written if nothing is saved.
    """
    subject = Subject.of(asked)
    network = subject.network
    shape = network.shape.with_lanes(asked.lanes)
    if shape.has_maps:
        raise BadInput(f"{network.name} has convolutions: make order is for dense layers only")
    if shape.lanes == 1:
        raise BadInput("there must be several lanes to deal inputs out to: say LANES=2, 4 or 8")
    twins = _twins(network, shape, asked.copies)
    path = asked.output or build_folder() / "weights" / f"{network.name}_ordered.npz"
    check_writable(path)
    asked.check_json()
    chosen, held_out, first = _images(subject.training_images(asked), asked)
    with progress_bar("batches") as progress:
        ordering = _ordering(_Batches(network, chosen, 0, asked, progress), shape, twins)
        measured = _Batches(network, held_out, first, asked, progress)
        found = _measured(measured, ordering, shape, subject.data, len(chosen))
    table_console().print(_table(found, shape))
    print(
        f"equal on {len(held_out):,} held-out images of {subject.data}, T = {asked.timesteps}: "
        "every label, score, spike and potential"
    )
    if ordering.changes:
        ordered = ordering.ordered
        weights.save(path, ordered, _card(subject.card, ordered))
        cost = _cost(shape, ordered.shape.with_lanes(asked.lanes))
        print(f"weights: {relative(path)} ({ordered.shape}, {cost})")
    else:
        print("no order helps: nothing is written")
    asked.keep(records.plain(found))


def _card(card: Card, ordered: Network) -> Card:
    """The card of the network that is now ``ordered``: what was measured is as it was."""
    measured = card.measured
    if measured:
        zeros = tuple(float(np.mean(layer.weights == 0)) for layer in ordered.layers)
        measured = dataclasses.replace(measured, zeros=zeros)
    return dataclasses.replace(card, shape=ordered.shape, measured=measured)


def _cost(before: NetworkShape, after: NetworkShape) -> str:
    """What second inputs cost."""
    inputs = after.sizes[0] - before.sizes[0]
    if inputs == 0:
        return "the same hardware"
    bits = after.memory_bits - before.memory_bits
    return f"{inputs:+,} inputs, " + (f"{bits:+,} bits of memory" if bits else "the same memory")


def _images(images: np.ndarray, asked: Order) -> tuple[np.ndarray, np.ndarray, int]:
    """Images to choose by, held-out images, and the index of the first of these."""
    first = len(images) - held_out_count(len(images))
    if first == len(images):
        raise BadInput(f"there must be 5 images or more, of which one is held out, not {first}")
    if asked.images is not None and asked.images > first:
        raise BadInput(
            f"IMAGES must be at most {first}, as the rest is held out, not {asked.images}"
        )
    chosen = images[: min(asked.images or DEFAULT_IMAGES, first)]
    return chosen, images[first : first + HELD_OUT_IMAGES], first


@dataclasses.dataclass(frozen=True)
class _Batches:
    """Some ``images`` of a data set, the first of which has the index ``first``, encoded."""

    network: Network
    images: np.ndarray
    first: int
    asked: Order
    progress: Progress

    def encoded(self, doing: str, *networks: Network) -> Iterator[tuple[np.ndarray, ...]]:
        """What goes into each of ``networks``, some images at a time, with a bar ``doing`` that."""
        parts = range(0, len(self.images), _AT_ONCE)
        for at in self.progress.track(parts, description=doing):
            some = self.images[at : at + _AT_ONCE]
            timesteps, seed = self.asked.timesteps, self.asked.seed
            yield tuple(
                encode(each.shape, some, timesteps, seed, self.first + at) for each in networks
            )


def _twins(network: Network, shape: NetworkShape, copies: int | None) -> int:
    """How many inputs to have twice; if nobody said, as many as cost no memory."""
    layer, lanes = network.layers[0], shape.layers[0].lanes
    inputs = network.shape.input.volume.size
    if lanes == 1:
        if copies:
            raise BadInput("COPIES= is for a layer 1 of several lanes, not of one: leave it out")
        return 0
    largest = (POTENTIAL_MAX >> (layer.neuron.phases - 1)) - int(np.abs(layer.biases).max())
    most = min(inputs, min(MAX_FAN_IN, largest // max(1, layer.a)) - inputs)
    if copies is not None:
        if not 0 <= copies <= most:
            raise BadInput(
                f"COPIES must be from 0 to {most} for {network.name}: each of its {inputs} inputs "
                f"once, and a * inputs below 2**17; not {copies}"
            )
        return copies
    rows = network.unordered.shape.with_lanes(shape.each_lanes).layers[0].banks[0].rows
    return min(most, rows * lanes - inputs)


def _ordering(batches: _Batches, shape: NetworkShape, twins: int) -> Ordering:
    """The order that helps; of a layer whose inputs none helps, the one there is."""
    network, asked = batches.network, batches.asked
    plain = network.unordered
    counts = [np.zeros((n, n), np.int64) for n in plain.shape.sizes[:-1]]
    for (spikes,) in batches.encoded("counting what spikes together", plain):
        for k, each in enumerate(_inputs(plain, spikes)):
            counts[k] += together(each)
    rng, lanes = np.random.default_rng(asked.seed), shape.each_lanes
    first, *neurons = (deal(*each, rng) for each in zip(counts, lanes, strict=True))
    first = with_twins(first, counts[0].diagonal(), lanes[0], twins)
    order = InputOrder(values=tuple(first.tolist()), lanes=lanes[0] if twins else 1)
    found = Ordering(network=network, order=order, neurons=tuple(neurons))
    busiest = np.zeros((2, len(lanes)))
    ordered = found.ordered
    for before, after in batches.encoded("comparing orders", network, ordered):
        inputs = _inputs(network, before)
        dealt = [after, *(x[..., at] for x, at in zip(inputs[1:], neurons, strict=True))]
        busiest += [cycles.spiking_cycles(shape, each).sum(axis=1) for each in (inputs, dealt)]
    helps = busiest[1] < busiest[0]
    return Ordering(
        network=network,
        order=order if helps[0] else usual(network),
        neurons=tuple(
            each if better else np.arange(len(each))
            for each, better in zip(neurons, helps[1:], strict=True)
        ),
    )


def _inputs(network: Network, spikes: np.ndarray) -> tuple[np.ndarray, ...]:
    """Spikes that go into each layer."""
    return (spikes, *golden.run(network, spikes, keep_potentials=False).spikes[:-1])


def _measured(
    batches: _Batches, ordering: Ordering, shape: NetworkShape, data: str, images: int
) -> Ordered:
    """Run both networks: `MismatchFound` where they differ."""
    both = (ordering.network, ordering.ordered)
    spiking, decided = [], []
    for given in batches.encoded("measuring", *both):
        plain, ordered = (golden.run(*each) for each in zip(both, given, strict=True))
        if (what := ordering.difference(plain, ordered)) is not None:
            raise MismatchFound(Mismatch(what=f"{what} differ"))
        runs = zip(given, (plain, ordered), strict=True)
        inputs = [(spikes, *result.spikes[:-1]) for spikes, result in runs]
        even = [
            -(-np.count_nonzero(each, axis=-1).ravel() // layer.lanes)
            for each, layer in zip(inputs[0], shape.layers, strict=True)
        ]
        spiking.append([*(cycles.spiking_cycles(shape, each) for each in inputs), even])
        decided.append(plain.decided)
    counts = np.concatenate(spiking, axis=2)  # before, after, even; layers; steps
    timesteps, stops = batches.asked.timesteps, np.concatenate(decided)
    means = counts.mean(axis=2).T.tolist()
    of_images = [_cycles(shape, each, timesteps, stops) for each in counts]
    layers = zip(both[0].shape.layers, both[1].shape.layers, shape.each_lanes, means, strict=True)
    names = ("before", "after", "even")
    return Ordered(
        network=ordering.network.name,
        data=data,
        images=images,
        held_out=len(batches.images),
        timesteps=timesteps,
        **dict(zip(names, of_images, strict=True)),
        layers=tuple(
            OrderedLayer(
                inputs=(one.inputs, other.inputs),
                lanes=lanes,
                **dict(zip(names, mean, strict=True)),
            )
            for one, other, lanes, mean in layers
        ),
    )


def _cycles(shape: NetworkShape, spikes: np.ndarray, timesteps: int, stops: np.ndarray) -> float:
    """Mean cycles between one prediction and the next; of a single one, its latency."""
    results = cycles.schedule(shape, spikes, timesteps, stops).result
    return float(np.diff(results).mean() if len(results) > 1 else results[0])


def _table(found: Ordered, shape: NetworkShape) -> Table:
    title = f"{found.network} ({shape}) on {found.held_out:,} held-out images of {found.data}"
    table = Table(title=f"{title}, T = {found.timesteps}")
    for head in ("", "lanes", "before", "after", "if even"):
        table.add_column(head, justify="left" if not head else "right")
    for k, layer in enumerate(found.layers, 1):
        figures = (layer.before, layer.after, layer.even)
        what = f"layer {k}, busiest lane's spikes a timestep"
        table.add_row(what, str(layer.lanes), *(f"{each:.2f}" for each in figures))
    figures = (found.before, found.after, found.even)
    table.add_row("cycles an image", "", *(f"{each:.2f}" for each in figures))
    return table
