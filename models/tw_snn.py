"""Ternarisation-aware training in PyTorch (TW-SNN alg. 3). Only `models.train` imports this."""

import itertools
import math
from collections.abc import Callable

import numpy as np
import torch

from models.errors import BadInput
from models.recipe import V_TH, Recipe

_SLOPE = 0.5 * V_TH


class _Ternarise(torch.autograd.Function):
    """Ternary weights forward (TW-SNN eq. 9-11), straight-through backward (eq. 13)."""

    @staticmethod
    def forward(ctx, weights, beta):
        sizes = weights.abs()
        kept = sizes >= beta * sizes.max()
        alpha = (sizes * kept).sum() / kept.sum()
        ctx.save_for_backward(sizes <= 1)
        return alpha * weights.sign() * kept

    @staticmethod
    def backward(ctx, gradient):
        (passes,) = ctx.saved_tensors
        return gradient * passes, None


class _Fire(torch.autograd.Function):
    """Spikes forward (TW-SNN eq. 2); backward half the threshold where `Recipe.window` allows."""

    @staticmethod
    def forward(ctx, potentials, window):
        fired = potentials > V_TH
        near = fired if window is None else (potentials - V_TH).abs() < window * V_TH
        ctx.save_for_backward(near)
        return fired.to(potentials.dtype)

    @staticmethod
    def backward(ctx, gradient):
        (near,) = ctx.saved_tensors
        return gradient * near * _SLOPE, None


class Layer(torch.nn.Module):
    """Full-precision weights and bias that act through their ternary values.

    ``weights`` has shape (inputs, neurons), ``bias`` (neurons,).
    """

    def __init__(self, inputs: int, neurons: int, beta: float):
        super().__init__()
        self.beta = beta
        self.weights = torch.nn.Parameter(torch.empty(inputs, neurons))
        self.bias = torch.nn.Parameter(torch.empty(neurons))
        torch.nn.init.kaiming_normal_(self.weights.T, nonlinearity="relu")
        torch.nn.init.uniform_(self.bias, -(inputs**-0.5), inputs**-0.5)

    def forward(self, spikes):
        """Potentials of the neurons. (batch, inputs) -> (batch, neurons)."""
        weights = _Ternarise.apply(self.weights, self.beta)
        return spikes @ weights + _Ternarise.apply(self.bias, self.beta)


class Net(torch.nn.Module):
    """Fully connected layers of spiking neurons, the last of which show their potentials."""

    def __init__(self, sizes: tuple[int, ...], recipe: Recipe):
        super().__init__()
        self.recipe = recipe
        self.layers = torch.nn.ModuleList(
            Layer(inputs, neurons, recipe.beta) for inputs, neurons in itertools.pairwise(sizes)
        )

    def forward(self, spikes):
        """Potentials of the output neurons, and a list of each hidden layer's spikes."""
        hidden = []
        for layer in self.layers[:-1]:
            spikes = _Fire.apply(layer(spikes), self.recipe.window)
            hidden.append(spikes)
            spikes = torch.nn.functional.dropout(spikes, self.recipe.dropout, self.training)
        return self.layers[-1](spikes), hidden


def loss_of(potentials, hidden, labels, recipe: Recipe):
    """Squared hinge on output potentials above or below the threshold, and the price of activity.

    An output neuron should be at least one threshold above its threshold for its own label and as
    far below it for the others.
    """
    targets = 2.0 * torch.nn.functional.one_hot(labels, potentials.shape[1]) - 1
    loss = torch.relu(1 - targets * (potentials - V_TH)).square().sum(1).mean()
    if recipe.activity_price:
        for spikes in hidden:
            excess = torch.relu(spikes.sum(1) - recipe.activity_limit)
            loss = loss + recipe.activity_price * excess.mean()
    return loss


def fit(
    sizes: tuple[int, ...],
    images: np.ndarray,
    labels: np.ndarray,
    recipe: Recipe,
    *,
    epochs: int,
    seed: int,
    report: Callable[[int, float, float], object],
) -> list[tuple[np.ndarray, np.ndarray]]:
    """Train a network of ``sizes`` and return each layer's full-precision weights and bias.

    Parameters
    ----------
    sizes
        Neurons a layer, inputs first.
    images, labels
        Training set: uint8 of (n, inputs) and of (n,). Each epoch draws one timestep of fresh
        spikes from each image (TW-SNN alg. 1).
    recipe, epochs, seed
        The same three give the same weights on one machine with one number of threads.
    report
        Called after each epoch with its number from 1, its mean loss and the fraction of training
        images whose output spikes gave the right label.

    `BadInput` if the loss stops being a finite number.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        rates = torch.tensor(images).float() / 255
        answers = torch.tensor(labels).long()
        net = Net(sizes, recipe)
        optimizer = torch.optim.AdamW(
            net.parameters(), lr=recipe.first_rate, weight_decay=recipe.decay, fused=True
        )
        decay = (recipe.last_rate / recipe.first_rate) ** (1 / max(1, epochs - 1))
        schedule = torch.optim.lr_scheduler.ExponentialLR(optimizer, decay)
        for epoch in range(1, epochs + 1):
            total, right = 0.0, 0
            for chosen in torch.randperm(len(rates)).split(recipe.batch):
                rate, answer = rates[chosen], answers[chosen]
                potentials, hidden = net((torch.rand_like(rate) < rate).float())
                loss = loss_of(potentials, hidden, answer, recipe)
                value = loss.item()
                if not math.isfinite(value):
                    raise BadInput(
                        f"training diverged in epoch {epoch}: the loss is {value}; nothing was "
                        f"exported, try a first_rate below {recipe.first_rate:g}"
                    )
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
                total += value * len(chosen)
                right += ((potentials > V_TH).float().argmax(1) == answer).sum().item()
            schedule.step()
            report(epoch, total / len(rates), right / len(rates))
        return [
            (layer.weights.detach().numpy().copy(), layer.bias.detach().numpy().copy())
            for layer in net.layers
        ]
