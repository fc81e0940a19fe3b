"""What each kind of layer does."""

from collections.abc import Callable

import numpy as np

from trispike.golden.layers.convolution import run_convolution
from trispike.golden.layers.dense import run_dense, weighted_sums
from trispike.golden.layers.neuron import Behaviour
from trispike.models.network.layers import Convolution, Dense
from trispike.models.network.parameters import LayerParameters

LAYERS: dict[type, Callable[[LayerParameters, np.ndarray], Behaviour]] = {
    Dense: run_dense,
    Convolution: run_convolution,
}
"""By kind of layer: a function of its parameters and its input spikes, see
`golden.model.run_layer`."""

__all__ = ["LAYERS", "weighted_sums"]
