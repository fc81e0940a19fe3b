"""``trispike map``: a network placed on a mesh of nodes, and the flits that this costs."""

import dataclasses

import numpy as np
from rich.table import Table

from trispike import golden
from trispike.golden.mesh.routes import Routes, link_flits
from trispike.models.data.encoders import encode
from trispike.models.mesh import mapping
from trispike.models.mesh.mapping import Mapping
from trispike.models.mesh.placement import flows, hop_flits, place, shared_flits
from trispike.models.mesh.topology import MeshShape, Port, node_name
from trispike.models.network.parameters import Network
from trispike.sim.report import records
from trispike.sim.terminal.console import progress_bar, table_console
from trispike.sim.terminal.options import Images, Input, Json, Seeded
from trispike.sim.terminal.request import command, option
from trispike.sim.terminal.subject import Subject

RANDOM = 1000
"""Random placements that the placement is compared with."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Placement(Json, Seeded, Images, Input):
    """A network to place on a mesh."""

    mesh: str | None = option("Nodes along x, y and z.  [default: as few as possible]")


@command("map", Placement)
def map_(asked: Placement) -> None:
    """Place a network on a mesh of nodes of 256 neurons so that flits have few hops.

    Spikes are those of the golden model on test images; ends of timesteps and credits are counted
    too. Compared with random placements; nothing is simulated.
    """
    subject = Subject.of(asked)
    network = subject.network
    shape = network.shape
    wanted = len(mapping.parts(shape))
    mesh = MeshShape.parse(asked.mesh) if asked.mesh else mapping.smallest_mesh(wanted)
    node = mapping.node_for(shape)
    mapping.check_room(shape, mesh, node)
    pixels, _ = subject.chosen_images(asked)
    asked.check_json()
    activity = mean_spikes(network, pixels, asked.timesteps, asked.seed)
    with progress_bar() as progress:
        progress.add_task(f"placing {shape.name} on {mesh}", total=None)
        placed = place(shape, mesh, flows(shape, activity), node)
    placement = figures(placed, activity, asked.seed)
    console = table_console()
    console.print(
        _places(placement, f"{shape.name} on {mesh}, {len(pixels)} images of {subject.data}")
    )
    console.print(_totals(placement))
    asked.keep(records.plain(placement))


def mean_spikes(
    network: Network, pixels: np.ndarray, timesteps: int, seed: int
) -> list[np.ndarray]:
    """Mean spikes per timestep of each neuron, of the input and of each layer, on ``pixels``."""
    totals = [np.zeros(size) for size in network.shape.sizes]
    with progress_bar("batches") as progress:
        for image in progress.track(range(0, len(pixels), 100), description="counting spikes"):
            some = encode(network.shape, pixels[image : image + 100], timesteps, seed, image)
            result = golden.run(network, some, keep_potentials=False)
            for total, fired in zip(totals, (some, *result.spikes), strict=True):
                total += fired.sum(axis=(0, 1))
    return [total / (len(pixels) * timesteps) for total in totals]


@dataclasses.dataclass(frozen=True, kw_only=True)
class Placed:
    """A mapping and its figures; flits are the mean of a timestep: spikes, ends and credits.

    places: Node, part and the flits that it sends, a tuple for each part.
    flits: Flits sent, the host's too.
    hop_flits: Times the hops that they make.
    random_mean, random_best: The same of random placements: their mean, and the least.
    shared, random_shared: Flits that share the host's port, see
        `models.mesh.placement.shared_flits`; mean of random ones.
    busiest, busiest_flits: The link, node's port or sender with the most flits, and how many: a
        timestep cannot take fewer cycles.
    """

    places: tuple[tuple[str, str, float], ...]
    flits: float
    hop_flits: float
    random_mean: float
    random_best: float
    shared: float
    random_shared: float
    busiest: str
    busiest_flits: float


def figures(placed: Mapping, activity: list[np.ndarray], seed: int) -> Placed:
    """Figures of ``placed`` with the spikes ``activity``, as from `mean_spikes`."""
    shape, mesh = placed.shape, placed.mesh
    sent = flows(shape, activity)
    rng = np.random.default_rng(seed)
    wanted = len(placed.places)
    others = []
    with progress_bar("placements") as progress:
        for _ in progress.track(range(RANDOM), description="placing at random"):
            drawn = tuple(mesh.node(int(k)) for k in rng.permutation(mesh.nodes)[:wanted])
            other = Mapping(shape=shape, mesh=mesh, places=drawn, node=placed.node)
            others.append((hop_flits(other, sent), shared_flits(other, sent)))
    hops, shared = np.array(others).T
    between = np.zeros((mesh.nodes, mesh.nodes))
    numbers = placed.numbers
    np.add.at(between, (numbers[:, np.newaxis], numbers[np.newaxis]), sent)
    links = link_flits(Routes(mesh=mesh), between)
    busiest, most = _busiest(placed, sent, links)
    parts = zip(placed.places, mapping.parts(shape), sent[1:].sum(axis=1), strict=True)
    return Placed(
        places=tuple((node_name(at), str(part), float(total)) for at, part, total in parts),
        flits=float(sent.sum()),
        hop_flits=hop_flits(placed, sent),
        random_mean=float(hops.mean()),
        random_best=float(hops.min()),
        shared=shared_flits(placed, sent),
        random_shared=float(shared.mean()),
        busiest=busiest,
        busiest_flits=most,
    )


def _busiest(placed: Mapping, sent: np.ndarray, links: np.ndarray) -> tuple[str, float]:
    """The port of a router, or the sender, with the most flits, and how many."""
    into = sent.sum(axis=1)
    if into.max() > links.max():
        sender = int(into.argmax())
        where = node_name(placed.places[sender - 1]) if sender else "host"
        return f"{where}, sending", float(into.max())
    node, port = np.unravel_index(int(links.argmax()), links.shape)
    where = f"{node_name(placed.mesh.node(int(node)))} {Port(int(port)).name.lower()}"
    return where, float(links.max())


def _places(placement: Placed, title: str) -> Table:
    table = Table(title=title)
    table.add_column("node")
    table.add_column("neurons")
    table.add_column("flits sent a timestep", justify="right")
    for node, part, flits in sorted(placement.places):
        table.add_row(node, part, f"{flits:,.1f}")
    return table


def _totals(placement: Placed) -> Table:
    table = Table()
    table.add_column("a timestep")
    table.add_column("value", justify="right")
    table.add_column("how")
    for what, value in (
        ("flits: spikes, ends, credits; the host's too", placement.flits),
        ("flits x hops", placement.hop_flits),
        (f"  mean of {RANDOM} random placements", placement.random_mean),
        ("  least of them", placement.random_best),
        ("flits that share the host's port", placement.shared),
        ("  mean of random placements", placement.random_shared),
        (f"flits at the busiest place ({placement.busiest})", placement.busiest_flits),
    ):
        table.add_row(what, f"{value:,.1f}", "derived")
    return table
