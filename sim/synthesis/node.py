"""A node of the scalable chip mapped to standard cells: network interface, cluster, router."""

import dataclasses

from trispike.models.mesh.node_shape import NodeShape
from trispike.models.mesh.topology import RouterShape
from trispike.sim.synthesis import timing
from trispike.sim.synthesis.figures import (
    BLOCKS,
    BlockFigures,
    block_figures,
    module_figures,
    total,
)
from trispike.sim.synthesis.flow import Mapped
from trispike.sim.synthesis.router import RouterSynthesis
from trispike.sim.synthesis.timing import Timing

AER_LUT = "AER LUT"
ADDRESS_LUT = "address LUT"

PROTOCOL = ("pending spikes, two timesteps", "step controller", "credit counters")
"""Units of the network interface that exist only for the protocol of timesteps (docs/node.md)."""

UNITS = (
    (AER_LUT, "aer_table_"),
    (ADDRESS_LUT, "address_table_"),
    (PROTOCOL[0], "pending_spikes_"),
    (PROTOCOL[1], "step_controller_"),
    (PROTOCOL[2], "credit_counter"),
    ("memory slave", "memory_slave_"),
    ("AER encoder of output spikes", "aer_encoder_"),
    (
        "rest: flits, buffers, arbiter, status",
        ("network_interface_", "spike_receiver_", "spike_sender_", "output_unit_"),
    ),
)
"""Units of a network interface, and the prefixes of their modules' names."""

ROUTER = RouterShape()
"""The router that a node is reported with."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Part:
    """A part of the node.

    timing: Longest path of the part alone: inputs arrive at a clock edge, outputs are taken at the
        next.
    """

    blocks: tuple[BlockFigures, ...]
    timing: Timing

    @property
    def total(self) -> BlockFigures:
        """Sum over all blocks."""
        return total("", self.blocks, instances=1)


@dataclasses.dataclass(frozen=True, kw_only=True)
class NodeSynthesis:
    """One node and its router, mapped and timed.

    inputs, neurons, sources, destinations: The node, as in `models.mesh.node_shape.NodeShape`.
    interface, cluster: The two parts. The memory banks of the cluster are counted in bits alone.
    between: Logic in neither part: the decoder of the memory map.
    timing: Longest path of both parts together.
    router: The router's entry in the record of routers.
    """

    library: str
    inputs: int
    neurons: int
    sources: int
    destinations: int
    nand2: str
    nand2_area: float
    interface: Part
    cluster: Part
    between: BlockFigures
    timing: Timing
    router: RouterSynthesis
    yosys: str
    opensta: str

    @property
    def shape(self) -> NodeShape:
        """The node."""
        return NodeShape(
            inputs=self.inputs,
            neurons=self.neurons,
            sources=self.sources,
            destinations=self.destinations,
        )

    @property
    def total(self) -> BlockFigures:
        """Sum over all parts, router included."""
        parts = (self.interface.total, self.cluster.total, self.between, self.router.total)
        return total("node", parts, instances=1)

    @property
    def bare_interface(self) -> BlockFigures:
        """The network interface without `PROTOCOL`."""
        parts = (part for part in self.interface.blocks if part.block not in PROTOCOL)
        return total("", parts, instances=1)

    @property
    def period(self) -> float:
        """Shortest clock period in ns, of interface and cluster together and of the router."""
        return max(self.timing.period, self.router.period)

    @property
    def fmax(self) -> float:
        """Highest clock frequency in MHz."""
        return 1000 / self.period


def figures(
    shape: NodeShape,
    mapped: Mapped,
    timed: Timing,
    router: RouterSynthesis,
    *,
    yosys: str,
    opensta: str,
) -> NodeSynthesis:
    """Everything that is reported of the node of ``shape``."""
    top = mapped.netlist.top
    between = dataclasses.replace(module_figures(mapped, top, 1), block="memory map")
    return NodeSynthesis(
        library=mapped.library.name,
        inputs=shape.inputs,
        neurons=shape.neurons,
        sources=shape.sources,
        destinations=shape.destinations,
        nand2=mapped.nand2,
        nand2_area=mapped.nand2_area,
        interface=_part(mapped, "network_interface_", UNITS),
        cluster=_part(mapped, "layer_", BLOCKS),
        between=between,
        timing=timed,
        router=router,
        yosys=yosys,
        opensta=opensta,
    )


def _part(mapped: Mapped, begin: str, kinds) -> Part:
    """The part that is the instance of the node whose module's name begins with ``begin``."""
    top = mapped.netlist.modules[mapped.netlist.top]
    [kind] = [cell.kind for cell in top.cells if cell.kind.startswith(begin)]
    part = mapped.below(kind)
    return Part(blocks=block_figures(part, kinds), timing=timing.time(part, name=kind))
