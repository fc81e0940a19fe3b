"""The record of what was synthesised, docs/synthesis.json: the newest figures of each chip."""

import dataclasses
import json
from collections.abc import Iterable
from pathlib import Path

from models.errors import BadInput
from models.files import write_atomically
from models.presets import PRESETS
from sim.synthesis.figures import BlockFigures, Synthesis
from sim.synthesis.timing import Hop, Timing

_FORMAT = "trispike-synthesis-1"

Key = tuple[str, str, int]
"""Library, network, lanes."""


def key(entry: Synthesis) -> Key:
    """What ``entry`` is the newest of."""
    return entry.library, entry.network, entry.lanes


def _entry(fields: dict) -> Synthesis:
    timing = dict(fields["timing"])
    timing["path"] = tuple(
        Hop(**{**hop, "signals": tuple(hop["signals"])}) for hop in timing["path"]
    )
    if fields["network"] not in PRESETS:
        raise ValueError("an unknown network")
    return Synthesis(
        **{
            **fields,
            "sizes": tuple(fields["sizes"]),
            "blocks": tuple(BlockFigures(**block) for block in fields["blocks"]),
            "timing": Timing(**timing),
        }
    )


def read(path: Path) -> dict[Key, Synthesis]:
    """The entries of the record ``path``, none if there is no such file.

    `BadInput`, naming the file, if it cannot be read or is not such a record.
    """
    try:
        whole = json.loads(path.read_bytes())
        if whole["format"] != _FORMAT:
            raise ValueError("another format")
        entries = [_entry(fields) for fields in whole["entries"]]
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise BadInput(f"cannot read {path}: {error.strerror or error}; restore it") from None
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise BadInput(f"{path} is not a record of syntheses; restore it or remove it") from None
    return {key(entry): entry for entry in entries}


def ordered(entries: Iterable[Synthesis]) -> list[Synthesis]:
    """``entries`` by library, then network as in the presets, then lanes."""
    return sorted(
        entries, key=lambda each: (each.library, list(PRESETS).index(each.network), each.lanes)
    )


def write(path: Path, entries: Iterable[Synthesis]) -> None:
    """Write ``entries`` to ``path``, whole or not at all; the same entries give the same bytes."""
    rows = [dataclasses.asdict(entry) for entry in ordered(entries)]
    text = json.dumps({"format": _FORMAT, "entries": rows}, indent=1)
    write_atomically(path, f"{text}\n".encode())
