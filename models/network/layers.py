"""The kinds of layers: shapes that decide the hardware, and what they are loaded with."""

import dataclasses
import enum
import functools

from trispike.models.errors import BadInput
from trispike.models.network import field
from trispike.models.network.field import Field, Per
from trispike.models.network.maps import Maps
from trispike.models.network.neuron import INTEGRATE_AND_FIRE, Neuron, Reset
from trispike.models.network.numbers import (
    BANK_BITS,
    BANK_NEURONS,
    LANES,
    MAX_CHANNELS,
    MAX_FAN_IN,
    MAX_NEURONS,
    PIXEL_BITS,
    POTENTIAL_BITS,
    WEIGHT_BITS,
)
from trispike.models.network.volume import Volume

SUB_BANK_ROWS, MOST_SUB_BANKS = 256, 4
"""A bank of more rows is made of smaller ones; of a few, as one's word has to be chosen."""


def power_of_two(n: int) -> int:
    """The least power of two that is ``n`` or more."""
    return 1 << max(0, n - 1).bit_length()


def check_lanes(lanes: int) -> None:
    """`BadInput` unless a layer can have so many ``lanes``."""
    if isinstance(lanes, bool) or lanes not in LANES:
        raise BadInput(f"lanes must be one of {', '.join(map(str, LANES))}, not {lanes!r}")


class Threshold(enum.Enum):
    """What a potential is compared with."""

    ONE = "one"
    """A threshold for the whole layer."""
    EACH = "each"
    """A threshold for each neuron."""
    NONE = "none"
    """Nothing: the layer never fires, and gives its potentials out in place of spikes."""


class Bias(enum.Enum):
    """What a potential starts from."""

    TERNARY = "ternary"
    """b * bias: a ternary code for each neuron, scaled by the layer's constant b (TW-SNN eq. 1)."""
    EACH = "each"
    """18 bits for each neuron."""


class Step(enum.Enum):
    """What a spike subtracts from a carried potential."""

    THRESHOLD = "threshold"
    """What the potential is compared with."""
    ONE = "one"
    """A value for the whole layer."""
    EACH = "each"
    """A value for each neuron."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class BankShape:
    """One SRAM bank: ``rows`` words of ``width`` bits; of weights, serving ``neurons`` neurons."""

    rows: int
    width: int
    neurons: int = 0

    @property
    def bits(self) -> int:
        """Storage of the bank, in bits."""
        return self.rows * self.width

    @property
    def parts(self) -> tuple["BankShape", ...]:
        """Sub-banks of a bank of weights, first rows first: a read wakes the one with its row.

        Each but the last has the same power of two of rows.
        """
        most = _part_rows(self.rows)
        starts = range(0, self.rows, most)
        return tuple(dataclasses.replace(self, rows=min(most, self.rows - k)) for k in starts)


def word_banks(rows: int, bits: int) -> tuple[BankShape, ...]:
    """Banks that hold ``rows`` words of ``bits``, side by side: 128 bits of a word each, or less.

    Rows (at least 2) and widths are rounded up to powers of two.
    """
    parts = [min(BANK_BITS, bits - first) for first in range(0, bits, BANK_BITS)]
    rows = max(2, power_of_two(rows))
    return tuple(BankShape(rows=rows, width=power_of_two(part)) for part in parts)


def weight_rows(needed: int) -> int:
    """Rows of a bank of weights that has the ``needed`` ones, at least 2; see `BankShape.parts`."""
    whole, rest = divmod(needed, _part_rows(needed))
    return whole * _part_rows(needed) + (max(2, power_of_two(rest)) if rest else 0)


def _part_rows(rows: int) -> int:
    return max(SUB_BANK_ROWS, power_of_two(rows) // MOST_SUB_BANKS)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Layer:
    """What layers of every kind have: processing elements, their weights, and what they do.

    - ``lanes``: spikes that the layer takes in one cycle: 1, 2, 4 or 8. Input i of a PE belongs to
      lane i mod lanes.
    - ``threshold``, ``bias``: what a neuron compares its potential with, and starts it from.
    - ``neuron``: what a neuron does from one timestep to the next.
    - ``step``: what a spike subtracts; its own only where a spike does subtract.
    - ``pixels``: inputs are 8-bit pixels, not spikes: in the cycle of an input the pixel takes the
      place of the constant a. One lane.

    A kind of layer has besides:

    - ``inputs``: fan-in of a PE, 1 to 8192.
    - ``neurons``: number of PEs.
    - ``volume``, ``output``: maps that go in and that come out.
    - ``firings``: times that a PE fires in a timestep, for a neuron each.
    - ``maps``: windows on ``volume``, where it is not all there at once; else None.
    - ``kept_bits``: bits that each neuron has in memory while others use its PE.
    - ``buffers``: memory banks besides those of weights.
    """

    lanes: int = 1
    threshold: Threshold = Threshold.ONE
    bias: Bias = Bias.TERNARY
    neuron: Neuron = INTEGRATE_AND_FIRE
    step: Step = Step.THRESHOLD
    pixels: bool = False

    def __post_init__(self):
        check_lanes(self.lanes)
        for what, most in {"inputs": MAX_FAN_IN, "neurons": MAX_NEURONS}.items():
            n = getattr(self, what)
            if isinstance(n, bool) or not isinstance(n, int) or not 1 <= n <= most:
                raise BadInput(f"layer {what} must be an integer from 1 to {most}, not {n!r}")
        if self.pixels and self.lanes > 1:
            raise BadInput(f"a layer of pixels has one lane, not {self.lanes}")
        if self.step is not Step.THRESHOLD and not self.subtracts:
            raise BadInput("a layer whose spikes do not subtract must not have a step of its own")

    @property
    def fires(self) -> bool:
        """The layer gives spikes out, not potentials."""
        return self.threshold is not Threshold.NONE

    @property
    def subtracts(self) -> bool:
        """A spike subtracts the step from the potential that is carried on."""
        return self.fires and self.neuron.carries and self.neuron.reset is Reset.SUBTRACT

    @property
    def counts_timesteps(self) -> bool:
        """The layer's hardware has to know where an image begins and ends."""
        return not self.fires or self.neuron.has_state

    @functools.cached_property
    def fields(self) -> tuple[Field, ...]:
        """What the layer is loaded with besides its weights, in the order of its constants."""
        fields = [] if self.pixels else [field.constant("a")]
        if self.bias is Bias.TERNARY:
            fields += [field.constant("b"), field.TERNARY_BIAS]
        else:
            fields.append(field.potential("bias", Per.NEURON))
        if self.fires:
            each = self.threshold is Threshold.EACH
            fields.append(field.potential("threshold", Per.NEURON if each else Per.LAYER))
        if self.step is not Step.THRESHOLD:
            each = self.step is Step.EACH
            fields.append(field.potential("step", Per.NEURON if each else Per.LAYER))
        return tuple(fields)

    @property
    def layer_fields(self) -> tuple[Field, ...]:
        """Fields with one value for the whole layer."""
        return tuple(f for f in self.fields if f.per is Per.LAYER)

    @property
    def neuron_fields(self) -> tuple[Field, ...]:
        """Fields with one value for each neuron."""
        return tuple(f for f in self.fields if f.per is Per.NEURON)

    @property
    def banks(self) -> tuple[BankShape, ...]:
        """SRAM banks of one lane, in order. Bank b serves neurons 64*b to 64*b + 63.

        Every lane has the same banks. Row r of lane l holds presynaptic neuron r * lanes + l.

        Rows (at least 2) and widths of their `BankShape.parts` are rounded up to powers of two, as
        a memory compiler would: 784-256 takes 4 banks of 784 x 128, in parts of 256, 256, 256 and
        16 rows, 256-256 takes 4 of 256 x 128, 256-10 one of 256 x 32, with one lane.
        """
        rows = weight_rows(-(-self.inputs // self.lanes))
        banks = []
        for first in range(0, self.neurons, BANK_NEURONS):
            neurons = min(BANK_NEURONS, self.neurons - first)
            width = min(BANK_BITS, power_of_two(neurons * WEIGHT_BITS))
            banks.append(BankShape(rows=rows, width=width, neurons=neurons))
        return tuple(banks)

    @property
    def memory_bits(self) -> int:
        """Storage of all banks of all lanes, in bits."""
        weights = self.lanes * sum(bank.bits for bank in self.banks)
        return weights + sum(bank.bits for bank in self.buffers)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Dense(Layer):
    """A layer in which each of ``neurons`` processing elements has all ``inputs``.

    - ``inputs``: fan-in and width of the input spike vector, 1 to 8192, at least ``lanes``.
    - ``neurons``: number of neurons, 1 to 8192.

    Source: TW-SNN sec. 4.2.
    """

    inputs: int
    neurons: int

    firings = 1
    maps = None
    kept_bits = 0
    buffers = ()

    def __post_init__(self):
        super().__post_init__()
        if self.lanes > self.inputs:
            raise BadInput(f"a layer of {self.inputs} inputs has no {self.lanes} lanes")

    @property
    def volume(self) -> Volume:
        """What goes in: no map."""
        return Volume(channels=self.inputs)

    @property
    def output(self) -> Volume:
        """What comes out: no map."""
        return Volume(channels=self.neurons)

    def has_lanes(self, lanes: int) -> bool:
        """Whether there are inputs for so many lanes."""
        return lanes <= self.inputs

    def __str__(self):
        return str(self.neurons)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Convolution(Layer):
    """A layer whose processing elements look at one window of its input after the other.

    A PE is the neurons of a channel: it has the same weights at each window, and fires at each.

    - ``maps``: what goes in, the windows, and the pooling of what comes out. Their inputs are at
      most 8192.
    - ``channels``: those that come out, 1 to 512.

    Lanes divide the input channels.
    """

    maps: Maps
    channels: int

    def __post_init__(self):
        super().__post_init__()
        channels = self.maps.volume.channels
        if type(self.channels) is not int or not 1 <= self.channels <= MAX_CHANNELS:
            raise BadInput(
                f"a convolution's channels must be from 1 to {MAX_CHANNELS}, "
                f"not {self.channels!r:.80}"
            )
        if not self.has_lanes(self.lanes):
            raise BadInput(
                f"lanes must divide a convolution's input channels, {channels}, not be {self.lanes}"
            )
        if not self.fires and self.firings > 1:
            raise BadInput("a convolution with several windows must have a threshold")

    @property
    def inputs(self) -> int:
        """Fan-in: inputs of a window."""
        return self.maps.fan_in

    @property
    def neurons(self) -> int:
        """PEs, one for each channel that comes out."""
        return self.channels

    @property
    def volume(self) -> Volume:
        """Maps that go in."""
        return self.maps.volume

    @property
    def output(self) -> Volume:
        """Maps that come out."""
        return self.maps.output(self.channels)

    @property
    def firings(self) -> int:
        """Windows."""
        return self.maps.rows * self.maps.columns

    @property
    def kept_bits(self) -> int:
        """Bits that each neuron has in memory while its channel's PE is at other windows.

        Its carried potential, its synaptic current, and whether it has spiked, of a neuron that
        has them.
        """
        if self.firings == 1:
            return 0
        neuron = self.neuron
        return POTENTIAL_BITS * (neuron.carries + bool(neuron.synapse)) + neuron.once

    @property
    def line_banks(self) -> tuple[BankShape, ...]:
        """Banks of one row of a line buffer, which has `Maps.buffer_rows`, in each lane."""
        channels = self.volume.channels // self.lanes
        bits = channels * (PIXEL_BITS if self.pixels else 1)
        return word_banks(self.volume.width, bits)

    @property
    def pool_banks(self) -> tuple[BankShape, ...]:
        """Banks of the row of squares whose OR is not complete."""
        return word_banks(self.output.width, self.channels) if self.maps.pool > 1 else ()

    @property
    def kept_banks(self) -> tuple[BankShape, ...]:
        """Banks of what neurons keep, a word a window; each holds all of some neurons' bits."""
        if not self.kept_bits:
            return ()
        most = BANK_BITS // self.kept_bits
        groups = [min(most, self.channels - k) for k in range(0, self.channels, most)]
        return tuple(
            BankShape(
                rows=power_of_two(self.firings),
                width=power_of_two(neurons * self.kept_bits),
                neurons=neurons,
            )
            for neurons in groups
        )

    @property
    def buffers(self) -> tuple[BankShape, ...]:
        """Banks of line buffers, pool and kept state."""
        lines = self.line_banks * (self.maps.buffer_rows * self.lanes)
        return lines + self.pool_banks + self.kept_banks

    def has_lanes(self, lanes: int) -> bool:
        """Whether the input channels can be dealt out to so many lanes."""
        return self.maps.volume.channels % lanes == 0

    def __str__(self):
        maps = self.maps
        if maps.is_whole:
            return str(self.channels)
        height, width = maps.kernel
        kernel = height if height == width else f"{height}x{width}"
        stride = f"s{maps.stride}" if maps.stride > 1 else ""
        padding = f"p{maps.padding}" if maps.padding else ""
        pool = f"-mp{maps.pool}" if maps.pool > 1 else ""
        return f"{self.channels}c{kernel}{stride}{padding}{pool}"


KINDS = (Dense, Convolution)
"""Every kind of layer. Golden model, RTL and cycle model each have a table with these keys."""
