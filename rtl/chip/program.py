"""The configuration writes that load a network into a chip."""

from collections.abc import Iterator

from amaranth.lib import data

from trispike.models.network import memory_image
from trispike.models.network.parameters import LayerParameters, Network
from trispike.rtl.layers.configuration import (
    Target,
    constants_layout,
    timesteps_layout,
    write_layout,
)


def pack(layout, **fields: int) -> int:
    """Bits of a value of ``layout`` with the given ``fields``; the others are 0."""
    word = 0
    for name, value in fields.items():
        field = data.Layout.cast(layout)[name]
        word |= (int(value) & ((1 << field.width) - 1)) << field.offset
    return word


def layer_writes(
    layer: LayerParameters, index: int = 0, layout: data.StructLayout | None = None
) -> Iterator[int]:
    """Configuration writes of ``layer`` as layer number ``index``, in ``layout``.

    The layout is that of a chip, or of the layer alone if None (`rtl.layers.configuration`).
    """
    layout = layout or write_layout([layer.shape])
    for bank in range(len(layer.shape.banks)):
        to_bank = pack(layout, layer=index, bank=bank)
        for row, word in enumerate(memory_image.weight_words(layer, bank)):
            yield to_bank | pack(layout, target=Target.WEIGHTS.value, row=row, data=word)
        for row, word in enumerate(memory_image.neuron_words(layer, bank)):
            yield to_bank | pack(layout, target=Target.BIAS.value, row=row, data=word)
    values = {field.name: getattr(layer, field.name) for field in layer.shape.layer_fields}
    if values:
        constants = pack(constants_layout(layer.shape), **values)
        yield pack(layout, layer=index, target=Target.CONSTANTS.value, data=constants)


def network_writes(network: Network, timesteps: int) -> Iterator[int]:
    """Writes that load ``network`` and set ``timesteps`` per prediction, 1 to 255.

    `BadInput` if the network skips all of them.
    """
    network.check_timesteps(timesteps)
    layout = write_layout(network.shape.layers)
    for index, layer in enumerate(network.layers):
        yield from layer_writes(layer, index, layout)
    read_out = timesteps_layout(network.shape)
    values = {"timesteps": timesteps, "skip": network.skip, "stability": network.stability}
    word = pack(read_out, **{name: values[name] for name, _ in read_out})
    yield pack(layout, target=Target.TIMESTEPS.value, data=word)
