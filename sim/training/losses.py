"""The losses that a training minimises."""

import torch
from torch.nn import functional

from trispike.sim.training.recipe import V_TH, Recipe


def squared_hinge(potentials, answers):
    """Squared hinge on the output potentials (TW-SNN sec. 3.3).

    An output neuron should be at least one threshold above its threshold for its own label and as
    far below it for the others. ``potentials`` and ``answers`` (probability of each label) have
    shape (batch, labels).
    """
    targets = 2.0 * answers - 1
    return torch.relu(1 - targets * (potentials - V_TH)).square().sum(1).mean()


def first_spike(potentials, answers):
    """Half the cross-entropy of the potentials, half that of the read-out's label.

    The read-out of one timestep takes the first output neuron that fires, or label 0 if none does.
    If a neuron of potential v - V_th fires with probability s(v), s the logistic function, the
    label is k with probability s(v_k) * product over j < k of (1 - s(v_j)). The cross-entropy of
    the potentials' softmax keeps the correct neuron ahead of the others, which matters over several
    timesteps. Shapes as for `squared_hinge`.
    """
    margin = potentials - V_TH
    fires, stays = functional.logsigmoid(margin), functional.logsigmoid(-margin)
    first = fires + stays.cumsum(1) - stays
    label_0 = torch.logaddexp(first[:, :1], stays.sum(1, keepdim=True))
    first = torch.cat([label_0, first[:, 1:]], 1)
    ranked = functional.log_softmax(margin, 1)
    return -(answers * (first + ranked)).sum(1).mean() / 2


def price_of_activity(hidden, recipe: Recipe):
    """Penalty on spikes beyond ``activity_limit``: mean over a batch, summed over hidden layers."""
    excess = (torch.relu(spikes.sum(1) - recipe.activity_limit).mean() for spikes in hidden)
    return recipe.activity_price * sum(excess)


def loss_of(potentials, hidden, answers, recipe: Recipe):
    """The recipe's loss and its price of activity, a scalar."""
    loss = (first_spike if recipe.loss == "first spike" else squared_hinge)(potentials, answers)
    if recipe.activity_price:
        loss = loss + price_of_activity(hidden, recipe)
    return loss
