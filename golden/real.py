"""Networks of real weights in float32, for comparison only: there is no hardware for them.

The last bits of a sum of real weights depend on the order of its terms, and so on the machine: a
potential near its threshold may lie on the other side of it elsewhere. `golden.model` computes with
integers and is exact.
"""

import numpy as np

from trispike.golden.layers import weighted_sums
from trispike.golden.layers.neuron import Behaviour
from trispike.golden.model import Result, propagate
from trispike.models.network.real_network import RealLayer, RealNetwork


def run_real_layer(layer: RealLayer, spikes: np.ndarray) -> Behaviour:
    """What ``layer`` does, as `golden.model.run_layer`; its potentials are float32."""
    potentials = weighted_sums(spikes, layer.weights) + layer.bias
    return Behaviour(potentials=potentials, spikes=potentials > layer.threshold)


def run_real(network: RealNetwork, spikes: np.ndarray, *, keep_potentials: bool = True) -> Result:
    """Run ``network`` on ``spikes``; arguments and result as of `golden.model.run`."""
    return propagate(network, spikes, run_real_layer, keep_potentials=keep_potentials)
