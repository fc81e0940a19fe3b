"""Sections of a document that a command writes, between two comments that mark them.

A section NAME stands between the lines ``<!-- begin NAME -->`` and ``<!-- end NAME -->``.
"""

from pathlib import Path

from trispike.models.errors import BadInput
from trispike.models.files import write_atomically


def markers(name: str) -> tuple[str, str]:
    """The lines that begin and end the section called ``name``."""
    return f"<!-- begin {name} -->", f"<!-- end {name} -->"


def _parts(path: Path, name: str) -> tuple[str, str, str]:
    """What is before the section, in it and after it, the markers being in the outer parts."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "not UTF-8"
        raise BadInput(f"cannot read {path}: {reason}; restore it") from None
    begin, end = markers(name)
    for marker in (begin, end):
        if text.count(marker) != 1:
            raise BadInput(
                f"{path} must have the line {marker} once, not {text.count(marker)} times; "
                f"restore it, or add {begin} and {end} where the section {name} is to be"
            )
    before, rest = text.split(begin)
    if end not in rest:
        raise BadInput(f"{path} must have {begin} before {end}; exchange them")
    inside, after = rest.split(end)
    return before + begin, inside, end + after


def read_section(path: Path, name: str) -> str:
    """The text of a section, without the blank lines around it.

    `BadInput` if the document cannot be read or if a marker is missing or there twice.
    """
    return _parts(path, name)[1].strip("\n")


def replace_section(path: Path, name: str, text: str) -> None:
    """Put ``text`` in the place of a section's; the rest of the document stays as it is.

    `BadInput` as for `read_section`, or if the document cannot be written.
    """
    before, _, after = _parts(path, name)
    body = text.strip("\n")
    write_atomically(path, f"{before}\n\n{body}\n\n{after}".encode())
