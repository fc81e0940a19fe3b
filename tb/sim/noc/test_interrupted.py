"""A run that is interrupted leaves the waveform of what it did."""

import re
import signal
import time
from pathlib import Path

import pytest

from tb.kit.command import ROOT, command_line, started
from tb.kit.waves import MeshWave

CYCLES = 10**7
BUILDS = ROOT / "build" / "tests" / "noc-interrupted"


@pytest.mark.thorough
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=lambda n: n.name)
@pytest.mark.xdist_group("noc-interrupted")
def test_wave_of_an_interrupted_run(number):
    """It is closed, named, and has more than its first cycles; nothing runs on."""
    options = ["--mesh", "2x1x1", "--cycles", str(CYCLES), "--waves", "--waves-mb", "100000"]
    command = command_line("noc", *options, "--rate", "0.01", builds=BUILDS)
    process = started(command, PYTHONPATH=str(ROOT))
    while process.poll() is None and not list(BUILDS.glob("runs/*/0/waves")):
        time.sleep(0.05)
    time.sleep(1)
    process.send_signal(number)
    output, errors = process.communicate(timeout=60)
    assert process.returncode == 130, errors
    assert errors.splitlines()[-1] == "interrupted"
    path = Path(re.search(r"^waveform: (\S+)$", output, re.MULTILINE)[1])
    wave = MeshWave(ROOT / path)
    changes = wave.changes("mesh_harness.mesh.router_0_0_0.o_local__payload")
    assert 100 < max(cycle for cycle, _ in changes) < CYCLES
    assert set(wave.shown()) <= set(wave.bits)
