"""Where commands keep what they measured, if they are asked to."""

import dataclasses

import pytest

from trispike.models.errors import BadInput
from trispike.sim.report.document import markers
from trispike.sim.report.place import Place
from trispike.sim.report.records import Records


@dataclasses.dataclass(frozen=True, kw_only=True)
class Length:
    """Something measured."""

    name: str
    metres: float


LENGTHS = Records(format="lengths-1", entry=Length, what="lengths", key=lambda e: (e.name,))


@pytest.fixture
def docs(tmp_path):
    """A folder with a results.md that has the section."""
    folder = tmp_path / "docs"
    folder.mkdir()
    (folder / "results.md").write_text("\n".join(markers("lengths")) + "\n")
    return folder


def _place(docs, *, record):
    images = (docs / "length.png", docs.parent / "build" / "length.png")
    return Place(docs, LENGTHS, "lengths.json", "lengths", images, record=record), images


def _store(docs, *, record):
    place, images = _place(docs, record=record)
    entry = Length(name="mast", metres=3.0)
    return place.store([entry], "3 m", dict.fromkeys(images, b"png")), images


def test_looking_changes_nothing(docs):
    """Without being asked nothing in docs/ is written; a figure elsewhere is."""
    before = (docs / "results.md").read_text()
    written, (_, elsewhere) = _store(docs, record=False)
    assert written == [elsewhere]
    assert elsewhere.read_bytes() == b"png"
    assert [path.name for path in docs.iterdir()] == ["results.md"]
    assert (docs / "results.md").read_text() == before


def test_recorded(docs):
    """Asked for, all is there, and is what the next one starts from."""
    written, images = _store(docs, record=True)
    assert written == [*images, docs / "results.md", docs / "lengths.json"]
    assert "3 m" in (docs / "results.md").read_text()
    for record in (False, True):
        place, _ = _place(docs, record=record)
        assert place.kept == [Length(name="mast", metres=3.0)]


def test_no_docs(tmp_path):
    """An installed wheel has none: there is nothing to keep, and nothing to read."""
    place, _ = _place(tmp_path / "docs", record=False)
    assert place.kept == []
    with pytest.raises(BadInput):
        _place(tmp_path / "docs", record=True)
