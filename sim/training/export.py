"""Trained parameters as a network: of integers, or of real weights."""

import dataclasses
import itertools
import math
from collections.abc import Sequence

import numpy as np

from trispike.models.errors import BadInput
from trispike.models.network.layers import Bias, Layer, Threshold
from trispike.models.network.numbers import CONSTANT_MAX, PIXEL_MAX, POTENTIAL_MAX
from trispike.models.network.parameters import LayerParameters, Network
from trispike.models.network.real_network import RealLayer, RealNetwork
from trispike.models.network.shape import NetworkShape
from trispike.sim.training.recipe import V_TH
from trispike.sim.training.ternary import integer_constants, ternarise


@dataclasses.dataclass(frozen=True, kw_only=True, eq=False)
class Trained:
    """Parameters of one trained layer, in full precision.

    weights, bias: float32 of shape (inputs, neurons) and (neurons,).
    alpha: Magnitude of the ternary weights; None for the mean of the weights that are kept (TW-SNN
        eq. 10). Of a layer with a threshold for each neuron float32 of shape (neurons,), 0 or more:
        what its normalisation multiplies a sum by.
    leak: Shifts of the neurons' leak.
    """

    weights: np.ndarray
    bias: np.ndarray
    alpha: float | np.ndarray | None = None
    leak: tuple[int, ...] = ()


def integer_network(
    shape: NetworkShape, layers: Sequence[Trained], beta: float | Sequence[float]
) -> Network:
    """The integer network of ``shape`` that does what ``layers`` ternarised with ``beta`` do.

    ``beta`` is that of all layers, or of each.

    Layers of ternary biases fire exactly as the real ones; with a threshold for each neuron it
    holds the bias too. In those of a bias for each neuron, each bias and the threshold are rounded
    to the layer's integer unit, alpha / a, with the largest a that the potential's register allows,
    or to that of a pixel, alpha / 255.
    """
    betas = beta if isinstance(beta, Sequence) else [beta] * len(layers)
    each = zip(shape.layers, layers, betas, strict=True)
    return Network(
        name=shape.name,
        layers=tuple(itertools.starmap(_layer, each)),
        read_out=shape.read_out,
        encoder=shape.input.encoder,
        groups=shape.groups,
    )


def _layer(shape: Layer, layer: Trained, beta: float) -> LayerParameters:
    codes, alpha = ternarise(layer.weights, beta)
    scales = _ternary_bias if shape.bias is Bias.TERNARY else _bias_each
    if layer.alpha is not None:
        alpha = layer.alpha
    if shape.threshold is Threshold.EACH and shape.bias is Bias.TERNARY:
        scales = _threshold_each
    neuron = dataclasses.replace(shape.neuron, leak=layer.leak)
    values = scales(shape, layer, codes, alpha, beta)
    if not shape.fires:
        values["threshold"] = None
    return LayerParameters(weights=codes, neuron=neuron, maps=shape.maps, **values)


def _threshold_each(shape: Layer, layer: Trained, codes, alpha: np.ndarray, beta: float):
    """Thresholds that every sum passes if and only if, in float32, it passes the real one.

    Of neurons that start from zero: it is their potential.
    """
    most = shape.inputs * (PIXEL_MAX if shape.pixels else 1)
    sums = np.arange(-most, most + 1, dtype=np.float32)
    real = zip(alpha, layer.bias, strict=True)
    silent = [np.count_nonzero(sums * scale + shift <= V_TH) for scale, shift in real]
    return {
        "a": None if shape.pixels else 1,
        "b": 0,
        "bias": np.zeros(shape.neurons, dtype=np.int8),
        "threshold": (np.array(silent) - 1 - most).astype(np.int32),
    }


def _ternary_bias(shape: Layer, layer: Trained, codes, alpha: float, beta: float):
    bias_codes, bias_scale = ternarise(layer.bias, beta)
    constants = integer_constants(
        alpha,
        bias_scale,
        V_TH,
        inputs=shape.inputs,
        biases=np.unique(bias_codes).tolist(),
    )
    return {"bias": bias_codes, **dataclasses.asdict(constants)}


def _bias_each(shape: Layer, layer: Trained, codes, alpha: float | np.ndarray, beta: float):
    phases = shape.neuron.phases
    limit = POTENTIAL_MAX >> (phases - 1)
    period = 1 - 2.0**-phases if phases > 1 else 1.0  # the spikes of all phases weigh so much
    bias = layer.bias.astype(np.float64) / period
    alpha = np.maximum(alpha, np.finfo(np.float32).tiny, dtype=np.float64)
    if shape.pixels:
        a, unit = None, alpha if alpha.ndim else alpha / PIXEL_MAX
    else:
        largest = np.abs(bias / alpha).max()
        a = min(CONSTANT_MAX, math.floor(limit / (shape.inputs + largest + 1)))
        if a < 1:
            raise BadInput(
                f"biases of {largest:g} times the weights are too large for the potential; train "
                "with a larger decay"
            )
        unit = alpha / a
    values = {"a": a, "b": None, "bias": np.rint(bias / unit).astype(np.int32)}
    if not shape.fires:
        return values
    thresholds = np.minimum(V_TH / unit, limit)  # beyond which nothing counts
    if phases > 1:  # a spike at the threshold, not only above
        step = _integers(np.rint(thresholds))
        return {**values, "threshold": step - 1, "step": step}
    return {**values, "threshold": _integers(np.floor(thresholds))}


def _integers(values) -> int | np.ndarray:
    return values.astype(np.int32) if values.ndim else int(values)


def real_network(name: str, layers: Sequence[Trained]) -> RealNetwork:
    """The network of ``layers`` with their 32-bit weights."""
    return RealNetwork(
        name=name,
        layers=tuple(
            RealLayer(weights=layer.weights, bias=layer.bias, threshold=V_TH) for layer in layers
        ),
    )
