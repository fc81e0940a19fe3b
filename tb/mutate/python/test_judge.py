"""Mutants are judged by tests in processes of their own."""

import dataclasses

import pytest

from tb.kit.bench import run_on_verilator
from tb.mutate.imports import untouched
from tb.mutate.outcome import EQUIVALENT, GAP, Outcome
from tb.mutate.python.blocks import PYTHON_BLOCKS
from tb.mutate.python.judge import Court, Stage
from tb.mutate.python.mutants import mutants_of
from tb.mutate.python.reasons import reasons, settled
from tb.rtl.cases import CASES
from trispike.models.errors import BadInput
from trispike.rtl.hierarchy import leave_out
from trispike.sim.tools.paths import build_folder

FILE = "golden/decision.py"
COURT = Court(
    paths=(FILE,),
    stages=(Stage(killer="oracles", tests=("tb/golden/test_decision.py",), seconds=3),),
)


def _mutant(now, path=FILE):
    return next(each for each in mutants_of([path]) if each.now == now)


@pytest.mark.thorough
def test_judged():
    """Killed by a test that fails, or by one that does not end; or a gap."""
    mutants = [
        _mutant("stable[:, -1] = False"),
        dataclasses.replace(_mutant("if stability != 0:"), text="while True: pass"),
        _mutant("if stability != 0:"),
    ]
    hangs = dataclasses.replace(mutants[1], lines=frozenset({9999}))  # no test looks at it
    first, second, third, last = COURT.judged([*mutants, hangs])
    assert (first.fate, second.fate, third.fate, last.fate) == (*["oracles"] * 3, GAP)
    assert first.why.startswith("tb/golden/test_decision.py::")
    assert second.why == "no end of its imports"
    assert first.mutant is mutants[0]


@pytest.mark.thorough
def test_simulators_have_the_mutant():
    """What a test starts imports the mutant, too."""
    path, tests = "sim/cosim/captures.py", ("tb/sim/cosim/test_faults.py::test_no_fault_agrees",)
    stage = Stage(killer="co-simulation", tests=tests, traced=False)
    mutant = mutants_of([path])[0]
    wrong = mutant.text.replace("cycles = np.array(", "cycles = 1 + np.array(")
    (outcome,) = Court(paths=(path,), stages=(stage,)).judged(
        [dataclasses.replace(mutant, text=wrong)]
    )
    assert outcome.fate == "co-simulation"


def _kept_of(block):
    """What caches have of ``block``: exports, and folders of models."""
    exports = (build_folder() / "exports").glob("*.json")
    models = (build_folder() / "models").glob(f"*/{block}.v")
    return {path for path in exports if path.read_text().startswith(f'["{block}",')}, {*models}


@pytest.mark.thorough
def test_mutants_of_hardware():
    """No cache has what was exported or built of a mutant, nor gives it what is of the sources.

    The case is one that no other test builds in another way, as those may run at the same time.
    """
    path, case = "rtl/layers/lanes.py", next(each for each in CASES if each.name == "lanes_2_2")
    tests = (f"tb/rtl/test_blocks.py::test_verilated[{case.name}]", "--all")
    stage = Stage(killer="block tests", tests=tests, traced=False)
    options = {"seed": case.seed, "parameters": case.parameters, "peeked": case.peeked}
    run_on_verilator("mutants-of-hardware", case.make, case.module, **options)
    leave_out(block := case.make())
    before = _kept_of(block.module_name)
    assert all(before)
    mutants = [each for each in mutants_of([path]) if ".eq((event.end))" in each.now]
    assert mutants
    for outcome in Court(paths=(path,), stages=(stage,), anew=True).judged(mutants):
        assert outcome.fate == "block tests"
    assert _kept_of(block.module_name) == before


def test_tests_must_pass_as_they_are():
    """All of them, without a mutant."""
    stage = Stage(killer="oracles", tests=("tb/golden/test_decision.py", "-knothing"))
    with pytest.raises(BadInput, match="must pass without a mutant, and not"):
        list(Court(paths=(FILE,), stages=(stage,)).judged([_mutant("if stability != 0:")]))


def test_what_is_imported_once():
    """What imports a mutant, however far away, is not."""
    found = untouched(["tb.golden.test_decision"], ["trispike.golden.decision"])
    assert "trispike.models.network.neuron" in found
    assert not [name for name in found if "trispike.golden" in name or ".test_" in name]
    assert "tb.kit.early" not in found


@pytest.mark.parametrize("block", PYTHON_BLOCKS, ids=lambda block: block.name)
def test_mutants_are_the_same_for_a_seed(block):
    one, other, third = (block.mutants(20, seed) for seed in (3, 3, 4))
    assert len(one) == 20
    assert one == other != third
    assert len({(each.place, each.change) for each in one}) == 20
    for each in one:
        compile(each.text, each.path, "exec")


def test_every_reason_is_of_a_mutant():
    """A line that has changed is named: its reasons are to be thought over."""
    files = sorted({file for file, _, _ in reasons()})
    there = {(each.path, each.was, each.now) for each in mutants_of(files)}
    assert sorted(reasons().keys() - there) == []


def test_settled():
    """A gap for which there is a reason; what was killed is not equivalent."""
    (path, was, now), why = next(iter(reasons().items()))
    mutant = next(each for each in mutants_of([path]) if (each.was, each.now) == (was, now))
    outcome = Outcome(mutant=mutant, fate=GAP, why="all tests pass")
    assert settled(outcome) == Outcome(mutant=mutant, fate=EQUIVALENT, why=why)
    killed = dataclasses.replace(outcome, fate="oracles")
    assert settled(killed) is killed
    other = dataclasses.replace(outcome, mutant=dataclasses.replace(mutant, was="another"))
    assert settled(other) is other
