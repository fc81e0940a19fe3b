"""Commands made of what they are asked."""

import dataclasses
import os
from pathlib import Path

import pytest

from tb.kit.command import refused_here, trispike_here
from trispike.models.errors import BadInput
from trispike.sim.terminal.options import Json
from trispike.sim.terminal.request import Request, at_least_1, command, option


@dataclasses.dataclass(frozen=True, kw_only=True)
class _Both(Request):
    count: int = option("How many.", 3, check=at_least_1("COUNT"), short="-c")


@dataclasses.dataclass(frozen=True, kw_only=True)
class _Tea(_Both):
    leaf_file: Path | None = option("Leaves.")


@dataclasses.dataclass(frozen=True, kw_only=True)
class _Coffee(_Both):
    milk: bool = option("White.", False)
    share: float | None = option("Of beans.")
    kind: str = option("Which.", "black")


def _ask(*options):
    """What a command for tea, or with --share coffee, is asked by ``options``."""
    asked = []
    modes = {_Tea: "tea", _Coffee: "coffee, which SHARE= names"}
    made = command("drink", modes, lambda v: _Tea if v["share"] is None else _Coffee)(asked.append)
    made.main(list(options), standalone_mode=False)
    return asked[0]


def test_defaults_are_those_of_the_class():
    """A command without options asks for what the class without arguments says."""
    assert _ask() == _Tea()
    assert _ask("--share", "0.5") == _Coffee(share=0.5)


def test_values():
    """By type; a flag, a short name, a path, a dash for an underscore."""
    assert _ask("--leaf-file", "a/b", "-c", "4") == _Tea(leaf_file=Path("a/b"), count=4)
    asked = _ask("--milk", "--share", "1", "--kind", "x", "--count", "1")
    assert asked == _Coffee(milk=True, share=1.0, kind="x", count=1)


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["--milk"], "^MILK= is for coffee, which SHARE= names; leave it out$"),
        (["--kind", "black"], "^KIND= is for coffee"),
        (["--share", "1", "--leaf-file", "x"], "^LEAF_FILE= is for tea; leave it out$"),
        (["--count", "0"], "^COUNT must be 1 or more, not 0$"),
    ],
)
def test_refusals(options, told):
    """What is for something else, even if it is given its default, and what there cannot be."""
    with pytest.raises(BadInput, match=told):
        _ask(*options)


def test_checked_in_process_too():
    """Whoever makes a request is refused as the command line is."""
    with pytest.raises(BadInput, match="COUNT must be 1 or more"):
        _Tea(count=0)


def test_command():
    """It is what one says to make: what was given, no defaults, words quoted as for a shell."""
    assert _ask().command == "make drink"
    asked = _ask("--milk", "--share", "1", "--kind", "very black")
    assert asked.command == "make drink MILK=1 SHARE=1.0 KIND='very black'"
    assert _ask("-c", "4", "--leaf-file", "a/b").command == "make drink COUNT=4 LEAF_FILE=a/b"


@pytest.mark.parametrize(
    "words",
    [
        ["JSON={}", "IMAGES=x"],
        ["--json={}", "--images", "0"],
        ["--json", "{}", "--nothing"],
        ["JSON={}", "WAVES=2"],
        ["JSON={}", "NOTHING=1"],
        ["T=1", "--jobs", "2", "JSON={}"],
    ],
)
def test_no_older_result_after_a_refusal(tmp_path, words):
    """It would look like one of the run that was refused, at whatever word."""
    old = tmp_path / "figures.json"
    old.write_text("{}")
    os.utime(old, (1, 1))
    refused_here("sim", *(word.format(old) for word in words))
    assert [path.name for path in tmp_path.iterdir()] == ["figures.json.old"]


def test_an_older_result_stays_after_a_question(tmp_path):
    """Help is no run."""
    old = tmp_path / "figures.json"
    old.write_text("{}")
    assert trispike_here("sim", f"JSON={old}", "HELP=1").returncode == 0
    assert [path.name for path in tmp_path.iterdir()] == ["figures.json"]


def test_file_of_figures(tmp_path):
    """The JSON file of a command begins with the command."""
    request, file = Json(json=tmp_path / "figures.json"), tmp_path / "figures.json"
    object.__setattr__(request, "command", "make drink")
    assert request.keep({"cups": 2}) == [file]
    assert file.read_text() == '{\n "command": "make drink",\n "cups": 2\n}\n'
