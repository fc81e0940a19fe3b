"""One input: given to a command as a user would, and how that ended."""

import contextlib
import dataclasses
import io
import os
import random
import shlex
import shutil
import subprocess
import sys
import traceback
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from tb.fuzz.border import Reached
from tb.kit.command import trispike_here
from trispike.models.errors import BadInput
from trispike.sim.tools.simulator import NO_MEMORY

MOST_SECONDS, MOST_BYTES = 10.0, 2 << 30
"""What an input may take, of processors' time: others may be at work."""

OLD = (10**18, 5)
"""Time in ns and size of a file that stands for the result of an older run."""


class Format(Protocol):
    """Inputs of one kind.

    ``patches``, if it has them: what stands in for something of Trispike's meanwhile, by its name.
    """

    def write(self, rng: random.Random, folder: Path) -> list[str] | Callable[[], object]:
        """Write one input to the empty ``folder``, the same for the same ``rng``.

        Returns the words of the command that reads it, run in that folder; or, of what no option
        names, what reads it.
        """


@dataclasses.dataclass(frozen=True, kw_only=True)
class Trial:
    """How an input ended.

    - ``number``: of the input.
    - ``outcome``: accepted, refused, or the kind of fault: traceback, message, hang, memory, left.
    - ``what``: the command and its last words, or what is wrong.
    - ``seconds``, ``peak``: that it took; ``peak`` is the process's, in bytes.
    """

    number: int
    outcome: str
    what: str
    seconds: float = 0.0
    peak: int = 0


FAULTS = ("traceback", "message", "hang", "memory", "left")


def numbered(seed: int, name: str, number: int) -> random.Random:
    """What the input ``number`` of the format ``name`` is made by."""
    return random.Random(f"{seed} {name} {number}")


def tried(format: Format, rng: random.Random, number: int, place: Path) -> Trial:
    """Give the input of ``rng`` to its command, in a new folder ``place``/in."""
    shutil.rmtree(place, ignore_errors=True)
    folder = place / "in"
    folder.mkdir(parents=True)
    (place / "tmp").mkdir()
    asked = format.write(rng, folder)
    before = _state(place)
    _forget_peak()
    begun = _worked()
    with warnings.catch_warnings():  # one that was shown before is shown again
        outcome, what = _ended(asked, folder)
    seconds, peak = _worked() - begun, _peak()
    if outcome == "refused" and (left := _left(before, _state(place))):
        outcome, what = "left", f"{what}; {left}"
    if seconds > MOST_SECONDS:
        outcome, what = "hang", f"{seconds:.0f} s: {what}"
    if peak > MOST_BYTES:
        outcome, what = "memory", f"{peak / 1e9:.1f} GB: {what}"
    return Trial(number=number, outcome=outcome, what=what, seconds=seconds, peak=peak)


def _ended(asked: list[str] | Callable[[], object], folder: Path) -> tuple[str, str]:
    """Outcome and last words of the command ``asked``."""
    said = "it" if callable(asked) else " ".join(["trispike", *map(shlex.quote, asked)])
    try:
        done = _called(asked) if callable(asked) else trispike_here(*asked, folder=folder)
    except Reached:
        return "accepted", said
    except MemoryError:
        return "memory", f"{said}: MemoryError at {_where()}"
    except Exception as error:
        return "traceback", f"{said}: {type(error).__name__}: {error!s:.200} at {_where()}"
    return judged(said, done)


def judged(said: str, done: subprocess.CompletedProcess) -> tuple[str, str]:
    """Outcome and last words of a command that ended: 0, or 2 and one line."""
    if done.returncode == 0:
        return "accepted", said
    lines = [line for line in done.stderr.splitlines() if not line.startswith("warning: ")]
    if done.returncode != 2 or len(lines) != 1 or not lines[0].startswith("error: "):
        return "message", f"{said}: status {done.returncode}, {done.stderr!r:.400}"
    outcome = "memory" if NO_MEMORY in lines[0] else "refused"  # no input needs so much
    return outcome, f"{said}: {lines[0]}"


def _called(reader: Callable[[], object]) -> subprocess.CompletedProcess:
    """What ``reader`` returns, if a process, or what `sim.cli.main` makes of what it raises."""
    said = io.StringIO()
    try:
        with contextlib.redirect_stderr(said):
            done = reader()
    except BadInput as error:
        return subprocess.CompletedProcess([], 2, "", f"{said.getvalue()}error: {error}\n")
    well = subprocess.CompletedProcess([], 0, "", "")
    return done if isinstance(done, subprocess.CompletedProcess) else well


def _where() -> str:
    """Where the exception at hand was raised, and the last place of ours on the way."""
    frames = traceback.extract_tb(sys.exc_info()[2])
    mine = [f for f in frames if "/tb/" not in f.filename and "site-packages" not in f.filename]
    ours = [f for f in mine if "/lib/python" not in f.filename] or frames
    return f"{Path(ours[-1].filename).name}:{ours[-1].lineno} in {ours[-1].name}"


def _state(place: Path) -> dict[str, tuple[int, int]]:
    """Files and folders below ``place``, with time and size of the files.

    Without the folders of builds: a command makes these before it knows what goes there.
    """
    found = {}
    for folder, folders, files in os.walk(place):
        builds = Path(folder) == place or Path(folder).is_relative_to(place / "cache")
        for name in () if builds else folders:
            found[os.path.join(folder, name)] = (0, 0)
        for name in files:
            path = os.path.join(folder, name)
            stat = os.lstat(path)
            found[path] = (stat.st_mtime_ns, stat.st_size)
    return found


def _left(before: dict, after: dict) -> str:
    """What a refusal left, changed or let stand that it should not have; "" if nothing."""
    old = {path for path, state in after.items() if state == OLD and path in before}
    if old:
        return f"old results stand as if new: {', '.join(sorted(map(os.path.basename, old)))}"
    aside = {f"{path}.old" for path in before if path not in after}
    if new := sorted(after.keys() - before.keys() - aside):
        return f"left {', '.join(new)}"
    changed = [path for path in before if path in after and before[path] != after[path]]
    return f"changed {', '.join(changed)}" if changed else ""


def _worked() -> float:
    """Seconds that processors have worked for this process, and for those it has waited for."""
    return sum(os.times()[:4])


def _forget_peak() -> None:
    with contextlib.suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5")


def _peak() -> int:
    """Most memory of this process since `_forget_peak`, in bytes."""
    with contextlib.suppress(OSError):
        for line in Path("/proc/self/status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) << 10
    return 0
