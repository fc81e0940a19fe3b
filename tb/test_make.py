"""The Makefile: it lists its targets, and passes options on to the commands of `trispike`."""

import os
import re
import shlex
import subprocess
import time
from pathlib import Path

import pytest

from tb.kit.command import ROOT
from trispike.sim.cli import cli


def _make(*arguments: str, **environment: str) -> subprocess.CompletedProcess:
    return subprocess.run(
        ["make", "--no-print-directory", "-o", ".venv/.ready", *arguments],
        cwd=ROOT,
        env={**os.environ, "MAKEFLAGS": "", **environment},  # it is no part of another make
        capture_output=True,
        text=True,
    )


def _passed_on(goal: str, *options: str, **environment: str) -> list[str]:
    """What `make GOAL OPTIONS` would run in the end, word by word."""
    done = _make("-n", goal, *options, **environment)
    assert done.returncode == 0, done.stderr
    return shlex.split(done.stdout.splitlines()[-1])


def test_targets_are_listed():
    """`make` alone says what can be made, one line each, and how to see the options."""
    lines = _make().stdout.splitlines()
    for target in (*cli.commands, "mutate", "fuzz", "test", "docs", "lint", "clean"):
        assert any(line.startswith(f"make {target} ") for line in lines)
    assert lines[-1].startswith("make sim HELP=1 lists the options of make sim")


@pytest.mark.parametrize("goal", cli.commands)
def test_options_are_passed_on(goal):
    """Whatever it is, and nothing of the environment."""
    passed = _passed_on(goal, "LAYER=x", "layers=3", "WAVES=0", T="3", SEED="4")
    assert passed[:2] == [".venv/bin/trispike", goal]
    assert sorted(passed[2:]) == ["LAYER=x", "WAVES=0", "layers=3"]


def test_options_of_mutate():
    """Its command is no part of what is installed."""
    passed = _passed_on("mutate", "BLOCK=golden", SEED="4")
    assert passed == [".venv/bin/python", "-m", "tb.mutate", "BLOCK=golden"]


def test_fuzz():
    """It is a developer's, and no command of `trispike`; its options are passed on as theirs."""
    passed = _passed_on("fuzz", "FORMAT=own", "COUNT=3")
    assert passed[:3] == [".venv/bin/python", "-m", "tb.fuzz"]
    assert sorted(passed[3:]) == ["COUNT=3", "FORMAT=own"]


def _sets_up(venv: Path) -> bool:
    """Whether `make venv` would set ``venv`` up; it would do so without touching it."""
    command = ["make", "--no-print-directory", "-n", "venv", f"VENV={venv}"]
    done = subprocess.run(
        command, cwd=ROOT, env={**os.environ, "MAKEFLAGS": ""}, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr  # it warns of times to come
    return "setting up" in done.stdout


@pytest.mark.parametrize("year", [-40, 0, 40])
def test_set_up_again(tmp_path, year):
    """An environment is set up for what the files say that name its packages, at any time."""
    ready = tmp_path / ".ready"
    assert _sets_up(tmp_path)
    when = time.time() + year * 31_556_952
    files = ["pyproject.toml", "setup.py"]
    checksums = subprocess.run(["cksum", *files], cwd=ROOT, capture_output=True, text=True).stdout
    for kept, again in ((checksums, False), (f"1 {checksums}", True), ("", year < 0)):
        ready.write_text(kept)
        os.utime(ready, (when, when))
        assert _sets_up(tmp_path) == again, kept


def test_values_are_one_word():
    """Whatever is in them."""
    wanted = ["DATA_FOLDER=d  e", "JSON=$HOME", "WEIGHTS=a b'c.npz"]
    assert sorted(_passed_on("sim", *wanted)[2:]) == wanted


@pytest.mark.parametrize(
    ("goal", "options", "extra"),
    [
        ("sim", ["CLUSTER=a:1"], "cluster"),
        ("sim", [], None),
        ("synth", ["TARGET=ecp5"], "fpga"),
        ("synth", ["TARGET=cells"], None),
        ("noc", ["SWEEP=1"], "plots"),
        ("noc", ["SWEEP=0"], None),
        ("report", [], "report"),
        ("train", [], "train"),
        ("accuracy", [], "plots"),
        ("formal", [], "formal"),
    ],
)
def test_extras(goal, options, extra):
    """What a command needs is installed first, and only then."""
    done = _make("-n", goal, *options)
    assert re.findall(r"install .*-e '\.\[(\w+)\]'", done.stdout) == ([extra] if extra else [])


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["sim", "IMAGE=3"], r"error: sim takes no IMAGE=; did you mean IMAGES=\?"),
        (["sim", "PYTEST=-x"], r"error: sim takes no PYTEST=; leave it out"),
        *[
            ([goal, "LAYER=fc256"], rf"make {goal} takes no LAYER=; leave it out")
            for goal in ("help", "venv", "test", "docs", "lint", "clean")
        ],
        (["lint", "PYTEST=-x"], r"make lint takes no PYTEST=; leave it out"),
    ],
)
def test_other_options_are_refused(arguments, told):
    """By name, with status 2, never ignored."""
    done = _make(*arguments)
    assert done.returncode == 2
    assert re.search(told, done.stderr.splitlines()[0])
