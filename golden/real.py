"""Networks of real weights in float32, for comparison: no hardware has to agree with this.

A sum of real weights depends, in its last bits, on the order in which it is taken, and so on the
machine: a potential that near its threshold may fall on its other side elsewhere. Everything made
of whole numbers in `golden.model` is exact.
"""

import numpy as np

from trispike.golden.layers import weighted_sums
from trispike.golden.model import Result, propagate
from trispike.models.network.real_network import RealLayer, RealNetwork


def real_potentials(layer: RealLayer, spikes: np.ndarray) -> np.ndarray:
    """Potential of each neuron of ``layer`` after each timestep's input spikes.

    ``spikes`` is bool of shape (..., inputs); returns float32 of shape (..., neurons).
    """
    return weighted_sums(spikes, layer.weights) + layer.bias


def run_real(network: RealNetwork, spikes: np.ndarray, *, keep_potentials: bool = True) -> Result:
    """What ``network`` does with input ``spikes``; arguments and result as of `golden.run`."""
    return propagate(network, spikes, real_potentials, keep_potentials=keep_potentials)
