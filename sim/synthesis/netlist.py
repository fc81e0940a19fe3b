"""A mapped netlist: modules, cells, nets with the names of the Amaranth source."""

import collections
import dataclasses
import json
from collections.abc import Iterator
from pathlib import Path

from trispike.sim.synthesis.liberty import Liberty

_KEYWORDS = frozenset(
    """
    always and assign automatic begin buf bufif0 bufif1 case casex casez cell cmos config deassign
    default defparam design disable edge else end endcase endconfig endfunction endgenerate
    endmodule endprimitive endspecify endtable endtask event for force forever fork function
    generate genvar highz0 highz1 if ifnone incdir include initial inout input instance integer join
    large liblist library localparam macromodule medium module nand negedge nmos nor noshowcancelled
    not notif0 notif1 or output parameter pmos posedge primitive pull0 pull1 pulldown pullup
    pulsestyle_ondetect pulsestyle_onevent rcmos real realtime reg release repeat rnmos rpmos rtran
    rtranif0 rtranif1 scalared showcancelled signed small specify specparam strong0 strong1 supply0
    supply1 table task time tran tranif0 tranif1 tri tri0 tri1 triand trior trireg unsigned use
    uwire vectored wait wand weak0 weak1 while wire wor xnor xor
    """.split()
)
"""Keywords of Verilog (IEEE 1364-2005), which are escaped as instance names."""

CLOCK_GATE = "clock_gate"
"""Name of the module of a clock gate; its instances are numbered."""

Bit = int | str
"""A net of a module, or a constant: "0", "1", "x"."""


@dataclasses.dataclass(kw_only=True)
class Instance:
    """A cell, or an instance of a module: its name, its kind, and the nets of each pin."""

    name: str
    kind: str
    pins: dict[str, list[Bit]]


@dataclasses.dataclass(kw_only=True)
class Module:
    """One module.

    ports: Port name to direction and nets, lowest bit first.
    cells: Instances in the module; none in a memory macro.
    names: Net to name; a net without a name in the source is named after its number.
    macro: Whether it is a memory macro.
    """

    name: str
    ports: dict[str, tuple[str, list[Bit]]]
    cells: list[Instance]
    names: dict[Bit, str]
    macro: bool = False


@dataclasses.dataclass(kw_only=True)
class Netlist:
    """All modules of a mapped design, those that others instantiate first, and its top."""

    top: str
    modules: dict[str, Module]
    library: Liberty

    @classmethod
    def read(cls, path: Path, library: Liberty, gate: Module | None = None) -> "Netlist":
        """The netlist in the JSON file ``path`` as Yosys writes it, mapped to ``library``.

        ``gate``: what a `CLOCK_GATE` is made of, which Yosys does not know.
        """
        described = json.loads(path.read_text())["modules"]
        top = next(
            name for name, each in described.items() if int(each["attributes"].get("top", "0"), 2)
        )
        modules: dict[str, Module] = {}

        def visit(name: str) -> None:
            if name == CLOCK_GATE:
                modules[name] = gate
            elif name not in modules and name in described:
                for cell in described[name]["cells"].values():
                    visit(cell["type"])
                modules[name] = _module(name, described[name], library)

        visit(top)
        return cls(top=top, modules=modules, library=library)

    def below(self, top: str) -> "Netlist":
        """The module ``top`` and all that it instantiates, as a design of its own."""
        kept: dict[str, Module] = {}
        reached = {top}
        for name in reversed(self.modules):  # a module after all that instantiate it
            if name in reached:
                kept[name] = self.modules[name]
                reached.update(cell.kind for cell in kept[name].cells)
        return dataclasses.replace(self, top=top, modules=dict(reversed(kept.items())))

    def instances(self) -> collections.Counter[str]:
        """Number of instances of each module in the design; the top counts as one."""
        counts = collections.Counter({self.top: 1})
        for name in reversed(self.modules):  # a module after all that instantiate it
            for cell in self.modules[name].cells:
                if cell.kind in self.modules:
                    counts[cell.kind] += counts[name]
        return counts

    def cells(self, name: str) -> Iterator[Instance]:
        """The library's cells in the module ``name`` itself."""
        return (cell for cell in self.modules[name].cells if cell.kind in self.library.cells)

    def area(self, name: str) -> float:
        """Area of the cells of `cells` in um2."""
        return sum(self.library.cells[cell.kind].area for cell in self.cells(name))

    def verilog(self) -> str:
        """The logic as structural Verilog; memory macros are left out."""
        return "\n".join(_verilog(each) for each in self.modules.values() if not each.macro)


def _bare(bits: list) -> list[Bit]:
    return ["0" if bit == "x" or bit == "z" else bit for bit in bits]


def _module(name: str, described: dict, library: Liberty) -> Module:
    ports = {
        port: (each["direction"], _bare(each["bits"])) for port, each in described["ports"].items()
    }
    if "blackbox" in described["attributes"]:
        return Module(name=name, ports=ports, cells=[], names={}, macro=True)
    names = _names(ports, described["netnames"])
    cells = []
    numbers = collections.Counter()
    for old, each in described["cells"].items():
        pins = {pin: _bare(bits) for pin, bits in each["connections"].items()}
        for bits in pins.values():
            for bit in bits:
                if isinstance(bit, int):
                    names.setdefault(bit, f"net_{bit}")
        cell = library.cells.get(each["type"])
        if each["type"] == CLOCK_GATE:
            numbers[CLOCK_GATE] += 1
            title = f"{CLOCK_GATE}_{numbers[CLOCK_GATE]}"
        elif cell is None:
            title = old
        elif cell.stores:  # called after what it stores
            title = _register(names[pins[cell.outputs[0]][0]])
        else:
            numbers[each["type"]] += 1
            title = f"{each['type']}_{numbers[each['type']]}"
        cells.append(Instance(name=title, kind=each["type"], pins=pins))
    return Module(name=name, ports=ports, cells=cells, names=names)


def _names(ports: dict, nets: dict) -> dict[Bit, str]:
    """Name of each net in the source: its port's name if it has one, else the plainest."""
    # A net into a helper ``first_bit`` is called like the helper's port too: not its own name.
    helpers = {
        (each["bits"][0], net.rpartition(".")[2]) for net, each in nets.items() if "." in net
    }
    candidates = sorted(
        (
            net not in ports,
            "$" in net,
            net.lstrip("\\").startswith("$"),  # nameless, and in no waveform
            (each["bits"][0], net) in helpers,
            net.count("."),
            len(net),
            net,
        )
        for net, each in nets.items()
        if net in ports or not each["hide_name"]
    )
    names: dict[Bit, str] = {}
    for *_, net in candidates:
        bits = nets[net]["bits"]
        for k, bit in enumerate(bits):
            names.setdefault(bit, net if len(bits) == 1 else f"{net}[{k}]")
    return names


def _register(net: str) -> str:
    """Name of the flip-flop that drives ``net``: signal_reg[bit]."""
    signal, bracket, bit = net.partition("[")
    return f"{signal}_reg{bracket}{bit}"


def _identifier(name: str) -> str:
    plain = name.replace("_", "a")
    if plain.isascii() and plain.isalnum() and not plain[0].isdigit() and name not in _KEYWORDS:
        return name
    return f"\\{name} "


def _range(bits: list[Bit]) -> str:
    return "" if len(bits) == 1 else f"[{len(bits) - 1}:0] "


def _verilog(module: Module) -> str:
    """Structural Verilog: vectors at ports only, every other net by itself."""
    where: dict[Bit, str] = {}
    heads, wires, aliases, lines = [], [], [], []
    for wanted_direction in ("input", "output"):
        for port, (direction, bits) in module.ports.items():
            if direction == wanted_direction:
                name = _identifier(port)
                heads.append(f"  {direction} {_range(bits)}{name}")
                for k, bit in enumerate(bits):
                    port_bit = name if len(bits) == 1 else f"{name}[{k}]"
                    if bit in where or not isinstance(bit, int):
                        aliases.append((port_bit, bit))
                    else:
                        where[bit] = port_bit
    for bit, name in module.names.items():
        if isinstance(bit, int) and bit not in where:
            where[bit] = _identifier(name)
            wires.append(f"  wire {where[bit]};")

    def text(bit: Bit) -> str:
        return where[bit] if isinstance(bit, int) else f"1'b{bit}"

    for port_bit, bit in aliases:
        lines.append(f"  assign {port_bit} = {text(bit)};")
    for cell in module.cells:
        pins = []
        for pin, bits in cell.pins.items():
            value = ", ".join(text(bit) for bit in reversed(bits))
            value = value if len(bits) == 1 else f"{{{value}}}"
            pins.append(f".{_identifier(pin)}({value})")
        lines.append(f"  {_identifier(cell.kind)} {_identifier(cell.name)} ({', '.join(pins)});")
    begin = f"module {_identifier(module.name)} ("
    return "\n".join([begin, ",\n".join(heads), ");", *wires, *lines, "endmodule\n"])
