"""Energy of a prediction on a mesh of nodes, from what happened in nodes and routers."""

import dataclasses

from trispike.models.mesh.mapping import Mapping, Part
from trispike.models.mesh.topology import Port
from trispike.models.network.shape import NetworkShape
from trispike.sim.cost import constants, events
from trispike.sim.cost.constants import TARGET
from trispike.sim.cost.events import weight_read
from trispike.sim.cost.registers import Registers
from trispike.sim.cost.scaling import scaled

_NJ_OF_PJ = 1e-3


@dataclasses.dataclass(frozen=True, kw_only=True)
class MeshCounts:
    """Events of a prediction on a mesh, means over images.

    cycles: Between two predictions.
    spikes, operations: For each layer: spikes of its input; of the weights that these meet those
        that are not 0, see `sim.cost.operations`. A part has its neurons' share.
    passes: Flits that enter a router, of all routers: a flit's hops and one more. A copy leaves the
        buffer in which its multicast stands.
    node, interface: Registers of a node, and of its network interface alone.
    """

    mapping: Mapping
    timesteps: int
    cycles: float
    spikes: tuple[float, ...]
    operations: tuple[float, ...]
    passes: float
    node: Registers
    interface: Registers


def energies(counts: MeshCounts, clock_mhz: float) -> dict[str, dict[str, float]]:
    """Energy of a prediction in nJ, for `sim.cost.constants.TARGET`: kind, event, energy.

    The kinds are compute, memory and network. All nodes and routers of the mesh are on, also those
    that have nothing to do. Of network interfaces only clocks that are never stopped are in it: no
    logic, no look-up tables, no clocks behind gates. See `sim.cost.events.energies` for the rest.
    """
    mapping, mesh = counts.mapping, counts.mapping.mesh
    compute: dict[str, float] = {}
    unused = [None] * (mesh.nodes - len(mapping.parts))
    for part in (*mapping.parts, *unused):
        for name, energy in events.energies(
            _cluster(counts, part), clock_mhz, latches=True
        ).items():
            if not name.startswith("SRAM"):
                compute[name] = compute.get(name, 0.0) + energy
    banks = mapping.node.layer.banks
    reads = sum(counts.spikes[part.layer] for part in mapping.parts)
    kilobytes = mesh.nodes * sum(bank.rows * bank.width for bank in banks) / 8 / 1024
    seconds = counts.cycles / (clock_mhz * 1e6)
    ports = sum(len(mesh.ports(node)) for node in mesh.every()) / len(Port)
    return {
        "compute": compute,
        "memory": {
            "SRAM reads": reads * sum(map(weight_read, banks)) * _NJ_OF_PJ,
            "SRAM leakage": kilobytes * constants.SRAM_LEAKAGE.value * seconds,
        },
        "network": {
            "flits": counts.passes * _nj(constants.ROUTER_FLIT.value),
            "clocks of routers": counts.cycles * ports * _nj(constants.ROUTER_CLOCK.value),
            "clocks of interfaces": counts.cycles * mesh.nodes * _nj(_always(counts.interface)),
        },
    }


def _nj(pj: float) -> float:
    return scaled(pj, constants.ROUTER_FLIT.technology, TARGET) * _NJ_OF_PJ


def _always(registers: Registers) -> float:
    """Energy in pJ of a cycle of the clock, up to the gates."""
    flip_flops = registers.narrow * constants.FLIP_FLOP_CLOCK.value
    return flip_flops + registers.wide * constants.CLOCK_GATE_WITH_LATCH.value


def _cluster(counts: MeshCounts, part: Part | None) -> events.Counts:
    """What happened in the cluster that holds ``part``, or in one that holds none."""
    layer, spikes, operations = counts.mapping.node.layer, 0.0, 0.0
    if part:
        whole = counts.mapping.shape.layers[part.layer].neurons
        layer = dataclasses.replace(layer, neurons=part.neurons)
        spikes = counts.spikes[part.layer]
        operations = counts.operations[part.layer] * part.neurons / whole
    return events.Counts(
        shape=NetworkShape.of("node", (layer,)),
        timesteps=counts.timesteps if part else 0,
        cycles=counts.cycles,
        reads=(spikes,),
        operations=(operations,),
        spiking_cycles=(spikes,),
        tap_reads=(0.0,),
        registers=Registers(
            flip_flops=counts.node.flip_flops - counts.interface.flip_flops,
            narrow=counts.node.narrow - counts.interface.narrow,
            wide=counts.node.wide - counts.interface.wide,
            elements=counts.node.elements,
        ),
    )
