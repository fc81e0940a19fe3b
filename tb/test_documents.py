"""What documents and docstrings name is there: files, links, modules and what stands in them."""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest

from tb.fuzz.command import fuzz
from tb.kit.command import ROOT
from tb.mutate.command import mutate
from trispike.models.errors import BadInput
from trispike.sim.cli import cli

ROOMS = ("models", "golden", "rtl", "sim", "tb", "examples")
DOCUMENTS = [*ROOT.glob("*.md"), *ROOT.glob("docs/*.md")]
SOURCES = [
    path
    for room in ROOMS
    for path in (ROOT / room).rglob("*")
    if path.suffix in (".py", ".cpp", ".h", ".vlt")
]

GOALS = {**cli.commands, "fuzz": fuzz, "mutate": mutate}

PATH = re.compile(r"(?<![\w/.-])((?:models|golden|rtl|sim|tb|docs|examples)/[\w./*-]*)")
LINK = re.compile(r"\]\(([^)#\s]+)(?:#[^)]*)?\)")
COMMAND = re.compile(r"^make (.+?)(?: +#.*)?$|`make ([^`]+)`", re.M)
TEST = re.compile(r"(tb/[\w/]+\.py)::(\w+)")
NAME = re.compile(r"`((?:models|golden|rtl|sim|tb)(?:\.\w+)+)`")


def _matches(pattern: re.Pattern, paths: list[Path]) -> Iterator[tuple[Path, str]]:
    return ((path, match) for path in paths for match in pattern.findall(path.read_text()))


def _is_there(name: str) -> bool:
    """Whether the dotted ``name`` is a package, a module, or something that one defines."""
    folder, parts = ROOT, name.split(".")
    while parts and (folder / parts[0]).is_dir():
        folder /= parts.pop(0)
    if parts and (folder / f"{parts[0]}.py").is_file():
        text = (folder / f"{parts.pop(0)}.py").read_text()
    else:
        text = (folder / "__init__.py").read_text()
    return all(
        re.search(rf"^ *(?:(?:class|(?:async )?def) )?{part}\b *[(:=,]", text, re.M)
        for part in parts
    )


def test_paths_in_documents():
    """Every path that begins with a room or with docs/ leads somewhere."""
    paths = _matches(PATH, DOCUMENTS)
    assert [each for each in paths if not list(ROOT.glob(each[1].rstrip("./")))] == []


def test_tests_in_documents():
    """Every test that a document names by its file is in it."""
    tests = [each for _, each in _matches(TEST, DOCUMENTS)]
    assert tests
    assert [t for t in tests if f"def {t[1]}(" not in (ROOT / t[0]).read_text()] == []


def test_links_in_documents():
    """Every link to a file leads somewhere."""
    links = [each for each in _matches(LINK, DOCUMENTS) if "://" not in each[1]]
    assert links
    assert [(path, link) for path, link in links if not (path.parent / link).exists()] == []


def test_names_in_sources():
    """Every `room.module.name` in a docstring, comment or document is defined there."""
    names = list(_matches(NAME, [*DOCUMENTS, *SOURCES]))
    assert names
    assert [each for each in names if not _is_there(each[1])] == []


def _parse(command: str) -> None:
    """Have the command line take ``command``, as given to make; it does nothing else."""
    goal, *words = shlex.split(command)
    GOALS[goal].make_context(goal, [word for word in words if "..." not in word])


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.stem)
def test_commands_in_documents(document):
    """Every command of make has options that there are, with values of their kinds."""
    for pair in COMMAND.findall(document.read_text()):
        command = "".join(pair).replace("\n", " ")
        if command.split()[0] in GOALS and "HELP=1" not in command:
            _parse(command)


def test_a_wrong_command_is_seen():
    """So are its options."""
    assert COMMAND.findall("make a B=1  # c\nor `make d`; make e")[0][0] == "a B=1"
    with pytest.raises(BadInput, match="LAYERS"):
        _parse("sim LAYERS=fc256")


def test_a_wrong_name_is_seen():
    """The search above tells what is there from what is not."""
    assert _is_there("rtl.hierarchy.Block")
    assert _is_there("sim.tools")
    assert not _is_there("rtl.hierarchy.Blocks")
    assert not _is_there("sim.nothing.paths")
    assert not _is_there("golden.layers.NOTHING")
