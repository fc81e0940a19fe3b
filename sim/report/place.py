"""Where a command keeps what it measured: a record, a section made of it, and figures."""

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Generic

from trispike.models.files import check_writable, write_atomically
from trispike.sim.report.document import read_section, replace_section
from trispike.sim.report.records import Entry, Records


class Place(Generic[Entry]):
    """The record ``name`` in the folder ``docs``, and the ``section`` of its results.md.

    ``kept`` are the entries of the record. `BadInput` if anything, the figures ``images`` too,
    could not be read or written; sooner than after minutes of measuring.
    """

    def __init__(
        self,
        docs: Path,
        records: Records[Entry],
        name: str,
        section: str,
        images: Iterable[Path] = (),
    ):
        self._records, self._section = records, section
        self._record, self._document = docs / name, docs / "results.md"
        self.kept = records.read(self._record)
        read_section(self._document, section)
        for path in (self._document, self._record, *images):
            check_writable(path)

    def keep(self, made: Entry, markdown: Callable[[list[Entry]], str]) -> list[Path]:
        """Keep ``made`` in place of what it is newer than; returns the files' paths."""
        entries = self._records.renewed(self.kept, made)
        return self.store(entries, markdown(entries))

    def store(
        self, entries: Iterable[Entry], text: str, images: Mapping[Path, bytes] | None = None
    ) -> list[Path]:
        """Write figures, section and record; returns the files' paths."""
        images = images or {}
        for path, image in images.items():
            write_atomically(path, image)
        replace_section(self._document, self._section, text)
        self._records.write(self._record, entries)
        return [*images, self._document, self._record]
