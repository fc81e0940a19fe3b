"""Weights as the SRAM banks hold them: the contract between exporter, RTL and testbenches.

Row r of a bank holds the weights of presynaptic neuron r; of several lanes, lane l holds neurons
l, l + lanes, l + 2 * lanes and so on in its rows 0, 1, 2. In bank b, bits [2k+1:2k] of a word are
the ternary code of the weight to neuron 64*b + k (TW-SNN sec. 4.2, fig. 7).
"""

import numpy as np

from trispike.models.network import codes
from trispike.models.network.description import LayerParameters
from trispike.models.network.numbers import BANK_NEURONS


def _words(values: np.ndarray) -> list[int]:
    """One word for each row of ternary ``values``, shape (rows, up to 64)."""
    return [int.from_bytes(codes.pack(row).tobytes(), "little") for row in values]


def weight_words(layer: LayerParameters, bank: int) -> list[int]:
    """Words of bank number ``bank``, one for each input of ``layer``, from presynaptic neuron 0."""
    return _words(layer.weights[:, bank * BANK_NEURONS : (bank + 1) * BANK_NEURONS])


def bias_word(layer: LayerParameters, bank: int) -> int:
    """Biases of the neurons that bank number ``bank`` serves, laid out as a weight row."""
    return _words(layer.bias[np.newaxis, bank * BANK_NEURONS : (bank + 1) * BANK_NEURONS])[0]
