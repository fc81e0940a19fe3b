"""What a node's memory has to hold for its part of a mapped network."""

import dataclasses

import numpy as np

from trispike.models.mesh.flits import node_code, pack
from trispike.models.mesh.mapping import Mapping
from trispike.models.mesh.memory_map import (
    ADDRESS_ENTRY,
    AER_ENTRY,
    LINE_WORDS,
    WORD_BITS,
    Line,
    Region,
    memory_map,
    neuron_line,
)
from trispike.models.mesh.node_shape import BLOCK_ROWS, NodeShape
from trispike.models.network import codes
from trispike.models.network.field import Field, Per
from trispike.models.network.numbers import POTENTIAL_MAX, WEIGHT_BITS
from trispike.models.network.parameters import LayerParameters, Network


@dataclasses.dataclass(frozen=True, kw_only=True)
class Segment:
    """``words`` (uint16, shape (n,)) that stand in a node's memory from ``address`` on."""

    address: int
    words: np.ndarray


def image(mapping: Mapping, network: Network, part: int, timesteps: int) -> tuple[Segment, ...]:
    """What part number ``part`` of ``mapping`` loads: weights, biases, constants, look-up tables.

    ``timesteps`` are those of an image, 1 to 255; not looked at by nodes that do not count them.
    Rows of inputs that the network does not have are left as they are: none of them spikes.
    """
    mine, node = mapping.parts[part], mapping.node
    layer = network.layers[mine.layer]
    neurons = slice(mine.first, mine.first + mine.neurons)
    regions = memory_map(node)
    weights = regions[Line.WEIGHTS]
    fields = {field.name: _held(node, layer, field) for field in node.layer.fields}
    constants = {field.name: fields[field.name] for field in node.layer.layer_fields}
    told = {
        "neurons": mine.neurons,
        "potentials": not layer.shape.fires,
        "timesteps": timesteps,
        "forgets": layer.neuron != node.neuron,
    }
    told = {name: told[name] for name in regions[Line.NEURONS].fields}
    aer = [
        pack(
            AER_ENTRY,
            valid=1,
            from_host=int(source.from_host),
            source=source.number,
            block=source.first // BLOCK_ROWS,
        )
        for source in mapping.sources(part)
    ]
    addresses = [
        pack(
            ADDRESS_ENTRY,
            valid=1,
            to_host=int(to.to_host or to.multicast),
            node=node_code(to.node),
            copied=int(to.copied),
        )
        for to in mapping.destinations(part)
    ]
    values = {
        **{neuron_line(f): fields[f.name][neurons] for f in node.layer.neuron_fields},
        Line.CONSTANTS: [pack(regions[Line.CONSTANTS].fields, **constants)],
        Line.NEURONS: [pack(regions[Line.NEURONS].fields, **told)],
        Line.AER_LUT: aer,
        Line.ADDRESS_LUT: addresses,
    }
    return (
        *_weight_segments(weights, _ternary_words(layer.weights[:, neurons], weights)),
        *(_segment(regions[line], regions[line].words(some)) for line, some in values.items()),
    )


def _held(node: NodeShape, layer: LayerParameters, field: Field) -> int | np.ndarray:
    """What a ``node`` holds as ``field`` of ``layer``, which may have less of its own."""
    if field.name == "bias" and node.biases:
        return layer.biases
    value = getattr(layer, field.name)
    if value is None and field.name == "step":
        value = layer.threshold if layer.shape.subtracts else 0
    elif value is None:  # the threshold of a layer that never fires
        value = POTENTIAL_MAX
    return np.broadcast_to(value, layer.shape.neurons) if field.per is Per.NEURON else value


def _segment(region: Region, words: np.ndarray) -> Segment:
    return Segment(address=region.address, words=words)


def _weight_segments(region: Region, rows: np.ndarray) -> list[Segment]:
    """One segment if the rows leave no gap in the memory map, or one for each row."""
    if region.width == region.room:
        return [_segment(region, rows.reshape(-1))]
    step = region.room * LINE_WORDS
    return [Segment(address=region.address + k * step, words=row) for k, row in enumerate(rows)]


def _ternary_words(values: np.ndarray, region: Region) -> np.ndarray:
    """Codes of each row of ``values`` (rows, n) as words of ``region``: uint16 (rows, words)."""
    words = region.width * LINE_WORDS
    padded = np.zeros((len(values), words * WORD_BITS // WEIGHT_BITS), dtype=np.int8)
    padded[:, : values.shape[1]] = values
    return codes.pack(padded).view("<u2").astype(np.uint16).reshape(len(values), words)
