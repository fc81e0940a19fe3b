"""The page of a run on the nodes of a mesh."""

from collections.abc import Iterator

import numpy as np

from trispike.models.data import datasets
from trispike.models.mesh import flits
from trispike.models.mesh.flits import SPIKE
from trispike.models.mesh.mapping import HOST
from trispike.models.mesh.topology import MeshShape, Node, Port, node_name
from trispike.models.network.shape import Encoder
from trispike.sim.cosim.figures import CLOCK_MHZ
from trispike.sim.cost.operations import effective_operations
from trispike.sim.node import tables
from trispike.sim.node.command import MeshRan, MeshRun
from trispike.sim.node.figures import intervals
from trispike.sim.page import charts, details, shared
from trispike.sim.page.contents import DERIVED, MEASURED, Choice, Page, Plot, Section
from trispike.sim.report import records
from trispike.sim.synthesis.figures import BlockFigures
from trispike.sim.synthesis.record import NODE
from trispike.sim.tools import paths

_BINS = 60
"""Bars of flits over time."""

_MOST_NODES = 24
"""Nodes whose times are shown one by one; of more, the mean of each layer's."""

_MARGIN, _ASIDE, _DEPTH, _APART = 50, 0.45, 0.6, 1.0
"""Of the drawing: its margin, how far right and up a node one further in y is, and in z."""

_SPENT = ("computing", "sending", "waiting for credits")
_IDLE = "waiting for spikes"


def name(ran: MeshRan) -> str:
    """What the page is called."""
    return f"{ran.figures.network}-{ran.figures.mesh}"


def page(asked: MeshRun, ran: MeshRan) -> Page:
    """The page of what ``ran`` as it was ``asked`` for."""
    figures = ran.figures
    labels = None if ran.labels is None else ran.labels.astype(np.int64)
    got = ran.measured.outputs.labels
    wrong = [] if labels is None else np.flatnonzero(labels != got).tolist()
    rows = shared.plain_rows(tables.rows(figures))
    numbers = range(figures.first_image, figures.first_image + figures.images)
    pictures = _pictures(ran, [numbers[k] for k in wrong[: shared.MOST_WRONG]])
    return Page(
        title=tables.title(figures),
        command=asked.command,
        verdict=f"RTL and golden model agree: 0 mismatches in {figures.flits_compared:,} flits, "
        "labels, and the flits of every link",
        agreed=True,
        highlights=shared.highlights(rows),
        figures=records.plain(figures),
        sections=(
            _links(ran),
            shared.accuracy(numbers, labels, got, pictures),
            _details(ran, labels, got, [numbers[k] for k in wrong]),
            _cycles(ran),
            _activity(ran),
            _costs(ran),
            Section(title="All figures", rows=rows),
        ),
    )


def _pictures(ran: MeshRan, images: list[int]) -> dict[int, str | None]:
    subject, first = ran.subject, ran.figures.first_image
    if subject is None:
        return {}
    samples = subject.own.samples if subject.own else datasets.source(subject.data).samples
    spikes = subject.network.encoder is Encoder.GIVEN
    at = [image - first for image in images]
    found = shared.image_pictures(ran.pixels, samples.volume, at, spikes=spikes)
    return {k + first: picture for k, picture in found.items()}


def _details(ran: MeshRan, labels: np.ndarray | None, got: np.ndarray, wrong: list[int]) -> Section:
    setting, first = ran.measured.setting, ran.figures.first_image
    network, timesteps = setting.network, setting.timesteps
    shown = details.layers(network, timesteps)
    numbers = range(first, first + setting.images)
    images = details.chosen(wrong, numbers, shown, network.shape, timesteps)
    found = list(
        details.details(network, shown, images, lambda k: ran.spikes[k - first : k - first + 1])
    )
    true = {} if labels is None else {k: int(labels[k - first]) for k in images}
    said = {k: int(got[k - first]) for k in images}
    pictures, grouped = _pictures(ran, images), bool(network.groups)
    plots = shared.detail_plots(found, shown, true, pictures, MEASURED, DERIVED, grouped=grouped)
    plots.insert(2, _timeline(ran, images))
    return Section(
        title="An image",
        text=f"{len(images)} of {len(numbers):,} images can be chosen, wrong ones first. The RTL "
        "and the golden model had the same spikes, one by one. Potentials stay in the nodes: "
        "those are the golden model's.",
        choices=shared.choices(shown, found, shared.told(found, true, said)),
        plots=tuple(plots),
    )


def _timeline(ran: MeshRan, images: list[int]) -> Plot:
    run, timesteps = ran.measured.run, ran.measured.setting.timesteps
    rows = []
    for image in images:
        mine = slice((image - ran.figures.first_image) * timesteps, None)
        begun, done = run.begun[mine][:timesteps], run.done[mine][:timesteps]
        rows.append(
            {
                "image": image,
                "place": [f"timestep {t}" for t in range(1, timesteps + 1)],
                "kind": ["under way"] * timesteps,
                "begin": (begun - begun[0]).tolist(),
                "end": (done - begun[0]).tolist(),
                "t": list(range(1, timesteps + 1)),
            }
        )
    return Plot(
        name="timeline",
        title="From the host's first flit of a timestep to its last answer",
        how=MEASURED,
        spec=charts.timeline(rows, ("under way",)),
    )


def _links(ran: MeshRan) -> Section:
    mesh, running = ran.measured.setting.mapping.mesh, ran.measured.run.running
    counts = _over_links(ran)
    links = [
        {
            "name": f"{node_name(node)} {port.name.lower()}",
            "flits": int(running.links[mesh.number(node), port]),
            "load": float(running.links[mesh.number(node), port] / running.cycles),
            "counts": counts[mesh.number(node), port].tolist(),
            **_ends(mesh, node, port),
        }
        for node, port in _every(mesh)
    ]
    links.sort(key=lambda link: -link["flits"])
    if not links:
        return Section(title="Links", text="A mesh of one node has no links.")
    plots = (
        Plot(
            name="mesh",
            title="The mesh, its links by load",
            how=MEASURED,
            spec=charts.mesh(_without(links, "counts"), _nodes(ran), _height(mesh)),
            note="Layers of the stack stand above each other; of the two lines between routers "
            "each is one way. Nodes in grey have no part of the network.",
        ),
        Plot(
            name="arrivals",
            title="Flits over the link, by when they arrived",
            how=MEASURED,
            spec=charts.arrivals(
                [{"name": link["name"], "counts": link["counts"]} for link in links],
                running.cycles / _BINS,
            ),
            note="Cycles are those of the run, without loading.",
        ),
    )
    options = tuple((each["name"], f"{each['name']}: {each['load']:.3f}") for each in links)
    choice = Choice(name="link", label="Link, and its flits a cycle", options=options)
    return Section(title="Links", choices=(choice,), plots=plots)


def _without(rows: list[dict], key: str) -> list[dict]:
    return [{k: value for k, value in row.items() if k != key} for row in rows]


def _every(mesh: MeshShape) -> Iterator[tuple[Node, Port]]:
    """Links between routers: where they begin, and by which port."""
    return (
        (node, port) for node in mesh.every() for port in mesh.ports(node) if port is not Port.LOCAL
    )


def _height(mesh: MeshShape) -> int:
    """How high the drawing of ``mesh`` is."""
    return round(2 * _MARGIN + 100 * (_DEPTH * (mesh.y - 1) * mesh.z + _APART * (mesh.z - 1)))


def _point(mesh: MeshShape, node: Node) -> np.ndarray:
    """Where ``node`` is drawn: y runs away from the reader, layers of the stack lie apart."""
    x, y, z = node
    wide = max(1.0, mesh.x - 1 + _ASIDE * (mesh.y - 1))
    right = (charts.MESH_WIDTH - 2 * _MARGIN) / wide * (x + _ASIDE * y)
    up = 100 * (_DEPTH * y + z * (_DEPTH * (mesh.y - 1) + _APART))
    return np.array([right + _MARGIN, up + _MARGIN])


def _ends(mesh: MeshShape, node: Node, port: Port) -> dict[str, float]:
    """The ends of a link, beside those of the other way."""
    begin = _point(mesh, node)
    end = _point(mesh, tuple(a + d for a, d in zip(node, port.step, strict=True)))
    along = (end - begin) / np.linalg.norm(end - begin)
    aside = 4 * np.array([along[1], -along[0]])
    begin, end = begin + 12 * along + aside, end - 12 * along + aside
    return dict(zip(("x", "y", "x2", "y2"), np.round([*begin, *end], 1).tolist(), strict=True))


def _nodes(ran: MeshRan) -> list[dict]:
    mapping = ran.measured.setting.mapping
    parts = dict(zip(mapping.places, map(str, mapping.parts), strict=True))
    return [
        {
            "name": node_name(node) + (" host" if node == HOST else ""),
            "part": parts.get(node, ""),
            **dict(zip("xy", np.round(_point(mapping.mesh, node), 1).tolist(), strict=True)),
        }
        for node in mapping.mesh.every()
    ]


def _over_links(ran: MeshRan) -> np.ndarray:
    """Flits over each link, by when they arrived: int64, shape (nodes, 7, `_BINS`).

    A multicast counts as it arrives at its destination, its copies as they leave their router.
    """
    run, routes = ran.measured.run, ran.measured.setting.routes
    mesh, host = routes.mesh, routes.mesh.number(HOST)
    source = [SPIKE[f"source_{axis}"].get(run.flits).astype(np.int64) for axis in "xyz"]
    from_host = SPIKE["from_host"].get(run.flits) == 1
    senders = np.where(from_host, host, mesh.number(tuple(source)))
    receivers = np.where(run.receivers == mesh.nodes, host, run.receivers)
    bins = np.minimum(run.times * _BINS // max(1, run.running.cycles), _BINS - 1)
    ends = mesh.number(tuple(flits.destinations(run.flits).T))
    copies = flits.is_multicast(run.flits) & (ends != receivers)
    links = np.zeros((mesh.nodes, len(Port), _BINS), dtype=np.int64)
    np.add.at(links, (receivers[copies], Port.LOCAL, bins[copies]), 1)
    ways, bins = (senders * mesh.nodes + receivers)[~copies], bins[~copies]
    pairs, which = np.unique(ways, return_inverse=True)
    counts = np.zeros((len(pairs), _BINS), dtype=np.int64)
    np.add.at(counts, (which, bins), 1)
    for pair, each in zip(pairs.tolist(), counts, strict=True):
        route = routes.path(*(mesh.node(number) for number in divmod(pair, mesh.nodes)))
        for node, port in zip(route.nodes, route.ports, strict=True):
            links[mesh.number(node), port] += each
    return links


def _cycles(ran: MeshRan) -> Section:
    setting, run = ran.measured.setting, ran.measured.run
    results = run.done[setting.timesteps - 1 :: setting.timesteps]
    between = intervals(results, int(results[0] - run.begun[0]))
    plots = (
        Plot(
            name="cycles",
            title="Where each node's cycles went",
            how=MEASURED,
            spec=charts.shares(_spent(ran), _SPENT, _IDLE, "% of the run"),
        ),
        Plot(
            name="intervals",
            title="Cycles from one prediction to the next",
            how=MEASURED,
            spec=charts.spread(between.tolist(), "cycles/image"),
        ),
    )
    text = f"Of {run.running.cycles:,} cycles of the run, without loading."
    return Section(title="Cycles", text=text, plots=plots)


def _spent(ran: MeshRan) -> list[dict]:
    """Share of each node's cycles in percent, or of each layer's nodes if these are many."""
    mapping, running = ran.measured.setting.mapping, ran.measured.run.running
    used = [mapping.mesh.number(place) for place in mapping.places]
    kinds = (running.computing, running.only_sending, running.only_blocked, running.idle)
    shares = 100 * np.stack([each[used] for each in kinds], axis=1) / running.cycles
    layers = np.array([part.layer for part in mapping.parts])
    if len(used) > _MOST_NODES:
        names = [f"layer {k + 1}" for k in range(layers[-1] + 1)]
        shares = [shares[layers == k].mean(axis=0) for k in range(len(names))]
    else:
        names = [
            f"{node_name(place)}, layer {k + 1}"
            for place, k in zip(mapping.places, layers, strict=True)
        ]
    return [
        {"place": place, "kind": kind, "amount": float(share)}
        for place, each in zip(names, shares, strict=True)
        for kind, share in zip((*_SPENT, _IDLE), each, strict=True)
    ]


def _activity(ran: MeshRan) -> Section:
    setting, figures = ran.measured.setting, ran.figures
    spikes = setting.exchange.spikes[:-1]
    operations = effective_operations(setting.network, [each.sum(axis=0) for each in spikes])
    work = [
        shared.Work(
            every=layer.inputs * layer.neurons * figures.timesteps,
            read=layer.neurons * float(each.sum()) / figures.images,
            effective=count / figures.images,
        )
        for layer, each, count in zip(setting.network.shape.layers, spikes, operations, strict=True)
    ]
    return shared.activity(work, figures.spikes, figures.sizes, figures.timesteps)


def _costs(ran: MeshRan) -> Section:
    events = [(name, nj) for parts in ran.figures.energy_nj.values() for name, nj in parts.items()]
    text = (
        f"{sum(nj for _, nj in events):.1f} nJ an image by its events, at 65 nm and {CLOCK_MHZ} "
        "MHz, all nodes of the mesh on. "
    )
    rows = [{"place": place, "amount": nj} for place, nj in events]
    plots = [
        Plot(
            name="energy",
            title="Energy of an image by kind of event",
            how=DERIVED,
            spec=charts.amounts(rows, "nJ", ",.2f"),
        )
    ]
    setting = ran.measured.setting
    kept = NODE.read(paths.docs(record=False) / "node.json")
    same = (each for each in kept if each.shape == setting.mapping.node)
    entry = next((each for each in same if each.router.shape == setting.router), None)
    if entry is None:
        text += "Gates of such a node are not kept; make synth BLOCK=node measures them."
        return Section(title="Energy and gates", text=text, plots=tuple(plots))
    parts = {"interface": entry.interface.blocks, "cluster": entry.cluster.blocks}
    parts["router"] = entry.router.units
    plots.append(_gates(parts))
    text += f"A node's gates are those that make synth BLOCK=node kept, of {entry.library}."
    return Section(title="Energy and gates", text=text, plots=tuple(plots))


def _gates(parts: dict[str, tuple[BlockFigures, ...]]) -> Plot:
    rows = [
        {"place": f"{part}: {block.block}", "amount": block.gates}
        for part, blocks in parts.items()
        for block in blocks
        if block.gates
    ]
    return Plot(
        name="gates",
        title="Gates of a node and its router",
        how=MEASURED,
        spec=charts.amounts(rows, "NAND2 equivalents", ",.0f"),
    )
