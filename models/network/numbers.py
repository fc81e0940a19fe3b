"""Widths and limits that the golden model and the RTL both need, written once.

Source: TW-SNN sec. 4.1 (8-bit constants, 18-bit potential register, 2-bit weights) and
sec. 4.2 (banks of 128-bit words, 64 ternary weights a word).
"""

import enum

WEIGHT_BITS = 2
"""Width of one ternary weight or bias."""

CONSTANT_BITS = 8
"""Width of the scale constants a and b."""

CONSTANT_MAX = 127
"""Largest scale constant. The eighth bit is a sign that stays zero."""

POTENTIAL_BITS = 18
"""Width of the membrane potential register and of the threshold, signed."""

POTENTIAL_MIN = -(1 << (POTENTIAL_BITS - 1))
POTENTIAL_MAX = (1 << (POTENTIAL_BITS - 1)) - 1

PIXEL_BITS = 8
"""Width of a pixel."""

PIXEL_MAX = (1 << PIXEL_BITS) - 1

MAX_FAN_IN = 8192
"""Most inputs that one neuron sums. Scale constant, fan-in and bias together must leave the
potential within its register, see `models.network.parameters.LayerParameters`."""

MAX_NEURONS = 8192
"""Most neurons of a layer."""

MAX_VECTOR = 8192
"""Widest spike vector that a layer takes at once."""

MAX_CHANNELS = 512
"""Most channels that go into or come out of a convolution."""

MAX_KERNEL = 7
"""Most rows, and columns, of a convolution's window, unless it is all of the map."""

MAX_STRIDE = 2

MAX_POOL = 8

MAX_MAP = 256
"""Most rows, and columns, of a map."""

BANK_NEURONS = 64
"""Neurons served by one SRAM bank: 64 ternary weights fill a 128-bit word."""

BANK_BITS = BANK_NEURONS * WEIGHT_BITS

LANES = (1, 2, 4, 8)
"""Spikes that a layer may take in one cycle; row i of the weights belongs to lane i mod lanes."""

MAX_LAYERS = 512
"""Most layers of a network: a mesh of 8 x 8 x 8 nodes has room for no more."""

MAX_WEIGHTS = 1 << 27
"""Most weights of all layers of a network, for the same reason."""

MAX_CHIP_LAYERS = 16
"""Most layers of a fixed chip: its configuration writes have four bits for the layer."""

COUNT_BITS = 8
"""Width of an output neuron's spike counter."""

SUM_BITS = POTENTIAL_BITS + COUNT_BITS
"""Width of the sum of an output neuron's potentials over all timesteps of an image, signed."""

MAX_TIMESTEPS = (1 << COUNT_BITS) - 1
"""Most timesteps of one prediction: an output neuron that fires at each of them still counts."""


class TernaryCode(enum.IntEnum):
    """Two's complement code of a ternary weight. 0b10 is never written; a PE reads it as 0."""

    ZERO = 0b00
    PLUS = 0b01
    MINUS = 0b11
