"""`make sim SKIP= STABILITY=`: a network of ours with another read-out than its own."""

import json

import pytest

from tb.kit.command import refused_here, trispike_here
from tb.kit.networks import random_network, save


@pytest.mark.thorough
def test_stops_early(tmp_path):
    """The weight file stays as it is, and the run takes fewer timesteps, without a mismatch."""
    weight_file = save(random_network((784, 9, 4), 1), tmp_path)
    before = weight_file.read_bytes()
    figures = tmp_path / "figures.json"
    options = ["--images", "6", "--timesteps", "9", "--skip", "1", "--json", figures]
    done = trispike_here("sim", "--weights", weight_file, "--stability", "1", *options)
    assert done.returncode == 0, done.stdout + done.stderr
    made = json.loads(figures.read_text())
    assert 2 < made["timesteps_taken"] < 9
    assert made["mismatches"]["timesteps taken"] == 0
    assert weight_file.read_bytes() == before


def test_refused(tmp_path):
    weight_file = save(random_network((784, 9, 4), 1), tmp_path)
    told = refused_here("sim", "--weights", weight_file, "--skip", "5")
    assert told == "error: random skips 5 timesteps of an image: T must be 6 or more, not 5"
    told = refused_here("sim", "--weights", weight_file, "--stability", "0")
    assert told.startswith("error: stability with count must be ")
