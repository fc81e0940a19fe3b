"""Networks of real weights in float32, for comparison only: there is no hardware for them.

The last bits of a sum of real weights depend on the order of its terms, and so on the machine: a
potential near its threshold may lie on the other side of it elsewhere. `golden.model` computes with
integers and is exact.
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
    """Run ``network`` on ``spikes``; arguments and result as of `golden.model.run`."""
    return propagate(network, spikes, real_potentials, keep_potentials=keep_potentials)
