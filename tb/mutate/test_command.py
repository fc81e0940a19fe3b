"""`make mutate`: its table, its record, and a run that goes on where another was interrupted."""

import dataclasses

import pytest

from tb.mutate import command
from tb.mutate.block import Block
from tb.mutate.command import MutateRequest, mutate, outcomes
from tb.mutate.outcome import EQUIVALENT, GAP, Mutant, Outcome
from tb.mutate.record import gaps, markdown, score
from tb.mutate.store import Store
from trispike.models.errors import BadInput

MUTANTS = [Mutant(place=f"a.py:{k}:1", change=f"x = {k} | 1") for k in range(6)]
FATES = ["oracles", "oracles", "waves", "block tests", GAP, GAP]


def _block(judged, **more):
    return Block(
        name="made up",
        mutants=lambda count, seed: MUTANTS[:count],
        judged=judged,
        key=lambda: "key",
        **more,
    )


def _settled(outcome):
    if outcome.mutant is not MUTANTS[5]:
        return outcome
    return dataclasses.replace(outcome, fate=EQUIVALENT, why="they are the same")


@pytest.fixture
def made_up(tmp_path, monkeypatch):
    """A block of six mutants, and the list of those that it was asked to judge."""
    monkeypatch.setattr("tb.mutate.store.build_folder", lambda: tmp_path)
    asked = []

    def judged(mutants, seed):
        for mutant in mutants:
            asked.append(mutant)
            yield Outcome(mutant=mutant, fate=FATES[MUTANTS.index(mutant)], why=f"test {seed}")

    return _block(judged, settled=_settled), asked


def test_table(made_up):
    """What was killed by what; of equivalent mutants nothing counts."""
    block, _ = made_up
    entry = score("golden", 0, outcomes(block, None, 0))
    assert entry.killed == {"block tests": 1, "waves": 1, "oracles": 2}
    assert (entry.mutants, entry.score) == (6, 4 / 5)
    assert [each.why for each in entry.equivalent] == ["they are the same"]
    assert gaps([entry]) == ["gap in golden: a.py:4:1: x = 4 | 1 (test 0)"]
    head, _, row, *rest = markdown([entry]).splitlines()
    assert head.startswith("| block | mutants | block tests | co-simulation | waves |")
    assert row == "| golden | 6 | 1 |  | 1 |  | 2 | 1 | 1 | 80.0% |"
    assert rest[-1] == r"| golden | `a.py:4:1` | `x = 4 \| 1` |"


def test_goes_on(made_up):
    """What was judged is not judged again; a line that was cut short counts as none."""
    block, asked = made_up
    first = outcomes(block, 3, 0)
    assert asked == MUTANTS[:3]
    assert outcomes(block, None, 0)[:3] == first
    assert asked == MUTANTS
    store = Store(block, 0)
    text = store.path.read_text()
    store.path.write_text(text[:-5])
    assert outcomes(block, None, 0)[5].fate == EQUIVALENT
    assert asked == [*MUTANTS, MUTANTS[5]]
    assert Store(block, 0).get(MUTANTS[5]).fate == GAP
    outcomes(block, 1, 7)
    assert asked[-1] is MUTANTS[0]  # another seed


def test_interrupted(made_up, tmp_path):
    """What was judged before stays."""
    block, asked = made_up

    def judged(mutants, seed):
        yield from list(block.judged(mutants, seed))[:2]
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        outcomes(_block(judged), None, 0)
    asked.clear()
    outcomes(block, None, 0)
    assert asked == MUTANTS[2:]


def test_command(made_up, monkeypatch, capsys):
    """The table and the gaps; docs/ stays as it is."""
    block, _ = made_up
    monkeypatch.setattr(command, "BLOCKS", {"golden": dataclasses.replace(block, name="golden")})
    mutate.main(["BLOCK=golden", "SEED=3"], standalone_mode=False)
    printed = capsys.readouterr().out
    assert "80.0%" in printed
    assert "gap in golden: a.py:4:1: x = 4 | 1 (test 3)" in printed


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"block": "nothing"}, "BLOCK must be one of .*golden, .*all, not 'nothing'"),
        ({"count": 0}, "COUNT must be 1 or more, not 0"),
    ],
)
def test_refused(fields, told):
    with pytest.raises(BadInput, match=told):
        MutateRequest(**fields)
