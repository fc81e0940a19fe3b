"""What a layer is loaded with, declared once.

The fields of a layer's shape are the registers of its hardware, the words of its configuration, the
arrays of its weight file, and what a digest covers.
"""

import dataclasses
import enum

from trispike.models.network.numbers import (
    BANK_BITS,
    BANK_NEURONS,
    CONSTANT_BITS,
    CONSTANT_MAX,
    POTENTIAL_BITS,
    POTENTIAL_MAX,
    POTENTIAL_MIN,
    WEIGHT_BITS,
)


class Per(enum.Enum):
    """How many values a field has."""

    LAYER = "layer"
    NEURON = "neuron"


@dataclasses.dataclass(frozen=True, kw_only=True)
class Field:
    """One field: a value for the whole layer, or one for each of its neurons.

    - ``bits``: width of a value, two's complement.
    - ``minimum``, ``maximum``: smallest and largest value, which may be closer together than
      ``bits`` allow.
    """

    name: str
    per: Per
    bits: int
    minimum: int
    maximum: int

    @property
    def ternary(self) -> bool:
        """Values are -1, 0 and +1."""
        return self.bits == WEIGHT_BITS

    @property
    def slot_bits(self) -> int:
        """Distance of two neurons' values in a word: ``bits`` rounded up to a power of two."""
        return 1 << (self.bits - 1).bit_length()

    @property
    def values_a_word(self) -> int:
        """Neurons whose values share a word of 128 bits."""
        return BANK_BITS // self.slot_bits

    @property
    def words_a_bank(self) -> int:
        """Words that hold the values of the 64 neurons of one bank."""
        return BANK_NEURONS // self.values_a_word


def constant(name: str) -> Field:
    """A layer's scale constant called ``name``."""
    return Field(name=name, per=Per.LAYER, bits=CONSTANT_BITS, minimum=0, maximum=CONSTANT_MAX)


def potential(name: str, per: Per) -> Field:
    """A field called ``name`` with the range of a membrane potential."""
    return Field(
        name=name, per=per, bits=POTENTIAL_BITS, minimum=POTENTIAL_MIN, maximum=POTENTIAL_MAX
    )


TERNARY_BIAS = Field(name="bias", per=Per.NEURON, bits=WEIGHT_BITS, minimum=-1, maximum=1)
"""The seed's bias: a ternary code a neuron, scaled by the layer's constant b."""
