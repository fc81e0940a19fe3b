"""Where a command keeps what it measured: a record, a section made of it, and figures."""

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Generic

from trispike.models.files import check_writable, write_atomically
from trispike.sim.report.document import read_section, replace_section
from trispike.sim.report.records import Entry, Records


class Place(Generic[Entry]):
    """The record ``name`` in the folder ``docs``, and the ``section`` of its results.md.

    Unless what is measured is to ``record``, nothing in ``docs`` is written; of the figures
    ``images`` those elsewhere are. ``kept`` are the entries of the record, none if there is no such
    file. `BadInput` if anything could not be read or written; sooner than after minutes of
    measuring.
    """

    def __init__(
        self,
        docs: Path,
        records: Records[Entry],
        name: str,
        section: str,
        images: Iterable[Path] = (),
        *,
        record: bool,
    ):
        self._docs, self._records, self._section, self._record = docs, records, section, record
        self._file, self._document = self._docs / name, self._docs / "results.md"
        self.kept = records.read(self._file)
        if record:
            read_section(self._document, section)
        for path in self._written([self._document, self._file, *images]):
            check_writable(path)

    def _written(self, files: Iterable[Path]) -> list[Path]:
        """Those of ``files`` that are to be written."""
        return [path for path in files if self._record or self._docs not in path.parents]

    def keep(self, entry: Entry, markdown: Callable[[list[Entry]], str]) -> list[Path]:
        """Keep ``entry`` in place of what it is newer than; returns the files' paths, if any."""
        if not self._record:
            return []
        entries = self._records.renewed(self.kept, entry)
        return self.store(entries, markdown(entries))

    def store(
        self, entries: Iterable[Entry], text: str, images: Mapping[Path, bytes] | None = None
    ) -> list[Path]:
        """Write figures, section and record, as far as is to be; returns the files' paths."""
        images = images or {}
        written = self._written(images)
        for path in written:
            write_atomically(path, images[path])
        if self._record:
            replace_section(self._document, self._section, text)
            self._records.write(self._file, entries)
            written += [self._document, self._file]
        return written
