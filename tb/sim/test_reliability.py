"""What a machine does to a run: docs/reliability.md lists it, with what the user sees."""

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tb.kit.command import ROOT, refused, started, trispike_here
from tb.kit.networks import random_network, save
from tb.kit.processes import descendants
from trispike.sim.tools import build, toolchain

_START = """
import functools, pathlib, resource, sys
from trispike.sim.tools import paths
builds, most = pathlib.Path(sys.argv.pop(1)), int(sys.argv.pop(1))
if str(builds) != ".":
    paths.build_folder = lambda: builds
from trispike.sim.cosim import cosimulation
cosimulation.chip_model = functools.partial(cosimulation.chip_model, optimise=False)
from trispike.sim.cli import cli, main
if most:
    _ = cli.commands[sys.argv[1]]
    used = int(open("/proc/self/statm").read().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (used + most, used + most))
main()
"""
"""The command line with builds in a folder, made in a hurry, and bytes of memory for the rest."""


def _command(*words: str | Path, builds: Path = Path(), memory: int = 0) -> list[str]:
    return [sys.executable, "-c", _START, str(builds), str(memory), *map(str, words)]


def _ended(command: list[str]) -> subprocess.CompletedProcess:
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=280)


@pytest.fixture
def run(tmp_path):
    """Words that run a small network on two images."""
    weight_file = save(random_network((784, 6, 3), 0), tmp_path)
    return ["sim", "--weights", weight_file, "--images", "2"]


def _with_runtime(builds: Path) -> Path:
    """``builds`` with Verilator's compiled runtime, whose compilation would only cost time."""
    runtime = build._runtime(toolchain.find())
    if runtime.is_dir():
        (builds / "runtime").mkdir(parents=True)
        (builds / "runtime" / runtime.name).symlink_to(runtime)
    return builds


def _whole(builds: Path) -> list[Path]:
    """The builds in the cache that are whole."""
    folders = (builds / "models").iterdir()
    return [f for f in folders if f.is_dir() and f.suffix != ".partial"]


def _mounts(*words: str | Path) -> bool:
    return bool(shutil.which("mount")) and _ended(["mount", *map(str, words)]).returncode == 0


@pytest.fixture
def small_disk(tmp_path):
    """A folder that is a file system of its own, and a function that sets its size."""
    folder = tmp_path / "disk"
    folder.mkdir()
    if not _mounts("-t", "tmpfs", "-o", "size=1m", "none", folder):
        pytest.skip("mounting a small file system is not permitted: run as root")
    yield folder, lambda size: _mounts("-o", f"remount,size={size}", folder)
    subprocess.run(["umount", "-l", folder], check=True)


@pytest.mark.thorough
@pytest.mark.parametrize("size", ["16k", "200k", "2m"])
def test_full_disk(run, small_disk, size):
    """It fills up before, in or behind a build: no half of one stays; with space the run ends."""
    folder, resize = small_disk
    builds = folder / "build"
    assert resize(size)
    assert "o space left" in refused(_ended(_command(*run, builds=builds)))
    assert not (builds / "models").exists() or _whole(builds) == []
    assert resize("400m")
    shutil.rmtree(builds / "runtime", ignore_errors=True)
    done = _ended(_command(*run, builds=_with_runtime(builds)))
    assert done.returncode == 0, done.stderr
    assert len(_whole(builds)) == 1


@pytest.mark.thorough
def test_full_disk_of_results(run, small_disk):
    """The figures have no room: the old ones are not half new."""
    folder, resize = small_disk
    figures = folder / "figures.json"
    figures.write_text("{}")
    assert resize("4k")
    message = refused(_ended(_command(*run, "--json", figures)))
    assert f"cannot write {figures}: No space left on device" in message
    assert [path.name for path in folder.iterdir()] == ["figures.json.old"]
    assert resize("1m")
    assert _ended(_command(*run, "--json", figures)).returncode == 0


@pytest.mark.thorough
def test_killed_while_building(run, tmp_path):
    """By SIGKILL, so that its compilers go on: the next run neither waits for them nor minds."""
    builds = _with_runtime(tmp_path / "build")
    process = started(_command(*run, builds=builds))
    deadline = time.monotonic() + 200
    while time.monotonic() < deadline and len(descendants(process.pid)) < 3:
        time.sleep(0.02)
    process.kill()
    process.communicate()
    assert _whole(builds) == []
    done = _ended(_command(*run, builds=builds))
    assert done.returncode == 0, done.stderr
    assert len(_whole(builds)) == 1


@pytest.mark.thorough
def test_two_runs_at_once(run, tmp_path):
    """In one checkout, of the same network: it is built once, and both end well."""
    builds = _with_runtime(tmp_path / "build")
    files = [tmp_path / f"{k}.json" for k in range(2)]
    runs = [started(_command(*run, "--json", file, builds=builds)) for file in files]
    for each in runs:
        _, errors = each.communicate(timeout=280)
        assert each.returncode == 0, errors
    assert len(_whole(builds)) == 1
    assert len(list((builds / "logs").iterdir())) == 1
    assert list((builds / "runs").iterdir()) == []
    one, other = (file.read_text().split("wall_seconds")[0] for file in files)
    assert one == other


@pytest.mark.thorough
def test_killed_program(tmp_path):
    """A C++ simulator that is killed: one line names its log; the run can be asked for again."""
    traffic = ["noc", "--mesh", "2x1x1", "--rate", "0.01", "--cycles"]
    assert trispike_here(*traffic, "300").returncode == 0  # it is built now
    process = started(_command(*traffic, str(10**7)))
    deadline = time.monotonic() + 100
    simulator = None
    while time.monotonic() < deadline and simulator is None and process.poll() is None:
        simulator = next(filter(_is_a_build, descendants(process.pid)), None)
    assert simulator, process.communicate()
    os.kill(simulator, signal.SIGKILL)
    _, errors = process.communicate(timeout=100)
    assert process.returncode == 3
    (line,) = errors.splitlines()
    assert line.startswith("error: ")
    assert "ended with status -9; see " in line
    log = Path(line.rsplit("see ", 1)[1])
    assert log.is_file()
    shutil.rmtree(next(path for path in log.parents if path.parent.name == "runs"))
    assert trispike_here(*traffic, "300").returncode == 0


def _is_a_build(pid: int) -> bool:
    try:
        return "/build/models/" in os.readlink(f"/proc/{pid}/exe")
    except OSError:
        return False


@pytest.mark.thorough
def test_read_only_checkout(run):
    """Where it cannot write is told, and nothing else comes of it."""
    script = 'mount --bind "$0" "$0" && mount -o remount,ro,bind "$0" || exit 77; exec "$@"'
    alone = ["unshare", "--mount", "sh", "-c", script, str(ROOT)]
    if not shutil.which("unshare") or _ended([*alone, "true"]).returncode:
        pytest.skip("mounting the checkout read-only is not permitted: run as root")
    message = refused(_ended([*alone, *_command(*run)]))
    assert f"Read-only file system: {ROOT / 'build'}" in message
    assert message.endswith("mend the permissions or work in another folder")
    assert _ended(_command(*run)).returncode == 0


@pytest.mark.thorough
def test_no_memory():
    """For what the golden model keeps: one line; with fewer images there is enough."""
    counted = ["map", "--layer", "fc1024_1024", "--data", "digits", "-t", "255", "--images"]
    message = refused(_ended(_command(*counted, "300", memory=300 << 20)))
    assert message.startswith("error: there is not enough memory; free some, or ask for fewer")
    done = _ended(_command(*counted, "1", memory=300 << 20))
    assert done.returncode == 0, done.stderr


@pytest.mark.thorough
def test_no_memory_to_compile(run, tmp_path, monkeypatch):
    """No half-built model is left; with memory the run ends."""
    compiler = tmp_path / "g++-in-a-corner"
    real = shutil.which("g++")
    compiler.write_text(f'#!/bin/sh\nulimit -v 60000\nexec {real} "$@"\n')
    compiler.chmod(0o755)
    builds = tmp_path / "build"
    monkeypatch.setenv("CXX", str(compiler))
    assert "there is not enough memory; free some" in refused(_ended(_command(*run, builds=builds)))
    assert _whole(builds) == []
    monkeypatch.delenv("CXX")
    shutil.rmtree(builds / "runtime")
    done = _ended(_command(*run, builds=_with_runtime(builds)))
    assert done.returncode == 0, done.stderr
