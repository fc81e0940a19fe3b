"""``trispike waves``: the hardware's waveforms against the reference waveforms."""

import dataclasses
import os
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import as_completed
from pathlib import Path

from trispike.models.errors import BadInput
from trispike.sim.terminal.console import progress_bar, relative
from trispike.sim.terminal.request import Request, command, option
from trispike.sim.terminal.status import MISMATCH
from trispike.sim.tools import processes, toolchain
from trispike.sim.tools.paths import checkout
from trispike.sim.waves import reference, vcd
from trispike.sim.waves.difference import THE_END, Difference, compare
from trispike.sim.waves.record import Recording, record
from trispike.sim.waves.scenario import Scenario
from trispike.sim.waves.scenarios import SCENARIOS, find
from trispike.sim.waves.sketch import sketch
from trispike.sim.waves.wave import Wave

_UNCHANGED = "unchanged"


@dataclasses.dataclass(frozen=True, kw_only=True)
class Scenarios(Request):
    """Whose waves to record."""

    scenario: str | None = option("Only this scenario.  [default: all]")
    update: bool = option("Make what is recorded the reference.", False)


@command("waves", Scenarios)
def waves(asked: Scenarios) -> None:
    """Record named signals cycle by cycle and compare them with the reference waveforms.

    A difference is shown around its first cycle, and written with what was expected to
    build/waves/SCENARIO-difference.vcd for Surfer or GTKWave. The references are text files in
    sim/waves/reference; docs/waves.md says how to read them and how to add one.
    """
    chosen = SCENARIOS if asked.scenario is None else (find(asked.scenario),)
    toolchain.find()
    stale = reference.orphans({scenario.name for scenario in SCENARIOS})
    if asked.update:
        checkout()
        _update(chosen, stale if asked.scenario is None else [])
    elif stale and asked.scenario is None:
        raise BadInput(f"{relative(stale[0])} has no scenario; remove it, or make waves UPDATE=1")
    elif _check(chosen):
        sys.exit(MISMATCH)


def _check(chosen: Sequence[Scenario]) -> int:
    """Compare each scenario with its reference; returns how many differ."""
    expected = {scenario.name: reference.read(scenario) for scenario in chosen}
    different = 0
    for scenario, recording in _record(chosen):
        difference = compare(expected[scenario.name], recording.wave)
        if difference is None:
            print(f"{scenario.name}: {_size(recording.wave)}, all as in the reference")
        else:
            different += 1
            for line in _report(scenario, expected[scenario.name], recording, difference):
                print(line, file=sys.stderr)
    if different:
        print(
            f"{different} of {len(chosen)} waveforms differ from the reference; if that is meant, "
            f"make waves UPDATE=1 and review git diff {relative(reference.FOLDER)}",
            file=sys.stderr,
        )
    return different


def _report(
    scenario: Scenario, expected: Wave, recording: Recording, difference: Difference
) -> Iterator[str]:
    """What there is to say of a difference."""
    yield f"{scenario.name}: {difference}"
    yield sketch(expected, recording.wave, difference.cycle)
    if not recording.ended:
        yield f"  the stimulus did not end within {scenario.limit} cycles and was cut off"
    written = vcd.write_difference(scenario.name, expected, recording.wave)
    yield f"  {_extent(expected, difference)}; both waves: {relative(written)}"


def _update(chosen: Sequence[Scenario], stale: Sequence[Path]) -> None:
    """Make what is recorded the reference of each scenario; say what changed."""
    recordings = list(_record(chosen))
    for scenario, recording in recordings:
        if not recording.ended:
            raise BadInput(
                f"scenario {scenario.name} did not end within its {scenario.limit} cycles: the "
                "block hangs, or the scenario's limit is too low; no reference was changed"
            )
    changed = len(stale)
    for scenario, recording in recordings:
        summary = _change(scenario, recording.wave)
        changed += summary != _UNCHANGED
        print(f"{scenario.name}: {summary}")
        reference.write(scenario, recording.wave)
    for path in stale:
        path.unlink()
        print(f"{path.stem}: removed, it has no scenario")
    if changed:
        what = "reference" if changed == 1 else "references"
        print(f"{changed} {what} changed: review git diff {relative(reference.FOLDER)}")


def _change(scenario: Scenario, wave: Wave) -> str:
    """What recording ``wave`` changes in the reference of ``scenario``."""
    path = reference.path(scenario.name)
    if not path.exists():
        return f"new, {_size(wave)}"
    try:
        before = reference.read(scenario)
    except BadInput:
        return f"recorded anew, {_size(wave)}"  # other signals, or the file was damaged
    difference = compare(before, wave)
    if difference is not None:
        was, now = difference.expected or THE_END, difference.found or THE_END
        return (
            f"changed, first {', '.join(difference.signals)} in cycle {difference.cycle}: "
            f"{was} before, {now} now; {_extent(before, difference)}"
        )
    same = path.read_bytes() == reference.text(scenario, wave).encode()
    return _UNCHANGED if same else "the same wave, written anew"


def _record(chosen: Sequence[Scenario]) -> Iterator[tuple[Scenario, Recording]]:
    """Each scenario with what it recorded, in their order; several run at a time."""
    with progress_bar("scenarios") as progress:
        task = progress.add_task("recording waveforms", total=len(chosen))
        with processes.thread_pool(os.cpu_count() or 1) as pool:
            futures = [pool.submit(record, scenario) for scenario in chosen]
            for future in as_completed(futures):
                future.result()
                progress.advance(task)
    for scenario, future in zip(chosen, futures, strict=True):
        yield scenario, future.result()


def _size(wave: Wave) -> str:
    return f"{wave.cycles} cycles of {len(wave.signals)} signals"


def _extent(expected: Wave, difference: Difference) -> str:
    """How much of the wave differs."""
    names, total = difference.differing, len(expected.signals)
    which = f"{len(names)} of {total} signals differ"
    if len(names) < total:
        which += f" ({', '.join(names)})"
    before, after = difference.lengths
    return which if before == after else f"{which}, and there are {after} cycles, not {before}"
