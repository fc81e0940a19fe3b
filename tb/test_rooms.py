"""The house: which room may import which, and the style of what stands in them."""

import ast
import subprocess
import sys

import pytest

from tb.command import ROOT

ROOMS = ("models", "golden", "rtl", "sim", "tb")
MAY_IMPORT = {
    "models": set(),
    "golden": {"models"},
    "rtl": {"models"},
    "sim": {"models", "golden", "rtl"},
    "tb": {"models", "golden", "rtl", "sim"},
}


def _imported_rooms(path):
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            names = [node.module or ""]
        else:
            continue
        yield from (name.split(".")[0] for name in names if name.split(".")[0] in ROOMS)


@pytest.mark.parametrize("room", ROOMS)
def test_walls(room):
    """Imports go one way; above all, golden and rtl know nothing of each other."""
    for path in sorted((ROOT / room).glob("**/*.py")):
        foreign = set(_imported_rooms(path)) - {room} - MAY_IMPORT[room]
        assert not foreign, f"{path.relative_to(ROOT)} imports {', '.join(sorted(foreign))}"


@pytest.mark.parametrize("command", [["check"], ["format", "--check"]])
def test_style(command):
    """Ruff finds nothing."""
    done = subprocess.run(
        [sys.executable, "-m", "ruff", *command, "--quiet", *ROOMS],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_make_lists_its_targets():
    """`make` alone says what can be made, one line each."""
    done = subprocess.run(["make"], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    for target in (
        "sim",
        "verilog",
        "synth",
        "train",
        "accuracy",
        "bench",
        "waves",
        "formal",
        "test",
        "lint",
        "clean",
    ):
        assert any(line.startswith(f"make {target} ") for line in lines)


def test_make_passes_options_on():
    """Every option of `make sim` reaches the command line."""
    options = ["LAYER=fc1024", "DATA=mnist", "T=3", "IMAGES=7", "SEED=2", "JOBS=2", "WAVES=1"]
    done = subprocess.run(
        [
            "make",
            "--no-print-directory",
            "-n",
            "-o",
            ".venv/.ready",
            "sim",
            *options,
            "JSON=f.json",
            "FIRST=4",
            "CLUSTER=a:1",
        ],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    wanted = (
        '--layer "fc1024"',
        '--data "mnist"',
        '--timesteps "3"',
        '--images "7"',
        '--seed "2"',
        '--jobs "2"',
        "--waves",
        '--json "f.json"',
        '--first "4"',
        '--cluster "a:1"',
    )
    for option in wanted:
        assert option in done.stdout


@pytest.mark.parametrize(
    ("options", "wanted"),
    [
        ([], []),
        (["LAYER=fc256_256", "LANES=4"], ['--layer "fc256_256"', '--lanes "4"']),
        (["LIBERTY=cells.lib", "JSON=f.json"], ['--liberty "cells.lib"', '--json "f.json"']),
        (
            ["BLOCK=router", "DEPTH=2", "ROUTING=detour", "DEAD_LINKS=1"],
            ['--block "router"', '--depth "2"', '--routing "detour"', '--dead-links "1"'],
        ),
    ],
)
def test_make_passes_options_on_to_synth(options, wanted):
    """Every option of `make synth` reaches the command line, and nothing else does."""
    done = subprocess.run(
        ["make", "--no-print-directory", "-n", "-o", ".venv/.ready", "synth", *options],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    command = done.stdout.partition(".venv/bin/python -m sim synth")[2].replace("\\\n", " ")
    assert command.split() == " ".join(wanted).split()


@pytest.mark.parametrize(
    ("options", "command"),
    [
        ([], "waves"),
        (["UPDATE=1", "SCENARIO=pe_largest"], 'waves --scenario "pe_largest" --update'),
        (["UPDATE=0"], "waves"),
    ],
)
def test_make_waves_passes_options_on(options, command):
    """The options of `make waves` reach the command line."""
    done = subprocess.run(
        ["make", "--no-print-directory", "-n", "-o", ".venv/.ready", "waves", *options],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == [".venv/bin/python", "-m", "sim", *command.split()]


@pytest.mark.parametrize(
    ("options", "command"), [([], "formal"), (["PROOF=arbiter"], 'formal --proof "arbiter"')]
)
def test_make_formal_passes_options_on(options, command):
    """The option of `make formal` reaches the command line."""
    done = subprocess.run(
        ["make", "--no-print-directory", "-n", "-o", ".venv/.ready", "formal", *options],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1].split() == [
        ".venv/bin/python",
        "-m",
        "sim",
        *command.split(),
    ]
