"""The drawings of docs/: made anew they are the same, pages show them, and they read well."""

import os
import re
import subprocess
import sys

import pytest

from tb.kit.command import ROOT
from tb.kit.extras import needs_schemdraw

FIGURES = ROOT / "docs" / "figures"
IMAGE = re.compile(r"!\[([^\]]*)\]\([\w/]*figures/(\w+)\.svg\)")
NAMES = sorted(
    path.stem
    for path in (ROOT / "tb" / "kit" / "drawings").glob("*.py")
    if re.search(r"^def draw\(", path.read_text(), re.M)
)


def _shown() -> dict[str, list[str]]:
    """Alternative texts of each drawing on the pages of docs/, and in README."""
    shown: dict[str, list[str]] = {}
    for page in (ROOT / "README.md", *ROOT.glob("docs/*.md")):
        for text, name in IMAGE.findall(page.read_text()):
            shown.setdefault(name, []).append(text)
    return shown


def _waves():
    """`tb.kit.drawings.clock_gate` and `tb.kit.drawings.timestep`, which import schemdraw."""
    from tb.kit.drawings import clock_gate, timestep

    return clock_gate, timestep


@pytest.fixture
def sheet():
    """A sheet of 100 pixels' height."""
    from tb.kit.drawings.sheet import Sheet

    return Sheet(100)


def test_every_drawing_is_committed_and_shown():
    """Each has a file and a page, with an alternative text that says what is in it."""
    assert NAMES
    assert sorted(path.stem for path in FIGURES.glob("*.svg")) == NAMES
    shown = _shown()
    assert sorted(shown) == NAMES
    assert [name for name, texts in shown.items() if min(map(len, texts)) < 100] == []


@needs_schemdraw
@pytest.mark.parametrize("name", NAMES)
def test_committed_drawing_is_what_the_command_makes(name):
    """Byte for byte."""
    from tb.kit.drawings.catalogue import drawings

    made = drawings()[name]().svg()
    assert (FIGURES / f"{name}.svg").read_text() == made, f"python -m tb.kit.drawings {name}"


@needs_schemdraw
def test_command_writes_what_is_named(tmp_path, monkeypatch, capsys):
    """That and no other; an unknown name is one line and status 2."""
    from tb.kit.drawings import catalogue
    from tb.kit.drawings.__main__ import main

    monkeypatch.setattr(catalogue, "FOLDER", tmp_path)
    assert main(["flits"]) == 0
    (made,) = tmp_path.iterdir()
    assert made.read_bytes() == (FIGURES / "flits.svg").read_bytes()
    assert main(["flit"]) == 2
    assert re.fullmatch(r"error: flit must be one of chip, .*timestep\n", capsys.readouterr().err)


@needs_schemdraw
def test_hashes_of_a_process_do_not_matter():
    """Another process draws the same, byte for byte."""
    code = "from tb.kit.drawings import flits, router\n"
    code += "print(flits.draw().svg() + router.draw().svg(), end='')"
    made = [
        subprocess.run(
            [sys.executable, "-c", code],
            cwd=ROOT,
            env={**os.environ, "PYTHONHASHSEED": seed},
            check=True,
            capture_output=True,
            text=True,
        ).stdout
        for seed in ("1", "2")
    ]
    assert (
        made[0]
        == made[1]
        == "".join((FIGURES / f).read_text() for f in ("flits.svg", "router.svg"))
    )


@needs_schemdraw
def test_text_fits_its_box(sheet):
    """In width and in height."""
    sheet.box(10, 10, 100, 40, "encoder\none a cycle")
    with pytest.raises(ValueError, match="'flow controller' does not fit"):
        sheet.box(10, 10, 80, 40, "flow controller")
    with pytest.raises(ValueError, match="does not fit into its box of 100 x 40"):
        sheet.box(10, 10, 100, 40, "a\nb\nc")


@needs_schemdraw
@pytest.mark.parametrize(
    ("fault", "draw"),
    [
        ("'second' overlaps|overlaps 'second'", lambda s: s.text(210, 54, "second")),
        ("'margin' leaves the page", lambda s: s.text(750, 50, "margin")),
        ("a line crosses 'first'", lambda s: s.arrow((200, 10), (200, 90))),
        ("a line crosses Box", lambda s: s.arrow((10, 30), (90, 30))),
        ("'edge' lies on the border of", lambda s: s.text(40, 20, "edge")),
    ],
)
def test_what_does_not_read_well_is_refused(sheet, fault, draw):
    """Text on text or on borders, lines across text and boxes."""
    sheet.text(200, 50, "first")
    sheet.box(20, 20, 40, 40)
    sheet.arrow((60, 40), (120, 40))
    assert sheet.faults() == []
    draw(sheet)
    with pytest.raises(ValueError, match=fault):
        sheet.svg()


@needs_schemdraw
def test_events_of_the_timestep_are_those_of_the_table():
    """docs/hardware.md, "When things happen": what the drawing names is what the table computes."""
    _, timestep = _waves()
    wave = timestep.recorded()
    cycles = timestep.events(wave)
    taken = [
        k for k in range(wave.cycles) if wave.value("o.valid", k) == wave.value("o.ready", k) == "1"
    ]
    vectors = wave.signals["i.payload"]
    spikes = [int(vectors[k], 16).bit_count() for k in cycles["accept"]]
    assert len(spikes) == len(taken) == 5
    for s, n in enumerate(spikes):
        accept, start, end, fire, output = (each[s] for each in cycles.values())
        assert start == max(accept + 1, cycles["fire"][s - 1] if s else 0)
        assert end == start + n
        assert fire == max(end + 1, taken[s - 1] if s else 0)
        assert output == fire + 1


@needs_schemdraw
@pytest.mark.parametrize("early", [False, True])
def test_clock_gate_passes_enabled_edges(early):
    """The drawn wave rises at the end of each enabled cycle, and at no other time."""
    clock_gate, _ = _waves()
    gated = clock_gate.waves(early=early)["gated"]
    rises = {k for k in range(1, len(gated)) if gated[k] > gated[k - 1]}
    ends = {4 * (k + 1) for k, enabled in enumerate(clock_gate.ENABLED) if enabled}
    assert rises == ends
