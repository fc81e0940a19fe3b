"""Trained parameters as a network: of integers, or of real weights."""

import dataclasses
from collections.abc import Sequence

import numpy as np

from trispike.models.network.parameters import LayerParameters, Network
from trispike.models.network.real_network import RealLayer, RealNetwork
from trispike.sim.training.recipe import V_TH
from trispike.sim.training.ternary import integer_constants, ternarise


@dataclasses.dataclass(frozen=True, kw_only=True, eq=False)
class Trained:
    """Parameters of one trained layer, in full precision.

    weights, bias: float32 of shape (inputs, neurons) and (neurons,).
    alpha: Magnitude of the ternary weights; None for the mean of the weights that are kept (TW-SNN
        eq. 10).
    """

    weights: np.ndarray
    bias: np.ndarray
    alpha: float | None = None


def integer_network(name: str, layers: Sequence[Trained], beta: float) -> Network:
    """The integer network that fires exactly as ``layers`` ternarised with ``beta``."""
    parameters = []
    for layer in layers:
        codes, alpha = ternarise(layer.weights, beta)
        bias_codes, bias_scale = ternarise(layer.bias, beta)
        constants = integer_constants(
            alpha if layer.alpha is None else layer.alpha,
            bias_scale,
            V_TH,
            inputs=layer.weights.shape[0],
            biases=np.unique(bias_codes).tolist(),
        )
        parameters.append(
            LayerParameters(weights=codes, bias=bias_codes, **dataclasses.asdict(constants))
        )
    return Network(name=name, layers=tuple(parameters))


def real_network(name: str, layers: Sequence[Trained]) -> RealNetwork:
    """The network of ``layers`` with their 32-bit weights."""
    return RealNetwork(
        name=name,
        layers=tuple(
            RealLayer(weights=layer.weights, bias=layer.bias, threshold=V_TH) for layer in layers
        ),
    )
