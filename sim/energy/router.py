"""Energy of a flit in a router, from the switching of its mapped netlist."""

import dataclasses
import json
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pywellen

from trispike.golden.mesh.routes import Routes
from trispike.models.mesh import flits
from trispike.models.mesh.flits import SPIKE, node_code
from trispike.models.mesh.mapping import HOST
from trispike.models.mesh.topology import Node, Port
from trispike.rtl.hierarchy import flat_ports
from trispike.rtl.noc.router import Router
from trispike.rtl.verilog import export
from trispike.sim.energy.switching import switching
from trispike.sim.energy.toggles import Toggles
from trispike.sim.energy.trace import Waves, rises
from trispike.sim.synthesis.flow import Mapped
from trispike.sim.tools import build, simulator
from trispike.sim.waves.stimulus import CASE, PERIOD_NS, WINDOW

Passing = Mapping[Port, list[tuple[int, int]]]
"""By input port: the cycle from which each flit is offered there, and the flit."""

_IDLE_CYCLES = 100
_RAW = "waves"


@dataclasses.dataclass(frozen=True, kw_only=True)
class RouterEnergy:
    """Energies of a router in pJ, in the cell library's own technology.

    flit: For each flit that passes, beyond the idle router's.
    idle: For each cycle, with or without flits.
    flits, cycles: How many flits passed, in how many cycles.
    """

    flit: float
    idle: float
    flits: int
    cycles: int


def passing(
    routes: Routes, node: Node, receivers: np.ndarray, times: np.ndarray, received: np.ndarray
) -> Passing:
    """The spike flits, ends and credits of a run that pass the router of ``node``.

    ``receivers``, ``times`` and ``received``, shape (n,), are receivers, times and flits of a
    `sim.node.results.NodesRun`.
    A flit is taken not to have waited beyond ``node``, a multicast on its way to its destination.
    """
    ports: dict[Port, list[tuple[int, int]]] = {port: [] for port in Port}
    for receiver, time, flit in zip(
        receivers.tolist(), times.tolist(), received.tolist(), strict=True
    ):
        own = tuple(SPIKE[f"source_{axis}"].get(flit) for axis in "xyz")
        source = HOST if SPIKE["from_host"].get(flit) else own
        to = HOST if receiver == routes.mesh.nodes else routes.mesh.node(receiver)
        if flits.is_multicast(flit) and tuple(SPIKE[axis].get(flit) for axis in "xyz") != to:
            continue  # a copy
        path = routes.path(source, to)
        if node in path.nodes:
            at = path.nodes.index(node)
            port = path.ports[at - 1].opposite if at else Port.LOCAL
            ports[port].append((max(0, time - (len(path.nodes) - at)), flit))
    return {port: sorted(each, key=lambda offer: offer[0]) for port, each in ports.items()}


def measure(
    mapped: Mapped, router: Router, node: Node, offered: Passing, cycles: int, folder: Path
) -> RouterEnergy:
    """Energies of ``router`` at ``node``, mapped to ``mapped``, in ``cycles`` of ``offered``."""
    model = _model(router)
    busy = _run(model, router, node, offered, cycles, folder / "busy")
    still = _run(model, router, node, {}, _IDLE_CYCLES, folder / "idle")
    idle = switching(mapped, Toggles(mapped, still)).total
    total = switching(mapped, Toggles(mapped, busy)).total
    passed = int(busy.bits("sent").sum())
    return RouterEnergy(
        flit=(total - idle) * busy.cycles / passed, idle=idle, flits=passed, cycles=busy.cycles
    )


def _model(router: Router) -> Path:
    top = router.module_name
    sources = {f"{name}.v": text for name, text in export(router).items()}
    sources["waves.vlt"] = f'`verilator_config\npublic_flat_rw -module "{top}" -var "*"\n'
    return build.model(sources, top, public=False, waves=True, optimise=False)


def _run(
    model: Path, router: Router, node: Node, offered: Passing, cycles: int, folder: Path
) -> Waves:
    """Trace of ``router`` with the flits that are ``offered`` in ``cycles``."""
    folder.mkdir(parents=True, exist_ok=True)
    case = {
        "inputs": [name for name, (kind, _) in flat_ports(router).items() if kind == "i"],
        "outputs": [f"o_{port.name.lower()}__ready" for port in router.ports],
        "here": node_code(node),
        "flits": {f"i_{port.name.lower()}": flits for port, flits in offered.items()},
        "cycles": cycles,
        "period": PERIOD_NS * 1000,
    }
    (folder / CASE).write_text(json.dumps(case))
    top, test = router.module_name, "trispike.sim.energy.router_cocotb"
    trace = ("--trace", "--trace-file", _RAW)
    simulator.simulate(model, top, test, run_folder=folder, plus_args=trace)
    window = json.loads((folder / WINDOW).read_text())
    wave = pywellen.Waveform(str(folder / _RAW))
    edges = [at for at in rises(wave, f"{top}.clk") if window["begin"] < at <= window["end"]]
    return Waves(wave, top, edges)
