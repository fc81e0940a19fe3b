"""The folder of a run, and what is told of a run that fails for want of space or memory."""

import errno

import pytest

from trispike.models.errors import BadInput
from trispike.sim.tools import run_folder, simulator


@pytest.fixture
def runs(tmp_path, monkeypatch):
    monkeypatch.setattr(run_folder, "build_folder", lambda: tmp_path)
    return tmp_path / "runs"


@pytest.mark.parametrize(
    "error", [OSError("9 requested and 3 written"), OSError(errno.ENOSPC, "No space left")]
)
@pytest.mark.parametrize("full", [True, False])
def test_full_disk(runs, monkeypatch, error, full):
    """It is told whoever met it, NumPy too, which gives no reason; other errors are themselves."""
    monkeypatch.setattr(run_folder, "is_full", lambda folder: full)
    told = f"no space left for {runs}; free some and try again" if full else str(error)
    with (
        pytest.raises(BadInput if full else OSError, match=told.replace("[", r"\[")),
        run_folder.run_folder("one"),
    ):
        raise error
    assert list(runs.iterdir()) == []


@pytest.mark.parametrize(
    ("text", "kind", "told"),
    [
        ("cc1plus: out of memory allocating 9 bytes", BadInput, "g++ ended: there is not enough"),
        ("terminate called: std::bad_alloc", BadInput, "there is not enough memory; free some"),
        ("a.o: No space left on device", BadInput, "no space left for"),
        ("a.cpp: expected ;", simulator.SimulationError, "g++ ended; see "),
    ],
)
def test_breakdown(tmp_path, text, kind, told):
    """What a child's log says decides whose it is to mend."""
    log = tmp_path / "log"
    log.write_text(text)
    error = simulator.breakdown("g++ ended", log)
    assert type(error) is kind
    assert told in str(error)
