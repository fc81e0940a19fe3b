"""The record of what was measured, docs/energy.json: the newest figures of each kind of run."""

import dataclasses
import json
from collections.abc import Iterable
from pathlib import Path

from trispike.models.errors import BadInput
from trispike.models.files import write_atomically
from trispike.models.network.presets import PRESETS
from trispike.sim.energy.switching import Switching

_FORMAT = "trispike-energy-1"


@dataclasses.dataclass(frozen=True, kw_only=True)
class Energy:
    """Energy of a prediction in nJ, told in three ways.

    Parameters
    ----------
    network, data, timesteps, lanes
        What ran. The committed weights did.
    accuracy, images
        Fraction of labels that are right, of how many test images: those of ``events``.
    cycles
        Between two predictions, mean of these images.
    events
        By kind of event, see `sim.cost.events`: of all these images, at 65 nm.
    traced_images, traced_cycles
        Images that the netlist's switching was counted on, and their cycles between predictions.
    traced_events
        As ``events``, of those images.
    switching
        Of the netlist, for a clock cycle, in the cells' technology.
    library
        Those cells.
    """

    network: str
    data: str
    timesteps: int
    lanes: int
    accuracy: float
    images: int
    cycles: float
    events: dict[str, float]
    traced_images: int
    traced_cycles: float
    traced_events: dict[str, float]
    switching: Switching
    library: str


Key = tuple[str, str, int, int]


def key(entry: Energy) -> Key:
    """What ``entry`` is the newest of."""
    return entry.network, entry.data, entry.timesteps, entry.lanes


def read(path: Path) -> dict[Key, Energy]:
    """The entries of the record ``path``, none if there is no such file.

    `BadInput`, naming the file, if it cannot be read or is not such a record.
    """
    try:
        whole = json.loads(path.read_bytes())
        if whole["format"] != _FORMAT:
            raise ValueError("another format")
        entries = [
            Energy(**{**fields, "switching": Switching(**fields["switching"])})
            for fields in whole["entries"]
        ]
        if any(entry.network not in PRESETS for entry in entries):
            raise ValueError("an unknown network")
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise BadInput(f"cannot read {path}: {error.strerror or error}; restore it") from None
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise BadInput(f"{path} is not a record of energies; restore it or remove it") from None
    return {key(entry): entry for entry in entries}


def ordered(entries: Iterable[Energy]) -> list[Energy]:
    """``entries`` by network as in the presets, then data, timesteps and lanes."""
    return sorted(
        entries, key=lambda e: (list(PRESETS).index(e.network), e.data, e.timesteps, e.lanes)
    )


def write(path: Path, entries: Iterable[Energy]) -> None:
    """Write ``entries`` to ``path``, whole or not at all; the same entries give the same bytes."""
    rows = [dataclasses.asdict(entry) for entry in ordered(entries)]
    write_atomically(
        path, f"{json.dumps({'format': _FORMAT, 'entries': rows}, indent=1)}\n".encode()
    )
