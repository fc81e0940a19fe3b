# amaranth: UnusedElaboratable=no
"""What all RTL testbenches share: the scoreboard, the step from cycle to cycle, the two simulators.

A scenario is written once and runs in both simulators: as a cocotb test on the exported and
Verilated block, and on the block itself in Amaranth's simulator. So a fault of the export or of
one simulator cannot hide.
"""

import collections
import dataclasses
import functools
import importlib
import json
import random
from collections.abc import Callable, Coroutine, Iterable
from pathlib import Path

import cocotb
from amaranth.lib import data

from tb.kit.pins import Pins, VerilatorPins, simulate_in_amaranth
from tb.kit.streams import StreamDriver, StreamMonitor
from trispike.rtl.hierarchy import Block, flat_ports
from trispike.sim.tools import build, simulator
from trispike.sim.tools.cached_verilog import block_verilog
from trispike.sim.tools.paths import build_folder

_CASE = "case.json"
_QUIET_CYCLES = 20


class Bench:
    """A design under test with its drivers, monitors and scoreboard.

    Attributes
    ----------
    expected
        What is still to come out of the design, soonest first; a scenario ends with none left.
    cycle
        Number of the cycle at work.
    limit
        Most cycles of a scenario.
    """

    limit = 20_000

    def __init__(self, pins: Pins, rng: random.Random):
        self.pins, self.rng = pins, rng
        self.drivers: list[StreamDriver] = []
        self.monitors: list[StreamMonitor] = []
        self.expected: collections.deque = collections.deque()
        self.cycle = 0

    def driver(self, name: str, width: int) -> StreamDriver:
        """A new driver of the input stream ``name``."""
        self.drivers.append(StreamDriver(self.pins, name, width, self.rng))
        return self.drivers[-1]

    def monitor(self, name: str, receive: Callable[[int], None] | None = None) -> StreamMonitor:
        """A new monitor of the output stream ``name``, into the scoreboard unless told else."""
        self.monitors.append(StreamMonitor(self.pins, name, receive or self.compare, self.rng))
        return self.monitors[-1]

    def compare(self, got) -> None:
        """Compare ``got`` with what is expected next."""
        shown = hex if isinstance(got, int) else repr  # a spike vector may have a thousand bits
        assert self.expected, f"cycle {self.cycle}: unexpected {shown(got)}"
        want = self.expected.popleft()
        assert got == want, f"cycle {self.cycle}: got {shown(got)}, expected {shown(want)}"

    def stall(self, *, never: bool = False) -> None:
        """Choose at random how often each handshake stalls, or have it ``never`` stall."""
        for agent in (*self.drivers, *self.monitors):
            agent.pace = 1.0 if never else self.rng.choice([1.0, 0.8, 0.4, 0.15])
        for monitor in self.monitors:
            monitor.shy = not never and self.rng.random() < 0.4

    def watch(self) -> None:
        """Check what must hold in every cycle out of reset; for subclasses."""

    def _look(self):
        self.watch()
        # Monitors first: nothing comes out of a design in the cycle in which its cause goes in.
        for agent in (*self.monitors, *self.drivers):
            agent.look(self.cycle)

    async def step(self) -> None:
        """Pass one cycle."""
        assert self.cycle < self.limit, f"the scenario takes more than {self.limit} cycles"
        for agent in (*self.monitors, *self.drivers):
            agent.drive()
        await self.pins.cycle(self._look)
        self.cycle += 1

    async def reset(self) -> None:
        """Reset the design; all that was at work or queued is forgotten."""
        self.expected.clear()
        self.pins.set("rst", 1)
        for _ in range(self.rng.randint(1, 3)):
            for agent in (*self.monitors, *self.drivers):
                agent.clear()
            await self.pins.cycle(lambda: None)
            self.cycle += 1
        self.pins.set("rst", 0)

    @property
    def done(self) -> bool:
        """Everything was sent and everything expected has come."""
        return not self.expected and all(driver.idle for driver in self.drivers)

    async def drain(self) -> None:
        """Pass cycles until everything was sent and has come."""
        while not self.done:
            await self.step()

    async def finish(self) -> None:
        """Drain, and see that nothing comes after."""
        await self.drain()
        for _ in range(_QUIET_CYCLES):
            await self.step()
        assert self.done


@dataclasses.dataclass(frozen=True, kw_only=True)
class Scenario:
    """One test body and the testbench class that it wants."""

    name: str
    bench: type[Bench]
    body: Callable[[Bench], Coroutine]

    async def run(self, pins: Pins, *, seed: int, parameters: dict) -> None:
        """Reset, test, finish."""
        pins.log.info("%s: seed %d, %s", self.name, seed, parameters)
        bench = self.bench(pins, random.Random(f"{seed} {self.name}"), **parameters)
        await bench.reset()
        await self.body(bench)
        await bench.finish()


_scenarios: dict[str, list[Scenario]] = collections.defaultdict(list)


def scenario(bench: type[Bench]):
    """Decorator of a coroutine function of one ``bench``: a test for both simulators."""

    def decorate(body):
        here = Scenario(name=body.__name__, bench=bench, body=body)
        _scenarios[body.__module__].append(here)

        @cocotb.test
        @functools.wraps(body)
        async def on_verilator(dut):
            case = json.loads(Path(_CASE).read_text())
            await here.run(VerilatorPins(dut), **case)

        return on_verilator

    return decorate


def run_on_verilator(
    name: str,
    make: functools.partial[Block],
    module: str,
    *,
    seed: int,
    parameters: dict,
    **options,
) -> None:
    """Run all scenarios of ``module`` on the Verilated block of ``make``.

    They run in ``build/tests/rtl-NAME``; ``options`` are those of `run_on_sources`.
    """
    top, texts = block_verilog(make.func, **make.keywords)
    sources = {f"{part}.v": text for part, text in texts.items()}
    ports = flat_ports(make())
    case = {"seed": seed, "parameters": parameters}
    run_on_sources(f"rtl-{name}", sources, top, ports, module, **case, **options)


def run_on_sources(
    name: str,
    sources: dict[str, str],
    top: str,
    ports: Iterable[str],
    module: str,
    *,
    seed: int,
    parameters: dict,
    peeked: tuple[str, ...] = (),
) -> None:
    """Run all scenarios of ``module`` on the module ``top`` of Verilog, in ``build/tests/NAME``."""
    model = model_of(sources, top, ports, peeked)
    folder = build_folder() / "tests" / name
    run_on_model(model, top, module, folder, seed=seed, parameters=parameters)


def model_of(
    sources: dict[str, str], top: str, ports: Iterable[str], peeked: tuple[str, ...] = ()
) -> Path:
    """The Verilated ``top`` of which scenarios see its ``ports``.

    They see of modules below it what ``peeked`` names as ``MODULE.PORT``, where MODULE may have
    wildcards. With every signal visible it would take twice as long to compile.
    """
    shown = [f"{top}.{port}" for port in ("clk", "rst", *ports)] + list(peeked)
    public = ['public_flat_rw -module "{}" -var "{}"'.format(*each.split(".")) for each in shown]
    sources = {**sources, "public.vlt": "\n".join(["`verilator_config", *public, ""])}
    return build.model(sources, top, public=False, optimise=False)


def run_on_model(
    model: Path, top: str, module: str, folder: Path, *, seed: int, parameters: dict, **options
) -> None:
    """Run all scenarios of ``module`` in ``folder``; ``options`` are those of `simulator.simulate`.

    `SimulationError` names those that failed, and why.
    """
    folder.mkdir(parents=True, exist_ok=True)
    (folder / _CASE).write_text(json.dumps({"seed": seed, "parameters": parameters}))
    simulator.simulate(model, top, module, run_folder=folder, seed=seed, **options)


def run_on_amaranth(make: Callable[[], Block], module: str, *, seed: int, parameters: dict) -> None:
    """Run all scenarios of ``module`` on the block of ``make``, in Amaranth's simulator.

    One comes after the other, as on Verilator: each begins with a reset. To compile the block for
    each of them would take longer than they run.
    """
    importlib.import_module(module)

    async def run_all(pins: Pins) -> None:
        for each in _scenarios[module]:
            await each.run(pins, seed=seed, parameters=parameters)

    simulate_in_amaranth(make(), run_all)


def signed(bits: int, width: int) -> int:
    """The number that ``bits`` means in two's complement."""
    return bits - (bits >> (width - 1) << width)


def unpack(layout: data.Layout, word: int) -> dict[str, int]:
    """Fields of ``word``."""
    return {name: word >> field.offset & ((1 << field.width) - 1) for name, field in layout}
