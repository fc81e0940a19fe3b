"""Which modules of the checkout import which, as their sources say."""

import ast
import functools
from collections.abc import Iterable, Iterator
from pathlib import Path

from tb.kit.command import ROOT

ROOMS = ("models", "golden", "rtl", "sim", "tb")


def module_of(path: str) -> str:
    """The name by which the file ``path`` of the checkout is imported."""
    name = path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
    return name if name.split(".")[0] == "tb" else f"trispike.{name}"


@functools.cache
def files() -> dict[str, Path]:
    """The file of each module."""
    paths = [path for room in ROOMS for path in (ROOT / room).rglob("*.py")]
    return {module_of(str(path.relative_to(ROOT))): path for path in paths}


@functools.cache
def imports() -> dict[str, frozenset[str]]:
    """The modules that each imports, packages that they are in among them."""
    modules = files()
    return {
        name: frozenset(
            each for word in _named(path.read_bytes()) for each in _whole(word) if each in modules
        )
        | {each for each in _whole(name) if each in modules and each != name}
        for name, path in modules.items()
    }


def _named(text: bytes) -> Iterator[str]:
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def _whole(name: str) -> list[str]:
    """``name`` and the packages that it is in."""
    parts = name.split(".")
    return [".".join(parts[:k]) for k in range(1, len(parts) + 1)]


def _reached(begun: Iterable[str], graph: dict[str, Iterable[str]]) -> set[str]:
    reached, left = set(), list(begun)
    while left:
        if (name := left.pop()) not in reached:
            reached.add(name)
            left += graph.get(name, ())
    return reached


def sources_of(modules: Iterable[str], *, without: Iterable[str] = ()) -> list[Path]:
    """Files of ``modules`` and of all that they import, but not by way of those ``without``."""
    graph = {name: others - {*without} for name, others in imports().items()}
    needed = _reached(modules, graph)
    return [path for name, path in files().items() if name in needed]


def benches() -> list[str]:
    """Modules of testbenches of cocotb, which are imported by simulators."""
    return [name for name in files() if name.endswith("_cocotb")]


def untouched(tests: Iterable[str], changed: Iterable[str]) -> list[str]:
    """Modules that the modules ``tests`` import, and that import none of ``changed``."""
    graph = imports()
    importers: dict[str, list[str]] = {}
    for name, others in graph.items():
        for other in others:
            importers.setdefault(other, []).append(name)
    needed = _reached(tests, graph) - _reached(changed, importers)
    return sorted(name for name in needed if not _is_test(name))


def _is_test(name: str) -> bool:
    last = name.rpartition(".")[2]
    return name.startswith("tb.") and (last.startswith("test_") or last == "conftest")
