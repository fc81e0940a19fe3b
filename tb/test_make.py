"""The Makefile: it lists its targets, and passes options on to the commands of `trispike`."""

import os
import re
import shlex
import subprocess

import pytest

from tb.kit.command import ROOT
from trispike.sim.cli import cli
from trispike.sim.terminal.request import make_name

FLAGS = {
    param.opts[0]
    for command in cli.commands.values()
    for param in command.params
    if getattr(param, "is_flag", False)
}


def _make(*arguments: str, **environment: str) -> subprocess.CompletedProcess:
    return subprocess.run(
        ["make", "--no-print-directory", "-o", ".venv/.ready", *arguments],
        cwd=ROOT,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
    )


def _passed_on(goal: str, *options: str, **environment: str) -> list[str]:
    """What `make GOAL OPTIONS` would run in the end, word by word."""
    done = _make("-n", goal, *options, **environment)
    assert done.returncode == 0, done.stderr
    return shlex.split(done.stdout.splitlines()[-1])


def test_targets_are_listed():
    """`make` alone says what can be made, one line each, and the options."""
    lines = _make().stdout.splitlines()
    for target in (*cli.commands, "test", "lint", "clean"):
        assert any(line.startswith(f"make {target} ") for line in lines)
    assert any(" IMAGES= " in line for line in lines)


@pytest.mark.parametrize("goal", cli.commands)
def test_every_option_is_passed_on(goal):
    """Each option of a command, under its name in make, with its value."""
    names = [max(param.opts, key=len) for param in cli.commands[goal].params]
    options = [f"{make_name(name)}=0{k + 1}" for k, name in enumerate(names)]
    first, command, *rest = _passed_on(goal, *options)
    assert (first, command) == (".venv/bin/trispike", goal)
    given = " ".join(rest).replace(" --", "\n--").splitlines()
    wanted = [name if name in FLAGS else f"{name} 0{k + 1}" for k, name in enumerate(names)]
    assert sorted(given) == sorted(wanted)


@pytest.mark.parametrize("goal", cli.commands)
def test_nothing_else_is_passed_on(goal):
    """The environment and flags that are 0 count for nothing."""
    names = {make_name(max(param.opts, key=len)) for param in cli.commands[goal].params}
    environment = dict.fromkeys(names, "1")
    assert _passed_on(goal, "WAVES=0", "LAYER=", **environment)[1:] == [goal]


def test_values_are_one_word():
    """Whatever is in them."""
    assert _passed_on("sim", "WEIGHTS=a b'c.npz", "DATA_FOLDER=d  e")[2:] == [
        *("--weights", "a b'c.npz"),
        *("--data-folder", "d  e"),
    ]


@pytest.mark.parametrize(
    ("goal", "options", "extra"),
    [
        ("sim", ["CLUSTER=a:1"], "cluster"),
        ("sim", [], None),
        ("synth", ["TARGET=ecp5"], "fpga"),
        ("synth", ["TARGET=cells"], None),
        ("noc", ["SWEEP=1"], "plots"),
        ("noc", ["SWEEP=0"], None),
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
        (["sim", "IMAGE=3"], r"IMAGE= is no option; make lists them"),
        (["lint", "LAYER=fc256"], r"make lint takes no --layer; leave it out"),
        (["test", "WAVES=1"], r"make test takes no --waves; leave it out"),
        (["map", "LANES=2"], r"error: map takes no LANES= \(--lanes\); leave it out"),
        (["waves", "T=3"], r"error: waves takes no T= \(--timesteps\); leave it out$"),
        (["sim", "STALLS=0.1"], r"error: STALLS= is for a mesh, which MESH= or RANDOM= names; "),
        (["sim", "RANDOM=2x64", "LANES=2"], "error: LANES= is for a fixed chip, without MESH="),
    ],
)
def test_other_options_are_refused(arguments, told):
    """By name, with status 2, never ignored."""
    done = _make(*arguments)
    assert done.returncode == 2
    assert re.search(told, done.stderr.splitlines()[0])
