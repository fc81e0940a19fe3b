"""The wheel: what it holds, and that it works where there is no checkout."""

import os
import shutil
import subprocess
import sys
import sysconfig
import venv
import zipfile
from pathlib import Path

import pytest

from tb.kit.command import ROOT, refused, refused_here
from tb.kit.extras import needs_matplotlib
from tb.kit.networks import random_network, save
from trispike.sim.tools import paths

ROOMS = ("models", "golden", "rtl", "sim")
in_one_worker = pytest.mark.xdist_group("wheel")  # one wheel, one environment

SOURCES = (*ROOMS, "pyproject.toml", "setup.py", "README.md", "LICENSE")


def _pip(*arguments: str | Path) -> None:
    subprocess.run(
        [sys.executable, "-m", "pip", "--disable-pip-version-check", *map(str, arguments)],
        check=True,
        capture_output=True,
    )


@pytest.fixture(scope="module")
def wheel(tmp_path_factory) -> Path:
    """The wheel, built from a copy: setuptools leaves its own build folder beside the sources."""
    folder = tmp_path_factory.mktemp("wheel")
    for name in SOURCES:
        copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copyfile
        copy(ROOT / name, folder / name)
    _pip("wheel", "--no-index", "--no-deps", "--no-build-isolation", "-w", folder, folder)
    (built,) = folder.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def installed(wheel) -> Path:
    """An environment with the wheel; dependencies come from the one that runs this test.

    That one's own `trispike` is not seen: the ``.pth`` files of a folder that a ``.pth`` file
    names are not read.
    """
    environment = wheel.parent / "environment"
    venv.create(environment, symlinks=True)
    python = environment / "bin" / "python"
    _pip("--python", python, "install", "--no-index", "--no-deps", wheel)
    (packages,) = environment.glob("lib/python*/site-packages")
    paths = sysconfig.get_paths()
    (packages / "dependencies.pth").write_text(f"{paths['purelib']}\n{paths['platlib']}\n")
    return environment


def _run(environment: Path, folder: Path, *command: str | Path) -> subprocess.CompletedProcess:
    """A command of ``environment`` in ``folder``, with a cache of its own beside that."""
    variables = {k: v for k, v in os.environ.items() if not k.startswith("PYTHON")}
    return subprocess.run(
        [environment / "bin" / command[0], *command[1:]],
        cwd=folder,
        env={**variables, "COLUMNS": "100", "XDG_CACHE_HOME": str(folder.parent / "cache")},
        capture_output=True,
        text=True,
        timeout=280,
    )


@pytest.fixture
def elsewhere(tmp_path) -> Path:
    """An empty folder to work in."""
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    return folder


def _files(folder: Path) -> set[Path]:
    return {
        path.relative_to(folder)
        for path in folder.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }


@in_one_worker
def test_holds_the_rooms_and_nothing_else(wheel):
    """Every file of the rooms is in `trispike`, and nothing else is at top level."""
    with zipfile.ZipFile(wheel) as archive:
        held = set(archive.namelist())
    rooms = {f"trispike/{room}/{path}" for room in ROOMS for path in _files(ROOT / room)}
    assert {name for name in held if ".dist-info/" not in name} == rooms


@in_one_worker
def test_module_comes_from_the_wheel(installed, elsewhere):
    """The new environment imports its own `trispike`; the rooms are no packages by themselves."""
    code = (
        "import importlib.util, trispike.sim; print(trispike.sim.__file__); "
        f"print([importlib.util.find_spec(name) for name in {(*ROOMS, 'tb')}])"
    )
    done = _run(installed, elsewhere, "python", "-c", code)
    assert done.returncode == 0, done.stderr
    module, others = done.stdout.splitlines()
    assert Path(module).is_relative_to(installed)
    assert others == str([None] * 5)


@pytest.mark.thorough
@in_one_worker
def test_simulates(installed, elsewhere):
    """A run outside any checkout: it builds in the user's cache and writes nowhere else."""
    runtime = ROOT / "build" / "runtime"
    build = elsewhere.parent / "cache" / "trispike" / "build"
    if runtime.is_dir():  # Verilator's own runtime, whose compilation would only cost time
        shutil.copytree(runtime, build / "runtime")
    before = _files(installed)
    weight_file = save(random_network((784, 12, 4), 8), elsewhere.parent)
    done = _run(installed, elsewhere, "trispike", "sim", "--weights", weight_file, "--images", "2")
    assert done.returncode == 0, done.stderr
    (mismatches,) = (line for line in done.stdout.splitlines() if "mismatches" in line)
    assert mismatches.split("│")[2].strip() == "0"
    assert list(build.glob("models/*/bench"))
    assert _files(installed) == before
    assert _files(elsewhere) == set()


@pytest.mark.thorough
@in_one_worker
def test_brings_its_networks(installed, elsewhere):
    """A committed network is found there, and described."""
    done = _run(installed, elsewhere, "trispike", "map", "--layer", "fc256")
    assert done.returncode == 0, done.stderr
    assert "fc256" in done.stdout


@in_one_worker
def test_what_needs_a_checkout(installed, elsewhere):
    """A command that rewrites files of the repository says in one line that it is not there."""
    done = _run(installed, elsewhere, "trispike", "synth", "--record")
    assert "clone the repository" in refused(done)
    assert _files(elsewhere) == set()


@pytest.mark.parametrize(
    "command",
    [
        pytest.param("accuracy --data digits --record", marks=needs_matplotlib),
        "energy --record",
        pytest.param("energy --widths --record", marks=needs_matplotlib),
        pytest.param("noc --sweep --record", marks=needs_matplotlib),
        "synth --block router --record",
        "waves --update",
    ],
)
def test_all_that_need_a_checkout(tmp_path, monkeypatch, command):
    """The same of every such command, as if this were no checkout."""
    monkeypatch.setattr(paths, "ROOT", tmp_path)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    assert "clone the repository" in refused_here(*command.split())
