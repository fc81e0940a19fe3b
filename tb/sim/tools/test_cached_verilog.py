# amaranth: UnusedElaboratable=no
"""Exported Verilog: a block's own text, and a cache that never gives another chip's or source's."""

import pytest
from amaranth.back.verilog import convert

from trispike.models.network.shape import NetworkShape
from trispike.rtl import verilog
from trispike.rtl.chip.fixed_chip import Chip
from trispike.rtl.hierarchy import BlockLibrary, leave_out
from trispike.rtl.layers.dense import DenseLayer
from trispike.rtl.layers.lanes import LaneEncoder
from trispike.rtl.neuron.pe import ProcessingElement
from trispike.sim.tools import cached_verilog as module
from trispike.sim.tools.cached_verilog import chip_verilog

SHAPE = NetworkShape.dense(name="cached", sizes=(3, 2))


@pytest.fixture
def exports(tmp_path, monkeypatch):
    """Names of the chips exported, with a cache and sources of their own."""
    made = []

    def counted(chip):
        made.append(chip.shape)
        leave_out(chip)
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
        NetworkShape.dense(name="cached", sizes=s, lanes=k)
        for s in ((3, 2), (4, 2))
        for k in (1, 2)
    ]
    for _ in range(2):
        assert [chip_verilog(shape)[1]["below"] for shape in shapes] == list(map(repr, shapes))
    assert exports == shapes


def test_damaged(exports, tmp_path):
    """A damaged entry, or one of another version's layout, is made again."""
    right = chip_verilog(SHAPE)
    [entry] = (tmp_path / "build" / "exports").iterdir()
    others = ("[" * 100_000, "[5, []]", '["a", {"b": "c"}]', '["a", [["b", 3]]]', '["a", ["bc"]]')
    for text in ("", "{", "[]", '["a"]', '["a", 3]', *others):
        entry.write_text(text)
        assert chip_verilog(SHAPE) == right


def test_bounded(exports, tmp_path, monkeypatch):
    monkeypatch.setattr(module, "KEEP", 2)
    for inputs in (2, 3, 4):
        chip_verilog(NetworkShape.dense(name="cached", sizes=(inputs, 1)))
    assert len(list((tmp_path / "build" / "exports").iterdir())) == 2


def test_blocks_are_written_alone():
    """One Yosys writes all blocks, and each as Amaranth would, whatever it wrote before."""
    shape = NetworkShape.dense(name="alone", sizes=(9, 4, 2))
    together = verilog.export(Chip(shape=shape))
    layer = verilog.export(DenseLayer(shape=shape.layers[1]))
    assert layer == {name: together[name] for name in layer}
    for block in (LaneEncoder(inputs=9, lanes=1), ProcessingElement(lanes=1)):
        name = block.module_name
        alone = convert(
            block,
            name=name,
            platform=BlockLibrary(),
            emit_src=False,
            strip_internal_attrs=True,
        )
        assert sorted(together[name].splitlines()) == sorted(alone.splitlines())
