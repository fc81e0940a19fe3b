"""Records: what was measured, frozen dataclasses that go to JSON and come back checked."""

import dataclasses
import json
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, Generic, TypeVar

import msgspec

from trispike.models import files
from trispike.models.errors import BadInput
from trispike.models.files import write_atomically

Entry = TypeVar("Entry")


def plain(value: object) -> Any:
    """``value`` as JSON has it: dicts, lists, numbers and strings, such as paths are."""
    return msgspec.to_builtins(value, enc_hook=_plain)


def _plain(value: object) -> Any:
    return value.item() if hasattr(value, "item") else str(value)  # a scalar of NumPy, or a path


def text(value: object) -> str:
    """``value`` as JSON, a field a line."""
    return f"{json.dumps(plain(value), indent=1)}\n"


def write(path: Path, value: object) -> None:
    """Write ``value`` to ``path`` as JSON, whole or not at all; `BadInput` if that cannot be."""
    write_atomically(path, text(value).encode())


def convert(fields: object, kind: type[Entry]) -> Entry:
    """What `plain` made ``fields`` of, a ``kind``; ValueError if they do not fit its fields' types.

    A ValueError of its ``__post_init__`` is passed on.
    """
    return msgspec.convert(fields, kind)


def read(
    path: Path,
    made_of: Callable[[Any], Entry],
    *,
    format: str | None = None,
    refusal: str,
    remedy: str,
) -> Entry:
    """What ``made_of`` makes of the JSON in ``path``, an object that names the ``format`` if any.

    `BadInput` ends with the ``remedy`` if the file cannot be read, or if that raises a ValueError:
    then the file ``refusal``, "is not a record".
    """
    try:
        whole = msgspec.json.decode(files.read(path))
        if format and (not isinstance(whole, dict) or whole.get("format") != format):
            raise ValueError(f"its format must be {format}")
        return made_of(whole)
    except OSError as error:
        raise BadInput(f"cannot read {path}: {error.strerror or error}; {remedy}") from None
    except (ValueError, RecursionError) as error:
        raise BadInput(f"{path} {refusal} ({error}); {remedy}") from None


@dataclasses.dataclass(frozen=True, kw_only=True)
class Records(Generic[Entry]):
    """A file that keeps the newest record of each kind of measurement.

    what: What the file is a record of.
    key: What a record is the newest of. Records are in this order; a ValueError means that there is
        no such record. Without it they are in the order in which they were given.
    name: Of the array in the file.
    text: The file's text, from its fields.
    """

    format: str
    entry: type[Entry]
    what: str
    key: Callable[[Entry], tuple] | None = None
    name: str = "entries"
    text: Callable[[dict], str] = text

    def read(self, path: Path) -> list[Entry]:
        """The records in ``path``, none if there is no such file.

        `BadInput`, naming the file, if it cannot be read or is not such a file.
        """
        if not path.exists():
            return []
        return read(
            path,
            lambda whole: self._ordered(convert(whole.get(self.name), list[self.entry])),
            format=self.format,
            refusal=f"is not a record of {self.what}",
            remedy="restore it or remove it",
        )

    def write(self, path: Path, entries: Iterable[Entry]) -> None:
        """Write ``entries`` to ``path``, whole or not at all; the same entries, the same bytes."""
        fields = {"format": self.format, self.name: plain(self._ordered(entries))}
        write_atomically(path, self.text(fields).encode())

    def renewed(self, kept: Iterable[Entry], entry: Entry) -> list[Entry]:
        """``kept``, in order, with ``entry`` in place of what it is newer than."""
        others = [each for each in kept if self.key(each) != self.key(entry)]
        return self._ordered([*others, entry])

    def _ordered(self, entries: Iterable[Entry]) -> list[Entry]:
        return list(entries) if self.key is None else sorted(entries, key=self.key)
