"""Small NIR files for tests, and networks imported from them."""

import itertools
from fractions import Fraction
from pathlib import Path

import numpy as np

from trispike.models.network.shape import Encoder
from trispike.sim.nir.chain import read
from trispike.sim.nir.importing import Import, Reading, imported
from trispike.sim.nir.rules import FRAMEWORKS, Rules


def written(folder: Path, nodes: dict, more: tuple = (), name: str = "small") -> Path:
    """A file of ``nodes`` in a chain, with ``more`` edges."""
    import nir

    path = folder / f"{name}.nir"
    edges = [*itertools.pairwise(nodes), *more]
    nir.write(path, nir.NIRGraph(dict(nodes), edges, type_check=False))
    return path


def imported_from(path: Path, rules: Rules = FRAMEWORKS["nir"], **reading) -> Import:
    """The network in ``path``, of spikes for a timestep unless ``reading`` says otherwise."""
    usual = {"encoder": Encoder.GIVEN, "pixel": Fraction(1), "shifts": 3, "timesteps": 1}
    return imported(read(path), "small", Reading(rules=rules, **{**usual, **reading}))


def of_maps() -> dict:
    """A convolution with a scale and biases, a pool, and a read-out: pixels in, exactly ternary."""
    import nir

    rng = np.random.default_rng(3)
    convolution = nir.Conv2d(
        input_shape=(6, 4),
        weight=rng.integers(-1, 2, (3, 2, 3, 3)) * 0.75,
        stride=1,
        padding=1,
        dilation=1,
        groups=1,
        bias=rng.normal(0, 99, 3),
    )
    over = np.broadcast_to(rng.normal(0, 99, 3)[:, None, None], (3, 6, 4)).copy()
    return {
        "input": nir.Input(np.array([2, 6, 4])),
        "conv": convolution,
        "spike": nir.Threshold(over),
        "pool": nir.SumPool2d(np.array([2, 2]), np.array([2, 2]), np.array([0, 0])),
        "or": nir.Threshold(np.full((3, 3, 2), 0.5)),
        "flatten": nir.Flatten({"input": np.array([3, 3, 2])}, 0, -1),
        "read_out": nir.Affine(rng.integers(-1, 2, (4, 18)) * 0.5, np.array([0, 1, -1.5, 3])),
        "output": nir.Output(np.array([4])),
    }


def of_neurons(make, seed: int = 1, sizes: tuple[int, ...] = (30, 20, 5), scale=None) -> dict:
    """Dense layers of neurons that ``make(n)`` gives; ternary weights, each neuron its magnitude.

    ``scale``: one magnitude for all.
    """
    import nir

    rng = np.random.default_rng(seed)
    nodes = {"input": nir.Input(np.array(sizes[:1]))}
    for k, (inputs, neurons) in enumerate(itertools.pairwise(sizes), 1):
        magnitude = scale or rng.choice([0.25, 0.5, 0.75], (neurons, 1))
        weights = rng.choice([-1, 0, 1, 1], (neurons, inputs)) * magnitude
        nodes[f"weights_{k}"] = nir.Affine(weights, rng.choice([-0.5, 0, 0.25], neurons))
        nodes[f"neurons_{k}"] = make(neurons)
    nodes["output"] = nir.Output(np.array(sizes[-1:]))
    return nodes
