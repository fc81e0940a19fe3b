"""Shards on a Dask cluster of two local worker processes, one of which is killed in the middle."""

import contextlib
import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tb.kit.command import ROOT, refused, refused_here, trispike, trispike_here
from tb.kit.extras import needs_distributed
from tb.kit.processes import alive, simulators
from trispike.sim.cosim import cluster
from trispike.sim.cosim.shard import Shard

LAYER = "fc256_256"
IMAGES = 28
TIMESTEPS = 255  # 7 images a chunk; two workers get two shards of 7 each

pytestmark = [needs_distributed, pytest.mark.xdist_group(LAYER)]


@contextlib.contextmanager
def _dask(*arguments: str | Path):
    """A Dask process, ended with its children."""
    process = subprocess.Popen(
        [sys.executable, "-m", "dask", *map(str, arguments)],
        cwd="/",
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        yield process
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


@pytest.fixture
def scheduler(tmp_path):
    """Scheduler file of a Dask scheduler without workers."""
    file = tmp_path / "scheduler.json"
    options = ["--host", "127.0.0.1", "--port", "0", "--no-dashboard", "--no-show"]
    with _dask("scheduler", "--scheduler-file", file, *options):
        while not file.exists():
            time.sleep(0.05)
        yield file


@pytest.fixture
def workers(scheduler, tmp_path):
    """Two workers of one thread each."""
    options = ["--scheduler-file", scheduler, "--nthreads", "1", "--no-nanny", "--no-dashboard"]
    with contextlib.ExitStack() as stack:
        yield [
            stack.enter_context(_dask("worker", *options, "--local-directory", tmp_path / name))
            for name in ("one", "two")
        ]


def _wait_for_workers(scheduler: Path, count: int) -> None:
    from distributed import Client

    with Client(scheduler_file=str(scheduler), set_as_default=False) as client:
        client.wait_for_workers(count, timeout=60)


@pytest.mark.thorough
@pytest.mark.skipif(not Path("/proc/self/exe").exists(), reason="this system has no /proc")
def test_killed_worker(scheduler, workers, tmp_path):
    """The other worker takes over its shards: every image is judged, and the figures are whole."""
    _wait_for_workers(scheduler, 2)
    figures = tmp_path / "figures.json"
    options = ["--layer", LAYER, "--timesteps", str(TIMESTEPS), "--images", str(IMAGES)]
    command = [*options, "--json", str(figures)]
    process = subprocess.Popen(
        [sys.executable, "-m", "trispike.sim", "sim", *command, "--cluster", str(scheduler)],
        cwd=ROOT,
        env={**os.environ, "COLUMNS": "100"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    victim = workers[1]
    orphans = {}
    while not orphans:
        assert process.poll() is None, process.communicate()
        time.sleep(0.02)
        orphans = simulators(victim.pid)
    victim.kill()
    _, errors = process.communicate(timeout=250)
    assert process.returncode == 0, errors
    assert errors == ""
    assert not alive(list(orphans))
    clustered = json.loads(figures.read_text())
    assert (clustered["images"], clustered["complete"], clustered["shards"]) == (28, True, 4)
    assert not any(clustered["mismatches"].values())

    local = trispike_here("sim", *command)
    assert local.returncode == 0, local.stderr
    whole = json.loads(figures.read_text())
    differ = {"command", "shards", "wall_seconds", "simulated_cycles"}
    differ |= {"simulated_cycles_per_second"}
    for what in set(whole) - differ:
        assert clustered[what] == whole[what], what


def test_no_workers(scheduler):
    """A cluster that could only wait."""
    message = refused_here("sim", "--cluster", scheduler)
    assert re.search(r"the cluster at \S+ has no workers; start some and run again", message)


def test_nobody_there():
    """An address where nothing listens."""
    message = refused_here("sim", "--cluster", "tcp://127.0.0.1:1")
    assert "cannot reach a cluster at tcp://127.0.0.1:1: " in message


@pytest.mark.parametrize(
    ("text", "pattern"),
    [
        ("", "is no scheduler file of Dask"),
        ("[" * 100_000, "is no scheduler file"),
        (None, "CLUSTER must be an address"),
    ],
)
def test_no_scheduler_file(tmp_path, text, pattern):
    """A file that no scheduler wrote, and none."""
    file = tmp_path / "file"
    if text is not None:
        file.write_text(text)
    assert pattern in refused_here("sim", "--cluster", file)


def test_missing_distributed(tmp_path):
    """As if it were not installed, whether it is or not."""
    (tmp_path / "distributed.py").write_text("raise ImportError('no distributed')\n")
    done = trispike("sim", "--cluster", "a:1", PYTHONPATH=f"{tmp_path}:{ROOT}")
    assert "pip install 'trispike[cluster]'" in refused(done)


def test_worker_without_the_build(tmp_path):
    """What a worker says that does not share the file system."""
    shard = Shard(
        weights=tmp_path / "w.npz",
        stimulus=None,
        images=range(1),
        chunk=1,
        potentials=True,
        digest="",
        lanes=1,
    )
    kind, what = cluster._task(tmp_path / "model", shard, tmp_path, False)()
    assert kind == "missing"
    assert what.endswith(f" lacks {tmp_path / 'model' / 'bench'}")
