"""What a node's memory has to hold for its part of a mapped network."""

import dataclasses

import numpy as np

from trispike.models.mesh.flits import node_code, pack
from trispike.models.mesh.mapping import Mapping
from trispike.models.mesh.node import (
    ADDRESS_ENTRY,
    AER_ENTRY,
    BLOCK_ROWS,
    CONSTANTS,
    LINE_WORDS,
    MAX_ENTRIES,
    NEURONS,
    ROW_LINES,
    WORD_BITS,
    Line,
)
from trispike.models.network import codes
from trispike.models.network.numbers import WEIGHT_BITS
from trispike.models.network.parameters import Network


@dataclasses.dataclass(frozen=True, kw_only=True)
class Segment:
    """``words`` (uint16, shape (n,)) that stand in a node's memory from ``address`` on."""

    address: int
    words: np.ndarray


def image(mapping: Mapping, network: Network, part: int) -> tuple[Segment, ...]:
    """What part number ``part`` of ``mapping`` loads: weights, biases, constants, look-up tables.

    Rows of inputs that the network does not have are left as they are: none of them spikes.
    """
    mine = mapping.parts[part]
    layer = network.layers[mine.layer]
    neurons = slice(mine.first, mine.first + mine.neurons)
    width = len(mapping.node.layer.banks) * LINE_WORDS
    rows = _ternary_words(layer.weights[:, neurons], width)
    bias = _ternary_words(layer.bias[np.newaxis, neurons], width)[0]
    constants = pack(CONSTANTS, a=layer.a, b=layer.b, threshold=layer.threshold)
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
        pack(ADDRESS_ENTRY, valid=1, to_host=int(to.to_host), node=node_code(to.node))
        for to in mapping.destinations(part)
    ]
    return (
        *_weight_segments(rows),
        _segment(Line.BIAS, bias),
        _segment(Line.CONSTANTS, _line(constants)),
        _segment(Line.NEURONS, _line(pack(NEURONS, neurons=mine.neurons))),
        _segment(Line.AER_LUT, _table(aer, mapping.node.sources)),
        _segment(Line.ADDRESS_LUT, _table(addresses, mapping.node.destinations)),
    )


def _segment(line: int, words: np.ndarray) -> Segment:
    return Segment(address=line * LINE_WORDS, words=words)


def _weight_segments(rows: np.ndarray) -> list[Segment]:
    """One segment if the rows leave no gap in the address map, or one for each row."""
    row_words = ROW_LINES * LINE_WORDS
    if rows.shape[1] == row_words:
        return [_segment(Line.WEIGHTS, rows.reshape(-1))]
    return [Segment(address=k * row_words, words=row) for k, row in enumerate(rows)]


def _ternary_words(values: np.ndarray, words: int) -> np.ndarray:
    """Codes of each row of ``values`` (rows, n), eight a word: uint16, shape (rows, words)."""
    padded = np.zeros((len(values), words * WORD_BITS // WEIGHT_BITS), dtype=np.int8)
    padded[:, : values.shape[1]] = values
    return codes.pack(padded).view("<u2").astype(np.uint16).reshape(len(values), words)


def _line(bits: int) -> np.ndarray:
    """The words of a line that hold ``bits``."""
    mask = (1 << WORD_BITS) - 1
    return np.array([bits >> WORD_BITS * k & mask for k in range(LINE_WORDS)], dtype=np.uint16)


def _table(entries: list[int], room: int) -> np.ndarray:
    """A table's line; `Mapping` has seen to it that there is ``room``."""
    assert len(entries) <= room <= MAX_ENTRIES
    words = np.zeros(LINE_WORDS, dtype=np.uint16)
    words[: len(entries)] = entries
    return words
