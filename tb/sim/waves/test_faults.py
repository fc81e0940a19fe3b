# amaranth: UnusedElaboratable=no
"""Changes of timing and order in the RTL are caught by `make waves`."""

import functools
import shutil

import pytest
from amaranth import *
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out
from amaranth.utils import ceil_log2

from tb.kit.command import refused, refused_here, trispike, trispike_here
from tb.kit.mutants import wrap
from trispike.rtl.layers import aer
from trispike.rtl.layers import layer as layer_block
from trispike.rtl.layers.dense import DenseLayer
from trispike.rtl.layers.flow import FlowController
from trispike.rtl.layers.sram import SRAMBank
from trispike.rtl.neuron.pe import PEState
from trispike.rtl.neuron.scale import Scale
from trispike.rtl.priority import LowestOne
from trispike.sim.waves import reference
from trispike.sim.waves.scenarios import layer, sram

LAYER = "layer_back_pressure"
SMALL = "sram_write_read"


class Changed(DenseLayer):
    """A layer whose output is changed."""

    def elaborate(self, platform):
        m = super().elaborate(platform)
        flows = [block for block in platform.blocks.values() if isinstance(block, FlowController)]
        self.change(m, *flows)
        return m


class Late(Changed):
    """The output passes through one more register."""

    def change(self, m, flow):
        late = Signal()
        m.d.sync += late.eq(flow.valid & ~(late & self.o.ready))
        m.d.comb += [self.o.valid.eq(late), flow.ready.eq(self.o.ready & late)]


class Early(Changed):
    """The output is valid in the cycle in which its PEs still fire."""

    def change(self, m, flow):
        m.d.comb += self.o.valid.eq(flow.valid | (flow.state == PEState.FIRE))


class Silent(Changed):
    """The output is never shown."""

    def change(self, m, flow):
        m.d.comb += self.o.valid.eq(0)


class HighestOne(LowestOne):
    """Finds the highest set bit."""

    def elaborate(self, platform):
        m = Module()
        wrap(m, self, inner := LowestOne(width=self._width))
        m.d.comb += [
            inner.bits.eq(self.bits[::-1]),
            self.one_hot.eq(inner.one_hot[::-1]),
            self.index.eq(Mux(inner.any, self._width - 1 - inner.index, 0)),
        ]
        return m


class RenamedFlow(FlowController):
    """All registers and wires have other names, and there is a new port."""

    def __init__(self, *, inputs, lanes=1, sequence=()):
        self.inputs, self.lanes, self.sequence = inputs, lanes, sequence
        members = FlowController(inputs=inputs, lanes=lanes).signature.members
        wiring.Component.__init__(self, {**members, "stalled": Out(1)})

    def elaborate(self, platform):
        m = Module()
        wrap(m, self, FlowController(inputs=self.inputs, lanes=self.lanes))
        m.d.comb += self.stalled.eq(self.valid & ~self.ready)
        return m


class RenamedScale(Scale):
    """All wires have other names."""

    def elaborate(self, platform):
        m = Module()
        wrap(m, self, Scale(shape=self.shape))
        return m


class RenamedBank(SRAMBank):
    """Calls its output something else."""

    def __init__(self, *, shape):
        self.shape = shape
        members = {
            "address": In(ceil_log2(shape.rows)),
            "read": In(1),
            "write": In(1),
            "write_data": In(shape.width),
            "row": Out(shape.width),
        }
        wiring.Component.__init__(self, members)
        self.read_data = self.row


@pytest.fixture
def house(tmp_path, monkeypatch):
    """A house with references of its own, to change."""
    folder = tmp_path / "sim" / "waves" / "reference"
    shutil.copytree(reference.FOLDER, folder)
    monkeypatch.setattr(reference, "FOLDER", folder)
    for name in ("path", "orphans"):
        function = getattr(reference, name)
        there = functools.partial(lambda function, what, *_: function(what, folder), function)
        monkeypatch.setattr(reference, name, there)
    return tmp_path


def _different(scenario):
    """What `make waves` says of the changed hardware on standard error."""
    done = trispike_here("waves", "--scenario", scenario)
    print(done.stderr)
    assert done.returncode == 1, done.stdout + done.stderr
    return done.stderr.splitlines()


@pytest.mark.thorough
def test_a_cycle_of_latency(monkeypatch):
    """The layer's output passes through one more register."""
    monkeypatch.setattr(layer, "DenseLayer", Late)
    lines = _different(LAYER)
    assert lines[0] == (
        f"{LAYER}: o.valid differs first, in cycle 7: expected 1, found 0 (there too: o.payload)"
    )
    assert "14 of 14 signals differ, and there are 42 cycles, not 40; both waves: " in lines[-2]


@pytest.mark.thorough
def test_valid_a_cycle_early(monkeypatch):
    """The layer's output is valid in the cycle in which its PEs still fire."""
    monkeypatch.setattr(layer, "DenseLayer", Early)
    lines = _different(LAYER)
    assert lines[0].startswith(f"{LAYER}: o.valid differs first, in cycle 6: expected 0, found 1")


@pytest.mark.thorough
def test_highest_address_first(monkeypatch):
    """The encoder gives the highest address first."""
    monkeypatch.setattr(aer, "LowestOne", HighestOne)
    lines = _different("encoder_sparse")
    assert lines[0] == ("encoder_sparse: o.payload differs first, in cycle 3: expected 0, found 19")


@pytest.mark.thorough
def test_hang(house, monkeypatch):
    """A layer that never shows its output: what was recorded until the limit is compared."""
    monkeypatch.setattr(layer, "DenseLayer", Silent)
    assert _different(LAYER)[0].startswith(f"{LAYER}: o.valid differs first, in cycle 7: ")
    file = reference.path(LAYER)
    before = file.read_bytes()
    message = refused_here("waves", "--scenario", LAYER, "--update")
    assert message == (
        f"error: scenario {LAYER} did not end within its 1000 cycles: the block hangs, or the "
        "scenario's limit is too low; no reference was changed"
    )
    assert file.read_bytes() == before


@pytest.mark.thorough
def test_renamed_wires(monkeypatch):
    """Registers and wires with other names, and a new port, are no difference."""
    monkeypatch.setattr(layer_block, "FlowController", RenamedFlow)
    monkeypatch.setattr(layer_block, "Scale", RenamedScale)
    done = trispike_here("waves", "--scenario", LAYER)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.thorough
def test_missing_signal(monkeypatch):
    """A named signal that the block does not have."""
    monkeypatch.setattr(sram, "SRAMBank", RenamedBank)
    message = refused_here("waves", "--scenario", SMALL)
    assert message == (
        f"error: scenario {SMALL}: sram_16x8 has no signal read_data; "
        "mend its name in sim/waves/scenarios"
    )


@pytest.mark.thorough
def test_update(house):
    """Blessing makes the reference, the same bytes each time, and says what changed."""
    file = reference.path(SMALL)
    committed = file.read_bytes()
    file.unlink()
    message = refused_here("waves", "--scenario", SMALL, folder=house)
    assert message == (
        f"error: there is no reference sim/waves/reference/{SMALL}.txt; "
        f"make waves UPDATE=1 SCENARIO={SMALL} records it"
    )

    def update():
        done = trispike_here("waves", "--scenario", SMALL, "--update", folder=house)
        assert done.returncode == 0, done.stdout + done.stderr
        assert file.read_bytes() == committed
        return done.stdout.splitlines()

    changed = "1 reference changed: review git diff sim/waves/reference"
    assert update() == [f"{SMALL}: new, 12 cycles of 5 signals", changed]
    assert update() == [f"{SMALL}: unchanged"]
    text = committed.decode()
    assert text.count("     4  0x00\n") == 1
    file.write_text(text.replace("     4  0x00\n", "     1  0x01\n     3  0x00\n"))
    first, second = update()
    assert first == (
        f"{SMALL}: changed, first write_data in cycle 4: 0x01 before, 0x00 now; "
        "1 of 5 signals differ (write_data)"
    )
    assert second == changed


def test_reference_without_a_scenario(house):
    """What a removed scenario leaves behind is named before anything is built."""
    (reference.FOLDER / "gone.txt").write_text("o.valid\n     1  0\n")
    message = refused_here("waves", folder=house)
    assert message == (
        "error: sim/waves/reference/gone.txt has no scenario; remove it, or make waves UPDATE=1"
    )


def test_unknown_scenario():
    message = refused(trispike("waves", "--scenario", "nonsense"))
    assert message.startswith("error: SCENARIO must be one of pe_operations, ")
    assert message.endswith(", not 'nonsense'")
