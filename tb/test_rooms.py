"""The rooms: imports between packages, and the style of the sources."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tb.kit.command import ROOT

ROOMS = ("models", "golden", "rtl", "sim")

LEVELS = (
    {"models"},
    {"models.network"},
    {"models.data", "models.mesh"},
    {"golden.layers"},
    {"golden", "rtl"},
    {"golden.mesh", "rtl.neuron", "rtl.noc"},
    {"rtl.layers"},
    {"rtl.chip", "rtl.node"},
    {"sim.terminal", "sim.report"},
    {"sim.tools", "sim.cost", "sim.timeline"},
    {"sim.export", "sim.mapping", "sim.noc", "sim.training", "sim.waves"},
    {"sim.nir", "sim.prune", "sim.synthesis"},
    {"sim.cosim", "sim.formal"},
    {"sim.accuracy", "sim.bench", "sim.energy", "sim.node", "sim.notebook", "sim.order"},
    {"sim.neurons", "sim.page"},
    {"sim"},
)
"""Packages, lowest first. Each imports itself and packages of lower levels, nothing else."""


def _package(*parts: str) -> str:
    """The package that a module of the rooms, or a name in it, belongs to."""
    while not ROOT.joinpath(*parts).is_dir():
        parts = parts[:-1]
    return ".".join(parts[:2])


def _imports(path: Path) -> Iterator[tuple[str, ...]]:
    """Dotted names that ``path`` imports, each as its parts."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (tuple(alias.name.split(".")) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from ((*node.module.split("."), alias.name) for alias in node.names)


def _sources(*rooms: str) -> list[Path]:
    return [path for room in rooms for path in sorted((ROOT / room).rglob("*.py"))]


def test_no_import_runs_back_up():
    """Each package imports lower ones only; golden and rtl know nothing of each other."""
    level = {package: k for k, packages in enumerate(LEVELS) for package in packages}
    wrong = []
    for path in _sources(*ROOMS):
        here = _package(*path.relative_to(ROOT).parts)
        for first, *rest in _imports(path):
            there = _package(*rest) if first == "trispike" else here
            apart = {here.split(".")[0], there.split(".")[0]} == {"golden", "rtl"}
            if here != there and (level[there] >= level[here] or apart):
                wrong.append(f"{path.relative_to(ROOT)} imports {there}")
    assert not wrong


def test_rooms_have_one_import_name():
    """The rooms are ``trispike.ROOM`` everywhere; testbenches are not part of `trispike`."""
    for path in _sources(*ROOMS, "tb", "examples"):
        for first, *_ in _imports(path):
            assert first not in ROOMS, f"{path.relative_to(ROOT)} imports {first}"
            assert first != "tb" or path.is_relative_to(ROOT / "tb"), path


def test_every_package_has_a_level():
    """No package is left out of the walls, and nothing loose lies in sim/."""
    packages = {_package(*path.relative_to(ROOT).parts) for path in _sources(*ROOMS)}
    assert packages == set().union(*LEVELS)
    loose = {path.name for path in (ROOT / "sim").glob("*.py")}
    assert loose == {"__init__.py", "__main__.py", "cli.py"}


@pytest.mark.parametrize("command", [["check"], ["format", "--check"]])
def test_style(command):
    """Ruff finds nothing."""
    done = subprocess.run(
        [sys.executable, "-m", "ruff", *command, "--quiet", *ROOMS, "tb", "examples"],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
