"""WAVES=1: a waveform that viewers open, with the names of the Amaranth source in it."""

import re
from pathlib import Path

import pytest

from tb.kit.command import trispike
from tb.kit.networks import random_network, save
from trispike.sim.tools.paths import ROOT

FST_HEADER = bytes([0])  # block type of a finished FST file's first block


@pytest.mark.thorough
def test_waveform(tmp_path):
    """The file that the command names exists and is a waveform of the chip."""
    weight_file = save(random_network((784, 4, 3), 0, name="waved"), tmp_path)
    options = ["--weights", weight_file, "--images", "2", "--timesteps", "2", "--waves"]
    done = trispike("sim", *options)
    assert done.returncode == 0, done.stderr
    path = Path(re.search(r"waveform: (\S+)", done.stdout)[1])
    assert path.parent == Path("build/waves")
    path = ROOT / path
    raw = path.read_bytes()
    if path.suffix == ".fst":
        assert raw[:1] == FST_HEADER
        assert len(raw) > 1000
    else:
        assert raw.startswith(b"$version")
        for name in (b" module layer_0 ", b" module pe_3 ", b" potential [17:0] ", b" i__payload "):
            assert name in raw
        changes = raw[raw.index(b"$enddefinitions") :]
        assert changes.count(b"\n#") > 200
