"""What becomes of mutants of a geometry: its scenarios, then the solver, then co-simulation."""

import dataclasses
import functools
import re
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path

from tb.kit.bench import model_of, run_on_model
from tb.mutate.outcome import EQUIVALENT, GAP, Mutant, Outcome
from tb.mutate.verilog import chip, equivalence
from tb.mutate.verilog.netlist import SELECTION, Mutation, Netlist
from tb.mutate.verilog.rules import rules
from tb.rtl.cases import Case
from trispike.models.network.shape import NetworkShape
from trispike.rtl.hierarchy import flat_ports, leave_out
from trispike.sim.tools import processes
from trispike.sim.tools.cached_verilog import block_verilog
from trispike.sim.tools.paths import build_folder
from trispike.sim.tools.simulator import SimulationError

_TOGETHER = 80
"""Most mutants of one Verilated model."""

_FIRST_FAILURE = re.compile(r": (\w+ \(.*?\))(?:, \w+ \(Regression stopped|; see |, \w+ \()")


@dataclasses.dataclass(frozen=True, kw_only=True)
class Geometry:
    """One geometry of a block, and a chip that has it, if one is known."""

    case: Case
    chip: NetworkShape | None = None

    @functools.cached_property
    def netlist(self) -> Netlist:
        """Its Verilog, in a folder of its own."""
        top, texts = block_verilog(self.case.make.func, **self.case.make.keywords)
        folder = build_folder() / "mutate" / self.case.name
        shutil.rmtree(folder, ignore_errors=True)
        netlist = Netlist(top=top, texts=texts, folder=folder)
        netlist.write()
        return netlist

    @functools.cache  # noqa: B019, as there are few
    def mutations(self, count: int, seed: int) -> dict[Mutant, Mutation]:
        """``count`` of them, or fewer if there are fewer, by what they are in words."""
        found = {each.mutant: each for each in self.netlist.mutations(2 * count, seed)}
        return dict(list(found.items())[:count])

    def judged(self, mutations: Sequence[Mutation]) -> Iterator[Outcome]:
        """What becomes of each; `SimulationError` if the block itself fails."""
        for first in range(0, len(mutations), _TOGETHER):
            group = mutations[first : first + _TOGETHER]
            model = self._model(group)
            judge = functools.partial(self._judge, model)
            with processes.thread_pool(processes.cores()) as pool:
                yield from pool.map(judge, group, range(1, len(group) + 1))

    def _model(self, group: Sequence[Mutation]) -> Path:
        """The block with all of ``group``, which passes its scenarios while none is chosen."""
        ports = flat_ports(self._block())
        sources = self.netlist.selectable(group)
        model = model_of(sources, self.netlist.top, ports, self.case.peeked)
        self._run(model, 0)
        return model

    def _block(self):
        block = self.case.make()
        leave_out(block)
        return block

    def _run(self, model: Path, selection: int) -> None:
        run_on_model(
            model,
            self.netlist.top,
            self.case.module,
            self.netlist.folder / f"run-{selection}",
            seed=self.case.seed,
            parameters=self.case.parameters,
            plus_args=(f"+{SELECTION}={selection}",),
            most_failures=1,
        )

    def _judge(self, model: Path, mutation: Mutation, selection: int) -> Outcome:
        said = functools.partial(Outcome, mutant=mutation.mutant)
        try:
            self._run(model, selection)
        except SimulationError as error:
            return said(fate="block tests", why=_first_failure(str(error)))
        block = self._block()
        answer = equivalence.compare(self.netlist, mutation, block, rules(block), selection)
        if answer.same:
            return said(fate=EQUIVALENT, why=answer.why)
        if self.chip is not None:
            text = self.netlist.mutated(mutation, f"one-{selection}")
            folder = self.netlist.folder / f"chip-{selection}"
            differs = chip.difference(self.chip, self.netlist.top, text, folder)
            if differs is not None:
                return said(fate="co-simulation", why=differs)
        return said(fate=GAP, why=answer.why)


def _first_failure(message: str) -> str:
    """The first scenario that failed, and why."""
    found = _FIRST_FAILURE.search(message)
    return found[1] if found else message.partition("; see")[0]
