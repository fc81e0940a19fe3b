"""All scenarios, the smallest block first."""

from trispike.models.errors import BadInput
from trispike.sim.waves.scenario import Scenario
from trispike.sim.waves.scenarios import (
    chip,
    convolution,
    encoder,
    layer,
    neuron,
    noc,
    node,
    pe,
    sram,
)

SCENARIOS: tuple[Scenario, ...] = (
    *pe.SCENARIOS,
    *encoder.SCENARIOS,
    *sram.SCENARIOS,
    *layer.SCENARIOS,
    *neuron.SCENARIOS,
    *convolution.SCENARIOS,
    *noc.SCENARIOS,
    *node.SCENARIOS,
    *chip.SCENARIOS,
)


def find(name: str) -> Scenario:
    """The scenario called ``name``."""
    for scenario in SCENARIOS:
        if scenario.name == name:
            return scenario
    names = ", ".join(scenario.name for scenario in SCENARIOS)
    raise BadInput(f"SCENARIO must be one of {names}, not {name!r}")
