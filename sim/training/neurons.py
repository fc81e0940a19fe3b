"""Layers of spiking neurons in PyTorch, with gradients through quantisation and spikes."""

import math

import numpy as np
import torch
from torch.nn import functional

from trispike.models.network.decay import fraction, nearest_shifts
from trispike.models.network.layers import Bias, Threshold
from trispike.models.network.layers import Layer as LayerShape
from trispike.models.network.maps import Maps
from trispike.models.network.neuron import Neuron
from trispike.models.network.numbers import PIXEL_MAX
from trispike.models.network.shape import NetworkShape, ReadOut
from trispike.sim.cost.prices import prices
from trispike.sim.training import dynamics
from trispike.sim.training.normalisation import Normalisation, of_channels
from trispike.sim.training.recipe import V_TH, Recipe


def _next(value: float, towards: float) -> float:
    return float(np.nextafter(np.float32(value), np.float32(towards)))


_ABOVE_0, _BELOW_1, _ABOVE_1 = _next(0.0, 1.0), _next(1.0, 0.0), _next(1.0, 2.0)


class Ternarise(torch.autograd.Function):
    """Ternary weights forward (TW-SNN eq. 9-11), straight-through backward (eq. 13).

    Both take PyTorch's fused functions, many times as fast on a CPU as a choice by a mask. These
    compare strictly and with a number, so with the neighbours of 1, and forward weights over their
    limit: rounded to nearest, x / y is below 1 if and only if x is below y.
    """

    @staticmethod
    def forward(ctx, weights, beta, alpha=None):
        """Quantised ``weights``, in the same shape.

        Their magnitude is ``alpha`` or, if None, the mean of the weights that are kept (eq. 10).
        """
        low, high = weights.aminmax()
        limit = (beta * torch.maximum(-low, high)).clamp(min=_ABOVE_0)
        signs = functional.hardshrink(weights / limit, _BELOW_1).sign_()
        if alpha is None:
            alpha = (weights * signs).sum() / signs.square().sum().clamp(min=1)
        ctx.save_for_backward(weights)
        return signs.mul_(alpha)

    @staticmethod
    def backward(ctx, gradient):
        """The gradient unchanged where ``|w| <= 1``, else 0."""
        (weights,) = ctx.saved_tensors
        through = torch.ops.aten.hardtanh_backward(gradient, weights, -_ABOVE_1, _ABOVE_1)
        return through, None, None


class Kept(torch.autograd.Function):
    """Which weights `Ternarise` keeps, as 0 and 1; backward as if it were a ramp.

    The ramp, ``min(|w| / 2D, 1)`` with the limit ``D = beta * max|w|``, is a half at the limit;
    weights of twice that and more are not drawn to 0.
    """

    @staticmethod
    def forward(ctx, weights, beta):
        """1 where ``|w| >= D``, in the shape of ``weights``."""
        sizes = weights.abs()
        ctx.limit = (beta * sizes.max()).clamp(min=_ABOVE_0)
        ctx.save_for_backward(weights)
        return (sizes >= ctx.limit).float()

    @staticmethod
    def backward(ctx, gradient):
        """The ramp's gradient."""
        (weights,) = ctx.saved_tensors
        ramp = 2 * ctx.limit
        return gradient * weights.sign() * (weights.abs() < ramp) / ramp, None


class Layer(torch.nn.Module):
    """A layer with full-precision weights and bias, which it uses quantised or as they are.

    - ``weights``, ``bias``: of shape (inputs, neurons) and (neurons,).
    - ``norm``: of a layer with a threshold for each neuron: `Normalisation` of what a timestep adds
      to a potential. It scales and shifts each channel, so the layer has no ``bias``, its weights
      are -1, 0 and +1, and pixels 0 to 255.
    - ``gain``: if alpha is learnt, the logarithm of alpha / ``start``, its initial value.
    - ``leak``: if the neurons have one that is learnt, the logit of the fraction that it takes. It
      is rounded to as many shifts as the shape's neurons have.
    """

    def __init__(self, shape: LayerShape, recipe: Recipe):
        super().__init__()
        inputs, neurons = shape.inputs, shape.neurons
        self.beta, self.window, self.timesteps = recipe.beta, recipe.window, recipe.timesteps
        self.shape, self.pixels, self.maps = shape, shape.pixels, shape.maps
        self.ternary = recipe.weight_bits == 2
        normed = shape.threshold is Threshold.EACH
        self.ternary_bias = self.ternary and shape.bias is Bias.TERNARY
        self.neuron, self.side = shape.neuron, shape.maps.pool if shape.maps else 1
        self.pools_first = not (self.neuron.carries or self.neuron.once)
        learnt = self.ternary and recipe.learnt_alpha and not normed
        self.start = 1.0 if normed else recipe.start * math.sqrt(2 / inputs) if learnt else None
        self.gain = torch.nn.Parameter(torch.zeros(())) if learnt else None
        self.weights = torch.nn.Parameter(torch.empty(inputs, neurons))
        self.bias = None if normed else torch.nn.Parameter(torch.empty(neurons))
        self.norm = Normalisation(neurons, *_start(self.neuron)) if normed else None
        torch.nn.init.kaiming_normal_(self.weights.T, nonlinearity="relu")
        if not normed:
            torch.nn.init.uniform_(self.bias, -(inputs**-0.5), inputs**-0.5)
        self.leak = None
        if self.neuron.leak:
            taken = torch.tensor(fraction(self.neuron.leak))
            self.leak = torch.nn.Parameter(torch.logit(taken))

    def forward(self, inputs):
        """What each timestep adds to the potentials: (timesteps, batch, inputs or neurons).

        Of pools of neurons that start from zero to the largest. Maps are (timesteps, batch,
        channels, rows, columns); those that go in may be flattened.
        Pixels are given as a single timestep, which stands for all.
        """
        weights, bias = self.weights, self.bias
        if self.ternary:
            weights = Ternarise.apply(weights, self.beta, self.start)
        if self.ternary_bias and bias is not None:
            bias = Ternarise.apply(bias, self.beta)
        rows = inputs.flatten(0, 1) if self.maps else inputs.flatten(2).flatten(0, 1)
        if self.pixels and self.norm is None:
            rows = rows / PIXEL_MAX
        if self.maps is None and bias is not None and self.gain is None and not self.neuron.synapse:
            return self._over_time(torch.addmm(bias, rows, weights), inputs)
        sums = convolved(rows, weights, self.maps) if self.maps else rows @ weights
        if self.gain is not None:
            sums = sums * self.gain.exp()
        added = dynamics.currents(self._over_time(sums, inputs), self.neuron)
        if self.pools_first:  # the largest fires if any does
            added = dynamics.pooled(added, self.side)
        return added + of_channels(bias, added) if self.norm is None else self.norm(added)

    def _over_time(self, rows, inputs):
        values = rows.unflatten(0, inputs.shape[:2])
        return values.expand(self.timesteps, *values.shape[1:]) if self.pixels else values

    def activity(self, added):
        """What the neurons pass on, see `dynamics.activity`."""
        leak = fraction(self.neuron.leak)
        if self.leak is not None:
            smooth = self.leak.sigmoid()
            leak = smooth + (fraction(self.shifts()) - smooth.detach())
        spikes = dynamics.activity(added, self.neuron, leak, self.window)
        if self.pools_first or self.side == 1:
            return spikes
        if self.neuron.phases > 1:
            return dynamics.pooled_bits(spikes, self.side, self.neuron.phases)
        return dynamics.pooled(spikes, self.side)

    def nanojoules(self, inputs):
        """Energy of ``inputs``, spikes of (timesteps, batch, inputs), a scalar: mean of an image.

        That of what a spike sets going, see `sim.cost.prices`, in all of the timesteps.
        """
        spikes = inputs.mean(1).sum(0)
        operations = spikes @ Kept.apply(self.weights, self.beta).sum(1)
        spike, operation = prices(self.shape)
        return spikes.sum() * spike + operations * operation

    def alpha(self) -> float | None:
        """Magnitude of the ternary weights if it is learnt, else None."""
        return None if self.gain is None else self.start * self.gain.exp().item()

    def shifts(self) -> tuple[int, ...]:
        """The leak as shifts."""
        if self.leak is None:
            return self.neuron.leak
        most = len(self.neuron.leak)
        return nearest_shifts(self.leak.sigmoid().item(), most, dynamics.DEEPEST)


def _start(neuron: Neuron) -> tuple[float, float]:
    """Weight and bias that a normalisation begins with, so that few neurons pass something on."""
    if neuron.phases > 1:
        return 1.0, -V_TH  # what they pass on begins at 0
    return (0.5 if neuron.carries else 1.0), 0.0  # what is carried adds up


def convolved(values, weights, maps: Maps):
    """Sums of ``weights``, of `Maps.fan_in` rows, at the windows of ``maps``.

    ``values``: (n, channels, rows, columns), or flattened. Returns the same, or of one window
    (n, neurons).
    """
    volume = maps.volume
    values = values.reshape(-1, volume.channels, volume.height, volume.width)
    if maps.is_whole:
        return values.permute(0, 2, 3, 1).flatten(1) @ weights
    kernel = weights.unflatten(0, (*maps.kernel, volume.channels)).permute(3, 2, 0, 1)
    last = torch.channels_last  # that of the weights, and the faster one
    values, kernel = (each.contiguous(memory_format=last) for each in (values, kernel))
    return functional.conv2d(values, kernel, stride=maps.stride, padding=maps.padding)


class Net(torch.nn.Module):
    """Layers of spiking neurons; the last layer gives its potentials."""

    def __init__(self, shape: NetworkShape, recipe: Recipe):
        super().__init__()
        self.recipe = recipe
        self.shape = shape
        self.layers = torch.nn.ModuleList(Layer(layer, recipe) for layer in shape.layers)

    def forward(self, inputs):
        """Potentials of the output neurons, as if none spiked, and each hidden layer's spikes.

        Where spikes of neurons that carry a potential are counted, spikes times timesteps in place
        of potentials: their mean is the count. All have timesteps, batch and neurons as dimensions,
        those of maps rows and columns besides.
        """
        hidden, values = [], inputs
        for layer in self.layers[:-1]:
            spikes = layer.activity(layer(values))
            hidden.append(spikes)
            values = functional.dropout(spikes, self.recipe.dropout, self.training)
        last = self.layers[-1]
        if self.shape.read_out is ReadOut.COUNT and last.neuron.carries:
            return last.activity(last(values)) * last.timesteps, hidden
        return dynamics.potentials(last(values), last.neuron), hidden

    def nanojoules(self, inputs, hidden):
        """Energy of an image in the mean, a scalar, by its ``inputs`` and ``hidden`` spikes.

        Both of all draws in a row, (draws * timesteps, batch, neurons).
        """
        given = zip(self.layers, (inputs, *hidden), strict=True)
        return sum(layer.nanojoules(spikes) for layer, spikes in given) / self.recipe.draws
