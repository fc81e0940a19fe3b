"""Records as JSON and back."""

import dataclasses
import enum
import json
from pathlib import Path

import numpy as np
import pytest

from tb.kit.command import ROOT
from tb.kit.frameworks import RULES
from tb.mutate.record import SCORES
from trispike.models.errors import BadInput
from trispike.sim.accuracy import record as accuracy
from trispike.sim.accuracy.points import POINTS as ENERGY_POINTS
from trispike.sim.energy.record import ENERGIES, WIDTHS
from trispike.sim.neurons.jitter import JITTER
from trispike.sim.neurons.record import COSTS
from trispike.sim.noc.record import POINTS
from trispike.sim.report import records
from trispike.sim.report.records import Records
from trispike.sim.synthesis.record import CELLS, ECP5, NODE, ROUTER


class _Colour(enum.Enum):
    RED = "red"


@dataclasses.dataclass(frozen=True, kw_only=True)
class _Part:
    pair: tuple[int, int]
    colour: _Colour = _Colour.RED


@dataclasses.dataclass(frozen=True, kw_only=True)
class _Whole:
    name: str
    share: float
    parts: tuple[_Part, ...]
    best: int | None = None

    def __post_init__(self):
        if not 0 <= self.share <= 1:
            raise ValueError("the share must be from 0 to 1")


WHOLE = _Whole(name="a", share=0.5, parts=(_Part(pair=(1, 2)),))
WHOLES = Records(format="test-1", entry=_Whole, what="wholes", key=lambda whole: (whole.name,))


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("accuracy", accuracy),
        ("accuracy-energy", ENERGY_POINTS),
        ("ecp5", ECP5),
        ("energy", ENERGIES),
        ("energy-widths", WIDTHS),
        ("frameworks", RULES),
        ("jitter", JITTER),
        ("mutation", SCORES),
        ("neurons", COSTS),
        ("noc", POINTS),
        ("node", NODE),
        ("router", ROUTER),
        ("synthesis", CELLS),
    ],
)
def test_committed_files_stay_as_they_are(tmp_path, name, kept):
    """What is read of a file in docs/ and written again has the same bytes."""
    path = ROOT / "docs" / f"{name}.json"
    entries = kept.read(path)
    assert entries
    again = tmp_path / path.name
    kept.write(again, entries.values() if isinstance(entries, dict) else entries)
    assert again.read_bytes() == path.read_bytes()


def test_every_committed_file_is_tested():
    """None in docs/ is left out above."""
    (mark,) = test_committed_files_stay_as_they_are.pytestmark
    assert {path.stem for path in (ROOT / "docs").glob("*.json")} == {k for k, _ in mark.args[1]}


def test_round_trip(tmp_path):
    """Nested dataclasses, tuples, enums; in the order of their keys, the newest in its place."""
    path = tmp_path / "wholes.json"
    assert WHOLES.read(path) == []
    other, newer = (dataclasses.replace(WHOLE, **change) for change in ({"name": "b"}, {"best": 3}))
    WHOLES.write(path, [other, WHOLE])
    assert WHOLES.read(path) == [WHOLE, other]
    assert WHOLES.renewed([WHOLE, other], newer) == [newer, other]


def test_scalars_of_numpy_and_paths(tmp_path):
    """They become plain numbers and strings."""
    fields = {"n": np.int64(3), "x": np.float64(0.5), "yes": np.bool_(True), "path": Path("a/b")}
    records.write(tmp_path / "f.json", fields)
    text = (tmp_path / "f.json").read_text()
    assert text == '{\n "n": 3,\n "x": 0.5,\n "yes": true,\n "path": "a/b"\n}\n'


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"share": "much"}, r"Expected `float`, got `str` - at `\$\[0\]\.share`"),
        ({"share": 2}, "the share must be from 0 to 1"),
        ({"parts": [{"pair": [1]}]}, r"Expected `array` of length 2, got 1.*parts"),
        ({"parts": [{"pair": [1, 2], "colour": "blue"}]}, "Invalid enum value 'blue'"),
        ({"name": None}, "Expected `str`, got `null`"),
    ],
)
def test_damage(tmp_path, change, why):
    """One line that names the file, and what is wrong where."""
    path = tmp_path / "wholes.json"
    WHOLES.write(path, [WHOLE])
    whole = json.loads(path.read_text())
    whole["entries"][0].update(change)
    path.write_text(json.dumps(whole))
    told = rf"wholes\.json is not a record of wholes \(.*{why}.*\); restore it or remove it$"
    with pytest.raises(BadInput, match=told) as refused:
        WHOLES.read(path)
    assert "\n" not in str(refused.value)
