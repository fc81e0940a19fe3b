"""The longest path of a mapped netlist, in the names of the source."""

import dataclasses
import itertools
import re
from pathlib import Path

from trispike.sim.synthesis import sta
from trispike.sim.synthesis.clock_gates import LAST, LAST_ENABLE, LATCH, LATCH_CLOCK
from trispike.sim.synthesis.flow import Mapped
from trispike.sim.synthesis.netlist import CLOCK_GATE, Module, Netlist
from trispike.sim.tools.simulator import breakdown

_PERIOD = 10.0
"""ns. The length of a path does not depend on it."""

_SCRIPT = """\
puts "== longest"
report_checks -path_delay max -format full -digits 4
"""
_FROM_BANKS = """\
puts "== banks"
report_checks -path_delay max -format full -digits 4 -from [get_cells {{{banks}}}]
"""

_LINK = """\
puts "== leaves"
report_checks -path_delay max -format full -digits 4 -from [all_registers -clock_pins] \
  -to [get_ports {{{outputs}}}]
puts "== needs"
report_checks -path_delay max -format full -digits 4 -from [get_ports {{{inputs}}}] \
  -to [concat [all_registers -data_pins] {gates}]
"""

_STEP = re.compile(r"^ +-?\d+\.\d+ +(?P<time>-?\d+\.\d+) [v^] (?P<pin>\S+) \((?P<kind>\S+)\)$")
_ENDS = re.compile(r"^(?P<end>Startpoint|Endpoint): (?P<name>\S+)", re.M)
_IN_HALF = "falling clock gating-check"
_SLACK = re.compile(r"^ +(?P<slack>-?\d+\.\d+) +slack", re.M)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Hop:
    """The part of a path in one instance.

    instance: Path of the instance, ``layer_0.pe_3``; "" for the chip itself.
    cells: Cells on the path there, including the register that it starts from.
    signals: Signals of the source on the path, ``word[3]``, first to last; a signal of a helper
        below the instance has the helper's name in front.
    arrival: Time at which the path leaves the instance, in ns after the clock edge.
    """

    instance: str
    cells: int
    signals: tuple[str, ...]
    arrival: float


@dataclasses.dataclass(frozen=True, kw_only=True)
class Timing:
    """How fast the netlist is, without wires and clock tree.

    period: Shortest clock period in ns: the longest path and the setup of the register at its end,
        or of the clock gate.
    start, end: Registers or ports at the ends of the path, ``layer_0.pe_3.potential[17]``.
    behind_banks: What the longest path that starts at a memory bank, whose access time is 0, needs
        of the period; 0 without banks. The rest is the time that a bank may take to read.
    """

    period: float
    start: str
    end: str
    path: tuple[Hop, ...]
    behind_banks: float

    @property
    def fmax(self) -> float:
        """Highest clock frequency in MHz."""
        return 1000 / self.period

    @property
    def left(self) -> float:
        """Time in ns that a memory bank may take to read."""
        return self.period - self.behind_banks


def time(mapped: Mapped, name: str = "timing") -> Timing:
    """The timing of ``mapped``, by OpenSTA, whose files are called ``name``."""
    script = _open_latches(mapped.netlist) + _SCRIPT
    banks = _banks(mapped.netlist)
    if banks:
        script += _FROM_BANKS.format(banks=" ".join(banks))
    text = sta.run(mapped, script, period=_PERIOD, name=name)
    log = mapped.folder / f"{name}.log"
    _, _, longest = text.partition("== longest")
    longest, _, from_banks = longest.partition("== banks")
    longest, period = _slowest(longest, log)
    return Timing(
        period=period,
        **_ends(longest),
        path=_hops(longest, mapped.netlist),
        behind_banks=_behind(from_banks, period, log) if banks else 0.0,
    )


@dataclasses.dataclass(frozen=True, kw_only=True)
class Link:
    """A connection from one block to the next, another instance of the same block.

    leaves: Latest time at which a signal leaves the block, in ns after the clock edge.
    needs: Time that the next block needs before its clock edge, setup included, in ns.
    """

    what: str
    leaves: float
    needs: float

    @property
    def period(self) -> float:
        """Shortest clock period in ns that the link allows."""
        return self.leaves + self.needs


def link(mapped: Mapped, what: str, outputs: str, inputs: str) -> Link:
    """The slowest link from ``outputs`` to ``inputs`` of the next block, both patterns of ports."""
    script = _open_latches(mapped.netlist) + _LINK.format(
        outputs=outputs, inputs=inputs, gates=_gates(mapped.netlist)
    )
    name = f"link-{what}"
    text = sta.run(mapped, script, period=_PERIOD, name=name)
    log = mapped.folder / f"{name}.log"
    _, _, leaving = text.partition("== leaves")
    leaving, _, entering = leaving.partition("== needs")
    (_, leaves), (_, needs) = (_slowest(each, log) for each in (leaving, entering))
    return Link(what=what, leaves=leaves, needs=needs)


def _open_latches(netlist: Netlist) -> str:
    """Have paths go through the latches of clock gates and end at the gates, as they must in time.

    OpenSTA would have them begin anew where a latch opens, in the middle of the period.
    """
    if not _has_latches(netlist):
        return ""
    return f"set_case_analysis 1 [get_pins -hierarchical *{LATCH}/{LATCH_CLOCK}]\n"


def _gates(netlist: Netlist) -> str:
    """Pins of clock gates that a path may end at, as Tcl."""
    found = f"[get_pins -hierarchical *{LAST}/{LAST_ENABLE}]"
    return found if _has_latches(netlist) else "{}"


def _has_latches(netlist: Netlist) -> bool:
    """There are clock gates that are made of a latch and a gate."""
    gate = netlist.modules.get(CLOCK_GATE)
    return gate is not None and any(cell.name == LATCH for cell in gate.cells)


def _each(reports: str, log: Path) -> list[tuple[str, float, bool]]:
    """The slowest path of each group in ``reports``: what is said of it, its slack, and whether it
    has half a period.

    Paths that end at a clock gate are a group. Half a period is for the enable of one without a
    latch, which must be there before the clock falls.
    """
    parts = re.split(r"^(?=Startpoint: )", reports, flags=re.M)
    matches = [(part, match) for part in parts if (match := _SLACK.search(part))]
    if not matches:
        raise breakdown("sta found no path", log)
    return [(part, float(match["slack"]), _IN_HALF in part) for part, match in matches]


def _slowest(reports: str, log: Path) -> tuple[str, float]:
    """That of ``reports`` whose path needs the longest period, and this period in ns."""
    periods = {
        report: round(_PERIOD - slack * (2 if in_half else 1), 4)
        for report, slack, in_half in _each(reports, log)
    }
    slowest = max(periods, key=periods.__getitem__)
    return slowest, periods[slowest]


def _behind(reports: str, period: float, log: Path) -> float:
    """What paths of ``reports`` need of ``period``, in ns, with the half that some do not have."""
    return max(
        round((period + _PERIOD) / 2 - slack if in_half else _PERIOD - slack, 4)
        for _, slack, in_half in _each(reports, log)
    )


def _ends(report: str) -> dict[str, str]:
    """Names of the path's ends."""
    names = {match["end"]: match["name"] for match in _ENDS.finditer(report)}
    plain = {
        end: name.replace("\\", "").replace("/", ".").replace("_reg[", "[").removesuffix("_reg")
        for end, name in names.items()
    }
    return {"start": plain["Startpoint"], "end": plain["Endpoint"]}


def _banks(netlist: Netlist) -> list[str]:
    """Paths of the macros' instances."""

    def visit(module: Module, path: str):
        for cell in module.cells:
            child = netlist.modules.get(cell.kind)
            if child is not None and child.macro:
                yield path + cell.name
            elif child is not None:
                yield from visit(child, f"{path}{cell.name}/")

    return list(visit(netlist.modules[netlist.top], ""))


def _hops(report: str, netlist: Netlist) -> tuple[Hop, ...]:
    steps = []
    for line in report.splitlines():
        match = _STEP.match(line)
        if match and "/" in match["pin"] and match["kind"] in netlist.library.cells:
            *instances, cell, pin = match["pin"].replace("\\", "").split("/")
            if pin in netlist.library.cells[match["kind"]].outputs:
                steps.append((tuple(instances), cell, pin, float(match["time"])))
    hops = []
    for instances, steps_there in itertools.groupby(steps, key=lambda step: step[0]):
        cells = list(steps_there)
        module = netlist.modules[netlist.top]
        for name in instances:
            module = netlist.modules[_cell(module, name).kind]
        signals = [_signal(module, cell, pin) for _, cell, pin, _ in cells]
        hops.append(
            Hop(
                instance=".".join(instances),
                cells=len(cells),
                signals=tuple(dict.fromkeys(signal for signal in signals if signal)),
                arrival=cells[-1][3],
            )
        )
    return tuple(hops)


def _cell(module: Module, name: str):
    """OpenSTA's instance name ``name`` without backslashes."""
    return next(cell for cell in module.cells if cell.name.replace("\\", "") == name)


def _signal(module: Module, cell: str, pin: str) -> str:
    """Name of the output's net in the source; none if it has no name there."""
    [bit] = _cell(module, cell).pins[pin]
    name = module.names[bit]
    made_up = name.startswith("net_") or "_buffer_" in name or "$" in name
    return "" if made_up else name
