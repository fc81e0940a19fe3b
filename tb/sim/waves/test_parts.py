"""The parts of `make waves`: the text of a reference, the first difference, how it is shown."""

import pytest
import pywellen

from trispike.models.errors import BadInput
from trispike.rtl.chip.readout import result_layout
from trispike.rtl.neuron.pe import PEState
from trispike.sim.waves import reference, vcd
from trispike.sim.waves.difference import compare
from trispike.sim.waves.probe import Probe, bits, fields, names, signed
from trispike.sim.waves.scenario import Scenario
from trispike.sim.waves.scenarios.encoder import spikes
from trispike.sim.waves.sketch import sketch
from trispike.sim.waves.wave import Wave

WIDE = "0x" + "0" * 30 + "f"
EXPECTED = Wave(
    signals={
        "o.valid": ["0", "1", "1", "0"],
        "o.payload": ["-", "0x0a", "0x0a", "-"],
        "core.flow.state": ["HOLD", "FIRE", "HOLD", "HOLD"],
        "core.potential": ["-5", "-5", "12", "12"],
        "core.wide": ["0x" + "0" * 31, WIDE, WIDE, WIDE],
    }
)
FOUND = Wave(
    signals={
        "o.valid": ["0", "0", "1", "1", "0"],
        "o.payload": ["-", "-", "0x0a", "0x0a", "-"],
        "core.flow.state": ["HOLD", "FIRE", "HOLD", "HOLD", "HOLD"],
        "core.potential": ["-5", "-5", "-5", "12", "12"],
        "core.wide": ["0x" + "0" * 31, WIDE, WIDE, WIDE, WIDE],
    }
)
SCENARIO = Scenario(
    name="made_up",
    about="two values and the rest of a line that is so long that it has to go on in a second line",
    block=None,
    drive=None,
    signals=dict.fromkeys(EXPECTED.signals, bits),
)


def test_values():
    """Each way of writing a value."""
    assert [bits(1, 1), bits(5, 4), bits(5, 9)] == ["1", "0x5", "0x005"]
    assert [signed(0x3FFFF, 18), signed(5, 18), signed(1 << 17, 18)] == ["-1", "5", "-131072"]
    assert [names(PEState)(3, 2), names(PEState)(7, 3)] == ["FIRE", "0x7"]
    assert fields(result_layout(3))(2 | 5 << 2 | 7 << 18, 26) == "label=2,counts=5/0/7"
    lanes = spikes(10, 2)  # addresses of three bits, then a flag for each
    assert [lanes(0b11_100_001, 8), lanes(0b01_000_011, 8)] == ["2,9", "6,-"]
    assert [lanes(0, 8), lanes(0b01_010_000, 8), lanes(0b00_010_000, 8)] == ["end", "0,-2", "-,-2"]


def test_paths():
    """A port's members are joined, whatever the depth of the block."""
    probe = Probe(name="layer_0.encoder.o.valid", show=bits)
    assert "layer_0.encoder.o__valid" in probe.paths()
    assert Probe(name="spike", show=bits).paths() == ["spike"]


def test_text_of_a_reference(tmp_path):
    """A section for each signal; what is written is read again."""
    reference.write(SCENARIO, EXPECTED, tmp_path)
    text = reference.path("made_up", tmp_path).read_text()
    head, *sections = text.split("\n\n")
    assert all(line.startswith("# ") and len(line) <= 100 for line in head.splitlines())
    assert sections[0] == "o.valid\n     1  0\n     2  1\n     1  0"
    assert sections[3] == "core.potential\n     2  -5\n     2  12"
    assert reference.read(SCENARIO, tmp_path) == EXPECTED


def test_another_signal_in_the_list(tmp_path):
    """A list that was changed wants a reference of its own."""
    reference.write(SCENARIO, EXPECTED, tmp_path)
    path = reference.path("made_up", tmp_path)
    path.write_text(path.read_text().replace("core.wide", "core.narrow"))
    with pytest.raises(BadInput, match=r"^scenario made_up: its reference lacks core.wide; make"):
        reference.read(SCENARIO, tmp_path)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("o.valid\n     1  0\n     x  1\n", r"line 3: must be a new signal's name or cycles and"),
        ("     1  0\n", r"line 1: must be"),
        ("a\n     1  0\na\n     1  1\n", r"line 3: must be"),
        ("a\n     0  0\n", r"line 2: must be"),
        ("a\n     1  0\nb\n     2  0\n", r"same number of cycles, and a has 1; restore it, or"),
        ("", r"same number of cycles, and it has 0"),
        ("a\n", r"same number of cycles, and a has 0"),
    ],
)
def test_damaged_reference(tmp_path, text, message):
    """One line that says where, and how to mend it."""
    file = tmp_path / "made_up.txt"
    file.write_text(text)
    with pytest.raises(BadInput, match=message) as caught:
        reference.parse(file, "make waves UPDATE=1")
    assert "\n" not in str(caught.value)


def test_first_difference():
    """The first cycle, its signals in order, and what else differs."""
    difference = compare(EXPECTED, FOUND)
    assert str(difference) == (
        "o.valid differs first, in cycle 1: expected 1, found 0 (there too: o.payload)"
    )
    assert difference.differing == (*EXPECTED.signals,)
    assert difference.lengths == (4, 5)
    assert compare(EXPECTED, EXPECTED) is None


def test_recording_that_goes_on():
    """Waves that agree until one of them ends."""
    longer = Wave(signals={name: [*v, v[-1]] for name, v in EXPECTED.signals.items()})
    assert str(compare(EXPECTED, longer)) == (
        "o.valid differs first, in cycle 4: expected the end of the recording, found 0"
    )
    assert "found the end of the recording" in str(compare(longer, EXPECTED))


def test_sketch():
    """Columns of cycles; two rows where the waves differ; long values lose their middle."""
    assert sketch(EXPECTED, FOUND, 1).splitlines() == [
        "  cycle                      0         1         2    3  4",
        "  o.valid          expected  _________ ▔▔▔▔▔▔▔▔▔ ▔▔▔▔ __",
        "                   found     _________ _________ ▔▔▔▔ ▔▔ _",
        "  o.payload        expected  -         0x0a      .    -",
        "                   found     -         .         0x0a .  -",
        "  core.flow.state  expected  HOLD      FIRE      HOLD .",
        "                   found     HOLD      FIRE      HOLD .  .",
        "  core.potential   expected  -5        .         12   .",
        "                   found     -5        .         .    12 .",
        "  core.wide        expected  0x00…0000 0x00…000f .    .",
        "                   found     0x00…0000 0x00…000f .    .  .",
        "                                       ^",
    ]


def test_sketch_of_a_long_wave():
    """Only some cycles before and after."""
    long = Wave(signals={"a": ["0"] * 1000})
    other = Wave(signals={"a": [*["0"] * 500, "1", *["0"] * 499]})
    head = sketch(long, other, 500).splitlines()[0].split()
    assert head == ["cycle", *(str(k) for k in range(496, 506))]


def test_difference_file(tmp_path):
    """Viewers find both waves, signal by signal and cycle by cycle."""
    path = tmp_path / "both.vcd"
    path.write_text(vcd.text({"expected": EXPECTED, "found": FOUND}))
    raw = pywellen.Waveform(str(path))
    by_name = {var.full_name: var for var in raw.all_vars()}
    own = {"recorded", *EXPECTED.signals}
    assert set(by_name) == {f"{scope}.{name}" for scope in ("expected", "found") for name in own}

    def seen(scope, name, length):
        signal = by_name[f"{scope}.{name}"].signal
        return [signal.value_at(cycle) for cycle in range(length)]

    assert seen("expected", "o.valid", 4) == [0, 1, 1, 0]
    assert seen("found", "o.valid", 5) == [0, 0, 1, 1, 0]
    assert seen("expected", "recorded", 6) == [1, 1, 1, 1, 0, 0]
    assert seen("found", "recorded", 6) == [1, 1, 1, 1, 1, 0]
    assert seen("found", "o.payload", 5)[2:4] == [0x0A, 0x0A]
    assert seen("expected", "core.flow.state", 4) == ["HOLD", "FIRE", "HOLD", "HOLD"]
    assert seen("expected", "core.potential", 4) == [-5.0, -5.0, 12.0, 12.0]
    assert seen("found", "core.wide", 2) == [0, 15]
