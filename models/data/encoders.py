"""What goes into a network's first layer, whatever its encoder.

Of two inputs with one value (`models.network.order.Order`) the first spikes, unless the lane
of the second has fewer spikes in that timestep: one value after the other, in the order of their
second inputs, and once more. Which one it is changes the cycles and nothing else.
"""

import numpy as np

from trispike.models.data import latency, spikes
from trispike.models.errors import BadInput
from trispike.models.network.numbers import PIXEL_BITS
from trispike.models.network.order import Order
from trispike.models.network.shape import Encoder, NetworkShape


def encode(
    shape: NetworkShape, images: np.ndarray, timesteps: int, seed: int, first_image: int = 0
) -> np.ndarray:
    """Input of ``shape`` at each timestep, by its encoder, in its order of inputs.

    - ``images``: pixels, uint8, shape (n, values); for GIVEN spikes, as `packed` gives them.
    - ``timesteps``: 1 to 255; for GIVEN as many as the data have.
    - ``seed``, ``first_image``: as for `models.data.spikes.encode`; only RATE draws.

    Returns shape (n, timesteps, inputs): for DIRECT the pixels at each timestep, uint8, a view
    unless they have an order; for the others spikes, bool. `BadInput` for anything out of range.
    """
    encoder, inputs = shape.input.encoder, shape.input.volume.size
    timesteps, images = spikes.check_timesteps(timesteps), np.asarray(images)
    given = encoder is Encoder.GIVEN
    spikes.check_images(images, dimensions=3 if given else 2)
    width = -(-inputs // 8) if given else inputs
    if images.shape[-1] != width:
        what = "bytes of spikes" if given else "pixels"
        raise BadInput(f"{shape.name} must be given {width} {what}, not {images.shape[-1]}")
    encoded = ENCODERS[encoder](shape, images, timesteps, seed, first_image)
    return _ordered(shape.input.order, encoded) if shape.input.order else encoded


def _ordered(order: Order, values: np.ndarray) -> np.ndarray:
    """What each input takes of ``values``, both of shape (n, timesteps, their number)."""
    inputs = np.take(values.reshape(-1, values.shape[-1]).T, order.values, axis=0)
    inputs[[second for _, second in order.twins]] = 0
    busy = [np.count_nonzero(inputs[k :: order.lanes], axis=0) for k in range(order.lanes)]
    for one, other in order.twins * 2:
        mine, its = busy[one % order.lanes], busy[other % order.lanes]
        spikes = inputs[one] | inputs[other]
        mine -= inputs[one]
        its -= inputs[other]
        inputs[other] = spikes & (its < mine)
        inputs[one] = spikes & ~inputs[other]
        mine += inputs[one]
        its += inputs[other]
    return np.ascontiguousarray(inputs.T).reshape(*values.shape[:2], -1)


def packed(given: np.ndarray) -> np.ndarray:
    """Spikes as a data set of spikes holds them, eight in a byte.

    Takes bool, shape (n, timesteps, inputs), returns uint8, shape (n, timesteps, bytes).
    """
    return np.packbits(given, axis=-1)


def _rate(shape, images, timesteps, seed, first_image):
    return spikes.encode(images, timesteps, seed, first_image)


def _direct(shape, images, timesteps, seed, first_image):
    return np.broadcast_to(images[:, np.newaxis], (len(images), timesteps, images.shape[1]))


def _bits(shape, images, timesteps, seed, first_image):
    phases = np.arange(timesteps) % shape.layers[0].neuron.phases
    shifts = (PIXEL_BITS - 1 - phases).astype(np.uint8)[:, np.newaxis]
    return (images[:, np.newaxis] >> shifts & 1).astype(bool)


def _latency(shape, images, timesteps, seed, first_image):
    return latency.encode(images, timesteps)


def _given(shape, images, timesteps, seed, first_image):
    if images.shape[1] != timesteps:
        raise BadInput(f"T must be {images.shape[1]}, the timesteps of the data, not {timesteps}")
    return np.unpackbits(images, axis=-1, count=shape.input.volume.size).astype(bool)


ENCODERS = {
    Encoder.RATE: _rate,
    Encoder.DIRECT: _direct,
    Encoder.BITS: _bits,
    Encoder.LATENCY: _latency,
    Encoder.GIVEN: _given,
}
"""The function of each encoder."""
