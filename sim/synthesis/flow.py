"""From a block of `rtl` to the netlist that is counted, timed and simulated."""

import dataclasses
from pathlib import Path

from trispike.rtl.hierarchy import Block
from trispike.rtl.verilog import export
from trispike.sim.synthesis import buffers
from trispike.sim.synthesis.clock_gates import least_gated
from trispike.sim.synthesis.liberty import Liberty
from trispike.sim.synthesis.library import buffer
from trispike.sim.synthesis.mapping import MEMORY, map_to_cells, nand2
from trispike.sim.synthesis.netlist import CLOCK_GATE, Module, Netlist
from trispike.sim.tools.paths import build_folder


@dataclasses.dataclass(frozen=True, kw_only=True)
class Mapped:
    """A block mapped to cells.

    netlist: The netlist with its buffer trees. Instances are named as in the Amaranth source,
        ``layer_0/pe_3``, and flip-flops after the bit that they store, ``potential_reg[17]``.
    nand2: The library's NAND of two inputs, whose area is the unit of gate counts.
    buffers: Module name to number of tree buffers in it.
    memories: Verilog of the memories, which are black boxes in the netlist, by module name.
    folder: Holds ``netlist.v``, and the script and log of each tool.
    """

    netlist: Netlist
    library: Liberty
    nand2: str
    buffers: dict[str, int]
    memories: dict[str, str]
    folder: Path

    @property
    def nand2_area(self) -> float:
        """Area of the unit in um2."""
        return self.library.cells[self.nand2].area

    def below(self, module: str) -> "Mapped":
        """The module ``module`` and all below it, as a design of its own."""
        return dataclasses.replace(self, netlist=self.netlist.below(module))

    def with_clock_gate(self, gate: Module) -> "Mapped":
        """The same with ``gate`` in place of what its clock gates are made of."""
        modules = self.netlist.modules | {CLOCK_GATE: gate}
        return dataclasses.replace(self, netlist=dataclasses.replace(self.netlist, modules=modules))

    def write(self) -> None:
        """Write ``netlist.v``, which the tools read."""
        (self.folder / "netlist.v").write_text(self.netlist.verilog())


def netlist_folder(block: Block, library: Liberty, *, gated: bool) -> Path:
    """Where the netlist of ``block`` is kept."""
    ungated = "" if gated else "-ungated"
    return build_folder() / "synthesis" / f"{block.module_name}-{library.name}{ungated}"


def synthesise(
    block: Block, library: Liberty, folder: Path, *, flat: bool = False, gated: bool = True
) -> Mapped:
    """Map ``block`` and all below it to the cells of ``library``; files go to ``folder``.

    Each module is mapped once, however many instances it has, unless ``flat``. With
    ``gated`` the clocks of registers that have an enable are, where that costs less than
    multiplexers; `BadInput` if ``library`` has no clock gate, nor cells that make one.
    """
    unit = nand2(library, folder / "nand2")
    texts = export(block)
    least = least_gated(library, unit) if gated else 0
    netlist = map_to_cells(texts, block.module_name, library, folder, flat=flat, gated=least)
    inserted = buffers.insert(netlist, buffer(library, unit), unit)
    mapped = Mapped(
        netlist=netlist,
        library=library,
        nand2=unit,
        buffers=inserted,
        memories={name: text for name, text in texts.items() if name.startswith(MEMORY)},
        folder=folder,
    )
    mapped.write()
    return mapped
