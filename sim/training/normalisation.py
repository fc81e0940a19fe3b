"""Batch normalisation that a threshold for each neuron can stand for."""

import torch
from torch.nn import functional

_MOMENTUM, _EPSILON = 0.1, 1e-5


class Normalisation(torch.nn.Module):
    """Batch normalisation of each channel, over timesteps, images and positions.

    It never turns the order of two sums round, as its scale is the size of ``weight``. Outside
    training it multiplies by a scale and adds a shift, which the exporter takes over.

    - ``weight``, ``bias``, ``mean``, ``variance``: of shape (channels,).
    - ``momentum``: weight of a batch in the running ``mean`` and ``variance``.

    ``weight`` and ``bias`` are those that it begins with.
    """

    def __init__(self, channels: int, weight: float = 1.0, bias: float = 0.0):
        super().__init__()
        self.weight = torch.nn.Parameter(torch.full((channels,), weight))
        self.bias = torch.nn.Parameter(torch.full((channels,), bias))
        self.register_buffer("mean", torch.zeros(channels))
        self.register_buffer("variance", torch.ones(channels))
        self.momentum = _MOMENTUM

    def forward(self, values):
        """Normalised ``values``, (timesteps, batch, channels, ...)."""
        if not self.training:
            scale, shift = (of_channels(each, values) for each in self.scale_and_shift())
            return values * scale + shift
        return functional.batch_norm(
            values.flatten(0, 1),
            self.mean,
            self.variance,
            self.weight.abs(),
            self.bias,
            training=True,
            momentum=self.momentum,
            eps=_EPSILON,
        ).unflatten(0, values.shape[:2])

    def scale_and_shift(self):
        """What a sum is multiplied by, 0 or more, and what is added then."""
        scale = self.weight.abs() / (self.variance + _EPSILON).sqrt()
        return scale, self.bias - self.mean * scale


def settle(net: torch.nn.Module, batches) -> None:
    """Replace the running statistics of ``net`` by their means over ``batches`` of its inputs.

    The net goes on with them, no longer in training.
    """
    net.eval()
    norms = [part for part in net.modules() if isinstance(part, Normalisation)]
    if norms:
        with torch.no_grad():
            for norm in norms:
                norm.train()
            for k, inputs in enumerate(batches, 1):
                for norm in norms:
                    norm.momentum = 1 / k
                net(inputs)
    net.eval()


def of_channels(each, values):
    """``each``, of shape (channels,), for ``values`` of (timesteps, batch, channels, ...)."""
    return each.view(-1, *[1] * (values.ndim - 3))
