"""The losses that a training minimises.

Potentials are those of the output neurons, as if none spiked: (draws, timesteps, batch, neurons).
Answers are the probability of each label, (batch, neurons).
"""

import torch
from torch.nn import functional

from trispike.models.network.shape import ReadOut
from trispike.sim.training.recipe import V_TH, Recipe


def squared_hinge(potentials, answers, groups):
    """Squared hinge on the output potentials (TW-SNN sec. 3.3).

    An output neuron should be at least one threshold above its threshold for its own label and as
    far below it for the others.
    """
    targets = 2.0 * answers - 1
    return torch.relu(1 - targets * (potentials - V_TH)).square().sum(3).mean()


def _first(margin):
    """Logarithm of the probability that a label is the first output neuron that fires.

    Of those that fire in one timestep it is the first in order; it is 0 if none does. If a neuron
    of potential v - V_th, its ``margin``, fires with probability s(v), s the logistic function, the
    label is k with probability s(v_k), times the product of (1 - s(v_j)) over all that come before,
    summed over the timesteps. The mean over the draws: each has a label of its own.
    """
    _, timesteps, _, neurons = margin.shape
    in_turn = margin.transpose(1, 2).flatten(2)
    fires, stays = functional.logsigmoid(in_turn), functional.logsigmoid(-in_turn)
    first = fires + stays.cumsum(2) - stays
    first = first.unflatten(2, (timesteps, neurons)).logsumexp(2)
    label_0 = torch.logaddexp(first[..., :1], stays.sum(2, keepdim=True))
    return torch.cat([label_0, first[..., 1:]], 2).mean(0)


def label(potentials, answers, groups):
    """Cross-entropy of the label that is read out at one timestep: the first spike's."""
    return -(answers * _first(potentials - V_TH)).sum(1).mean()


def first_spike(potentials, answers, groups):
    """Half that of `label`, half the cross-entropy of the mean potentials' softmax.

    The latter keeps the correct neuron ahead of the others, which matters over several timesteps.
    """
    margin = potentials - V_TH
    ranked = functional.log_softmax(margin.mean((0, 1)), 1)
    return -(answers * (_first(margin) + ranked)).sum(1).mean() / 2


def cross_entropy(potentials, answers, groups):
    """Cross-entropy of the softmax of the mean potentials; ``groups`` are sizes of several."""
    parts = zip(potentials.mean((0, 1)).split(groups, 1), answers.split(groups, 1), strict=True)
    return -sum((answer * mean.log_softmax(1)).sum(1).mean() for mean, answer in parts)


LOSSES = {
    "first spike": first_spike,
    "label": label,
    "squared hinge": squared_hinge,
    "cross entropy": cross_entropy,
}
"""The function of each loss that a recipe may have."""


def price_of_activity(hidden, recipe: Recipe):
    """Penalty on spikes beyond ``activity_limit``: mean over a batch and over the timesteps, summed
    over hidden layers.
    """
    counts = (spikes.flatten(2).sum(2) for spikes in hidden)
    excess = (torch.relu(count - recipe.activity_limit).mean() for count in counts)
    return recipe.activity_price * sum(excess)


def loss_of(potentials, hidden, answers, recipe: Recipe, groups: tuple[int, ...] = ()):
    """The recipe's loss and its price of activity, a scalar.

    ``potentials`` and ``hidden`` spikes are those of all timesteps of the first draw, then of the
    next: (draws * timesteps, batch, neurons).
    """
    groups = list(groups) or [answers.shape[1]]
    drawn = potentials.unflatten(0, (recipe.draws, -1))
    loss = LOSSES[recipe.loss](drawn, answers, groups)
    if recipe.activity_price:
        loss = loss + price_of_activity(hidden, recipe)
    return loss


def labelled_right(potentials, answers, read_out: ReadOut, groups: tuple[int, ...] = ()):
    """How many of a batch the read-out labels as ``answers`` say, in each of the ``groups``, as a
    tensor.
    """
    fired = (potentials > V_TH).float()
    if read_out is ReadOut.FIRST:
        neurons = fired.shape[2]
        first = fired.transpose(0, 1).flatten(1).argmax(1) % neurons
        scores = functional.one_hot(first, neurons)
    else:
        scores = (potentials if read_out is ReadOut.POTENTIAL else fired).sum(0)
    sizes = list(groups) or [answers.shape[1]]
    parts = zip(scores.split(sizes, 1), answers.split(sizes, 1), strict=True)
    return torch.stack([a.argmax(1) == b.argmax(1) for a, b in parts]).all(0).sum()
