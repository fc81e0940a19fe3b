"""What a node of the scalable chip is, and where its memory slave keeps what (docs/node.md).

A node's memory is 128-bit lines of eight 16-bit words; the address of a word is 8 * line + word.
"""

import dataclasses
import enum

from trispike.models.errors import BadInput
from trispike.models.mesh.flits import COORDINATE_BITS, MEMORY, Field
from trispike.models.network.layers import Dense
from trispike.models.network.numbers import BANK_BITS, CONSTANT_BITS, POTENTIAL_BITS

WORD_BITS = 16
"""Width of a word of a node's memory: what one memory flit carries."""

LINE_WORDS = BANK_BITS // WORD_BITS

ADDRESS_BITS = MEMORY["content"].width
"""Width of the address of a word."""

LINE_BITS = ADDRESS_BITS - (LINE_WORDS - 1).bit_length()
"""Width of the number of a line."""

ROW_LINES = 4
"""Lines that the address map keeps for the weights of one presynaptic neuron, a line for a bank."""

BLOCK_ROWS = 32
"""A source's neurons begin at a row that is a multiple of this."""

MAX_INPUTS = 1024
"""Most inputs of a node (TW-SNN sec. 4.3): the address map has room for their weights."""

MAX_ENTRIES = 8
"""Most entries of either look-up table: each has one line."""


class Line(enum.IntEnum):
    """First line of each region of a node's memory.

    WEIGHTS: line ``ROW_LINES * row + bank``, as a weight row (`rtl.layers.sram`). BIAS: a line for
    each bank, laid out as its weight row. CONSTANTS, NEURONS: one line each, see `CONSTANTS` and
    `NEURONS`. AER_LUT, ADDRESS_LUT: one line each, with an entry in each word, see `AER_ENTRY` and
    `ADDRESS_ENTRY`. STATUS: one line, read only, see `STATUS`.
    """

    WEIGHTS = 0
    BIAS = 4096
    CONSTANTS = 4100
    NEURONS = 4101
    AER_LUT = 4102
    ADDRESS_LUT = 4103
    STATUS = 4104


def _fields(**widths: int) -> dict[str, Field]:
    fields, lowest = {}, 0
    for name, width in widths.items():
        fields[name] = Field(lowest=lowest, width=width)
        lowest += width
    return fields


CONSTANTS = _fields(a=CONSTANT_BITS, b=CONSTANT_BITS, threshold=POTENTIAL_BITS)
"""Bits of the line CONSTANTS."""

NEURONS = _fields(neurons=9)
"""Bits of the line NEURONS: how many of the node's neurons are in use; the others never send."""

AER_ENTRY = _fields(valid=1, from_host=1, source=3 * COORDINATE_BITS, block=5)
"""Bits of an entry of the AER look-up table: spikes of node ``source`` (x lowest), or of the host's
virtual node of that number, have the weight rows from ``BLOCK_ROWS * block`` on."""

ADDRESS_ENTRY = _fields(valid=1, to_host=1, node=3 * COORDINATE_BITS)
"""Bits of an entry of the address look-up table: all spikes of this node go to ``node``, or to the
host that stands beside it."""

STATUS = _fields(refused=WORD_BITS, early=1, late=1, twice=1, overdrawn=1)
"""Bits of the line STATUS. ``refused``: spike flits from a source, for a weight row, or with a
`models.mesh.flits.Control`, that this node does not know; stays at 65,535. The others are set for
good when the step protocol is broken: ``early``, a spike or an end of a timestep for which this
node gave no credit; ``late``, a spike after its source's end; ``twice``, a second end of one
timestep from one source; ``overdrawn``, a credit beyond `CREDITS`."""

CREDITS = 2
"""Timesteps that a source may send which its receiver has not begun to work on."""


class Reason(enum.IntEnum):
    """Why a memory transaction was not carried out: content of its answer's last flit."""

    NONE = 0
    NO_SUCH_ADDRESS = 1
    """A word that does not exist, or a write to one that can only be read. Words before it were
    read, or written."""

    AT_WORK = 2
    """The node has spikes of a timestep. Nothing was read or written."""

    MALFORMED = 3
    """The flits make no transaction. What was in order before may have been written."""

    ABANDONED = 4
    """The host ended its transaction with CORRUPTED or CANCELLED."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class NodeShape:
    """What all nodes of a chip have in common.

    Parameters
    ----------
    inputs
        Weight rows, 32 to 1024, a multiple of 32.
    neurons
        Processing elements, 32 to 256, a multiple of 32.
    sources
        Entries of the AER look-up table, 1 to 8: nodes that a node can receive from.
    destinations
        Entries of the address look-up table, 1 to 8: nodes that a node can send to.
    """

    inputs: int = MAX_INPUTS
    neurons: int = 256
    sources: int = MAX_ENTRIES
    destinations: int = MAX_ENTRIES

    def __post_init__(self):
        limits = {
            "inputs": (BLOCK_ROWS, MAX_INPUTS, BLOCK_ROWS),
            "neurons": (BLOCK_ROWS, 256, BLOCK_ROWS),
            "sources": (1, MAX_ENTRIES, 1),
            "destinations": (1, MAX_ENTRIES, 1),
        }
        for what, (least, most, step) in limits.items():
            n = getattr(self, what)
            if (
                isinstance(n, bool)
                or not isinstance(n, int)
                or n not in range(least, most + 1, step)
            ):
                of = f" and a multiple of {step}" if step > 1 else ""
                raise BadInput(f"node {what} must be from {least} to {most}{of}, not {n!r}")

    @property
    def layer(self) -> Dense:
        """The neuron cluster."""
        return Dense(inputs=self.inputs, neurons=self.neurons)

    def has_line(self, line: int) -> bool:
        """Whether the node's memory has ``line``."""
        banks = len(self.layer.banks)
        if line < ROW_LINES * self.inputs:
            return line >= 0 and line % ROW_LINES < banks
        return Line.BIAS <= line < Line.BIAS + banks or Line.CONSTANTS <= line <= Line.STATUS

    def __str__(self):
        return f"{self.inputs}x{self.neurons}_{self.sources}_{self.destinations}"
