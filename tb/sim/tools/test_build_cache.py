"""Builds that are kept: whole ones only, whatever a clock, a killed run or another version left."""

import os
import threading
import time

import pytest

from trispike.sim.tools import build_cache


@pytest.fixture
def builds(tmp_path, monkeypatch):
    """The folder of the cache, and a function that builds what ``source`` says in it."""
    monkeypatch.setattr(build_cache, "build_folder", lambda: tmp_path)
    made = []

    def build(source: str = "a", wait: float = 0.0):
        def compile_(partial, log):
            time.sleep(wait)
            made.append((partial / "a.v").read_text())
            (partial / "bench").write_text(f"compiled {source}")
            (partial / "litter.o").touch()

        return build_cache.built(["setting"], {"a.v": source}, "bench", compile_)

    return tmp_path / "models", build, made


def test_once(builds):
    """What was built is there the next time, and nothing besides."""
    _, build, made = builds
    assert build() == build()
    assert made == ["a"]
    assert sorted(f.name for f in build().iterdir()) == ["a.v", "bench", "product.sha256"]


@pytest.mark.parametrize("spoil", ["cut", "other", "empty", "gone", "digest"])
def test_damaged(builds, spoil):
    """A build that is not as it was is made again."""
    _, build, made = builds
    product = build() / "bench"
    whole = product.read_text()
    if spoil == "gone":
        product.unlink()
    elif spoil == "digest":
        product.with_name("product.sha256").write_bytes(b"\xff")
    else:
        product.write_text({"cut": whole[:4], "other": whole.upper(), "empty": ""}[spoil])
    assert (build() / "bench").read_text() == whole
    assert made == ["a", "a"]


def test_of_a_version_without_digests(builds):
    """It is taken."""
    _, build, made = builds
    (build() / "product.sha256").unlink()
    build()
    assert made == ["a"]


def test_what_a_killed_run_left(builds):
    """Nobody builds there again: its children may still write. It goes once another has built."""
    cache, build, _ = builds
    left = cache / f"{build().name}.x1.partial"
    left.mkdir()
    (left / "bench").write_text("half")
    other = cache / "0123.partial"  # as an older version called them
    other.mkdir()
    build("b")
    assert not left.exists()
    assert not other.exists()


@pytest.mark.parametrize("when", [0, 1 << 32])
def test_times_of_another_clock(builds, when, monkeypatch):
    """Builds from the past or the future are taken, and the newest one is never forgotten."""
    cache, build, made = builds
    monkeypatch.setattr(build_cache, "KEEP", 2)
    for source in "abc":
        os.utime(build(source), (when, when))
    assert build("c").exists()
    assert made == ["a", "b", "c"]
    assert len([f for f in cache.iterdir() if f.is_dir()]) == 2


def test_at_once(builds):
    """Two runs that want the same one build it once, and both have it."""
    _, build, made = builds
    found = []
    threads = [
        threading.Thread(target=lambda: found.append(build("a", wait=0.2))) for _ in range(3)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert made == ["a"]
    assert len(set(found)) == 1
