"""`make accuracy` after its measurements: costs, record, tables, sections, figures."""

import io
import json
import re

import pytest
from rich.console import Console

from tb.kit.command import ROOT
from tb.kit.entries import entry_of, every_entry
from tb.kit.extras import needs_matplotlib
from trispike.models.errors import BadInput
from trispike.sim.accuracy import record, tables
from trispike.sim.accuracy.cost import costs
from trispike.sim.report.document import markers, read_section, replace_section


def test_costs_by_hand():
    """Seed by seed, of the lengths and seeds that both have; other networks are left alone."""
    ternary = entry_of("fc256", "trispike", {0: [0.90, 0.95, 0.97], 1: [0.91, 0.94, 0.96]})
    other = entry_of("fc256", "tw-snn", {7: [0.5, 0.5, 0.5]})
    real = entry_of("fc256", "tw-snn-32bit", {1: [0.93, 0.95], 2: [0.1, 0.1], 0: [0.91, 0.98]})
    (cost,) = costs([ternary, other, real, entry_of("fc1024", "trispike", {0: [1.0]})])
    assert (cost.layer, cost.recipe, cost.baseline) == ("fc256", "trispike", "tw-snn-32bit")
    assert cost.seeds == (0, 1)
    assert cost.timesteps == 2
    assert cost.points[0] == pytest.approx((1.0, 3.0))
    assert cost.points[1] == pytest.approx((2.0, 1.0))
    assert cost.mean(1) == pytest.approx(1.5)
    assert cost.mean(2) == pytest.approx(2.0)
    assert cost.deviation(2) == pytest.approx(2**0.5)
    assert costs([ternary, other]) == []
    own = entry_of("fc256", "trispike-32bit", {0: [0.92, 0.96]})
    assert [cost.baseline for cost in costs([ternary, real, own])] == ["trispike-32bit"]


def test_record_comes_back(tmp_path):
    """In a fixed order, the same bytes for the same entries."""
    path = tmp_path / "accuracy.json"
    entries = [*every_entry("mnist"), *every_entry("digits", 3)]
    record.write(path, reversed(entries))
    first = path.read_bytes()
    found = record.read(path)
    assert found == {entry.source: entry for entry in entries}
    record.write(path, found.values())
    assert path.read_bytes() == first
    fields = json.loads(first)["entries"][0]
    assert (fields["data"], fields["layer"], fields["recipe"]) == ("digits", "fc256", "trispike")
    assert len(fields["accuracy"]) == 3
    assert record.read(tmp_path / "missing.json") == {}
    sizes = (784 * 256, 256 * 10)
    expected = (0.25 * sizes[0] + 0.5 * sizes[1]) / sum(sizes)
    assert entries[0].zero_fraction == pytest.approx(expected)


@pytest.mark.parametrize(
    "change",
    [
        {"layer": "fc257"},
        {"recipe": "paper"},
        {"recipe": []},
        {"weight_bits": 32},
        {"seeds": [0, 1]},
        {"seeds": [0, 1, 1]},
        {"seeds": [], "accuracy": [], "spikes": [], "operations": []},
        {"accuracy": [[0.5], [0.5], [0.5, 0.5]]},
        {"accuracy": [[], [], []]},
        {"accuracy": [[0.5], [0.5], [1.5]]},
        {"accuracy": [[0.5], [0.5], [float("nan")]]},
        {"accuracy": [["x"], [0.5], [0.5]]},
        {"spikes": [[1.0, 1.0], [1.0, 1.0], [1.0, 1.0]]},
        {"operations": [1.0, 1.0, None]},
        {"zeros": [0.5]},
        {"images": None},
    ],
    ids=str,
)
def test_damaged_record(tmp_path, change):
    """One line that names the file."""
    path = tmp_path / "accuracy.json"
    record.write(path, every_entry(timesteps=1)[:1])
    whole = json.loads(path.read_text())
    whole["entries"][0].update(change)
    path.write_text(json.dumps(whole))
    with pytest.raises(BadInput) as caught:
        record.read(path)
    told = re.escape(f"{path} is not a record of accuracies (")
    assert re.fullmatch(told + r"[^\n]+\); restore it or remove it", str(caught.value))


@pytest.mark.parametrize(
    "text", ["", "[]", "7", '{"format": "x", "entries": []}', "[" * 100_000, "\xff"]
)
def test_no_record(tmp_path, text):
    path = tmp_path / "accuracy.json"
    path.write_text(text, encoding="latin-1")
    with pytest.raises(BadInput, match="is not a record of accuracies"):
        record.read(path)


def test_terminal_table_fits_80_columns():
    """A narrow terminal gets the means alone, whole."""
    entries = every_entry(timesteps=35)
    console = Console(width=80, record=True, file=io.StringIO())
    console.print(tables.terminal("mnist", entries, set(), 80))
    text = console.export_text()
    assert max(map(len, text.splitlines())) <= 80
    assert "…" not in text
    assert "±" not in text
    (ours,) = (
        line for line in text.splitlines() if re.match(r"fc1024_1024 trispike-sparse ", line)
    )
    assert len(ours.split()) == 9


def test_terminal_table_fits():
    """100 columns hold every cell whole."""
    entries = every_entry(timesteps=35)
    entries[0] = entry_of("fc256", "trispike", {0: [1.0] * 35, 1: [0.9999] * 35})
    console = Console(width=100, record=True, file=io.StringIO())
    console.print(tables.terminal("mnist", entries, {entries[0].source}))
    lines = console.export_text().splitlines()
    assert max(map(len, lines)) <= 100
    assert "…" not in "".join(lines)
    (ours,) = (line for line in lines if line.startswith("fc256 ") and " trispike " in line)
    assert ours.split() == [
        *["fc256", "trispike", *["100.00±0.01"] * 4, "25%", "1,234", "measured"]
    ]
    assert sum("recorded" in line for line in lines) == 19
    assert any(re.search(r"TW-SNN 2-bit +96\.7 +97\.0 +published", line) for line in lines)


def _cells(line: str) -> list[str]:
    return [cell.strip() for cell in line.strip("|").split("|")]


def test_markdown_table():
    """Ours beside the paper's figures, each row told apart as measured or published."""
    entries = every_entry(timesteps=35)
    text = tables.markdown("mnist", entries, costs(entries), ["a.png", "b.png"])
    rows = [_cells(line) for line in text.splitlines() if line.startswith("|")]
    first, second = rows[:23], rows[23:]
    assert {len(row) for row in first} == {13}
    ours = next(row for row in first if row[:2] == ["fc256_256", "`tw-snn`"])
    assert ours[2:7] == [
        "2-bit",
        *[f"{93.6 + x:.2f} ± 0.10" for x in (0, 0.4, 1.8)],
        "100.00 ± 0.00",
    ]
    assert ours[7:] == [
        "0 to 2",
        "0.32",
        "1,234",
        "10.0; 5.0, 3.3, 2.5",
        "TW-SNN: 96.7% at T = 1; 97%, saturated after T = 3",
        "measured here",
    ]
    real = next(row for row in first if row[:2] == ["fc256_256", "`tw-snn-32bit`"])
    assert real[11:] == ["not printed", "measured here"]
    assert first[-1][:3] == ["fc256_256", "Yin 2017", "7-bit"]
    assert first[-1][3:5] == ["98.0", "not printed"]
    assert first[-1][-1] == "published"
    assert second[2][:3] == ["fc256", "`trispike`", "+2.00 ± 0.00"]
    assert second[2][-2:] == ["0.2 to 1.05, T not printed", "measured here"]
    assert len(second) == 2 + 12
    assert "![Accuracy against timesteps on mnist](a.png)" in text
    assert "(b.png)" in text
    plain = tables.markdown("digits", every_entry("digits", 3)[:1], [], ["a.png", "b.png"])
    assert "b.png" not in plain
    assert "no 32-bit weights were at hand" in plain
    assert "| T = 1 | T = 3 | spike seeds |" in plain


def test_section_is_replaced(tmp_path):
    """Nothing else of the document changes, and once more changes nothing."""
    path = tmp_path / "results.md"
    begin, end = markers("x")
    head, tail = "# Title\n\nä\n", "\ntext after\n<!-- begin other -->\n"
    path.write_text(f"{head}{begin}\nold\n{end}{tail}", encoding="utf-8")
    assert read_section(path, "x") == "old"
    replace_section(path, "x", "new\n\n| a |\n")
    whole = path.read_text(encoding="utf-8")
    assert whole == f"{head}{begin}\n\nnew\n\n| a |\n\n{end}{tail}"
    replace_section(path, "x", "new\n\n| a |\n")
    assert path.read_text(encoding="utf-8") == whole
    assert read_section(path, "x") == "new\n\n| a |"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "must have the line <!-- begin x --> once, not 0 times"),
        ("<!-- begin x -->", "must have the line <!-- end x --> once, not 0 times"),
        ("<!-- begin x --><!-- begin x --><!-- end x -->", "<!-- begin x --> once, not 2 times"),
        ("<!-- end x --><!-- begin x -->", "must have <!-- begin x --> before <!-- end x -->"),
        (None, r"cannot read .*results\.md"),
    ],
)
def test_missing_marker(tmp_path, text, message):
    path = tmp_path / "results.md"
    if text is not None:
        path.write_text(text)
    for use in (lambda: read_section(path, "x"), lambda: replace_section(path, "x", "new")):
        with pytest.raises(BadInput, match=message):
            use()
    assert not path.exists() or path.read_text() == text


def test_committed_document_has_the_sections():
    for data in ("mnist", "digits", "fashion"):
        read_section(ROOT / "docs" / "results.md", f"accuracy {data}")


# The figures


def _chunks(png: bytes) -> list[str]:
    """Kinds of the chunks of a PNG."""
    assert png[:8] == b"\x89PNG\r\n\x1a\n"
    kinds, place = [], 8
    while place < len(png):
        length = int.from_bytes(png[place : place + 4], "big")
        kinds.append(png[place + 4 : place + 8].decode())
        place += 12 + length
    return kinds


BELOW = " Below 0 the ternary weights are the more accurate ones"


@needs_matplotlib
@pytest.mark.parametrize(
    ("baseline", "accuracy", "note"),
    [
        ("tw-snn-32bit", 0.95, ""),
        ("tw-snn-32bit", 0.85, f"{BELOW}: trispike is another recipe."),
        ("trispike-32bit", 0.85, f"{BELOW}."),
    ],
)
def test_footnote_of_costs(baseline, accuracy, note):
    """A negative cost is explained, by another recipe where the baseline is one."""
    from trispike.sim.accuracy import plots

    entries = [
        entry_of("fc256", "trispike", {0: [0.9]}),
        entry_of("fc256", baseline, {0: [accuracy]}),
    ]
    assert plots._note(costs(entries)) == f"32-bit weights: {baseline}.{note}"


@needs_matplotlib
def test_figures_repeat(monkeypatch):
    """Bytes that depend on nothing but the entries, not even on a user's style or the clock."""
    import matplotlib

    from trispike.sim.accuracy import plots

    entries = every_entry(timesteps=4)
    drawn = plots.accuracy("mnist", entries), plots.quantisation("mnist", costs(entries))
    monkeypatch.setitem(matplotlib.rcParams, "lines.linewidth", 7)
    monkeypatch.setitem(matplotlib.rcParams, "savefig.transparent", True)
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1")
    again = plots.accuracy("mnist", entries), plots.quantisation("mnist", costs(entries))
    assert drawn == again
    for png in drawn:
        assert set(_chunks(png)) <= {"IHDR", "pHYs", "IDAT", "IEND"}
        assert 10_000 < len(png) < 300_000
    less = plots.accuracy("mnist", entries[:-1])
    assert less != drawn[0]
    plots.accuracy("fashion", [entry_of("fc256", "trispike", {0: [0.5]}, "fashion")])
