"""A shard that is killed, Ctrl-C, and a parent that is gone: nothing that was judged is lost."""

import json
import os
import re
import shutil
import signal
import subprocess
import time
from pathlib import Path

import pytest

from tb.kit.command import command_line, started, trispike_here
from tb.kit.processes import alive, simulators
from trispike import golden
from trispike.models.data import datasets, spikes
from trispike.models.network import weights
from trispike.sim.cosim import outcome

LAYER = "fc256_256"
IMAGES = 28
TIMESTEPS = 255  # 7 images a chunk
OPTIONS = ["--layer", LAYER, "--timesteps", str(TIMESTEPS), "--images", str(IMAGES)]

pytestmark = [
    pytest.mark.thorough,
    pytest.mark.xdist_group(LAYER),
    pytest.mark.skipif(not Path("/proc/self/cwd").exists(), reason="this system has no /proc"),
]


def _start(*options: str | Path) -> subprocess.Popen:
    return started(command_line("sim", *OPTIONS, *options))


def _wait_for_a_chunk(process: subprocess.Popen, shard: str) -> int:
    """Wait until the simulator of ``shard`` has judged a chunk; returns its process."""
    while process.poll() is None:
        for pid, folder in simulators(process.pid).items():
            if folder.parent.name == shard and outcome.images_in(folder):
                return pid
        time.sleep(0.02)
    raise AssertionError(f"it ended too early: {process.communicate()}")


def _accuracy(images: list[int]) -> float:
    """Accuracy of the golden model on ``images`` of digits."""
    network, _ = weights.load(weights.committed(LAYER, "digits"))
    pixels, labels = datasets.load_test("digits", None)
    right = 0
    for image in images:
        spiking = spikes.encode(pixels[image : image + 1], TIMESTEPS, 0, image)
        right += int(golden.run(network, spiking).labels[0] == labels[image])
    return right / len(images)


def test_killed_shard(tmp_path):
    """The other shard ends, what was judged is shown, and the rest can be run alone."""
    figures = tmp_path / "figures.json"
    process = _start("--jobs", "2", "--json", figures)
    os.kill(_wait_for_a_chunk(process, "14-27"), signal.SIGKILL)
    table, errors = process.communicate(timeout=200)
    assert process.returncode == 3, errors
    (line,) = errors.splitlines()
    found = re.fullmatch(
        r"error: images 14 to 27 ended early, 7 of 14 judged: bench ended with status -9; "
        r"see (\S+); run them alone by make sim (.*)",
        line,
    )
    assert found, line
    log = Path(found[1])
    assert log.exists()
    shutil.rmtree(log.parents[3])
    assert found[2] == f"LAYER={LAYER} DATA=digits LANES=1 T={TIMESTEPS} SEED=0 FIRST=14 IMAGES=14"
    assert "(784-256-256-10) on digits: 21 of 28 images" in table
    made = json.loads(figures.read_text())
    assert (made["images"], made["images_asked"], made["complete"]) == (21, 28, False)
    assert made["accuracy"] == pytest.approx(_accuracy(list(range(21))))
    assert made["golden_accuracy"] == made["accuracy"]
    assert not any(made["mismatches"].values())

    options = ["--layer", LAYER, "--timesteps", str(TIMESTEPS), "--first", "14", "--images", "14"]
    again = trispike_here("sim", *options, "--json", figures)
    assert again.returncode == 0, again.stderr
    made = json.loads(figures.read_text())
    assert (made["first_image"], made["images"], made["complete"]) == (14, 14, True)
    assert made["accuracy"] == pytest.approx(_accuracy(list(range(14, 28))))


def test_interrupted(tmp_path):
    """What was judged is shown and written, and no process and no file is left."""
    figures = tmp_path / "figures.json"
    process = _start("--json", figures)
    simulator = _wait_for_a_chunk(process, "0-27")
    folder = simulators(process.pid)[simulator]
    process.send_signal(signal.SIGINT)
    table, errors = process.communicate(timeout=200)
    assert process.returncode == 130
    assert errors.splitlines()[-1] == "interrupted"
    assert "Traceback" not in errors
    made = json.loads(figures.read_text())
    assert made["images"] in (7, 14, 21)
    assert not made["complete"]
    assert f"(784-256-256-10) on digits: {made['images']} of 28 images" in table
    assert made["accuracy"] == pytest.approx(_accuracy(list(range(made["images"]))))
    assert not alive([simulator])
    assert not folder.parents[2].exists()


def test_parent_killed():
    """Simulators do not outlive a parent that could not stop them."""
    process = _start("--jobs", "2", "--images", "120")
    _wait_for_a_chunk(process, "0-59")
    running = simulators(process.pid)
    process.kill()
    process.communicate()
    deadline = time.monotonic() + 20
    while alive(list(running)) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert not alive(list(running))
    assert all(outcome.images_in(folder) < 60 for folder in running.values())
    shutil.rmtree(next(iter(running.values())).parents[2])
