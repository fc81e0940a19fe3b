"""Changes of timing and order, each made in a copy of the checkout, are caught by `make waves`."""

import pytest

from tb.kit.command import copy_of_checkout, refused, trispike

LAYER = "layer_back_pressure"
SMALL = "sram_write_read"

_LATE = """        late = Signal()
        m.d.sync += late.eq(flow.valid & ~(late & self.o.ready))
        m.d.comb += [
"""


@pytest.fixture
def copy(tmp_path):
    """A copy of Trispike's rooms, to change."""
    return copy_of_checkout(tmp_path / "copy", builds=True)


def _edit(path, *changes):
    text = path.read_text()
    for before, after in changes:
        assert text.count(before) == 1, f"{path.name} has no single {before!r} to change"
        text = text.replace(before, after)
    path.write_text(text)


def _different(copy, scenario):
    """What `make waves` says of the changed copy on standard error."""
    done = trispike("waves", "--scenario", scenario, root=copy)
    print(done.stderr)
    assert done.returncode == 1, done.stdout + done.stderr
    return done.stderr.splitlines()


def test_a_cycle_of_latency(copy):
    """The layer's output passes through one more register."""
    _edit(
        copy / "rtl" / "layer.py",
        ("self.o.valid.eq(flow.valid)", "self.o.valid.eq(late)"),
        ("flow.ready.eq(self.o.ready)", "flow.ready.eq(self.o.ready & late)"),
        (
            "        m.d.comb += [\n            registers.enable",
            _LATE + "            registers.enable",
        ),
    )
    lines = _different(copy, LAYER)
    assert lines[0] == (
        f"{LAYER}: o.valid differs first, in cycle 7: expected 1, found 0 (there too: o.payload)"
    )
    assert "14 of 14 signals differ, and there are 42 cycles, not 40; both waves: " in lines[-2]


def test_valid_a_cycle_early(copy):
    """The layer's output is valid in the cycle in which its PEs still fire."""
    _edit(
        copy / "rtl" / "layer.py",
        (
            "self.o.valid.eq(flow.valid)",
            "self.o.valid.eq(flow.valid | (Value.cast(flow.state) == 3))",
        ),
    )
    lines = _different(copy, LAYER)
    assert lines[0].startswith(f"{LAYER}: o.valid differs first, in cycle 6: expected 0, found 1")


def test_highest_address_first(copy):
    """The encoder gives the highest address first."""
    _edit(
        copy / "rtl" / "priority.py",
        ("prefix | (prefix << distance)", "prefix | (prefix >> distance)"),
        ("self.any.eq(prefix[-1])", "self.any.eq(prefix[0])"),
        ("self.bits & ~(prefix << 1)", "self.bits & ~(prefix >> 1)"),
    )
    lines = _different(copy, "encoder_sparse")
    assert lines[0] == ("encoder_sparse: o.payload differs first, in cycle 3: expected 0, found 19")


def test_hang(copy):
    """A layer that never shows its output: what was recorded until the limit is compared."""
    _edit(copy / "rtl" / "layer.py", ("self.o.valid.eq(flow.valid)", "self.o.valid.eq(0)"))
    assert _different(copy, LAYER)[0].startswith(f"{LAYER}: o.valid differs first, in cycle 7: ")
    reference = copy / "sim" / "waves" / "reference" / f"{LAYER}.txt"
    before = reference.read_bytes()
    message = refused(trispike("waves", "--scenario", LAYER, "--update", root=copy))
    assert message == (
        f"error: scenario {LAYER} did not end within its 1000 cycles: the block hangs, or the "
        "scenario's limit is too low; no reference was changed"
    )
    assert reference.read_bytes() == before


def test_renamed_wires(copy):
    """Registers and wires with other names, and a new port, are no difference."""
    flow, layer = copy / "rtl" / "flow.py", copy / "rtl" / "layer.py"
    flow.write_text(flow.read_text().replace("slot", "stage").replace("open_", "begun"))
    layer.write_text(layer.read_text().replace("m.submodules.scale", "m.submodules.constants"))
    _edit(
        flow,
        ('"busy": Out(1),', '"busy": Out(1),\n                "stalled": Out(1),'),
        ("            fire.eq(", "            self.stalled.eq(wait),\n            fire.eq("),
    )
    done = trispike("waves", "--scenario", LAYER, root=copy)
    assert done.returncode == 0, done.stdout + done.stderr


def test_missing_signal(copy):
    """A named signal that the block does not have."""
    _edit(
        copy / "rtl" / "sram.py", ('"read_data": Out', '"row": Out'), ("self.read_data", "self.row")
    )
    message = refused(trispike("waves", "--scenario", SMALL, root=copy))
    assert message == (
        f"error: scenario {SMALL}: sram_16x8 has no signal read_data; "
        "mend its name in sim/waves/scenarios"
    )


def test_update(copy):
    """Blessing makes the reference, the same bytes each time, and says what changed."""
    folder = copy / "sim" / "waves" / "reference"
    reference = folder / f"{SMALL}.txt"
    committed = reference.read_bytes()
    reference.unlink()
    message = refused(trispike("waves", "--scenario", SMALL, root=copy))
    assert message == (
        f"error: there is no reference sim/waves/reference/{SMALL}.txt; "
        f"make waves UPDATE=1 SCENARIO={SMALL} records it"
    )

    def update():
        done = trispike("waves", "--scenario", SMALL, "--update", root=copy)
        assert done.returncode == 0, done.stdout + done.stderr
        assert reference.read_bytes() == committed
        return done.stdout.splitlines()

    changed = "1 reference changed: review git diff sim/waves/reference"
    assert update() == [f"{SMALL}: new, 12 cycles of 5 signals", changed]
    assert update() == [f"{SMALL}: unchanged"]
    text = committed.decode()
    assert text.count("     4  0x00\n") == 1
    reference.write_text(text.replace("     4  0x00\n", "     1  0x01\n     3  0x00\n"))
    first, second = update()
    assert first == (
        f"{SMALL}: changed, first write_data in cycle 4: 0x01 before, 0x00 now; "
        "1 of 5 signals differ (write_data)"
    )
    assert second == changed


def test_reference_without_a_scenario(copy):
    """What a removed scenario leaves behind is named before anything is built."""
    (copy / "sim" / "waves" / "reference" / "gone.txt").write_text("o.valid\n     1  0\n")
    message = refused(trispike("waves", root=copy))
    assert message == (
        "error: sim/waves/reference/gone.txt has no scenario; remove it, or make waves UPDATE=1"
    )


def test_unknown_scenario():
    message = refused(trispike("waves", "--scenario", "nonsense"))
    assert message.startswith("error: SCENARIO must be one of pe_operations, ")
    assert message.endswith(", not 'nonsense'")
