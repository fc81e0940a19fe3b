"""Mutants of exported Verilog, and what judges them."""

import pytest

from tb.mutate.outcome import EQUIVALENT
from tb.mutate.verilog import chip, equivalence
from tb.mutate.verilog.blocks import GEOMETRIES
from tb.mutate.verilog.rules import rules
from tb.mutate.verilog.trials import Geometry
from tb.rtl.cases import CASES
from trispike.models.network.shape import NetworkShape
from trispike.sim.tools.cached_verilog import chip_verilog

_LACKS = equivalence.missing()

pytestmark = pytest.mark.skipif(_LACKS is not None, reason=f"mutants of Verilog: {_LACKS}")

_CHIP = NetworkShape.dense(name="mutants", sizes=(10, 5, 3))


def _geometry(name: str) -> Geometry:
    return Geometry(case=next(case for case in CASES if case.name == name))


def test_a_seed_draws_the_same():
    """Another draws others; no clock is among them."""
    netlist = _geometry("aer_10").netlist
    drawn = netlist.mutations(60, 0)
    assert drawn == netlist.mutations(60, 0)
    assert drawn != netlist.mutations(60, 1)
    assert len(set(drawn)) == 60
    assert not [each for each in drawn if "clk" in str(each.mutant).lower()]


def test_the_solver_tells_apart(tmp_path):
    """Some changes of an encoder from those that no input shows; of the others it has inputs."""
    geometry = _geometry("aer_10")
    answers = [
        equivalence.compare(
            geometry.netlist, mutation, tmp_path / str(k), rules(geometry.case.make())
        )
        for k, mutation in enumerate(geometry.netlist.mutations(20, 0)[12:])
    ]
    assert {answer.same for answer in answers} == {True, False}
    assert all("i__valid" in answer.why for answer in answers if not answer.same)


@pytest.mark.thorough
def test_scenarios_and_solver_agree(tmp_path):
    """No mutant that a scenario kills is the same to the solver."""
    geometry = _geometry("flow_1")
    mutations = list(geometry.mutations(16, 3).values())
    killed = 0
    for mutation, outcome in zip(mutations, geometry.judged(mutations), strict=True):
        folder = tmp_path / str(killed)
        answer = equivalence.compare(
            geometry.netlist, mutation, folder, rules(geometry.case.make())
        )
        assert answer.same == (outcome.fate == EQUIVALENT), outcome
        killed += outcome.fate == "block tests"
    assert killed > 8


@pytest.mark.thorough
@pytest.mark.parametrize(
    "case",
    [
        *("pe_2", "flow_4", "sram_8x16", "layer_5x3_2"),
        *("router_3x3x3_2_1_1_depth4_detour_dead2", "node_64x32_2_2", "node_64x96_8_3"),
    ],
)
def test_rules_do_not_contradict(case, tmp_path):
    """Else all mutants were the same: no input keeps them all."""
    geometry = next(g for each in GEOMETRIES.values() for g in each if g.case.name == case)
    netlist = geometry.netlist.part(geometry.compared, tmp_path)
    inside = (m for m in geometry.netlist.mutations(30, 0) if netlist.holds(netlist.top, m.text))
    for k, mutation in zip(range(6), inside, strict=False):
        of_block = rules(geometry.case.make())
        if equivalence.compare(netlist, mutation, tmp_path / str(k), of_block).same is False:
            return
    pytest.fail("none of six mutants differs")


@pytest.mark.thorough
def test_co_simulation_of_a_mutant(tmp_path):
    """It is what the chip says of the changed module, and nothing of the module as it is."""
    _, texts = chip_verilog(_CHIP)
    text = texts["aer_encoder_10"]
    assert chip.difference(_CHIP, "aer_encoder_10", text, tmp_path / "same") is None
    assert (wrong := text.replace("assign busy = ", "assign busy = ~", 1)) != text
    assert chip.difference(_CHIP, "aer_encoder_10", wrong, tmp_path / "wrong")


def test_parts_of_a_netlist():
    """What a module has below it, and its ports."""
    netlist = _geometry("layer_5x3_2").netlist
    assert netlist.holds(netlist.top, "aer_encoder_2")
    assert not netlist.holds("lane_encoder_5_2_lanes", "sram_4x8")
    assert netlist.part("sram_4x8", netlist.folder).ports == {
        "address": ("i", 2),
        "read": ("i", 1),
        "read_data": ("o", 8),
        "write": ("i", 1),
        "write_data": ("i", 8),
    }
