"""Weights as the SRAM banks hold them: the contract between exporter, RTL and testbenches.

Row r of a bank holds the weights of presynaptic neuron r; of several lanes, lane l holds neurons
l, l + lanes, l + 2 * lanes and so on in its rows 0, 1, 2. In bank b, bits [2k+1:2k] of a word are
the ternary code of the weight to neuron 64*b + k (TW-SNN sec. 4.2, fig. 7).
"""

from trispike.models.network import codes
from trispike.models.network.numbers import BANK_NEURONS
from trispike.models.network.parameters import LayerParameters


def weight_words(layer: LayerParameters, bank: int) -> list[int]:
    """Words of bank number ``bank``, one for each input of ``layer``, from presynaptic neuron 0."""
    rows = layer.weights[:, bank * BANK_NEURONS : (bank + 1) * BANK_NEURONS]
    return [int.from_bytes(codes.pack(row).tobytes(), "little") for row in rows]


def neuron_words(layer: LayerParameters, bank: int) -> list[int]:
    """What bank number ``bank``'s neurons are loaded with besides weights: their fields, in order.

    A field takes `Field.words_a_bank` words. Values stand `Field.slot_bits` apart, neuron 64*bank
    lowest; ternary biases are laid out as a weight row.
    """
    first = bank * BANK_NEURONS
    words = []
    for field in layer.shape.neuron_fields:
        values = getattr(layer, field.name)[first : first + BANK_NEURONS].tolist()
        words += [0] * field.words_a_bank
        for k, value in enumerate(values, start=-BANK_NEURONS):
            word, place = divmod(k + BANK_NEURONS, field.values_a_word)
            code = value & ((1 << field.bits) - 1)
            words[len(words) - field.words_a_bank + word] |= code << field.slot_bits * place
    return words
