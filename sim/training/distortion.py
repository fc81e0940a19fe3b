"""Random distortions of training images, and of spikes of a square sensor."""

import math

import torch
from torch.nn import functional

from trispike.models.errors import BadInput

ROTATION = math.radians(10)
SCALING = 0.12
SHEAR = 0.15
SHIFT = 2 / 14
"""Largest changes at full strength. The shift is in half widths: 2 pixels of 28."""

KNOTS = 6
"""Knots along each side of an elastic distortion."""

SENSOR_SHIFT = 2
"""Largest shift of spikes at full strength, in pixels."""

_CHUNK = 5000


def _maps(count: int, strength: float, device):
    """``count`` affine maps, each factor uniform in its range. Shape (count, 2, 3)."""

    def uniform(limit: float):
        return (2 * torch.rand(count, device=device) - 1) * limit * strength

    angle, shear = uniform(ROTATION), uniform(SHEAR)
    width, height = 1 + uniform(SCALING), 1 + uniform(SCALING)
    right, down = uniform(SHIFT), uniform(SHIFT)
    rows = (
        torch.stack([angle.cos() * width, shear - angle.sin() * height, right], 1),
        torch.stack([angle.sin() * width, angle.cos() * height, down], 1),
    )
    return torch.stack(rows, 1)


def _displacements(count: int, side: int, elastic: float, device):
    """Smooth random displacements of every pixel, in half widths. Shape (count, side, side, 2)."""
    knots = torch.randn(count, 2, KNOTS, KNOTS, device=device) * (elastic / (side / 2))
    smooth = functional.interpolate(knots, size=(side, side), mode="bicubic", align_corners=True)
    return smooth.permute(0, 2, 3, 1)


def distorted(images, strength: float, elastic: float = 0.0, channels: int = 1, flips=False):
    """``images``, each distorted differently, by PyTorch's current random numbers.

    Rotated, scaled along both axes, sheared and shifted by up to ``strength`` times the limits
    above, and bent: the pixels at 6 x 6 knots are displaced by ``elastic`` pixels (standard
    deviation, both ways), those between them smoothly; with ``flips``, every other one, by chance,
    mirrored left to right. Bilinear interpolation; pixels from outside are 0. uint8 of shape (n,
    pixels) in and out, channel by channel. `BadInput` if the images are not square.
    """
    side = math.isqrt(images.shape[1] // channels)
    if channels * side * side != images.shape[1]:
        raise BadInput(f"distortion needs square images, not {images.shape[1]} pixels")
    chunks = []
    for chunk in images.split(_CHUNK):
        square = chunk.reshape(-1, channels, side, side).float()
        maps = _maps(len(chunk), strength, images.device)
        if flips:
            maps[..., 0] *= torch.randint(0, 2, (len(maps), 1), device=maps.device) * 2 - 1
        grid = functional.affine_grid(maps, square.shape, align_corners=False)
        if elastic:
            grid = grid + _displacements(len(chunk), side, elastic, images.device)
        moved = functional.grid_sample(square, grid, align_corners=False)
        chunks.append(moved.round().to(torch.uint8).reshape(chunk.shape))
    return torch.cat(chunks)


def shifted(spikes, strength: float):
    """``spikes`` of a square sensor, each sample shifted by whole pixels along both axes.

    By up to `SENSOR_SHIFT` times ``strength``, rounded, evenly and by PyTorch's current random
    numbers; what leaves the sensor is lost. Shape (timesteps, n, pixels) in and out. `BadInput` if
    the sensor is not square.
    """
    _, count, pixels = spikes.shape
    side, most = math.isqrt(pixels), round(SENSOR_SHIFT * strength)
    if side * side != pixels:
        raise BadInput(f"distortion needs a square sensor, not one of {pixels} pixels")
    padded = functional.pad(spikes.unflatten(2, (side, side)), (most,) * 4).flatten(2)
    width = side + 2 * most
    down, right = torch.randint(0, 2 * most + 1, (2, count, 1, 1), device=spikes.device)
    along = torch.arange(side, device=spikes.device)
    rows = (along.view(1, -1, 1) + down) * width
    chosen = (rows + along.view(1, 1, -1) + right).flatten(1)
    return padded.gather(2, chosen.expand(len(spikes), -1, -1))
