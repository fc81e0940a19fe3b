"""Every constant of the energy model: value, unit, technology, source."""

import dataclasses

from trispike.sim.cost.scaling import OSU_180, TW_SNN_65, Technology

TARGET = TW_SNN_65
"""All energies are told for it."""

HOROWITZ = Technology(45, 0.9)


@dataclasses.dataclass(frozen=True)
class Constant:
    """A ``value`` in ``unit``, what it is of, for which technology, and who says so."""

    what: str
    value: float
    unit: str
    technology: Technology
    source: str


_HOROWITZ = 'Horowitz, "Computing\'s energy problem", ISSCC 2014'
_DFFPOSX1 = (
    "OSU 180 nm library, DFFPOSX1: internal energy of both edges of CLK at its fastest slew "
    "(0.0069 + 0.1103 pJ) and CLK's 0.0279 pF at 1.8 V"
)
_CACTI = "CACTI 7, RAM with one port, itrs-lstp cells and periphery, 300 K"

ADD_8 = Constant("integer addition, 8 bits", 0.03, "pJ", HOROWITZ, _HOROWITZ)
ADD_32 = Constant("integer addition, 32 bits", 0.1, "pJ", HOROWITZ, _HOROWITZ)
FLIP_FLOP_CLOCK = Constant(
    "flip-flop, one clock cycle, whatever it stores", 0.207, "pJ", OSU_180, _DFFPOSX1
)
_OPENSTA = "by OpenSTA in our processing element, nineteen flip-flops to a gate"
FLIP_FLOP_PASSED = Constant(
    "flip-flop behind a clock gate, one cycle in which the clock passes",
    0.42,
    "pJ",
    OSU_180,
    f"OSU 180 nm library, {_OPENSTA}: DFFPOSX1 (0.302 pJ), its part of OR2X2 and BUFX4 (2.28 pJ)",
)
FLIP_FLOP_CHANGE = Constant(
    "flip-flop whose value changes", 0.26, "pJ", OSU_180, f"OSU 180 nm library, {_OPENSTA}"
)
CLOCK_GATE = Constant(
    "clock gate, one clock cycle, open or not: of a chip",
    0.049,
    "pJ",
    OSU_180,
    "OSU 180 nm library: 0.0151 pF of OR2X2 at 1.8 V",
)
CLOCK_GATE_WITH_LATCH = Constant(
    "the same with a latch: of a node",
    0.273,
    "pJ",
    OSU_180,
    f"OSU 180 nm library, {_OPENSTA}: INVX1 (0.135 pJ) and LATCH (0.138 pJ)",
)

_ROUTER = (
    "OSU 180 nm library, by OpenSTA in our router's netlist, seven ports of four flits, with clock "
    "gates: 15,317 flits of fc1024_1024 on 3x3x1, each to one node, three routers at 0.39 to 0.78 "
    "flits a cycle"
)
ROUTER_FLIT = Constant("flit that passes a router, link wires aside", 47.1, "pJ", OSU_180, _ROUTER)
ROUTER_CLOCK = Constant(
    "clock of a router, one cycle, with flits or without", 218.7, "pJ", OSU_180, _ROUTER
)

SRAM_READ = {
    (width, rows): Constant(
        f"SRAM read, bank of {rows} x {width} bits", value, "pJ", TARGET, _CACTI
    )
    for width, energies in {
        128: {1024: 19.30, 512: 14.53, 256: 8.156, 128: 7.112, 64: 6.392, 32: 6.102},
        32: {1024: 5.166, 512: 2.961, 256: 1.811, 128: 1.581, 64: 1.269, 32: 1.182},
    }.items()
    for rows, value in energies.items()
}
"""By width and rows."""

_BANKS = f"{_CACTI}: 481 nW of a bank of 16 kB; smaller banks have 31 to 36 nW per kB"
SRAM_LEAKAGE = Constant("leakage of SRAM, for each kilobyte", 30.1, "nW", TARGET, _BANKS)

WIRES = Constant(
    "wires' part of the dynamic power of a chip, the most that is told; an estimate",
    0.5,
    "of 1",
    Technology(130, 1.2),
    'Magen et al., "Interconnect-power dissipation in a microprocessor", SLIP 2004',
)

TW_SNN_POWER = Constant(
    "TW-SNN's chip at 167 MHz", 86.0, "mW", TARGET, "TW-SNN sec. 5.2.1, post-layout"
)

ALL = (
    *SRAM_READ.values(),
    SRAM_LEAKAGE,
    ADD_8,
    ADD_32,
    FLIP_FLOP_CLOCK,
    FLIP_FLOP_PASSED,
    FLIP_FLOP_CHANGE,
    CLOCK_GATE,
    CLOCK_GATE_WITH_LATCH,
    ROUTER_FLIT,
    ROUTER_CLOCK,
    WIRES,
    TW_SNN_POWER,
)
