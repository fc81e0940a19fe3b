"""What `make sim MESH=` is asked to run."""

import dataclasses
from collections.abc import Callable

import numpy as np

from trispike import golden
from trispike.golden.mesh import nodes
from trispike.golden.mesh.routes import Routes
from trispike.models.mesh import placement
from trispike.models.mesh.mapping import HOST, Mapping, check_room, node_for
from trispike.models.mesh.node_shape import NodeShape
from trispike.models.mesh.topology import DeadLink, MeshShape, Node, RouterShape
from trispike.models.network.parameters import Network
from trispike.sim.noc.setting import check_routes

_AT_ONCE = 100
"""Images that the golden model takes at once."""


@dataclasses.dataclass(frozen=True, kw_only=True, eq=False)
class Setting:
    """A network on a mesh, and what it is run on.

    - ``network``, ``mapping``: the network, and where its parts stand.
    - ``router``, ``dead_links``: of the mesh.
    - ``exchange``: what the nodes have to exchange, from the golden model's spikes.
    - ``labels``: int64, shape (images,): the golden model's labels.
    """

    network: Network
    mapping: Mapping
    router: RouterShape
    dead_links: tuple[DeadLink, ...]
    exchange: nodes.Exchange
    labels: np.ndarray

    @property
    def routes(self) -> Routes:
        """The paths of the mesh."""
        return Routes(
            mesh=self.mapping.mesh, routing=self.router.routing, dead_links=self.dead_links
        )

    @property
    def timesteps(self) -> int:
        """Timesteps of an image."""
        return self.exchange.timesteps

    @property
    def images(self) -> int:
        """How many images."""
        return self.exchange.steps // self.timesteps


def setting(
    network: Network,
    mesh: MeshShape,
    spikes: np.ndarray,
    *,
    router: RouterShape,
    dead_links: tuple[DeadLink, ...] = (),
    unicast: bool = False,
    node: NodeShape | None = None,
    first_image: int = 0,
    progress: Callable[[int], None] = lambda done: None,
) -> Setting:
    """Place ``network`` on ``mesh`` and find what the golden model does with ``spikes``.

    ``spikes`` is bool of shape (images, timesteps, inputs); ``progress`` is told how many images
    the golden model has done. ``unicast``: a flit for each receiver, as always if there are dead
    links: round these a multicast would pass other nodes. `BadInput` if the network does not fit,
    or if its flits would have to take a dead link.
    """
    node = node or node_for(network.shape)
    check_room(network.shape, mesh, node)
    result = golden_result(network, spikes, progress)
    activity = [each.mean(axis=(0, 1)) for each in (spikes, *result.spikes)]
    sent = placement.flows(network.shape, activity, node)
    unicast = unicast or bool(dead_links)
    mapping = placement.place(network.shape, mesh, sent, node, unicast=unicast)
    placed = Setting(
        network=network,
        mapping=mapping,
        router=dataclasses.replace(router, dead_links=len(dead_links)),
        dead_links=dead_links,
        exchange=nodes.exchange(mapping, spikes, result, first_image=first_image),
        labels=result.labels,
    )
    check_routes(placed.routes, pairs(mapping))
    return placed


def golden_result(
    network: Network, spikes: np.ndarray, progress: Callable[[int], None] = lambda done: None
) -> golden.Result:
    """What the golden model does with ``spikes``, without potentials; ``progress`` as above."""
    parts = []
    for at in range(0, len(spikes), _AT_ONCE):
        parts.append(golden.run(network, spikes[at : at + _AT_ONCE], keep_potentials=False))
        progress(min(at + _AT_ONCE, len(spikes)))
    return golden.Result(
        spikes=tuple(
            np.concatenate([part.spikes[k] for part in parts]) for k in range(len(network.layers))
        ),
        potentials=(),
        running_scores=np.concatenate([part.running_scores for part in parts]),
        groups=network.groups,
    )


def pairs(mapping: Mapping) -> set[tuple[Node, Node]]:
    """Sender and receiver of all that is sent: spikes, credits, memory transactions."""
    one_way = {(HOST, place) for place in mapping.places}
    for part, place in enumerate(mapping.places):
        one_way |= {(place, to.node) for to in mapping.destinations(part)}
    return one_way | {(receiver, sender) for sender, receiver in one_way}
