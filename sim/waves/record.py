"""Records a scenario: builds its block with Verilator, drives it, reads its waveform."""

import dataclasses
import json
from pathlib import Path

import pywellen

from trispike.models.errors import BadInput
from trispike.rtl.hierarchy import Block, flat_ports
from trispike.rtl.verilog import export
from trispike.sim.tools import build, simulator
from trispike.sim.tools.run_folder import run_folder
from trispike.sim.waves.probe import Probe
from trispike.sim.waves.scenario import Scenario
from trispike.sim.waves.stimulus import CASE, WINDOW
from trispike.sim.waves.wave import MEANINGLESS, Wave

_RAW = "waves"


@dataclasses.dataclass(frozen=True, kw_only=True)
class Recording:
    """The result of recording a scenario.

    ``ended``: whether the stimulus ended; otherwise the recording was cut off at the scenario's
      limit.
    """

    wave: Wave
    ended: bool


def record(scenario: Scenario) -> Recording:
    """Run ``scenario`` in ``build/runs``.

    `BadInput` if the block lacks a signal that the scenario names.
    """
    block = scenario.block()
    inputs = [name for name, (kind, _) in flat_ports(block).items() if kind == "i"]
    model = _model(scenario, block)
    with run_folder(f"waves-{scenario.name}") as folder:
        return _run(model, folder, scenario, block.module_name, inputs)


def _run(model: Path, folder: Path, scenario: Scenario, top: str, inputs: list[str]) -> Recording:
    """Run the stimulus of ``scenario`` on ``model`` in ``folder``."""
    (folder / CASE).write_text(json.dumps({"scenario": scenario.name, "inputs": inputs}))
    simulator.simulate(
        model,
        top,
        "trispike.sim.waves.record_cocotb",
        run_folder=folder,
        plus_args=("--trace", "--trace-file", _RAW),
    )
    window = json.loads((folder / WINDOW).read_text())
    wave = _read(folder / _RAW, top, scenario, window["begin"], window["end"])
    return Recording(wave=wave, ended=window["ended"])


def _model(scenario: Scenario, block: Block) -> Path:
    """Folder of the Verilated block. Only its ports are public, only named signals are traced.

    That halves the time to compile a chip.
    """
    top = block.module_name
    sources = {f"{name}.v": text for name, text in export(block).items()}
    ports = flat_ports(block)
    scopes = sorted(
        {
            ".".join(filter(None, (top, scope)))
            for probe in scenario.probes
            # What is a port is a signal of the top; so scenarios of ports alone share a build.
            for scope in ([""] if probe.name.replace(".", "__") in ports else probe.scopes())
        }
    )
    sources["waves.vlt"] = "\n".join(
        [
            "`verilator_config",
            f'public_flat_rw -module "{top}" -var "*"',
            'tracing_off -scope "*"',
            *(f'tracing_on -scope "{scope}" -levels 1' for scope in scopes),
            "",
        ]
    )
    return build.model(sources, top, public=False, waves=True, optimise=False)


def _read(path: Path, top: str, scenario: Scenario, begin: int, end: int) -> Wave:
    """The wave of the cycles that end after ``begin`` and not after ``end`` (ps)."""
    raw = pywellen.Waveform(str(path))
    by_name = {var.full_name: var for var in raw.all_vars()}
    edges = []

    def clock(time, _, value):
        if value == 1 and begin < time <= end:
            edges.append(time)

    raw.stream_changes(clock, [by_name[f"{top}.clk"]])
    signals = {}
    for probe in scenario.probes:
        var = _find(by_name, top, probe, scenario)
        meaningful = _valid(by_name, top, probe)
        values = []
        for edge in edges:
            before = edge - 1
            if meaningful is not None and not meaningful.signal.value_at(before):
                values.append(MEANINGLESS)
            else:
                values.append(probe.show(int(var.signal.value_at(before)), var.bitwidth))
        signals[probe.name] = values
    return Wave(signals=signals)


def _valid(by_name: dict, top: str, probe: Probe):
    """The ``valid`` beside a stream's ``payload``: without it a payload means nothing."""
    stream, _, member = probe.name.rpartition(".")
    beside = dataclasses.replace(probe, name=f"{stream}.valid")
    found = [by_name[f"{top}.{path}"] for path in beside.paths() if f"{top}.{path}" in by_name]
    return found[0] if member == "payload" and found else None


def _find(by_name: dict, top: str, probe: Probe, scenario: Scenario):
    for path in probe.paths():
        if f"{top}.{path}" in by_name:
            return by_name[f"{top}.{path}"]
    raise BadInput(
        f"scenario {scenario.name}: {top} has no signal {probe.name}; "
        "mend its name in sim/waves/scenarios"
    )
