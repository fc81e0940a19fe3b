"""The rate code that turns pixels into spikes, reproducible on any machine (TW-SNN alg. 1)."""

import numpy as np

from trispike.models.errors import BadInput, checked_integer
from trispike.models.network.numbers import MAX_TIMESTEPS

MAX_SEED = (1 << 63) - 1
"""Largest seed of an encoding or a training."""

_PIXEL_MAX = np.uint64(255)
_WORD_BITS = np.uint64(32)


def check_seed(seed: int) -> int:
    """``seed`` as an int; `BadInput` unless it is an integer from 0 to 2**63 - 1."""
    return checked_integer("seed", seed, 0, MAX_SEED)


def check_timesteps(timesteps: int) -> int:
    """``timesteps`` as an int; `BadInput` unless it is an integer from 1 to `MAX_TIMESTEPS`."""
    return checked_integer("timesteps", timesteps, 1, MAX_TIMESTEPS)


def check_images(images: np.ndarray, *, dimensions: int = 2) -> None:
    """`BadInput` unless ``images`` are uint8 and have so many dimensions."""
    if images.ndim != dimensions or images.dtype != np.uint8:
        raise BadInput(
            f"images must be a {dimensions}-dimensional array of uint8, "
            f"not {images.ndim}-dimensional {images.dtype}"
        )


def random_words(seed: int, image: int, timesteps: int, inputs: int) -> np.ndarray:
    """The 32-bit random words that image number ``image`` is compared with.

    Philox is a counter-based generator, keyed here by (seed, image): an image's words do not
    depend on which other images are encoded. Each 64-bit output gives two words, the low half
    first, and each timestep starts on a fresh output: a longer run only adds timesteps.

    Returns uint32, shape (timesteps, inputs).
    """
    outputs = (inputs + 1) // 2
    generator = np.random.Philox(key=np.array([seed, image], dtype=np.uint64))
    raw = generator.random_raw(timesteps * outputs).astype("<u8", copy=False)
    return raw.view("<u4").reshape(timesteps, 2 * outputs)[:, :inputs]


def encode(images: np.ndarray, timesteps: int, seed: int, first_image: int = 0) -> np.ndarray:
    """Spikes of each image at each timestep (TW-SNN alg. 1).

    A pixel p spikes iff a 32-bit random word U has U / 2**32 < p / 255, decided in integers: 0
    never spikes and 255 always does.

    - ``images``: uint8, shape (n, inputs).
    - ``timesteps``: 1 to 255.
    - ``seed``: 0 to 2**63 - 1.
    - ``first_image``: index in its data set of the first of ``images``, 0 or more, so that a batch
      gets the spikes it would get in a run of the whole set.

    Returns bool, shape (n, timesteps, inputs). `BadInput` for anything out of range.
    """
    seed, timesteps = check_seed(seed), check_timesteps(timesteps)
    images = np.asarray(images)
    check_images(images)
    if not isinstance(first_image, (int, np.integer)) or not 0 <= first_image <= MAX_SEED:
        raise BadInput(f"first image must be an integer from 0 to {MAX_SEED}, not {first_image!r}")
    count, inputs = images.shape
    spikes = np.empty((count, timesteps, inputs), dtype=bool)
    levels = images.astype(np.uint64) << _WORD_BITS
    for n in range(count):
        words = random_words(seed, first_image + n, timesteps, inputs).astype(np.uint64)
        np.less(words * _PIXEL_MAX, levels[n], out=spikes[n])
    return spikes
