"""The hardware's waveforms are the reference waveforms."""

import pytest

from trispike.sim.waves import reference, vcd
from trispike.sim.waves.difference import compare
from trispike.sim.waves.record import record
from trispike.sim.waves.scenarios import SCENARIOS
from trispike.sim.waves.sketch import sketch

LONG = {
    "chip_early_decision",
    "chip_fc256_digit",
    "encoder_lanes",
    "mesh_burst",
    "mesh_corner_to_corner",
    "mesh_meeting",
    "neuron_first_spike",
    "neuron_leaky",
    "neuron_reset_first",
    "neuron_reset_to_zero",
    "neuron_weighted",
    "nodes_three_steps",
    "router_back_pressure",
    "router_drop",
}
"""Scenarios that take long to build, or longer than another like them."""


@pytest.mark.parametrize(
    "scenario",
    [
        pytest.param(each, id=each.name, marks=[pytest.mark.thorough] * (each.name in LONG))
        for each in reversed(SCENARIOS)
    ],
)
def test_as_in_the_reference(scenario):
    """What is recorded now is what was blessed, and is written as it was."""
    expected = reference.read(scenario)
    recording = record(scenario)
    difference = compare(expected, recording.wave)
    if difference is not None:
        vcd.write_difference(scenario.name, expected, recording.wave)
        drawn = sketch(expected, recording.wave, difference.cycle)
        pytest.fail(f"{scenario.name}: {difference}\n{drawn}\nmake waves shows it", pytrace=False)
    assert recording.ended
    path = reference.path(scenario.name)
    assert path.read_text() == reference.text(scenario, recording.wave)


def test_every_reference_has_a_scenario():
    names = {scenario.name for scenario in SCENARIOS}
    assert reference.orphans(names) == []
    assert names > LONG
