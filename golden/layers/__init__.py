"""What each kind of layer sums of its input spikes."""

from collections.abc import Callable

import numpy as np

from trispike.golden.layers.dense import weighted_sums
from trispike.models.network.layers import Dense

SUMS: dict[type, Callable[[np.ndarray, np.ndarray], np.ndarray]] = {Dense: weighted_sums}
"""Sum of the weights of spiking inputs for each neuron, by kind of layer: a function of the input
spikes, bool (..., inputs), and the weights, that returns float32 (..., neurons)."""

__all__ = ["SUMS", "weighted_sums"]
