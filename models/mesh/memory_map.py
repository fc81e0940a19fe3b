"""The memory map of a node of the scalable chip: its regions, their lines, and what these hold.

A node's memory is 128-bit lines of eight 16-bit words; the address of a word is 8 * line + word.
Hardware, host, proofs and docs/node.md read what exists, and where, from `memory_map`.
"""

import dataclasses
import enum
import functools
from collections.abc import Iterable, Mapping

import numpy as np

from trispike.models.mesh.flits import COORDINATE_BITS, MEMORY, Field, stack
from trispike.models.mesh.node_shape import MAX_NODE_NEURONS, NodeShape
from trispike.models.network.field import Field as NeuronField
from trispike.models.network.numbers import BANK_BITS, COUNT_BITS, WEIGHT_BITS

WORD_BITS = 16
"""Width of a word of a node's memory: what one memory flit carries."""

LINE_WORDS = BANK_BITS // WORD_BITS

ADDRESS_BITS = MEMORY["content"].width
"""Width of the address of a word."""

LINE_BITS = ADDRESS_BITS - (LINE_WORDS - 1).bit_length()
"""Width of the number of a line."""

WEIGHT_LINES = MAX_NODE_NEURONS * WEIGHT_BITS // BANK_BITS
"""Lines that the map keeps for a row of ternary codes, one a neuron: a line for each bank."""


class Line(enum.IntEnum):
    """First line of each region."""

    WEIGHTS = 0
    BIAS = 4096
    CONSTANTS = 4100
    NEURONS = 4101
    AER_LUT = 4102
    ADDRESS_LUT = 4103
    STATUS = 4104
    THRESHOLDS = 4160
    BIASES = 4224
    STEPS = 4288


NEURONS = stack(neurons=9, potentials=1, timesteps=COUNT_BITS, forgets=1)
"""``neurons``: how many of the node's neurons are in use; the others never send. ``potentials``:
they send potentials, not spikes. ``timesteps``: of an image. ``forgets``: neurons carry nothing on.
In a node the fields are there that ``_neurons_fields`` says, one above the other."""

AER_ENTRY = stack(valid=1, from_host=1, source=3 * COORDINATE_BITS, block=5)
"""An entry of the AER look-up table: spikes of node ``source`` (x lowest), or of the host's virtual
node of that number, have the weight rows from ``BLOCK_ROWS * block`` on."""

ADDRESS_ENTRY = stack(valid=1, to_host=1, node=3 * COORDINATE_BITS, copied=1)
"""An entry of the address look-up table: all spikes of this node go to ``node``. ``to_host`` is
that bit of their flits: at 0.0.0 they go to the host there, at any other node they are multicasts.
``copied``: none is sent for this entry, as its node gets copies of another's."""

STATUS = stack(refused=WORD_BITS, early=1, late=1, twice=1, overdrawn=1)
"""``refused``: spike flits from a source, for a weight row, or with a `models.mesh.flits.Control`,
that this node does not know; stays at 65,535. The others are set for good when the step protocol is
broken: ``early``, a spike or an end of a timestep for which this node gave no credit; ``late``, a
spike after its source's end; ``twice``, a second end of one timestep from one source;
``overdrawn``, a credit beyond `models.mesh.node_shape.CREDITS`."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Region:
    """Rows of values of one kind, each row in lines of its own.

    - ``line``: its first line, a multiple of ``room``, and its name.
    - ``fields``: bits of a value.
    - ``rows``: how many rows there are.
    - ``values``: values of a row.
    - ``spacing``: bits from one value to the next; as many as fit stand in a line.
    - ``room``: lines from one row to the next, a power of two; those that a row does not need do
      not exist.
    - ``writable``: it can be written, not only read.
    """

    line: Line
    fields: Mapping[str, Field]
    rows: int = 1
    values: int = 1
    spacing: int = BANK_BITS
    room: int = 1
    writable: bool = True

    @property
    def name(self) -> str:
        """``weights``, ``aer lut``."""
        return self.line.name.lower().replace("_", " ")

    @property
    def width(self) -> int:
        """Lines of a row."""
        return -(-self.values * self.spacing // BANK_BITS)

    @property
    def address(self) -> int:
        """Address of its first word."""
        return self.line * LINE_WORDS

    def __contains__(self, line: int) -> bool:
        row, column = divmod(line - self.line, self.room)
        return 0 <= row < self.rows and column < self.width

    def words(self, values: Iterable[int]) -> np.ndarray:
        """A row's words that hold ``values``, packed or two's complement; the rest is 0.

        Returns uint16, shape (8 * width,).
        """
        mask = (1 << sum(field.width for field in self.fields.values())) - 1
        bits = sum((int(value) & mask) << self.spacing * k for k, value in enumerate(values))
        packed = bits.to_bytes(self.width * BANK_BITS // 8, "little")
        return np.frombuffer(packed, dtype="<u2").astype(np.uint16)


@functools.cache
def memory_map(shape: NodeShape) -> Mapping[Line, Region]:
    """The regions of a node of ``shape``, by first line."""
    constants = stack(**{field.name: field.bits for field in shape.layer.layer_fields})
    regions = (
        Region(
            line=Line.WEIGHTS,
            fields=stack(weight=WEIGHT_BITS),
            rows=shape.inputs,
            values=shape.neurons,
            spacing=WEIGHT_BITS,
            room=WEIGHT_LINES,
        ),
        *(_neuron_region(field, shape) for field in shape.layer.neuron_fields),
        Region(line=Line.CONSTANTS, fields=constants),
        Region(line=Line.NEURONS, fields=_neurons_fields(shape)),
        Region(line=Line.AER_LUT, fields=AER_ENTRY, values=shape.sources, spacing=WORD_BITS),
        Region(
            line=Line.ADDRESS_LUT,
            fields=ADDRESS_ENTRY,
            values=shape.destinations,
            spacing=WORD_BITS,
        ),
        Region(line=Line.STATUS, fields=STATUS, writable=False),
    )
    return {region.line: region for region in regions}


def _neurons_fields(shape: NodeShape) -> dict[str, Field]:
    """Those of `NEURONS` that a node of ``shape`` has."""
    there = {
        "neurons": True,
        "potentials": shape.potentials,
        "timesteps": shape.layer.counts_timesteps,
        "forgets": shape.forgets,
    }
    return stack(**{name: field.width for name, field in NEURONS.items() if there[name]})


def neuron_line(field: NeuronField) -> Line:
    """Region of ``field``, which has a value for each neuron."""
    if field.ternary:
        return Line.BIAS
    lines = {"threshold": Line.THRESHOLDS, "bias": Line.BIASES, "step": Line.STEPS}
    return lines[field.name]


def _neuron_region(field: NeuronField, shape: NodeShape) -> Region:
    return Region(
        line=neuron_line(field),
        fields=stack(**{field.name: field.bits}),
        values=shape.neurons,
        spacing=field.slot_bits,
        room=MAX_NODE_NEURONS * field.slot_bits // BANK_BITS,
    )


def region_of(shape: NodeShape, line: int) -> Region | None:
    """The region that ``line`` of a node's memory is in; None if there is no such line."""
    return next((region for region in memory_map(shape).values() if line in region), None)
