"""``trispike formal``: blocks of the network, its nodes and layers proved, for all inputs."""

import dataclasses
import os
import sys
from collections.abc import Sequence
from concurrent.futures import as_completed

from trispike.sim.formal import prover, tables
from trispike.sim.formal.proof import Proof, Verdict
from trispike.sim.formal.proofs import PROOFS, find
from trispike.sim.terminal.console import next_phase, progress_bar, relative, table_console
from trispike.sim.terminal.request import Request, command, option
from trispike.sim.terminal.status import MISMATCH
from trispike.sim.tools import processes
from trispike.sim.tools.paths import build_folder


@dataclasses.dataclass(frozen=True, kw_only=True)
class Proofs(Request):
    """What to prove."""

    proof: str | None = option("Only this proof.  [default: all]")


@command("formal", Proofs)
def formal(asked: Proofs) -> None:
    """Prove what blocks of the network, nodes and layers promise; needs the extra formal.

    Yosys and z3 look at all inputs at once. What fails is shown cycle by cycle, and kept as a VCD
    for Surfer or GTKWave in build/formal. docs/formal.md says what is proved and what is not.
    """
    chosen = PROOFS if asked.proof is None else (find(asked.proof),)
    prover.check()
    rows = _prove(chosen)
    table_console().print(tables.results(rows))
    if not all([_report(proof, verdict) for proof, verdicts in rows for verdict in verdicts]):
        sys.exit(MISMATCH)


def _prove(chosen: Sequence[Proof]) -> list[tuple[Proof, list[Verdict]]]:
    """Each proof with the verdicts on its cases; several are worked on at a time."""
    with progress_bar("cases") as progress:
        task = progress.add_task("preparing Yosys (a minute, the first time)", total=None)
        prover.warm_up(build_folder() / "formal")
        cases = sum(len(proof.cases) for proof in chosen)
        task = next_phase(progress, task, "proving", cases)
        with processes.thread_pool(os.cpu_count() or 1) as pool:
            futures = [
                (proof, [pool.submit(prover.prove, proof, case) for case in proof.cases])
                for proof in chosen
            ]
            for future in as_completed([each for _, group in futures for each in group]):
                future.result()
                progress.advance(task)
    return [(proof, [future.result() for future in group]) for proof, group in futures]


def _report(proof: Proof, verdict: Verdict) -> bool:
    """Whether ``verdict`` is a proof; if not, why not goes to standard output."""
    where = f"{proof.name}, {verdict.case}"
    if verdict.counterexample:
        shown = verdict.counterexample
        print(f"{where}: refuted: {', '.join(shown.failed)}")
    elif verdict.step:
        shown = verdict.step
        print(
            f"{where}: no counterexample in {proof.cycles} cycles, but the induction fails, from a "
            f"state that perhaps cannot be: {', '.join(shown.failed)}"
        )
    elif verdict.unreached:
        print(
            f"{where}: cannot happen within {proof.cycles} cycles: {', '.join(verdict.unreached)}"
        )
        return False
    else:
        return True
    table_console().print(tables.trace(shown))
    print(f"waveform: {relative(shown.waveform)}")
    return False
