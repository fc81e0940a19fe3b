"""Damaged inputs: a few of each format, and that every kind of fault is seen."""

import os
import re
import subprocess
import sys
import time
import warnings
from pathlib import Path
from unittest import mock

import numpy as np
import pytest

from tb.fuzz import border, command, trial, worker
from tb.fuzz.formats import FORMATS
from tb.fuzz.trial import OLD, Trial, numbered, tried
from tb.kit.command import refused, trispike_here
from tb.kit.extras import needs_nir
from trispike.models.errors import BadInput
from trispike.sim import cli
from trispike.sim.tools.simulator import NO_MEMORY

_QUICK = [name for name in FORMATS if name != "processes"]


def _format(name: str):
    return pytest.param(name, marks=needs_nir) if name == "nir" else name


@pytest.mark.parametrize("name", map(_format, _QUICK))
def test_sample(name, tmp_path):
    """A few inputs of each format are taken or refused, as they should be."""
    made = FORMATS[name]()
    with border.closed(tmp_path / "fuzz", getattr(made, "patches", {})):
        for number in range(6):
            ended = tried(made, numbered(5, name, number), number, tmp_path / "fuzz")
            assert ended.outcome in ("accepted", "refused"), ended


@pytest.mark.thorough
@pytest.mark.parametrize("name", map(_format, FORMATS))
def test_more(name, tmp_path):
    """More inputs, in a process with a limit on its memory."""
    numbers = range(2 if name == "processes" else 150)
    for ended in worker.trials(name, FORMATS[name], 8, numbers, tmp_path / "fuzz"):
        assert ended.outcome in ("accepted", "refused"), ended


@pytest.mark.parametrize("name", map(_format, _QUICK))
def test_same_again(name, tmp_path):
    """An input depends on format, seed and number alone; each is another one."""

    def written(seed: int, number: int) -> list:
        folder = tmp_path / f"{len(list(tmp_path.iterdir()))}"
        folder.mkdir()
        words = made.write(numbered(seed, name, number), folder)
        files = {p.relative_to(folder): p.is_file() and p.read_bytes() for p in folder.rglob("*")}
        return [words if isinstance(words, list) else None, files]

    made = FORMATS[name]()
    assert written(0, 3) == written(0, 3)
    assert written(0, 3) != written(0, 4)
    assert written(0, 3) != written(1, 3)


def fuzzed(*words: str) -> subprocess.CompletedProcess:
    """What ``python -m tb.fuzz WORDS`` does, in this process."""
    with mock.patch.object(cli.cli, "commands", {"fuzz": command.fuzz}):
        return trispike_here("fuzz", *words)


class _Reader:
    """A format whose one input is read by ``read``, with ``path`` in its folder."""

    def __init__(self, read):
        self._read = read

    def write(self, rng, folder):
        """See `tb.fuzz.trial.Format`."""
        return lambda: self._read(folder / "old.json")


def _old(path: Path) -> None:
    path.write_bytes(b"older")
    os.utime(path, ns=(OLD[0], OLD[0]))


def _refuse(path: Path) -> None:
    raise BadInput("it is wrong: mend it")


def _leave(path: Path) -> None:
    path.write_text("half")
    _refuse(path)


def _take_memory(path: Path) -> None:
    assert np.ones(20 << 20, np.uint8).all()


def _say_more(path: Path) -> None:
    print("more", file=sys.stderr)
    _refuse(path)


def _end(status: int, errors: str):
    return lambda path: subprocess.CompletedProcess([], status, "", errors)


@pytest.mark.parametrize(
    ("read", "outcome", "said"),
    [
        (lambda path: None, "accepted", ""),
        (lambda path: border._reached(), "accepted", ""),
        (_refuse, "refused", "it is wrong: mend it"),
        (_end(2, "warning: w\nerror: e\n"), "refused", "error: e"),
        (lambda path: {}[0], "traceback", "KeyError: 0 at test_fuzz.py"),
        (lambda path: bytearray(1 << 62), "memory", "MemoryError at test_fuzz.py"),
        (_end(2, "error: two\nlines\n"), "message", "status 2, 'error: two"),
        (_end(2, f"error: {NO_MEMORY}\n"), "memory", "there is not enough memory"),
        (_end(2, "two"), "message", "status 2, 'two'"),
        (_end(1, "error: e\n"), "message", "status 1"),
        (_say_more, "message", "'more"),
        (lambda path: sum(range(30_000_000)), "hang", "s: it"),
        (_take_memory, "memory", "GB: it"),
        (_leave, "left", "left /"),
    ],
)
def test_each_outcome(read, outcome, said, tmp_path, monkeypatch):
    """What is a fault, and what is none."""
    monkeypatch.setattr(trial, "MOST_SECONDS", 0.2)
    usual = tried(_Reader(lambda path: None), None, 0, tmp_path / "fuzz").peak
    monkeypatch.setattr(trial, "MOST_BYTES", usual + (10 << 20))
    ended = tried(_Reader(read), None, 5, tmp_path / "fuzz")
    assert (ended.number, ended.outcome) == (5, outcome), ended
    assert said in ended.what


def test_a_warning_again(tmp_path):
    """A process shows a warning once; each input is in a process of its own for its user."""
    with warnings.catch_warnings(record=True) as shown:
        warnings.simplefilter("default")
        for _ in range(2):
            tried(_Reader(lambda path: warnings.warn("odd", stacklevel=1)), None, 0, tmp_path / "f")
    assert len(shown) == 2


class _Old(_Reader):
    def write(self, rng, folder):
        """See `tb.fuzz.trial.Format`."""
        _old(folder / "old.json")
        return super().write(rng, folder)


@pytest.mark.parametrize(
    ("read", "outcome"),
    [
        (_refuse, "left"),
        (lambda path: _refuse(path.rename(f"{path}.old")), "refused"),
        (lambda path: _refuse(path.unlink()), "refused"),
        (_leave, "left"),
    ],
)
def test_old_results(read, outcome, tmp_path):
    """One that stands after a refusal would be taken for a new one; so would a changed one."""
    assert tried(_Old(read), None, 0, tmp_path / "fuzz").outcome == outcome


class Broken:
    """A format whose inputs 1 to 3 hang, kill their process and take too much memory."""

    def __init__(self):
        faults = [None, lambda: time.sleep(99), os.abort, lambda: bytearray(3 << 30), None]
        self._faults = {numbered(0, "broken", n).random(): f for n, f in enumerate(faults)}

    def write(self, rng, folder):
        """See `tb.fuzz.trial.Format`."""
        return self._faults[rng.random()] or (lambda: None)


@pytest.mark.thorough
def test_a_process_that_hangs_or_dies(tmp_path, monkeypatch):
    """Its input is named, and the next ones have another process."""
    monkeypatch.setattr(worker, "_WAIT_SECONDS", 3.0)
    outcomes = [
        (each.number, each.outcome)
        for each in worker.trials("broken", Broken, 0, range(5), tmp_path / "fuzz")
    ]
    kinds = ["accepted", "hang", "traceback", "memory", "accepted"]
    assert outcomes == list(enumerate(kinds))


def test_command(monkeypatch, tmp_path):
    """The table, the first fault, what it was made of, and the command that makes it again."""

    def trials(name, make, seed, numbers, place):
        for number in numbers:
            outcome = "hang" if number in (5, 6) else "refused"
            yield Trial(
                number=number, outcome=outcome, what=f"input {number}", seconds=2, peak=10**6
            )

    monkeypatch.setattr(worker, "trials", trials)
    monkeypatch.setattr(command, "build_folder", lambda: tmp_path)
    done = fuzzed("FORMAT=liberty", "COUNT=4", "FIRST=3", "SEED=2")
    assert done.returncode == 1
    assert re.search(r"liberty │ +4 │ +0 │ +2 │ +0 │ +0 │ +2 │", done.stdout)
    assert "liberty: hang: input 5" in done.stdout
    assert "again by make fuzz FORMAT=liberty SEED=2 FIRST=5 COUNT=1" in done.stdout
    assert (tmp_path / "fuzz" / "liberty-2-5" / "cells.lib").is_file()
    assert fuzzed("FORMAT=liberty", "COUNT=4", "SEED=2").returncode == 0
    assert "FORMAT must be one of weights, own" in refused(fuzzed("FORMAT=x"))
    assert "FIRST must be 0 or more" in refused(fuzzed("FIRST=-1"))
