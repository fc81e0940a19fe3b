"""Every RTL block in both simulators: the table of geometries."""

import pytest

from tb.kit.bench import run_on_amaranth, run_on_verilator
from tb.rtl.cases import CASES, Case
from trispike.models.network.layers import Bias, Threshold


def _params(simulator: str, cases: list[Case]) -> list:
    marks = {case.name: [pytest.mark.thorough] * (simulator not in case.short) for case in cases}
    return [pytest.param(case, id=case.name, marks=marks[case.name]) for case in cases]


def test_random_layers_with_maps_are_of_every_kind():
    """What a number draws changes with the generator: choose others where this fails."""
    drawn = [each.make.keywords["shape"] for each in CASES if each.parameters.get("maps")]
    kinds = {
        "pool": [each.maps.pool > 1 for each in drawn],
        "stride": [each.maps.stride > 1 for each in drawn],
        "padding": [each.maps.padding > 0 for each in drawn],
        "windows that no pool takes": [each.maps.leaves_out for each in drawn],
        "potentials in memory": [each.kept_bits > 0 for each in drawn],
        "nothing in memory": [each.kept_bits == 0 for each in drawn],
        "current": [len(each.neuron.synapse) > 0 for each in drawn],
        "phases": [each.neuron.phases > 1 for each in drawn],
        "one spike an image": [each.neuron.once for each in drawn],
        "lanes": [each.lanes > 1 for each in drawn],
        "thresholds": [each.threshold is Threshold.EACH for each in drawn],
        "biases": [each.bias is Bias.EACH for each in drawn],
        "ternary biases": [each.bias is Bias.TERNARY for each in drawn],
    }
    assert [kind for kind, have in kinds.items() if not any(have)] == []


@pytest.mark.parametrize("case", _params("verilator", CASES))
def test_verilated(case):
    options = {"seed": case.seed, "parameters": case.parameters, "peeked": case.peeked}
    run_on_verilator(case.name, case.make, case.module, **options)


@pytest.mark.parametrize("case", _params("amaranth", [each for each in CASES if each.in_amaranth]))
def test_in_amaranth(case):
    run_on_amaranth(case.make, case.module, seed=case.seed, parameters=case.parameters)
