"""How a difference between RTL and model is told."""

import pytest

from trispike.sim import cli
from trispike.sim.report.mismatch import Mismatch, MismatchFound

FIRST = Mismatch(
    what="potential", image=3, timestep=2, layer=1, neuron=5, cycle=77, expected=1, got=2
)


@pytest.mark.parametrize(
    ("mismatch", "text"),
    [
        (
            FIRST,
            "potential: image 3, timestep 2, layer 1, neuron 5, cycle 77: expected 1, got 2",
        ),
        (Mismatch(what="spike", layer=0, position=7), "spike: input, position 7"),
        (
            Mismatch(what="flit", image=0, where="host to node 0.0.0", expected="none", got="a"),
            "flit: image 0, host to node 0.0.0: expected none, got a",
        ),
        (Mismatch(what="label", expected=0, got=1), "label: expected 0, got 1"),
        (Mismatch(what="the run stands still"), "the run stands still"),
    ],
)
def test_words(mismatch, text):
    """Only what applies is told, in the order of the walk."""
    assert str(mismatch) == text


def test_ends_a_command_with_status_1(monkeypatch, capsys):
    """One line on standard error, whichever command it is."""

    def found(**_):
        raise MismatchFound(FIRST)

    monkeypatch.setattr(cli.cli, "main", found)
    monkeypatch.setattr(cli, "SIGNALS", ())
    with pytest.raises(SystemExit) as ended:
        cli.main()
    assert ended.value.code == 1
    assert capsys.readouterr().err == f"first divergence: {FIRST}\n"
