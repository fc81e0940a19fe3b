"""The stages of a chain as a network of integers."""

import dataclasses
from collections.abc import Callable, Sequence
from fractions import Fraction

import numpy as np

from trispike.golden.model import run_layer
from trispike.models.errors import BadInput
from trispike.models.network.layers import Convolution, Dense, Layer
from trispike.models.network.numbers import PIXEL_MAX, POTENTIAL_MAX
from trispike.models.network.parameters import LayerParameters, Network
from trispike.models.network.shape import Encoder, ReadOut
from trispike.sim.nir.integers import Converted, Finding, converted
from trispike.sim.nir.stages import Stage

SHIFTS = 3
"""Most shifts of a leak or a synapse, unless told otherwise: each is an adder in every neuron."""

_SEARCH_STEPS = 16

_FARTHEST = 4
"""Times that a threshold may become as large in a search, or as small."""


def convert(
    stages: Sequence[Stage], encoder: Encoder, pixel: Fraction, shifts: int
) -> list[Converted]:
    """Every stage in integers; `BadInput` names the layer that hardware does not have.

    ``pixel``: the real value of a pixel of 1, which a first layer of pixels takes.
    """
    layers = []
    for k, stage in enumerate(stages, 1):
        takes_pixels = k == 1 and encoder is Encoder.DIRECT
        try:
            _kind(stage)
            layers.append(converted(stage, pixel if takes_pixels else None, shifts))
        except BadInput as error:
            raise BadInput(f"layer {k} ({', '.join(stage.nodes)}): {error}") from None
    return layers


def _kind(stage: Stage) -> Layer:
    """The layer's shape; `BadInput` if there is none of so many inputs or neurons."""
    inputs, neurons = stage.weights.shape
    if stage.maps:
        return Convolution(maps=stage.maps, channels=neurons)
    return Dense(inputs=inputs, neurons=neurons)


def network_of(name: str, layers: Sequence[LayerParameters], encoder: Encoder) -> Network:
    """The network of ``layers``: its answer is a count of spikes, or a sum of potentials."""
    silent = layers[-1].threshold is None
    return Network(
        name=name,
        layers=tuple(layers),
        read_out=ReadOut.POTENTIAL if silent else ReadOut.COUNT,
        encoder=encoder,
    )


def calibrated(
    layers: Sequence[Converted],
    rates: Sequence[np.ndarray | None],
    spikes: np.ndarray,
    progress: Callable[[int], None] = lambda done: None,
) -> list[Converted]:
    """``layers`` with thresholds by which the neurons of quantised weights spike as often as asked.

    ``rates``: mean spikes of each neuron in a timestep in the file's network, (neurons,), of a
    convolution of each channel, before a pool; None for a layer without a threshold.
    ``spikes``: what goes into the network, see `golden.model.run`.
    ``progress``: told how many layers are done.
    """
    result = []
    for each, wanted in zip(layers, rates, strict=True):
        if wanted is not None and each.weights.error:
            each = _with_rates(each, wanted, spikes)
        result.append(each)
        spikes = run_layer(each.layer, spikes).spikes
        progress(len(result))
    return result


def _with_rates(each: Converted, wanted: np.ndarray, spikes: np.ndarray) -> Converted:
    """The layer whose thresholds are searched, all neurons at once, by halving intervals."""
    layer = each.layer
    neurons = layer.shape.neurons
    start = np.broadcast_to(np.asarray(layer.threshold, np.int64), neurons)
    if layer.neuron.carries:  # what a spike subtracts, too: not far from the file's
        least, most = start // _FARTHEST, start * _FARTHEST
    else:
        reach = len(layer.weights) * (PIXEL_MAX if layer.shape.pixels else layer.a)
        least, most = start - reach, start + reach
    least, most = np.maximum(least, -POTENTIAL_MAX), np.minimum(most, POTENTIAL_MAX)
    for _ in range(_SEARCH_STEPS):
        middle = (least + most) // 2
        often = _rates(_with_thresholds(layer, middle), spikes) > wanted
        least, most = np.where(often, middle + 1, least), np.where(often, most, middle)
    found = _with_thresholds(layer, most)
    error = float(np.abs(_rates(found, spikes) - wanted).max())
    text = f"searched: neurons spike as often as the file's, {error:.3f} a timestep off at most"
    finding = Finding(what="thresholds", exact=False, error=error, text=text)
    kept = tuple(one for one in each.findings if one.what != "thresholds")
    return dataclasses.replace(each, layer=found, findings=(*kept, finding))


def _with_thresholds(layer: LayerParameters, thresholds: np.ndarray) -> LayerParameters:
    """``layer`` with other thresholds; a step of its own is the least potential that spikes."""
    step = layer.step if layer.step is None else thresholds + 1
    return dataclasses.replace(
        layer,
        threshold=thresholds.astype(np.int32),
        step=None if step is None else step.astype(np.int32),
    )


def _rates(layer: LayerParameters, spikes: np.ndarray) -> np.ndarray:
    """Mean spikes of each neuron in a timestep, of each channel before a pool."""
    maps = layer.maps
    if maps and maps.pool > 1:
        layer = dataclasses.replace(layer, maps=dataclasses.replace(maps, pool=1))
    fired = run_layer(layer, spikes).spikes.mean(axis=(0, 1))
    return fired.reshape(layer.shape.neurons, -1).mean(axis=1)
