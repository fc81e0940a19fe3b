"""The figures of a network on a mesh: what the table shows and what JSON= keeps."""

import dataclasses
from collections.abc import Sequence

import numpy as np

from trispike.golden.mesh.nodes import host_receiver
from trispike.models.mesh.topology import Port, node_name
from trispike.rtl.node.node import Node
from trispike.sim.cosim import cycles, decision
from trispike.sim.cosim.decision import Decisions
from trispike.sim.cosim.figures import CLOCK_MHZ
from trispike.sim.cost.mesh import MeshCounts, energies
from trispike.sim.cost.operations import effective_operations
from trispike.sim.cost.registers import registers
from trispike.sim.node.measure import Measured
from trispike.sim.tools.cached_verilog import block_verilog


@dataclasses.dataclass(frozen=True, kw_only=True)
class MeshFigures:
    """All figures of one run. Means are over images, timesteps or nodes, as they say.

    - ``network``, ``sizes``: what ran.
    - ``mesh``, ``router``, ``nodes``, ``places``: on what: nodes along each axis, routers, nodes in
      use, the node of each part in order.
    - ``data``, ``first_image``, ``images``, ``timesteps``, ``seed``: on which images.
    - ``stall``, ``dead_links``: chance of a link's stalling in a cycle; dead links.
    - ``unicast``: a flit for each receiver; else multicasts where ways allow.
    - ``accuracy``, ``golden_accuracy``: fraction of labels that are right; None for a random
      network, and if the data have no labels.
    - ``decisions``, ``card_accuracy``: see `sim.cosim.figures.Figures`.
    - ``flits_compared``: spikes, ends and credits that were compared one by one.
    - ``words_loaded``, ``words_read_back``, ``loading_cycles``, ``back_door``: of the nodes'
      memories, 16 bits each; all read back were as written. Loading went through the mesh, one
      transaction at a time, unless by ``back_door``.
    - ``latency_cycles``: from the host's first flit to the last of the first prediction.
    - ``cycles_per_image_min``, ``cycles_per_image_mean``, ``cycles_per_image_max``: between
      successive predictions, the pipeline being full; the latency if there is only one.
    - ``cycles_per_timestep``: mean.
    - ``fixed_chip_cycles_per_image``: of the fixed chip with one lane on the same spikes, by the
      cycle model that co-simulation holds it to.
    - ``predictions_per_second``: at `sim.cosim.figures.CLOCK_MHZ`.
    - ``spikes``: mean per image, of the input and of each layer.
    - ``synaptic_operations``, ``effective_operations``, ``sram_reads``: mean per image, see
      `sim.cosim.figures.Figures`; a read is a word of a bank.
    - ``energy_nj``: of an image, by kind and event, see `sim.cost.mesh.energies`.
    - ``flits_per_timestep``, ``host_flits_per_timestep``: mean of all senders, and of those the
      host: as many cycles is the least that a timestep takes.
    - ``copies_per_timestep``: mean of what nodes are given of multicasts on their way.
    - ``hops_per_flit``: mean links from router to router, of a multicast to its destination.
    - ``busiest_link``, ``busiest_link_load``: where most flits passed between routers, and how many
      a cycle, mean of the run.
    - ``link_load``: mean of the links between routers of the mesh, flits a cycle.
    - ``computing``, ``sending``, ``blocked``, ``waiting``: share of a node's cycles, mean of the
      nodes in use: the cluster has a timestep at work; else spikes leave; else they wait for a
      credit; else nothing to do, as spikes have yet to come.
    - ``busiest_node``, ``busiest_node_computing``: the node that computes most, and its share.
    - ``wall_seconds``: whole command.
    - ``simulated_cycles``, ``simulated_cycles_per_second``: loading and reading back included.
    """

    network: str
    sizes: tuple[int, ...]
    mesh: str
    router: str
    nodes: int
    places: tuple[str, ...]
    data: str
    first_image: int
    images: int
    timesteps: int
    seed: int
    stall: float
    dead_links: tuple[str, ...]
    unicast: bool
    accuracy: float | None
    golden_accuracy: float | None
    decisions: Decisions
    card_accuracy: float | None
    flits_compared: int
    words_loaded: int
    words_read_back: int
    loading_cycles: int
    back_door: bool
    latency_cycles: int
    cycles_per_image_min: int
    cycles_per_image_mean: float
    cycles_per_image_max: int
    cycles_per_timestep: float
    fixed_chip_cycles_per_image: float
    predictions_per_second: float
    spikes: tuple[float, ...]
    synaptic_operations: float
    effective_operations: float
    sram_reads: float
    energy_nj: dict[str, dict[str, float]]
    flits_per_timestep: float
    host_flits_per_timestep: float
    copies_per_timestep: float
    hops_per_flit: float
    busiest_link: str
    busiest_link_load: float
    link_load: float
    computing: float
    sending: float
    blocked: float
    waiting: float
    busiest_node: str
    busiest_node_computing: float
    wall_seconds: float
    simulated_cycles: int
    simulated_cycles_per_second: float


def figures(
    measured: Measured,
    *,
    data: str,
    labels: np.ndarray | None,
    seed: int,
    stall: float,
    back_door: bool,
    wall_seconds: float,
    card_accuracy: float | None = None,
) -> MeshFigures:
    """Figures of ``measured``; ``labels`` (images,) are the true ones, None if there are none."""
    setting, run = measured.setting, measured.run
    exchange, mapping = setting.exchange, setting.mapping
    shape = mapping.shape
    results = run.done[setting.timesteps - 1 :: setting.timesteps]
    latency = int(results[0] - run.begun[0])
    between = intervals(results, latency)
    images = setting.images
    spikes = [float(each.sum() / images) for each in exchange.spikes]
    ways = zip(spikes, shape.layers, strict=False)
    operations = sum(n * layer.neurons for n, layer in ways)
    counts = [each.sum(axis=0) for each in exchange.spikes[:-1]]
    effective = [n / images for n in effective_operations(setting.network, counts)]
    reads = sum(spikes[part.layer] * len(mapping.node.layer.banks) for part in mapping.parts)
    spent = sum(phase.seconds for phase in run.phases)
    simulated = sum(phase.cycles for phase in run.phases)
    return MeshFigures(
        network=shape.name,
        sizes=shape.sizes,
        mesh=str(mapping.mesh),
        router=str(setting.router),
        nodes=len(mapping.places),
        places=tuple(node_name(place) for place in mapping.places),
        data=data,
        first_image=exchange.first_image,
        images=images,
        timesteps=setting.timesteps,
        seed=seed,
        stall=stall,
        dead_links=tuple(map(str, setting.dead_links)),
        unicast=mapping.unicast,
        accuracy=decision.share(measured.outputs.labels, labels),
        golden_accuracy=decision.share(setting.labels, labels),
        decisions=_decisions(measured, labels),
        card_accuracy=card_accuracy,
        flits_compared=len(run.flits),
        words_loaded=measured.loaded,
        words_read_back=measured.read_back,
        loading_cycles=run.loading.cycles,
        back_door=back_door,
        latency_cycles=latency,
        cycles_per_image_min=int(between.min()),
        cycles_per_image_mean=float(between.mean()),
        cycles_per_image_max=int(between.max()),
        cycles_per_timestep=float(between.mean() / setting.timesteps),
        fixed_chip_cycles_per_image=fixed_chip(measured),
        predictions_per_second=CLOCK_MHZ * 1e6 / float(between.mean()),
        spikes=tuple(spikes),
        synaptic_operations=operations,
        effective_operations=sum(effective),
        sram_reads=reads,
        energy_nj=energies(_events(measured, effective, float(between.mean())), CLOCK_MHZ),
        wall_seconds=wall_seconds,
        simulated_cycles=simulated,
        simulated_cycles_per_second=simulated / max(1e-9, spent),
        **_traffic(measured),
        **_times(measured),
    )


def _events(measured: Measured, operations: Sequence[float], cycles: float) -> MeshCounts:
    """What happened in a prediction, which took ``cycles``."""
    setting = measured.setting
    top, texts = block_verilog(Node, shape=setting.mapping.node)
    [interface] = [name for name in texts if name.startswith("network_interface_")]
    return MeshCounts(
        mapping=setting.mapping,
        timesteps=setting.timesteps,
        cycles=cycles,
        spikes=tuple(float(each.sum() / setting.images) for each in setting.exchange.spikes[:-1]),
        operations=tuple(operations),
        passes=float((measured.run.running.links.sum() - copies(measured)) / setting.images),
        node=registers(texts, top),
        interface=registers(texts, interface),
    )


def intervals(results: np.ndarray, latency: int) -> np.ndarray:
    """Cycles between successive ``results``, or ``latency`` if there is only one."""
    return np.diff(results) if len(results) > 1 else np.array([latency])


def fixed_chip(measured: Measured) -> float:
    """Mean cycles of an image on the fixed chip with one lane, by the cycle model."""
    setting = measured.setting
    vectors = [
        spikes.reshape(setting.images, setting.timesteps, -1)
        for spikes in setting.exchange.spikes[:-1]
    ]
    counts = cycles.spiking_cycles(setting.network.shape, vectors)
    results = cycles.schedule(setting.network.shape, counts, setting.timesteps).result
    return float(intervals(results, int(results[0])).mean())


def _decisions(measured: Measured, labels: np.ndarray | None) -> Decisions:
    shape, outputs = measured.setting.network.shape, measured.outputs
    silent = decision.silent(outputs.scores, shape)
    tied = decision.tied(outputs.scores, shape)
    return decision.decisions(silent, tied, outputs.labels, labels)


def _traffic(measured: Measured) -> dict:
    setting, running = measured.setting, measured.run.running
    mesh, steps = setting.mapping.mesh, setting.exchange.steps
    between = running.links.copy()
    between[:, Port.LOCAL] = 0
    exist = sum(len(mesh.ports(node)) - 1 for node in mesh.every())
    number, port = np.unravel_index(int(between.argmax()), between.shape)
    flits, host = sent_flits(measured)
    return {
        "flits_per_timestep": float(flits / steps),
        "host_flits_per_timestep": float(host / steps),
        "copies_per_timestep": float(copies(measured) / steps),
        "hops_per_flit": float(between.sum() / flits),
        "busiest_link": f"{node_name(mesh.node(int(number)))} {Port(int(port)).name.lower()}",
        "busiest_link_load": float(between.max() / running.cycles),
        "link_load": float(between.sum() / (max(1, exist) * running.cycles)),
    }


def sent_flits(measured: Measured) -> tuple[int, int]:
    """Flits that all sent in the run, and those of the host; a multicast is one."""
    exchange, mesh = measured.setting.exchange, measured.setting.mapping.mesh
    sent = [(flow.sender, exchange.count(flow)) for flow in exchange.flows if not flow.copies]
    host = sum(count for sender, count in sent if sender == host_receiver(mesh))
    return sum(count for _, count in sent), host


def copies(measured: Measured) -> int:
    """Copies of multicasts that nodes were given in the run."""
    given = measured.run.running.links[:, Port.LOCAL].sum()
    return int(given) - sent_flits(measured)[0]


def _times(measured: Measured) -> dict:
    setting, running = measured.setting, measured.run.running
    mesh = setting.mapping.mesh
    used = [mesh.number(place) for place in setting.mapping.places]
    computing = running.computing[used] / running.cycles
    most = int(computing.argmax())
    return {
        "computing": float(computing.mean()),
        "sending": float((running.only_sending[used] / running.cycles).mean()),
        "blocked": float((running.only_blocked[used] / running.cycles).mean()),
        "waiting": float((running.idle[used] / running.cycles).mean()),
        "busiest_node": node_name(mesh.node(used[most])),
        "busiest_node_computing": float(computing[most]),
    }
