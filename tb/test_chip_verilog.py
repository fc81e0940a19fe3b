# amaranth: UnusedElaboratable=no
"""The cache of exported Verilog: the same text, and another one for another chip or source."""

import pytest

from models.network import NetworkShape
from rtl.chip import Chip
from sim import chip_verilog as module
from sim.chip_verilog import chip_verilog

SHAPE = NetworkShape(name="cached", sizes=(3, 2))


@pytest.fixture
def exports(tmp_path, monkeypatch):
    """Names of the chips exported, with a cache and sources of their own."""
    made = []

    def counted(chip):
        made.append(chip.shape)
        chip._MustUse__used = True  # Amaranth would warn that nothing was built of it
        return {"below": repr(chip.shape), "above": "text"}

    for room in ("models", "rtl"):
        (tmp_path / room).mkdir()
        (tmp_path / room / "source.py").write_text("1")
    monkeypatch.setattr(module, "ROOT", tmp_path)
    monkeypatch.setattr(module, "build_folder", lambda: tmp_path / "build")
    monkeypatch.setattr(module, "export", counted)
    return made


def test_once(exports):
    """The second time nothing is exported, and nothing differs, order included."""
    first = chip_verilog(SHAPE)
    second = chip_verilog(SHAPE)
    assert exports == [SHAPE]
    assert first == second
    assert first[0] == Chip(shape=SHAPE).module_name
    assert list(first[1]) == list(second[1]) == ["below", "above"]


@pytest.mark.parametrize("room", ["models", "rtl"])
def test_other_source(exports, tmp_path, room):
    chip_verilog(SHAPE)
    (tmp_path / room / "source.py").write_text("2")
    chip_verilog(SHAPE)
    assert len(exports) == 2


def test_other_chip_of_the_same_name(exports):
    """Sizes and lanes count, not the name alone."""
    shapes = [
        NetworkShape(name="cached", sizes=s, lanes=k) for s in ((3, 2), (4, 2)) for k in (1, 2)
    ]
    for _ in range(2):
        assert [chip_verilog(shape)[1]["below"] for shape in shapes] == list(map(repr, shapes))
    assert exports == shapes


def test_damaged(exports, tmp_path):
    """A damaged entry is made again."""
    right = chip_verilog(SHAPE)
    [entry] = (tmp_path / "build" / "exports").iterdir()
    for text in ("", "{", "[]", '["a"]', '["a", 3]'):
        entry.write_text(text)
        assert chip_verilog(SHAPE) == right


def test_bounded(exports, tmp_path, monkeypatch):
    monkeypatch.setattr(module, "KEEP", 2)
    for inputs in (2, 3, 4):
        chip_verilog(NetworkShape(name="cached", sizes=(inputs, 1)))
    assert len(list((tmp_path / "build" / "exports").iterdir())) == 2
