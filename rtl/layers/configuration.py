"""How weights, biases and constants get into the chip."""

from amaranth import *
from amaranth.lib import data, enum, stream
from amaranth.lib.wiring import In, Out

from trispike.models.network.description import LayerShape
from trispike.models.network.numbers import (
    BANK_BITS,
    BANK_NEURONS,
    CONSTANT_BITS,
    COUNT_BITS,
    MAX_CHIP_LAYERS,
    POTENTIAL_BITS,
    WEIGHT_BITS,
)
from trispike.rtl.hierarchy import Block, lanes_suffix


class Target(enum.Enum, shape=2):
    """What a configuration write goes to."""

    WEIGHTS = 0
    BIAS = 1
    CONSTANTS = 2
    TIMESTEPS = 3


class Write(data.Struct):
    """One configuration write.

    ========= ============================== ==================================================
    target    fields used                    ``data``
    ========= ============================== ==================================================
    WEIGHTS   layer, bank, row               weight row: bits [2k+1:2k] from presynaptic neuron row
                                             to neuron 64*bank + k
    BIAS      layer, bank                    biases, laid out as a weight row
    CONSTANTS layer                          `Constants`
    TIMESTEPS none                           bits 7 to 0: timesteps per prediction, 1 to 255
    ========= ============================== ==================================================

    A write to a layer, bank or row that the chip does not have is accepted and has no effect.
    """

    target: Target
    layer: range(MAX_CHIP_LAYERS)
    bank: 4
    row: 10
    data: BANK_BITS


class Constants(data.Struct):
    """A layer's constants: a and b from 0 to 127, threshold signed."""

    a: signed(CONSTANT_BITS)
    b: signed(CONSTANT_BITS)
    threshold: signed(POTENTIAL_BITS)


TIMESTEPS_SHAPE = unsigned(COUNT_BITS)


class LayerRegisters(Block):
    """A layer's constants and biases, and the decoder of its configuration writes.

    The registers survive a reset, as the banks do: a chip that is reset in mid-flight goes on
    with the network it was loaded with.

    Parameters
    ----------
    shape
        Fan-in, number of neurons, lanes.

    Members
    -------
    writes : In(stream.Signature(Write))
        Writes of this layer. ``ready`` while ``enable`` is high.
    enable : In(1)
        The layer is idle, so that its contents may change.
    constants : Out(Constants)
        Valid from the cycle after the write.
    bias : Out(2 * neurons)
        Ternary code of neuron k in bits [2k+1:2k]; valid from the cycle after the write.
    bank_write : Out(banks)
        Bit b: write ``writes.payload.data`` to bank b now, as the weights of presynaptic neuron
        ``writes.payload.row``.
    """

    def __init__(self, *, shape: LayerShape):
        self._shape = shape
        super().__init__(
            {
                "writes": In(stream.Signature(Write)),
                "enable": In(1),
                "constants": Out(Constants),
                "bias": Out(WEIGHT_BITS * shape.neurons),
                "bank_write": Out(len(shape.banks)),
            }
        )

    @property
    def module_name(self) -> str:
        shape = self._shape
        return f"layer_registers_{shape.inputs}x{shape.neurons}{lanes_suffix(shape.lanes)}"

    def elaborate(self, platform):
        m = Module()
        write = self.writes.payload
        taken = self.writes.valid & self.writes.ready
        m.d.comb += self.writes.ready.eq(self.enable)

        constants = Signal(Constants, reset_less=True)
        bias = Signal(WEIGHT_BITS * self._shape.neurons, reset_less=True)
        m.d.comb += [self.constants.eq(constants), self.bias.eq(bias)]
        with m.If(taken & (write.target == Target.CONSTANTS)):
            m.d.sync += constants.eq(write.data)
        for b, bank in enumerate(self._shape.banks):
            first = b * BANK_NEURONS
            here = taken & (write.bank == b)
            in_range = write.row < bank.rows * self._shape.lanes
            m.d.comb += self.bank_write[b].eq(here & in_range & (write.target == Target.WEIGHTS))
            with m.If(here & (write.target == Target.BIAS)):
                m.d.sync += bias[WEIGHT_BITS * first : WEIGHT_BITS * (first + bank.neurons)].eq(
                    write.data
                )
        return m
