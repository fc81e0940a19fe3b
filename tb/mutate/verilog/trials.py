"""What becomes of mutants of a geometry: its scenarios, then the solver, then co-simulation."""

import dataclasses
import fnmatch
import functools
import re
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path

from tb.kit.bench import model_of, run_on_model
from tb.mutate.digest import digest_of, sources
from tb.mutate.imports import sources_of
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

_COMPARISON = "trispike.sim.cosim.compare_cocotb"
"""What the simulator of a chip imports."""

_FIRST_FAILURE = re.compile(r": (\w+ \(.*?\))(?:, \w+ \(Regression stopped|; see |, \w+ \()")


@dataclasses.dataclass(frozen=True, kw_only=True, eq=False)
class Geometry:
    """One geometry of a block.

    case: The geometry, and its scenarios.
    modules: Patterns of the modules that are mutated; those in the block's own text if none.
    around: Pattern of the module that the solver looks at with all that is below, if one that is
        changed differs alone; the block unless told else.
    chip: A chip that has these modules, if one is known.
    """

    case: Case
    modules: tuple[str, ...] = ()
    around: str = ""
    chip: NetworkShape | None = None

    def key(self) -> str:
        """A name for all that decides what becomes of a mutant."""
        modules = [__name__, self.case.make.func.__module__, self.case.module, _COMPARISON]
        mine = sources_of(modules, without=["tb.rtl.cases"])
        text = digest_of([*mine, *(path for path in sources() if path.suffix != ".py")])
        return f"{text} {self.case!r} {self.modules!r} {self.around!r} {self.chip!r}"

    @functools.cached_property
    def netlist(self) -> Netlist:
        """Its Verilog, in a folder of its own."""
        top, texts = block_verilog(self.case.make.func, **self.case.make.keywords)
        folder = build_folder() / "mutate" / self.case.name
        shutil.rmtree(folder, ignore_errors=True)
        chosen = [t for t in texts if any(fnmatch.fnmatch(t, each) for each in self.modules)]
        netlist = Netlist(top=top, texts=texts, folder=folder, mutated=tuple(chosen or [top]))
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
        leave_out(block := self.case.make())
        sources = self.netlist.selectable(group)
        model = model_of(sources, self.netlist.top, flat_ports(block), self.case.peeked)
        self._run(model, 0)
        return model

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
        answer = self._compared(mutation, self.netlist.folder / f"same-{selection}")
        if answer.same:
            return said(fate=EQUIVALENT, why=answer.why)
        if self.chip is not None:
            part = self.netlist.part(mutation.text, self.netlist.folder)
            folder = self.netlist.folder / f"chip-{selection}"
            text = part.changed(mutation, f"one-{selection}")
            differs = chip.difference(self.chip, part.top, text, folder)
            if differs is not None:
                return said(fate="co-simulation", why=differs)
        return said(fate=GAP, why=answer.why)

    def _compared(self, mutation: Mutation, folder: Path) -> equivalence.Answer:
        """Whether the module that is changed is the same by itself, or else in its block."""
        part = self.netlist.part(mutation.text, folder / "alone")
        answer = equivalence.alone(part, mutation, part.folder)
        if answer.same:
            return answer
        if not self.netlist.holds(self.compared, mutation.text):
            return answer
        whole = self.netlist.part(self.compared, folder)
        return equivalence.compare(whole, mutation, folder, rules(self.case.make()))

    @property
    def compared(self) -> str:
        """The module that is ``around``."""
        names = self.netlist.texts
        return next((t for t in names if fnmatch.fnmatch(t, self.around)), self.netlist.top)


def _first_failure(message: str) -> str:
    """The first scenario that failed, and why."""
    found = _FIRST_FAILURE.search(message)
    return found[1] if found else message.partition("; see")[0]
