"""Layers of spiking neurons in PyTorch, with gradients through quantisation and spikes."""

import math

import torch

from trispike.models.network.layers import Bias, Dense
from trispike.models.network.shape import NetworkShape
from trispike.sim.training import dynamics
from trispike.sim.training.recipe import Recipe


class Ternarise(torch.autograd.Function):
    """Ternary weights forward (TW-SNN eq. 9-11), straight-through backward (eq. 13)."""

    @staticmethod
    def forward(ctx, weights, beta, alpha=None):
        """Quantised ``weights``, in the same shape.

        Their magnitude is ``alpha`` or, if None, the mean of the weights that are kept (eq. 10).
        """
        sizes = weights.abs()
        large = weights.where(sizes >= beta * sizes.max(), 0)
        signs = large.sign()
        if alpha is None:
            alpha = large.abs().sum() / signs.square().sum().clamp(min=1)
        ctx.save_for_backward(weights)
        return signs.mul_(alpha)

    @staticmethod
    def backward(ctx, gradient):
        """The gradient unchanged where |w| <= 1, else 0."""
        (weights,) = ctx.saved_tensors
        return gradient.where(weights.abs() <= 1, 0), None, None


class Layer(torch.nn.Module):
    """A layer with full-precision weights and bias, which it uses quantised or as they are.

    - ``weights``, ``bias``: of shape (inputs, neurons) and (neurons,).
    - ``gain``: if alpha is learnt, the logarithm of alpha / ``start``, its initial value.
    - ``leak``: if the neurons have one, the logit of the fraction that it takes. It is rounded to
      as many shifts as the shape's neurons have.
    """

    def __init__(self, shape: Dense, recipe: Recipe):
        super().__init__()
        inputs, neurons = shape.inputs, shape.neurons
        self.beta, self.window, self.timesteps = recipe.beta, recipe.window, recipe.timesteps
        self.pixels = shape.pixels
        self.ternary = recipe.weight_bits == 2
        self.ternary_bias = self.ternary and shape.bias is Bias.TERNARY
        self.neuron = shape.neuron
        learnt = self.ternary and recipe.learnt_alpha
        self.start = recipe.start * math.sqrt(2 / inputs) if learnt else None
        self.gain = torch.nn.Parameter(torch.zeros(())) if learnt else None
        self.weights = torch.nn.Parameter(torch.empty(inputs, neurons))
        self.bias = torch.nn.Parameter(torch.empty(neurons))
        torch.nn.init.kaiming_normal_(self.weights.T, nonlinearity="relu")
        torch.nn.init.uniform_(self.bias, -(inputs**-0.5), inputs**-0.5)
        self.leak = None
        if self.neuron.leak:
            taken = torch.tensor(dynamics.fraction(self.neuron.leak))
            self.leak = torch.nn.Parameter(torch.logit(taken))

    def forward(self, inputs):
        """What each timestep adds to the potentials: (timesteps, batch, inputs or neurons).

        Pixels are given as a single timestep, which stands for all.
        """
        rows, weights, bias = inputs.flatten(0, 1), self.weights, self.bias
        if self.ternary:
            weights = Ternarise.apply(weights, self.beta, self.start)
        if self.ternary_bias:
            bias = Ternarise.apply(bias, self.beta)
        if self.gain is None and not self.neuron.synapse:
            return self._over_time(torch.addmm(bias, rows, weights), inputs)
        sums = rows @ weights
        if self.gain is not None:
            sums = sums * self.gain.exp()
        return dynamics.currents(self._over_time(sums, inputs), self.neuron) + bias

    def _over_time(self, rows, inputs):
        values = rows.unflatten(0, inputs.shape[:2])
        return values.expand(self.timesteps, -1, -1) if self.pixels else values

    def activity(self, added):
        """What the neurons pass on, see `dynamics.activity`."""
        leak = 0
        if self.leak is not None:
            smooth = self.leak.sigmoid()
            leak = smooth + (dynamics.fraction(self.shifts()) - smooth.detach())
        return dynamics.activity(added, self.neuron, leak, self.window)

    def alpha(self) -> float | None:
        """Magnitude of the ternary weights if it is learnt, else None."""
        return None if self.gain is None else self.start * self.gain.exp().item()

    def shifts(self) -> tuple[int, ...]:
        """The leak as shifts."""
        if self.leak is None:
            return ()
        return dynamics.nearest_shifts(self.leak.sigmoid().item(), len(self.neuron.leak))


class Net(torch.nn.Module):
    """Fully connected layers of spiking neurons; the last layer gives its potentials."""

    def __init__(self, shape: NetworkShape, recipe: Recipe):
        super().__init__()
        self.recipe = recipe
        self.shape = shape
        self.layers = torch.nn.ModuleList(Layer(layer, recipe) for layer in shape.layers)

    def forward(self, inputs):
        """Potentials of the output neurons, as if none spiked, and each hidden layer's spikes.

        All have timesteps, batch and neurons as dimensions.
        """
        hidden, values = [], inputs
        for layer in self.layers[:-1]:
            spikes = layer.activity(layer(values))
            hidden.append(spikes)
            values = torch.nn.functional.dropout(spikes, self.recipe.dropout, self.training)
        last = self.layers[-1]
        return dynamics.potentials(last(values), last.neuron), hidden
