"""What a command says of the files that show where RTL and models differ."""

from collections.abc import Callable, Iterable
from pathlib import Path

from trispike.models.errors import BadInput
from trispike.sim.terminal.console import relative
from trispike.sim.tools import processes
from trispike.sim.tools.simulator import SimulationError

_SUFFIXES = (".vcd", ".fst", ".sucl", ".gtkw", ".json")


def shown(place: Path, show: Callable[[], str]) -> str:
    """What ``show`` says, which writes files to ``place`` with these suffixes, or why it cannot.

    They take the place of older ones.
    """
    for suffix in _SUFFIXES:
        place.with_suffix(suffix).unlink(missing_ok=True)
    try:
        return show()
    except KeyboardInterrupt:
        processes.stop_all()
        return "interrupted before there was a waveform of it"
    except (BadInput, SimulationError, OSError) as error:  # the difference itself is what to tell
        return f"no waveform of it: {error}"


def fits(plan: Callable[[], object]) -> bool:
    """Whether ``plan``, of a waveform, does not refuse it as too large."""
    try:
        plan()
    except BadInput:
        return False
    return True


def see(cycle: int | None, files: Iterable[Path | None]) -> str:
    """Where to look: a ``cycle`` of ``files``, those that there are."""
    when = "" if cycle is None else f"cycle {cycle} of "
    return f"see {when}{' and '.join(relative(path) for path in files if path)}"
