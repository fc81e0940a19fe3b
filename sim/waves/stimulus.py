"""The stimulus of a scenario, in the simulator."""

from collections.abc import Coroutine, Iterable

import cocotb
from cocotb.clock import Clock
from cocotb.task import Task
from cocotb.triggers import RisingEdge
from cocotb.utils import get_sim_time

PERIOD_NS = 10

CASE, WINDOW = "case.json", "window.json"
"""Files of a recording: the scenario, and the simulated time to read."""

_RESET_CYCLES = 2


class Stimulus:
    """Drives the ports of a block under cocotb.

    Values are driven right after a clock edge and stay for the whole following cycle.

    - ``inputs``: names of its input ports except clock and reset.
    - ``begin``, attribute: simulated time, in ps, of the clock edge after which recording begins.
    """

    def __init__(self, dut, inputs: list[str]):
        self._dut, self._inputs = dut, inputs
        self._edge = RisingEdge(dut.clk)
        self.begin = 0

    async def reset(self) -> None:
        """Start the clock, reset the block with all inputs low, and begin recording."""
        for name in self._inputs:
            self._port(name).value = 0
        self._dut.rst.value = 1
        Clock(self._dut.clk, PERIOD_NS, unit="ns").start(start_high=False)
        await self.cycles(_RESET_CYCLES)
        self._dut.rst.value = 0
        self.record()

    def record(self) -> None:
        """Begin recording with the current cycle; discard earlier cycles."""
        self.begin = now()

    def _port(self, name: str):
        return getattr(self._dut, name)

    def set(self, **ports: int) -> None:
        """Drive input ports; ``i__valid`` is the member ``valid`` of the port ``i``."""
        for name, value in ports.items():
            self._port(name).value = int(value)

    async def cycles(self, count: int = 1) -> None:
        """Wait for ``count`` clock edges."""
        for _ in range(count):
            await self._edge

    async def send(self, port: str, payloads: Iterable[int]) -> None:
        """Offer ``payloads`` to the input stream ``port`` without a pause, each until it is taken.

        ``payload`` is 0 while nothing is offered.
        """
        for payload in payloads:
            self._port(f"{port}__payload").value = payload
            self._port(f"{port}__valid").value = 1
            await self._handshake(port)
        self._port(f"{port}__valid").value = 0
        self._port(f"{port}__payload").value = 0

    async def receive(self, port: str, waits: Iterable[int]) -> None:
        """Take payloads from the output stream ``port``.

        For each entry of ``waits``: not ready for that many cycles, then ready until one payload
        was taken.
        """
        for wait in waits:
            self._port(f"{port}__ready").value = 0
            await self.cycles(wait)
            self._port(f"{port}__ready").value = 1
            await self._handshake(port)
        self._port(f"{port}__ready").value = 0

    async def transfer(self, port: str) -> int:
        """Wait until a payload is taken from the stream ``port``; returns it."""
        await self._handshake(port)
        return int(self._port(f"{port}__payload").value)

    async def _handshake(self, port: str) -> None:
        """Wait for a cycle with a transfer."""
        while True:
            await self._edge  # right after it cocotb still reads what stood before it
            valid, ready = self._port(f"{port}__valid"), self._port(f"{port}__ready")
            if valid.value == 1 and ready.value == 1:
                return

    def start(self, doing: Coroutine) -> Task:
        """Run ``doing`` in parallel; await the result to wait for its end."""
        return cocotb.start_soon(doing)


def now() -> int:
    """Simulated time in ps."""
    return round(get_sim_time("ps"))
