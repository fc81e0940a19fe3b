"""Layers of spiking neurons in PyTorch, with gradients through quantisation and spikes."""

import itertools
import math

import torch

from trispike.sim.training.recipe import V_TH, Recipe

_SLOPE = 0.5 * V_TH

START = 3.0
"""Initial value of a learnt alpha, in standard deviations of the initial weights."""


class Ternarise(torch.autograd.Function):
    """Ternary weights forward (TW-SNN eq. 9-11), straight-through backward (eq. 13)."""

    @staticmethod
    def forward(ctx, weights, beta, alpha=None):
        """Quantised ``weights``, in the same shape.

        Their magnitude is ``alpha`` or, if None, the mean of the weights that are kept (eq. 10).
        """
        largest = weights.abs().max()
        limit = torch.nextafter(beta * largest, torch.tensor(-1.0)).item()
        large = torch.nn.functional.hardshrink(weights, limit)  # 0 where |w| <= limit, that is, < D
        total = large.abs().sum()
        signs = large.sign_()
        if alpha is None:
            alpha = total / signs.square().sum().clamp(min=1)
        ctx.save_for_backward(weights)
        ctx.some_stop = largest > 1
        return signs.mul_(alpha)

    @staticmethod
    def backward(ctx, gradient):
        """The gradient unchanged where |w| <= 1, else 0."""
        if ctx.some_stop:
            (weights,) = ctx.saved_tensors
            gradient = gradient * (weights.abs() <= 1)
        return gradient, None, None


class Fire(torch.autograd.Function):
    """Spikes forward (TW-SNN eq. 2); backward half the gradient within `Recipe.window`."""

    @staticmethod
    def forward(ctx, potentials, window):
        """1.0 where a potential is above the threshold, else 0.0."""
        margin = potentials - V_TH
        fired = margin.gt(0).to(margin.dtype)
        ctx.save_for_backward(fired if window is None else margin.abs_().lt_(window * V_TH))
        return fired

    @staticmethod
    def backward(ctx, gradient):
        """Half the gradient near the threshold, else 0."""
        (near,) = ctx.saved_tensors
        return gradient.mul(near).mul_(_SLOPE), None


class Layer(torch.nn.Module):
    """A layer with full-precision weights and bias, which it uses quantised or as they are.

    ``weights`` has shape (inputs, neurons), ``bias`` (neurons,). ``gain``, if alpha is learnt, is
    the logarithm of alpha / ``start``, ``start`` being its initial value.
    """

    def __init__(self, inputs: int, neurons: int, recipe: Recipe):
        super().__init__()
        self.beta = recipe.beta
        self.ternary = recipe.weight_bits == 2
        self.start = START * math.sqrt(2 / inputs) if recipe.learnt_alpha else None
        self.gain = torch.nn.Parameter(torch.zeros(())) if recipe.learnt_alpha else None
        self.weights = torch.nn.Parameter(torch.empty(inputs, neurons))
        self.bias = torch.nn.Parameter(torch.empty(neurons))
        torch.nn.init.kaiming_normal_(self.weights.T, nonlinearity="relu")
        torch.nn.init.uniform_(self.bias, -(inputs**-0.5), inputs**-0.5)

    def forward(self, spikes):
        """Potentials of the neurons. (batch, inputs) -> (batch, neurons)."""
        if not self.ternary:
            return torch.addmm(self.bias, spikes, self.weights)
        weights = Ternarise.apply(self.weights, self.beta, self.start)
        bias = Ternarise.apply(self.bias, self.beta)
        if self.gain is None:
            return torch.addmm(bias, spikes, weights)
        return spikes @ weights * self.gain.exp() + bias

    def alpha(self) -> float | None:
        """Magnitude of the ternary weights if it is learnt, else None."""
        return None if self.gain is None else self.start * self.gain.exp().item()


class Net(torch.nn.Module):
    """Fully connected layers of spiking neurons; the last layer gives its potentials."""

    def __init__(self, sizes: tuple[int, ...], recipe: Recipe):
        super().__init__()
        self.recipe = recipe
        self.layers = torch.nn.ModuleList(
            Layer(inputs, neurons, recipe) for inputs, neurons in itertools.pairwise(sizes)
        )

    def forward(self, spikes):
        """Potentials of the output neurons, and a list of each hidden layer's spikes."""
        hidden = []
        for layer in self.layers[:-1]:
            spikes = Fire.apply(layer(spikes), self.recipe.window)
            hidden.append(spikes)
            spikes = torch.nn.functional.dropout(spikes, self.recipe.dropout, self.training)
        return self.layers[-1](spikes), hidden
