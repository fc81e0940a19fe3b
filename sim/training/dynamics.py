"""Neurons over time in PyTorch: `models.network.neuron.Neuron` in real numbers, with gradients."""

import functools
import itertools

import torch
from torch.nn import functional

from trispike.models.network.decay import fraction
from trispike.models.network.neuron import Neuron, Order, Reset
from trispike.sim.training.recipe import V_TH

_SLOPE = 0.5 * V_TH
DEEPEST = 7
"""Largest shift of a leak that is learnt."""


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


def _over_time(steps):
    """Timesteps in one tensor, of maps in the order in memory that convolutions want."""
    if steps[0].ndim < 4:
        return torch.stack(steps)
    return torch.stack([step.permute(0, 2, 3, 1) for step in steps]).permute(0, 1, 4, 2, 3)


def currents(sums, neuron: Neuron):
    """Exponential synaptic currents of ``sums``, (timesteps, batch, neurons), or ``sums``."""
    if not neuron.synapse:
        return sums
    kept = 1 - fraction(neuron.synapse)
    return _over_time(list(itertools.accumulate(sums, lambda before, now: before * kept + now)))


def potentials(added, neuron: Neuron):
    """Potentials of neurons that never spike, with what each timestep adds to them."""
    return added.cumsum(0) if neuron.carries else added


def pooled(values, side: int):
    """The largest of each square of maps: (timesteps, batch, channels, rows, columns)."""
    if side == 1:
        return values
    squares = functional.max_pool2d(values.flatten(0, 1), side)
    return squares.unflatten(0, values.shape[:2])


def pooled_bits(values, side: int, phases: int):
    """What the OR of the spikes of each square of maps says whose periods say ``values``.

    A phase is a bit. A value between two that a period can say is one or the other, by chance, as
    a neuron's periods are in turn. The gradient is that of the largest.
    """
    levels = (values.detach() * (1 << phases) + torch.rand_like(values)).int()
    levels.clamp_(max=(1 << phases) - 1)
    high, wide = (size - size % side for size in levels.shape[-2:])
    places = itertools.product(range(side), repeat=2)
    each = (levels[..., y:high:side, x:wide:side] for y, x in places)
    said = functools.reduce(torch.bitwise_or, each).float() / (1 << phases)
    largest = pooled(values, side)
    return largest + (said - largest).detach()


def activity(added, neuron: Neuron, leak, window):
    """What neurons pass on, with what each timestep adds to their potentials.

    ``added`` has shape (timesteps, batch, neurons, ...); ``leak`` is the fraction of a carried
    potential that a timestep takes, a tensor or 0. Returns spikes of the same shape; for neurons of
    weighted spikes, whose timesteps stand for periods, the values that their periods settle at.
    """
    if neuron.phases > 1:
        return added.clamp(0, 1 - 2.0**-neuron.phases)
    if not (neuron.carries or neuron.once):
        return Fire.apply(added, window)
    spikes, carried, silent = [], 0, 1
    for each in added:
        potential = each + carried
        spike = Fire.apply(potential, window)
        if neuron.once:
            spike = spike * silent
            silent = silent - spike
        spikes.append(spike)
        if neuron.carries:
            carried = _carried(potential, spike, neuron, 1 - leak)
    return _over_time(spikes)


def _carried(potential, spike, neuron: Neuron, kept):
    if neuron.reset is Reset.ZERO:
        return potential * (1 - spike) * kept
    if neuron.order is Order.RESET_FIRST:
        return (potential - V_TH * spike) * kept
    return potential * kept - V_TH * spike
