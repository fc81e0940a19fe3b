"""Options of every command, as make and a shell pass them on."""

import functools
import os
import random
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from unittest import mock

import click

from tb.fuzz.formats.weights import file_of
from tb.fuzz.trial import OLD
from tb.kit import networks
from tb.kit.command import ROOT
from trispike.models.data import datasets
from trispike.models.network.presets import PRESETS
from trispike.sim.cli import cli

_POPEN = subprocess.Popen  # which is not to be called beyond the border
_RESULTS = ("json", "timeline", "trace")
_NUMBERS = (
    *(
        "0",
        "1",
        "2",
        "3",
        "-1",
        "4",
        "255",
        "256",
        "1e3",
        "1.5",
        "-0",
        "nan",
        "inf",
        "-inf",
        "1e999",
    ),
    *(
        "9" * 30,
        "-" + "9" * 30,
        "0x10",
        " 1",
        "1 ",
        "1_000",
        "\u0661",
        "\u00bd",
        "1,2",
        "1,x",
        "1,1,1,1",
    ),
    *(
        "2147483648",
        "9223372036854775807",
        "9223372036854775808",
        "9" * 5000,
        "0.2",
        "1e-320",
        "+1",
    ),
)
_TEXTS = (
    *("", " ", "é", "\u202e", "a b", "a\tb", "[bold]x[/]", "'", '"', "$HOME", "-", "--", "--help"),
    *("x" * 5000, "None", "..", "/", "1=2", "\U0001f600", "a\nb", "\\", "%s", "{}", "*", "\udcff"),
)
_PATHS = (
    *(
        "w.npz",
        "w.json",
        "folder",
        ".",
        "..",
        "nothere/x",
        "w.npz/x",
        "x.json",
        "x.npz",
        "/dev/null",
        "/dev/zero",
    ),
    *(
        "/proc/x",
        "/dev/full",
        "x" * 300,
        "x/" * 2000,
        "new/x.json",
        "~",
        "é.json",
        "loop",
        "a\nb.json",
    ),
    *(
        "old.json",
        "folder/x.json",
        "x.nir",
        "-.json",
        "x.html",
        "[b].json",
        "cells.lib",
    ),
)
_WORDS = (
    *(*PRESETS, *datasets.NAMES, "dense_784_100_10", "dense_1_1", "dense_999999999_10", "dense_0"),
    *("dense_" + "9_" * 600 + "9", "2x2x1", "4x4x4", "0x1x1", "9x9x9", "-1x2x3", "1x1", "8x8x8"),
    *("16x1024", "512x8192", "99999999x9999999", "0x0", "1x1", "xyz", "uniform", "all", "router"),
    *(
        "node",
        "chip",
        "ecp5",
        "1.1.0",
        "0.0.0,0.0.1",
        "9.9.9",
        "1.1",
        "tcp://x:1",
        "trispike",
        "snntorch",
    ),
    *(
        "given",
        "direct",
        "raw",
        "unit",
        "zero",
        "euler",
        "full",
        ">=",
        "batch=1",
        "beta=nan",
        "x=1 y",
    ),
    *(
        "beta=0.2 batch=100",
        "batch=" + "9" * 40,
        "784-100-10",
        "784-" * 600 + "1",
        "-",
        "cpu",
        "cuda",
    ),
)
_WRONG = ("--nothing", "NOTHING=1", "LAYERS=fc256", "-x", "=", "/dev/zero")


class Options:
    """Commands with up to six options."""

    def __init__(self):
        self._weights = file_of(networks.random_network((784, 6, 10), 0))

    def write(self, rng: random.Random, folder: Path) -> list[str]:
        """See `tb.fuzz.trial.Format`."""
        for suffix, part in zip((".npz", ".json"), self._weights, strict=True):
            (folder / f"w{suffix}").write_bytes(part)
        (folder / "folder").mkdir()
        (folder / "loop").symlink_to("loop")
        command = cli.commands[rng.choice(list(cli.commands))]
        results = [option for option in command.params if option.name in _RESULTS]
        old = rng.choice(results) if results and rng.random() < 0.2 else None
        most = rng.choice([0, 1, 1, 2, 3, 6])
        few = [
            each
            for each in rng.sample(command.params, min(len(command.params), most))
            if each is not old
        ]
        words = [word for option in few for word in _given(rng, option)]
        if rng.random() < 0.1:
            words.append(rng.choice([*_TEXTS, *_WRONG, *words]))
        if old:
            words.insert(0, f"{old.make_name}=old.json")
            (folder / "old.json").write_bytes(b"older")
            os.utime(folder / "old.json", ns=(OLD[0], OLD[0]))
        return [command.name, *words]


_MAIN = """
import pathlib, sys
from tb.fuzz import border
from trispike.sim.__main__ import main
with border.closed(pathlib.Path(sys.argv.pop(1)), commands=sys.argv[1:2]):
    try:
        main()
    except border.Reached:
        pass
"""


class Processes(Options):
    """The same in processes of their own."""

    def write(self, rng: random.Random, folder: Path) -> Callable[[], object]:
        """See `tb.fuzz.trial.Format`."""
        words = super().write(rng, folder)
        if any("\0" in word for word in words):  # no process can be given that
            words = words[:1]
        command = [sys.executable, "-c", _MAIN, str(folder.parent), *words]
        return functools.partial(_started, command, folder)


def _started(command: list[str], folder: Path) -> subprocess.CompletedProcess:
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "COLUMNS": "100"}
    with mock.patch.object(subprocess, "Popen", _POPEN):
        return subprocess.run(
            command, cwd=folder, env=environment, capture_output=True, text=True, errors="replace"
        )


def _given(rng: random.Random, option: click.Option) -> list[str]:
    """``option`` with a value, in make's way or a shell's."""
    value = _value(rng, option)
    if option.is_flag:
        return [f"{option.make_name}={value}"] if rng.random() < 0.7 else [option.opts[-1]]
    if rng.random() < 0.6:
        return [f"{option.make_name}={value}"] * rng.choice([1, 1, 1, 1, 2])
    return rng.choice([[option.opts[-1], value], [f"{max(option.opts, key=len)}={value}"]])


def _value(rng: random.Random, option: click.Option) -> str:
    kind = rng.random()
    if kind < 0.1:
        return rng.choice([*_TEXTS, *_NUMBERS, *_PATHS, *_WORDS])
    if option.is_flag:
        return rng.choice(["1", "1", "0", "", "2", "yes", "-1"])
    if isinstance(option.type, click.Choice):
        return rng.choice([*option.type.choices, "x"])
    if isinstance(option.type, click.Path):
        return rng.choice(_PATHS)
    if option.type in (click.INT, click.FLOAT):
        return rng.choice(_NUMBERS) if kind < 0.5 else str(rng.choice([1, 1, 2, 3, 0.5, 8]))
    return rng.choice([*_WORDS, *_NUMBERS])
