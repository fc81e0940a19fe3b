"""Verilator's compiled runtime: kept once for all builds, and completed by those that need more."""

from trispike.sim.tools import simulator


def test_runtime_is_completed(tmp_path, monkeypatch):
    """A build that needs files that no earlier one needed adds them; what is kept stays."""
    runtime = tmp_path / "runtime"

    def make(command, *, folder, env, log):
        for file in command:
            if file.endswith(".o"):
                (folder / file).write_text(f"{file} of {folder.name}")

    monkeypatch.setattr(simulator, "run_tool", make)
    for name, files in {"one": "a", "two": "ab", "three": "ab"}.items():
        folder = tmp_path / name
        folder.mkdir()
        needed = "".join(f"  verilated_{file} \\\n" for file in files)
        (folder / "Vtop_classes.mk").write_text(f"VM_GLOBAL_FAST += \\\n{needed}\n")
        simulator._compile("Vtop", folder, [], runtime, env={}, log=tmp_path / "log")
    made = {file.name: file.read_text() for file in folder.glob("verilated*.o")}
    kept = {"verilated_a.o": "verilated_a.o of one", "verilated_b.o": "verilated_b.o of two"}
    assert made == kept
