"""Reference waveforms as text files, in a form whose differences read well.

A section for each signal, a line for each value: for how many cycles it stays, and the value. No
line holds an absolute cycle, so one more cycle somewhere changes one line of each signal that waits
longer there, and no later line. A section begins with the signal's name at the margin, so ``git
diff`` puts that name at the head of every hunk.
"""

import re
import textwrap
from pathlib import Path

from trispike.models.errors import BadInput
from trispike.models.files import write_atomically
from trispike.sim.terminal.console import relative
from trispike.sim.waves.scenario import Scenario
from trispike.sim.waves.wave import Wave

FOLDER = Path(__file__).resolve().parent / "reference"
_RUN = re.compile(r" *([1-9]\d*)  (\S+)")
_NAME = re.compile(r"[\w.]+")
_COUNT_WIDTH = 6
_LINE_WIDTH = 100


def path(name: str, folder: Path = FOLDER) -> Path:
    """File of the reference of the scenario ``name``."""
    return folder / f"{name}.txt"


def orphans(names: set[str], folder: Path = FOLDER) -> list[Path]:
    """References whose name is not in ``names``, the scenarios."""
    return sorted(file for file in folder.glob("*.txt") if file.stem not in names)


def text(scenario: Scenario, wave: Wave) -> str:
    """``wave`` as a reference of ``scenario``."""
    about = f"{scenario.name}: {scenario.about}. Cycles and value; see docs/waves.md."
    head = {"initial_indent": "# ", "subsequent_indent": "# ", "width": _LINE_WIDTH}
    lines = textwrap.wrap(about, break_long_words=False, break_on_hyphens=False, **head)
    for name in wave.signals:
        lines += ["", name]
        lines += [f"{count:{_COUNT_WIDTH}}  {value}" for count, value in wave.runs(name)]
    return "\n".join(lines) + "\n"


def write(scenario: Scenario, wave: Wave, folder: Path = FOLDER) -> None:
    """Make ``wave`` the reference of ``scenario``."""
    write_atomically(path(scenario.name, folder), text(scenario, wave).encode())


def read(scenario: Scenario, folder: Path = FOLDER) -> Wave:
    """The reference of ``scenario``; `BadInput` if it is absent, damaged or of other signals."""
    wave = parse(path(scenario.name, folder), f"make waves UPDATE=1 SCENARIO={scenario.name}")
    missing = [name for name in scenario.signals if name not in wave.signals]
    extra = [name for name in wave.signals if name not in scenario.signals]
    for verb, names in (("lacks", missing), ("has, and the scenario does not,", extra)):
        if names:
            raise BadInput(
                f"scenario {scenario.name}: its reference {verb} {', '.join(names)}; "
                f"make waves UPDATE=1 SCENARIO={scenario.name} records it anew"
            )
    return wave


def parse(file: Path, remedy: str) -> Wave:
    """The wave in ``file``; ``remedy`` is the command that writes it anew."""
    where = relative(file)
    try:
        lines = file.read_text().splitlines()
    except FileNotFoundError:
        raise BadInput(f"there is no reference {where}; {remedy} records it") from None
    except UnicodeDecodeError:
        raise BadInput(f"{where} is no text; restore it, or {remedy} records it anew") from None
    signals: dict[str, list[str]] = {}
    name = None
    for number, line in enumerate(lines, 1):
        run = _RUN.fullmatch(line)
        if run and name is not None:
            signals[name] += [run[2]] * int(run[1])
        elif _NAME.fullmatch(line) and line not in signals:
            name = line
            signals[name] = []
        elif line and not line.startswith("#"):
            raise BadInput(
                f"{where}, line {number}: must be a new signal's name or cycles and a value, not "
                f"{line!r}; restore it, or {remedy} records it anew"
            )
    lengths = {name: len(values) for name, values in signals.items()}
    if len(set(lengths.values())) != 1 or 0 in lengths.values():
        short = min(lengths, key=lengths.get, default="it")
        raise BadInput(
            f"{where}: all signals must have the same number of cycles, and {short} has "
            f"{lengths.get(short, 0)}; restore it, or {remedy} records it anew"
        )
    return Wave(signals=signals)
