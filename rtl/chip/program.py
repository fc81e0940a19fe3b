"""The configuration writes that load a network into a chip."""

from collections.abc import Iterator

from amaranth.lib import data

from trispike.models.network import memory_image
from trispike.models.network.description import LayerParameters, Network
from trispike.rtl.layers.configuration import Constants, Target, Write


def pack(layout, **fields: int) -> int:
    """Bits of a value of ``layout`` with the given ``fields``; the others are 0."""
    word = 0
    for name, value in fields.items():
        field = data.Layout.cast(layout)[name]
        word |= (int(value) & ((1 << field.width) - 1)) << field.offset
    return word


def layer_writes(layer: LayerParameters, index: int = 0) -> Iterator[int]:
    """Configuration writes of ``layer`` as layer number ``index``."""
    for bank in range(len(layer.shape.banks)):
        here = pack(Write, layer=index, bank=bank)
        for row, word in enumerate(memory_image.weight_words(layer, bank)):
            yield here | pack(Write, target=Target.WEIGHTS.value, row=row, data=word)
        word = memory_image.bias_word(layer, bank)
        yield here | pack(Write, target=Target.BIAS.value, data=word)
    constants = pack(Constants, a=layer.a, b=layer.b, threshold=layer.threshold)
    yield pack(Write, layer=index, target=Target.CONSTANTS.value, data=constants)


def network_writes(network: Network, timesteps: int) -> Iterator[int]:
    """Writes that load ``network`` and set ``timesteps`` per prediction, 1 to 255."""
    for index, layer in enumerate(network.layers):
        yield from layer_writes(layer, index)
    yield pack(Write, target=Target.TIMESTEPS.value, data=timesteps)
