"""Images as a network takes them in training."""

import torch

from trispike.models.data.encoders import encode
from trispike.models.network.numbers import PIXEL_BITS, PIXEL_MAX
from trispike.models.network.shape import Encoder, NetworkShape


def presented(shape: NetworkShape, images, timesteps: int):
    """A batch of ``images`` for the first layer: float, (timesteps, batch, inputs).

    Pixels are one timestep of 0 to 255, which stands for all. So are the bits of BITS, whose value
    in a period it is, 0 to below 1. RATE draws from PyTorch's current random numbers.
    """
    encoder = shape.input.encoder
    if encoder is Encoder.RATE:
        rates = images.float() / PIXEL_MAX
        return torch.stack([torch.rand_like(rates).lt_(rates) for _ in range(timesteps)])
    if encoder is Encoder.DIRECT:
        return images.float().unsqueeze(0)
    if encoder is Encoder.BITS:
        phases = shape.layers[0].neuron.phases
        return (images >> (PIXEL_BITS - phases)).float().unsqueeze(0) / (1 << phases)
    if encoder is Encoder.LATENCY:
        when = torch.arange(timesteps, device=images.device).view(-1, 1, 1)
        bright = (PIXEL_MAX - images.int()) * timesteps >> PIXEL_BITS
        return ((bright == when) & (images > 0)).float()
    spikes = torch.from_numpy(encode(shape, images.cpu().numpy(), timesteps, seed=0))
    return spikes.to(images.device).transpose(0, 1).float()
