"""Cells, areas and memory of a mapped chip, block by block."""

import dataclasses
import re
from collections.abc import Iterable

from trispike.models.network.shape import NetworkShape
from trispike.sim.synthesis.flow import Mapped
from trispike.sim.synthesis.netlist import CLOCK_GATE
from trispike.sim.synthesis.timing import Timing

BLOCKS = (
    ("processing elements", "processing_element"),
    ("AER encoders", "aer_encoder"),
    ("pixels of the encoders", "pixel_encoder"),
    ("lanes of the encoders", "lane_encoder"),
    ("window encoders, without lanes", "window_encoder"),
    ("lanes of window encoders", "tap_encoder"),
    ("line buffers, without banks", "line_buffer"),
    ("pools, without banks", "spike_pool"),
    ("states in memory, without banks", "kept_state"),
    ("flow controllers", "flow_controller"),
    ("layer registers", "layer_registers"),
    ("weight memory, without banks", "weight_memory"),
    ("layers: scale, broadcast", ("layer_", "convolution_")),
    ("read-out", "readout"),
    ("chip: configuration", "trispike_"),
    ("SRAM banks (macros)", "sram_"),
)
"""Blocks of a chip, and the prefix of their modules' names, or a tuple of prefixes; the first match
counts.
"""

_BANK = re.compile(r"sram_(\d+)x(\d+)$")


@dataclasses.dataclass(frozen=True, kw_only=True)
class BlockFigures:
    """Sum over all instances of one kind of block, without the blocks that they instantiate.

    cells: Standard cells, including the buffers of trees.
    buffers, flip_flops: How many of the cells are those.
    area: Area of the cells, um2.
    gates: The area in NAND2 equivalents.
    memory_bits: Bits of memory macros, whose gates and areas are not counted.
    """

    block: str
    instances: int
    cells: int
    buffers: int
    flip_flops: int
    area: int | float
    gates: float
    memory_bits: int


@dataclasses.dataclass(frozen=True, kw_only=True)
class Synthesis:
    """One chip, mapped and timed.

    network, sizes, lanes: The chip.
    nand2, nand2_area: The cell that is the unit of gate counts, and its area in um2.
    blocks: Figures of each block, the processing elements first.
    """

    library: str
    network: str
    sizes: tuple[int, ...]
    lanes: int
    nand2: str
    nand2_area: float
    blocks: tuple[BlockFigures, ...]
    timing: Timing
    yosys: str
    opensta: str

    @property
    def total(self) -> BlockFigures:
        """Sum over all blocks, as one instance: the chip."""
        return total("chip", self.blocks, instances=1)


def equivalents(area: float, unit: float) -> float:
    """``area`` in gates of area ``unit``, both in um2."""
    return area / unit


def total(block: str, parts: Iterable[BlockFigures], *, instances: int) -> BlockFigures:
    """The sum of ``parts``, called ``block``."""
    parts = tuple(parts)
    kinds = ("cells", "buffers", "flip_flops", "area", "gates", "memory_bits")
    sums = {kind: sum(getattr(part, kind) for part in parts) for kind in kinds}
    return BlockFigures(block=block, instances=instances, **sums)


def module_figures(mapped: Mapped, name: str, instances: int) -> BlockFigures:
    """Figures of ``instances`` of the module ``name``, without the modules below it."""
    library = mapped.library
    cells = [library.cells[cell.kind] for cell in mapped.netlist.cells(name)]
    area = instances * mapped.netlist.area(name)
    bank = _BANK.match(name)
    return BlockFigures(
        block=name,
        instances=instances,
        cells=instances * len(cells),
        buffers=instances * mapped.buffers.get(name, 0),
        flip_flops=instances * sum(cell.flip_flop for cell in cells),
        area=area,
        gates=equivalents(area, mapped.nand2_area),
        memory_bits=instances * int(bank[1]) * int(bank[2]) if bank else 0,
    )


def block_figures(mapped: Mapped, kinds=BLOCKS) -> tuple[BlockFigures, ...]:
    """Figures of each kind of block in ``mapped``, in the order of ``kinds``, a table like
    `BLOCKS`; clock gates, wherever they are, come last.
    """
    kinds = (*kinds, ("clock gates", CLOCK_GATE))
    counts = mapped.netlist.instances()
    parts: dict[str, list[BlockFigures]] = {}
    for name, instances in counts.items():
        block = next(title for title, begin in kinds if name.startswith(begin))
        parts.setdefault(block, []).append(module_figures(mapped, name, instances))
    return tuple(
        total(block, parts[block], instances=sum(part.instances for part in parts[block]))
        for block, _ in kinds
        if block in parts
    )


def figures(
    shape: NetworkShape, mapped: Mapped, timing: Timing, *, yosys: str, opensta: str
) -> Synthesis:
    """Everything that is reported of the chip of ``shape``."""
    return Synthesis(
        library=mapped.library.name,
        network=shape.name,
        sizes=shape.sizes,
        lanes=shape.lanes,
        nand2=mapped.nand2,
        nand2_area=mapped.nand2_area,
        blocks=block_figures(mapped),
        timing=timing,
        yosys=yosys,
        opensta=opensta,
    )
