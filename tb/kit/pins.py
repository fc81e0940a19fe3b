"""Ports of a design under test, alike in Verilator and in Amaranth's own simulator."""

import functools
import logging
from collections.abc import Callable
from typing import Protocol

from amaranth.hdl import Cat, ClockDomain, Fragment, Module, Value
from amaranth.sim import Simulator
from cocotb.clock import Clock
from cocotb.triggers import RisingEdge

from trispike.rtl.hierarchy import Block, flat_ports

_PERIOD_NS = 10


class Pins(Protocol):
    """What a testbench sees of its design. All values are unsigned bit patterns."""

    log: logging.Logger
    quick: bool
    """A hundred thousand cycles pass in seconds."""

    def set(self, name: str, value: int) -> None:
        """Drive the input port ``name``, or ``rst``, from now on."""

    def get(self, name: str) -> int:
        """Value of the port ``name``; only inside `cycle`'s ``look``."""

    def peek(self, path: str) -> int:
        """Value of the port ``INSTANCE.PORT`` of a block right below; only inside ``look``.

        PORT is its name in Verilog.
        """

    async def cycle(self, look: Callable[[], None]) -> None:
        """Pass one clock edge. ``look`` is called with everything as it stands before it."""


class VerilatorPins:
    """Pins of a Verilated model under cocotb."""

    quick = True

    def __init__(self, dut):
        self.log = dut._log
        self._dut = dut
        self._edge = RisingEdge(dut.clk)
        self._driven: dict[str, int] = {}
        self._handles = {}
        # Low first, so that the latches of clock gates see the reset before the first edge.
        Clock(dut.clk, _PERIOD_NS, unit="ns").start(start_high=False)

    def _handle(self, path: str):
        if path not in self._handles:
            handle = self._dut
            for name in path.split("."):
                handle = getattr(handle, name)
            self._handles[path] = handle
        return self._handles[path]

    def set(self, name, value):
        if self._driven.get(name) != value:  # each write costs a call into the simulator
            self._driven[name] = value
            self._handle(name).value = value

    def get(self, name):
        return int(self._handle(name).value)

    peek = get

    async def cycle(self, look):
        await self._edge
        look()  # right after the edge cocotb still reads what stood before it


class AmaranthPins:
    """Pins of a block in Amaranth's own simulator."""

    log = logging.getLogger("amaranth")
    quick = False

    def __init__(self, ctx, ports: dict[str, Value], module: Module):
        self._ctx, self._ports, self._module = ctx, ports, module
        self._driven: dict[str, int] = {}
        self._changed: dict[str, int] = {}

    def set(self, name, value):
        if self._driven.get(name) != value:
            self._driven[name] = self._changed[name] = value

    def _drive(self):
        """Drive all that changed at once: the simulator settles after each assignment."""
        together, shift = 0, 0
        for name, value in self._changed.items():
            width = len(self._ports[name])
            together |= (value & ((1 << width) - 1)) << shift
            shift += width
        if shift:
            self._ctx.set(Cat(self._ports[name] for name in self._changed), together)
        self._changed.clear()

    def get(self, name):
        return self._read(self._ports[name])

    def peek(self, path):
        instance, port = path.split(".")
        block = self._module.submodules[instance]
        return self._read(Value.cast(functools.reduce(getattr, port.split("__"), block)))

    def _read(self, value: Value) -> int:
        return self._ctx.get(value) & ((1 << len(value)) - 1)

    async def cycle(self, look):
        self._drive()
        look()
        await self._ctx.tick()


def simulate_in_amaranth(block: Block, test) -> None:
    """Run the coroutine function ``test`` with the pins of ``block``."""
    fragment = Fragment.get(block, None)
    top = Module()
    top.domains.sync = domain = ClockDomain("sync")
    top.submodules.dut = fragment
    ports = {name: value for name, (_, value) in flat_ports(block).items()}
    ports["rst"] = domain.rst

    async def testbench(ctx):
        await test(AmaranthPins(ctx, ports, fragment.origins[-1]))

    simulator = Simulator(top)
    simulator.add_clock(_PERIOD_NS * 1e-9)
    simulator.add_testbench(testbench)
    simulator.run()
