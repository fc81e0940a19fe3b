"""Verilator's compiled runtime: kept once for all builds, and completed by those that need more."""

from trispike.sim.tools import simulator


def test_runtime_is_completed(tmp_path):
    """A build that compiles files that no earlier one needed adds them; what is kept stays."""
    runtime = tmp_path / "runtime"
    for name, files in {"one": ["a"], "two": ["a", "b"]}.items():
        folder = tmp_path / name
        folder.mkdir()
        for file in files:
            (folder / f"verilated_{file}.o").write_text(f"{file} of {name}")
        (folder / "verilator.o").write_text("of this model")
        simulator._save_runtime(runtime, folder)
    last = tmp_path / "three"
    last.mkdir()
    simulator._restore_runtime(runtime, last)
    made = {file.name: file.read_text() for file in last.iterdir()}
    assert made == {"verilated_a.o": "a of one", "verilated_b.o": "b of two"}
