"""Co-simulation of a mutant: a small chip that has its block, beside the golden model."""

from pathlib import Path

import numpy as np

from tb.kit.networks import random_network_of, save
from tb.mutate.verilog.netlist import LINT
from trispike.models.network.shape import NetworkShape
from trispike.sim.cosim import cosimulation, harness
from trispike.sim.cosim.stimulus import Given
from trispike.sim.tools import build

_IMAGES, _TIMESTEPS = 40, 4


def difference(shape: NetworkShape, module: str, text: str, folder: Path) -> str | None:
    """The first difference of a random network of ``shape`` whose ``module`` has another ``text``.

    None if spikes, potentials, cycles and labels agree in all of its images.
    """
    network = random_network_of(shape, seed=1)
    sources = cosimulation.chip_sources(network, lanes=shape.lanes)
    assert f"{module}.v" in sources, f"the chip has no {module}"
    sources |= {f"{module}.v": text, "mutants.vlt": LINT}
    model = build.model(sources, harness.TOP, public=False, timing=True, optimise=False)
    rng = np.random.default_rng(0)
    densities = rng.choice([0, 0.05, 0.3, 0.7, 1], size=(_IMAGES, _TIMESTEPS, 1))
    spikes = rng.random((_IMAGES, _TIMESTEPS, shape.sizes[0])) < densities
    folder.mkdir(parents=True, exist_ok=True)
    weights = save(network, folder)
    found = cosimulation.run(
        weights, Given(spikes), range(_IMAGES), folder, lanes=shape.lanes, model=model
    )
    for death in found.deaths:
        return death.why
    return next((str(each.first) for each in found.outcomes if each.first), None)
