"""A checkout where make cannot work: builds go to the cache, and a link there leads to it."""

from pathlib import Path

import pytest

from trispike.sim.tools import paths


@pytest.fixture(params=["a folder", "50%", "$HOME", "a#1"])
def checkout(tmp_path, monkeypatch, request):
    """A checkout whose path make does not take."""
    root = tmp_path / request.param / "trispike"
    root.mkdir(parents=True)
    (root / "pyproject.toml").touch()
    monkeypatch.setattr(paths, "ROOT", root)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return root


def test_builds_go_to_the_cache(checkout, tmp_path, capsys):
    """They do, and it is told once."""
    folders = {paths.build_folder() for _ in range(2)}
    assert folders == {tmp_path / "cache" / "trispike" / "build"}
    told = f"warning: make cannot work in {checkout}: builds go to {folders.pop()}\n"
    assert capsys.readouterr().err == told


def test_link_for_make(checkout):
    """What make is given leads to the same file, and make takes it."""
    (checkout / "main.cpp").write_text("int main() {}")
    argument = paths.for_make(f"-I{checkout}/main.cpp")
    assert paths.suits_make(argument)
    assert Path(argument.removeprefix("-I")).samefile(checkout / "main.cpp")
    assert paths.for_make(f"{checkout}/main.cpp") == argument.removeprefix("-I")
    assert paths.for_make("-I/usr/include") == "-I/usr/include"


def test_a_checkout_that_suits_make(checkout, tmp_path, monkeypatch, capsys):
    """It keeps its builds, and nothing is told."""
    monkeypatch.setattr(paths, "ROOT", tmp_path)
    (tmp_path / "pyproject.toml").touch()
    assert paths.build_folder() == tmp_path / "build"
    assert paths.for_make(f"{tmp_path}/main.cpp") == f"{tmp_path}/main.cpp"
    assert capsys.readouterr().err == ""
