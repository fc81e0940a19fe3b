"""`make train`: refusals, and an interruption after which the same weights result."""

import signal
import subprocess
import sys
import time

import pytest

from tb.kit.command import ROOT, refused, refused_here, started, trispike
from tb.kit.extras import needs_torch
from trispike.models.network import weights
from trispike.sim.training import command


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--recipe", "fast"], "RECIPE must be one of trispike, trispike-sparse, "),
        (["--layer", "fc9"], "LAYER must be one of fc256, "),
        (["SIZES=784x9"], "SIZES must be inputs and neurons of each layer, like 784-100-10, not"),
        (["SIZES=784-9-10", "LAYER=fc256"], "SIZES= and LAYER= both name a network"),
        (["SIZES=784-9-9"], "dense_784_9_9 has 9 outputs, and digits has 10 classes"),
        (["--data", "cifar"], "DATA must be one of digits, mnist, "),
        (["--epochs", "0"], "epochs must be an integer, 1 or more, not 0"),
        (["--threads", "0"], "threads must be an integer, 1 or more, not 0"),
        (["--seed", "-1"], "seed must be from 0"),
        (["--device", "tpu"], "DEVICE must be one of cpu, cuda, not 'tpu'"),
        (["--settings", "beta=2"], "beta must be from 0 to 1, not 2.0"),
        (["--settings", "speed=2"], "a setting must be NAME=VALUE of timesteps, weight_bits, "),
    ],
)
def test_bad_options(options, message, tmp_path):
    assert message in refused_here("train", *options, "--output", tmp_path)
    assert [file for file in tmp_path.rglob("*") if file.is_file()] == []


@pytest.mark.parametrize(
    ("asked", "of_card", "gpu", "chosen"),
    [
        ("cpu", "cuda", True, "cpu"),
        ("cuda", "cpu", False, "cuda"),
        (None, "cpu", True, "cpu"),
        (None, "cuda", True, "cuda"),
        (None, "cuda", False, "cpu"),
        (None, None, True, "cuda"),
        (None, None, False, "cpu"),
    ],
)
def test_device(monkeypatch, capsys, asked, of_card, gpu, chosen):
    """Of a card's GPU that is not here it says that other weights may come of it."""
    monkeypatch.setattr(command.training, "has_gpu", lambda: gpu)
    assert command._device(asked, of_card) == chosen
    told = capsys.readouterr().err
    assert ("trained on cuda; those of a cpu may differ" in told) == (
        (asked, of_card, gpu) == (None, "cuda", False)
    )


def test_missing_torch(tmp_path):
    """As if it were not installed, whether it is or not."""
    (tmp_path / "torch.py").write_text("raise ModuleNotFoundError('no torch', name='torch')\n")
    done = trispike("train", "--output", tmp_path / "out", PYTHONPATH=f"{tmp_path}:{ROOT}")
    assert "pip install 'trispike[train]'" in refused(done)
    assert not (tmp_path / "out").exists()


def _command(folder):
    settings = ["--layer", "fc256", "--data", "digits", "--epochs", "300", "--seed", "3"]
    return [sys.executable, "-m", "trispike.sim", "train", *settings, "--output", str(folder)]


@pytest.mark.thorough
@needs_torch
def test_interrupted_on_digits(tmp_path):
    """Ctrl-C after a state was written: one line, status 130, the same weights when continued."""
    process = started(_command(tmp_path / "parts"))
    unfinished = tmp_path / "parts" / "unfinished"
    while not list(unfinished.glob("*.pt")):
        assert process.poll() is None, "it ended before a state was written"
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    errors = process.communicate(timeout=60)[1]
    assert process.returncode == 130
    lines = [line for line in errors.splitlines() if line]
    assert lines[-2:] == ["the same command goes on from the last state written", "interrupted"]
    assert list((tmp_path / "parts").glob("*.npz")) == []
    for folder in ("parts", "whole"):
        done = subprocess.run(_command(tmp_path / folder), cwd=ROOT, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        card = weights.load(tmp_path / folder / "fc256-digits.npz")[1]
        assert f"test images: {card.measured.accuracy[0]:.2%} at T=1, " in done.stdout
        assert f", {card.measured.held_out_accuracy[34]:.2%} at T=35\nzero weights" in done.stdout
    names = ("fc256-digits.npz", "fc256-digits.json")
    parts, whole = ([(tmp_path / f / n).read_bytes() for n in names] for f in ("parts", "whole"))
    assert parts == whole
    assert weights.load(tmp_path / "parts" / names[0])[1].measured.accuracy[-1] > 0.9
    assert list(unfinished.iterdir()) == []
