"""``trispike map``: a network placed on a mesh of nodes, and the flits that this costs."""

import dataclasses
from collections.abc import Sequence

import numpy as np
from rich.table import Table

from trispike import golden
from trispike.models.data.encoders import encode
from trispike.models.mesh import mapping
from trispike.models.mesh.loads import Ways, loads_of, traffic
from trispike.models.mesh.mapping import Mapping
from trispike.models.mesh.placement import flows, place
from trispike.models.mesh.topology import MeshShape, node_name
from trispike.models.network.parameters import Network
from trispike.sim.report import records
from trispike.sim.terminal.console import progress_bar, table_console
from trispike.sim.terminal.options import Images, Input, Json, Seeded, Unicast
from trispike.sim.terminal.request import command, option
from trispike.sim.terminal.subject import Subject

RANDOM = 1000
"""Random placements that the placement is compared with."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Placement(Json, Unicast, Seeded, Images, Input):
    """A network to place on a mesh."""

    mesh: str | None = option("Nodes along x, y and z.  [default: as few as possible]")


@command("map", Placement)
def map_(asked: Placement) -> None:
    """Place a network on a mesh of nodes of 256 neurons so that its busiest place has few flits.

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
        sent = flows(shape, activity, node)
        placed = place(shape, mesh, sent, node, unicast=asked.unicast)
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
class AtRandom:
    """A figure of random placements: its mean, and the least."""

    mean: float
    least: float

    @classmethod
    def of(cls, values: Sequence[float]) -> "AtRandom":
        """The figure of these placements."""
        return cls(mean=sum(values) / len(values), least=min(values))


@dataclasses.dataclass(frozen=True, kw_only=True)
class Placed:
    """A mapping and its figures; flits are the mean of a timestep: spikes, ends and credits.

    places: Node, part and the flits that it sends, a tuple for each part.
    flits: Flits sent, the host's too; one for several receivers counts once.
    multicasts, host: Those of them that are multicasts, and that the host sends.
    hop_flits: Flits that pass the links between routers, all together.
    busiest, busiest_flits: The link, node's port or sender with the most flits, and how many: a
        timestep cannot take fewer cycles.
    random_hop_flits, random_busiest_flits: The same of random placements.
    """

    places: tuple[tuple[str, str, float], ...]
    flits: float
    multicasts: float
    host: float
    hop_flits: float
    random_hop_flits: AtRandom
    busiest: str
    busiest_flits: float
    random_busiest_flits: AtRandom


def figures(placed: Mapping, activity: list[np.ndarray], seed: int) -> Placed:
    """Figures of ``placed`` with the spikes ``activity``, as from `mean_spikes`."""
    shape, mesh, ways = placed.shape, placed.mesh, Ways(placed.mesh)
    sent = flows(shape, activity, placed.node)
    senders = traffic(shape, sent, placed.node, unicast=placed.unicast)
    rng = np.random.default_rng(seed)
    others = []
    with progress_bar("placements") as progress:
        for _ in progress.track(range(RANDOM), description="placing at random"):
            drawn = rng.permutation(mesh.nodes)[: len(placed.places)].tolist()
            places = tuple(mesh.node(number) for number in drawn)
            other = loads_of(dataclasses.replace(placed, places=places), senders, ways)
            others.append((other.hop_flits, other.most))
    loads = loads_of(placed, senders, ways)
    hop_flits, most = (
        AtRandom(mean=float(each.mean()), least=float(each.min())) for each in np.array(others).T
    )
    return Placed(
        places=tuple(
            (node_name(place), str(part), flits)
            for place, part, flits in zip(placed.places, placed.parts, loads.sent[1:], strict=True)
        ),
        flits=sum(loads.sent),
        multicasts=loads.multicasts,
        host=loads.sent[0],
        hop_flits=loads.hop_flits,
        random_hop_flits=hop_flits,
        busiest=loads.busiest,
        busiest_flits=loads.most,
        random_busiest_flits=most,
    )


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
        ("  multicasts", placement.multicasts),
        ("  the host's", placement.host),
        ("flits x hops", placement.hop_flits),
        (f"  mean of {RANDOM} random placements", placement.random_hop_flits.mean),
        ("  least of them", placement.random_hop_flits.least),
        ("hops a flit", placement.hop_flits / placement.flits),
        (f"flits at the busiest place ({placement.busiest})", placement.busiest_flits),
        (f"  mean of {RANDOM} random placements", placement.random_busiest_flits.mean),
        ("  least of them", placement.random_busiest_flits.least),
    ):
        table.add_row(what, f"{value:,.1f}", "derived")
    return table
