"""Goes on training an imported network with the ternary weights that it has. Needs PyTorch."""

import dataclasses
from collections.abc import Callable

import numpy as np
import torch

from trispike.golden.layers import weighted_sums
from trispike.golden.layers.convolution import windows
from trispike.golden.model import run_layer
from trispike.models.data.encoders import encode
from trispike.models.network.decay import fraction
from trispike.models.network.layers import Bias, Layer, Step, Threshold
from trispike.models.network.neuron import Neuron
from trispike.models.network.shape import NetworkShape
from trispike.sim.nir.importing import Import
from trispike.sim.nir.integers import Converted, Finding
from trispike.sim.nir.ternary import Ternary
from trispike.sim.training.export import integer_network
from trispike.sim.training.fit import Training, parameters
from trispike.sim.training.neurons import Layer as TrainedLayer
from trispike.sim.training.recipe import Recipe

_RECIPE = Recipe(
    name="tune",
    learnt_alpha=True,
    loss="cross entropy",
    batch=100,
    first_rate=1e-3,
    last_rate=1e-5,
    activity_price=0.0,
)


def tuned(
    whole: Import,
    images: np.ndarray,
    labels: np.ndarray,
    *,
    epochs: int,
    report: Callable[[int, float, float], object] = lambda epoch, loss, right: None,
) -> Import:
    """``whole`` after some epochs on labelled ``images``, straight through the quantisation.

    It begins with the ternary weights and the thresholds that it has. ``report`` is called after
    each epoch with its number from 1, its mean loss and the fraction that was labelled right.
    """
    reading = whole.reading
    shape = _shape(whole)
    recipe = dataclasses.replace(_RECIPE, timesteps=reading.timesteps)
    training = Training(shape, images, labels, recipe, epochs=epochs, seed=reading.seed)
    spikes = encode(whole.network.shape, images[: whole.calibration_images], reading.timesteps, 0)
    for layer, stage, each in zip(training.net.layers, whole.stages, whole.layers, strict=True):
        _begin(layer, stage.weights, each, spikes)
        spikes = run_layer(each.layer, spikes).spikes
    for epoch in range(1, epochs + 1):
        report(epoch, *training.run_epoch())
    training.settle()
    betas = [layer.beta for layer in training.net.layers]
    network = integer_network(shape, parameters(training.net), betas)
    text = f"trained on for {epochs} epochs"
    finding = Finding(what="weights and thresholds", exact=False, error=0.0, text=text)
    layers = [
        Converted(
            layer=after,
            weights=before.weights,
            findings=(
                finding,
                *(f for f in before.findings if f.what not in ("weights", "thresholds", "biases")),
            ),
        )
        for before, after in zip(whole.layers, network.layers, strict=True)
    ]
    return whole.with_layers(layers)


def _shape(whole: Import) -> NetworkShape:
    """The network's shape with what training learns: a threshold and a bias for each neuron."""
    shape = whole.network.shape
    layers = tuple(_trainable(layer) for layer in shape.layers)
    return dataclasses.replace(shape, layers=layers)


def _trainable(layer: Layer) -> Layer:
    bias = Bias.EACH if layer.neuron.carries or not layer.fires else Bias.TERNARY
    threshold = Threshold.EACH if layer.fires else Threshold.NONE
    return dataclasses.replace(layer, threshold=threshold, bias=bias, step=Step.THRESHOLD)


def _begin(layer: TrainedLayer, weights: np.ndarray, each: Converted, spikes: np.ndarray) -> None:
    """Set the parameters of ``layer`` so that it does what the integer layer ``each`` does."""
    layer.leak = None  # stays as it is
    limits = _limits(weights, each.weights)
    steepest = (np.abs(weights) / limits).max()
    layer.beta = float(1 / steepest)
    scaled = weights / limits
    scaled *= np.sqrt(2 / len(weights)) / scaled.std()
    with torch.no_grad():
        layer.weights.copy_(torch.tensor(np.clip(scaled, -1, 1)))
        if layer.norm is None:
            layer.start = float(each.weights.alpha[0])
            unit = layer.start / (each.layer.a or 1)
            layer.bias.copy_(torch.tensor(each.layer.biases * unit))
            return
        scale, shift = _scale_and_shift(each.layer)
        mean, variance = _statistics(each.layer.neuron, _sums(each, spikes))
        deviation = np.sqrt(variance + 1e-5)
        values = {
            "weight": scale * deviation,
            "bias": shift + mean * scale,
            "mean": mean,
            "variance": variance,
        }
        for name, value in values.items():
            getattr(layer.norm, name).copy_(torch.tensor(value))


def _limits(weights: np.ndarray, ternary: Ternary) -> np.ndarray:
    """A magnitude of each neuron between those of the weights that are 0 and those that are not."""
    size, kept = np.abs(weights), ternary.codes != 0
    largest_dropped = np.where(kept, 0, size).max(axis=0)
    smallest_kept = np.where(kept, size, np.inf).min(axis=0)
    smallest_kept = np.where(np.isfinite(smallest_kept), smallest_kept, 2 * largest_dropped + 1e-6)
    return (largest_dropped + smallest_kept) / 2


def _scale_and_shift(layer) -> tuple[np.ndarray, np.ndarray]:
    """What makes of a sum of weights a potential that spikes above 1."""
    threshold = np.broadcast_to(np.asarray(layer.threshold, np.float64), layer.shape.neurons)
    a = layer.a or 1
    if layer.neuron.carries:
        step = threshold if layer.step is None else np.asarray(layer.step, np.float64)
        unit = np.maximum(np.broadcast_to(step, threshold.shape), 1)
        return a / unit, layer.biases / unit
    unit = np.maximum(np.abs(threshold + 0.5), 1) / a
    return 1 / unit, 1 - (threshold + 0.5 - layer.biases) / a / unit


def _sums(each: Converted, spikes: np.ndarray) -> np.ndarray:
    """Sums of weights: (n, timesteps, neurons), of maps (n, timesteps, positions, neurons)."""
    maps = each.layer.maps
    seen = windows(maps, spikes) if maps else spikes
    return weighted_sums(seen, each.layer.weights)


def _statistics(neuron: Neuron, sums: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean and variance of what a timestep adds to the potentials of each neuron."""
    if neuron.synapse:
        kept, current = 1 - fraction(neuron.synapse), 0
        for t in range(sums.shape[1]):
            current = sums[:, t] = sums[:, t] + kept * current
    values = sums.reshape(-1, sums.shape[-1]).astype(np.float64)
    return values.mean(axis=0), values.var(axis=0)
