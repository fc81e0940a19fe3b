"""Records of what was synthesised: the newest figures of each chip, as JSON in docs."""

import dataclasses
import json
from collections.abc import Callable, Iterable
from pathlib import Path

from models.errors import BadInput
from models.files import write_atomically
from models.presets import PRESETS
from sim.synthesis.ecp5 import Fpga
from sim.synthesis.figures import BlockFigures, Synthesis
from sim.synthesis.timing import Hop, Timing

Entry = Synthesis | Fpga
Key = tuple[str, str, int]
"""Library or device, network, lanes."""


def key(entry: Entry) -> Key:
    """What ``entry`` is the newest of."""
    place = entry.library if isinstance(entry, Synthesis) else entry.device
    return place, entry.network, entry.lanes


def ordered(entries: Iterable[Entry]) -> list[Entry]:
    """``entries`` by library or device, then network as in the presets, then lanes."""
    return sorted(
        entries, key=lambda each: (key(each)[0], list(PRESETS).index(each.network), each.lanes)
    )


@dataclasses.dataclass(frozen=True, kw_only=True)
class Record:
    """One kind of record: the name of its format, and what makes an entry of its fields."""

    format: str
    entry: Callable[[dict], Entry]

    def read(self, path: Path) -> dict[Key, Entry]:
        """The entries of the record ``path``, none if there is no such file.

        `BadInput`, naming the file, if it cannot be read or is not such a record.
        """
        try:
            whole = json.loads(path.read_bytes())
            if whole["format"] != self.format:
                raise ValueError("another format")
            entries = [self.entry(fields) for fields in whole["entries"]]
            if any(entry.network not in PRESETS for entry in entries):
                raise ValueError("an unknown network")
        except FileNotFoundError:
            return {}
        except OSError as error:
            raise BadInput(f"cannot read {path}: {error.strerror or error}; restore it") from None
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
            raise BadInput(
                f"{path} is not a record of syntheses; restore it or remove it"
            ) from None
        return {key(entry): entry for entry in entries}

    def write(self, path: Path, entries: Iterable[Entry]) -> None:
        """Write ``entries`` to ``path``, whole or not at all; the same give the same bytes."""
        rows = [dataclasses.asdict(entry) for entry in ordered(entries)]
        text = json.dumps({"format": self.format, "entries": rows}, indent=1)
        write_atomically(path, f"{text}\n".encode())


def _synthesis(fields: dict) -> Synthesis:
    timing = dict(fields["timing"])
    hops = [{**hop, "signals": tuple(hop["signals"])} for hop in timing["path"]]
    timing["path"] = tuple(Hop(**hop) for hop in hops)
    blocks = tuple(BlockFigures(**block) for block in fields["blocks"])
    whole = {"sizes": tuple(fields["sizes"]), "blocks": blocks, "timing": Timing(**timing)}
    return Synthesis(**{**fields, **whole})


def _fpga(fields: dict) -> Fpga:
    used = {name: tuple(pair) for name, pair in fields["used"].items()}
    return Fpga(**{**fields, "sizes": tuple(fields["sizes"]), "used": used})


CELLS = Record(format="trispike-synthesis-1", entry=_synthesis)
ECP5 = Record(format="trispike-ecp5-1", entry=_fpga)
