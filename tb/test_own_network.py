"""What docs/own-network.md begins with does what it says: the script, then each command."""

import re
import shlex
import subprocess
import sys

import pytest

from tb.kit.command import ROOT, trispike
from tb.kit.extras import needs_nir, needs_snntorch
from tb.kit.silicon import needs_synthesis

PAGE = (ROOT / "docs" / "own-network.md").read_text()
SCRIPT = re.search(r"```python\n(.*?)```", PAGE, re.S)[1]
COMMANDS = re.findall(r"^make (.*)", PAGE, re.M)
PRINTED = {
    "import": r"(?s)reset by subtraction, leak first.*weights: build/weights/mine\.npz",
    "sim": r"mismatches RTL / models +│ +0 ",
    "synth": r"NAND2",
    "energy": r"nJ",
}
"""What each command prints."""


def test_every_command_is_known():
    assert len(COMMANDS) == 5
    assert {command.split()[0] for command in COMMANDS} == set(PRINTED)


@pytest.mark.thorough
@pytest.mark.timeout(3600)
@needs_nir
@needs_snntorch
@needs_synthesis
def test_commands():
    subprocess.run([sys.executable, "-W", "ignore", "-c", SCRIPT], cwd=ROOT, check=True)
    accuracies = []
    for command in COMMANDS:
        name, *options = shlex.split(command)
        done = trispike(name, *options, timeout=1500)
        assert done.returncode == 0, done.stderr
        assert re.search(PRINTED[name], done.stdout)
        accuracies += re.findall(r"([\d.]+)% in the file's network, ([\d.]+)% in int", done.stdout)
        print(done.stdout)
    (original, searched), (same, tuned) = (map(float, each) for each in accuracies)
    assert original == same > 90
    assert searched > original - 5
    assert tuned > original - 1.5
