"""How weights, biases and constants get into the chip."""

from collections.abc import Iterable

from amaranth import *
from amaranth.lib import data, enum, stream
from amaranth.lib.wiring import In, Out
from amaranth.utils import ceil_log2

from trispike.models.network.field import Field
from trispike.models.network.layers import Layer
from trispike.models.network.numbers import BANK_BITS, BANK_NEURONS, COUNT_BITS, MAX_CHIP_LAYERS
from trispike.models.network.shape import NetworkShape
from trispike.rtl.hierarchy import Block, lanes_suffix, parameters_suffix
from trispike.rtl.parameters import Parameter


class Target(enum.Enum, shape=2):
    """What a configuration write goes to."""

    WEIGHTS = 0
    BIAS = 1
    CONSTANTS = 2
    TIMESTEPS = 3


def write_layout(layers: Iterable[Layer] = ()) -> data.StructLayout:
    """Layout of one configuration write of a chip with ``layers``, or of one layer alone.

    ========= ============================== ==================================================
    target    fields used                    ``data``
    ========= ============================== ==================================================
    WEIGHTS   layer, bank, row               weight row: bits [2k+1:2k] from presynaptic neuron row
                                             to neuron 64*bank + k
    BIAS      layer, bank, row               word ``row`` of what the bank's neurons have each, see
                                             `models.network.memory_image.neuron_words`; the row is
                                             not looked at where there is one word only
    CONSTANTS layer                          `constants_layout`
    TIMESTEPS none                           `timesteps_layout`: timesteps per prediction, and more
    ========= ============================== ==================================================

    A write to a layer, bank or row that the chip does not have is accepted and has no effect. Rows
    have ten bits and banks four, more if a layer needs more.
    """
    layers = tuple(layers)
    return data.StructLayout(
        {
            "target": Target,
            "layer": range(MAX_CHIP_LAYERS),
            "bank": max([4, *(ceil_log2(len(layer.banks)) for layer in layers)]),
            "row": max([10, *(ceil_log2(layer.inputs) for layer in layers)]),
            "data": BANK_BITS,
        }
    )


Write = write_layout()
"""`write_layout` of layers of up to 1024 inputs and neurons."""


def constants_layout(shape: Layer) -> data.StructLayout:
    """Layout of a layer's constants: its fields with one value, see `Layer.fields`."""
    return data.StructLayout({field.name: signed(field.bits) for field in shape.layer_fields})


TIMESTEPS_SHAPE = unsigned(COUNT_BITS)


def timesteps_layout(shape: NetworkShape) -> data.StructLayout:
    """Layout of a write to TIMESTEPS: what the read-out of the chip of ``shape`` is told.

    ``timesteps`` per prediction, 1 to 255; ``skip``, below it, and ``stability``, where there are
    such, as of `models.network.parameters.Network`.
    """
    more = {"skip": TIMESTEPS_SHAPE} if shape.skips else {}
    if shape.stops and shape.stability_bits:
        more["stability"] = unsigned(shape.stability_bits)
    return data.StructLayout({"timesteps": TIMESTEPS_SHAPE, **more})


class LayerRegisters(Block):
    """A layer's constants and biases, and the decoder of its configuration writes.

    The registers survive a reset, as the banks do: a chip that is reset in mid-flight goes on
    with the network it was loaded with.

    ``shape``: fan-in, number of neurons, lanes.

    Members
    -------
    writes : In(stream.Signature(write_layout([shape])))
        Writes of this layer. ``ready`` while ``enable`` is high.
    enable : In(1)
        The layer is idle, so that its contents may change.
    constants : Out(constants_layout(shape))
        Valid from the cycle after the write. Not there in a layer without any.
    bias, threshold : Out(bits * neurons)
        Fields with a value for each neuron, neuron 0 lowest; valid from the cycle after the write.
    bank_write : Out(banks)
        Bit b: write ``writes.payload.data`` to bank b now, as the weights of presynaptic neuron
        ``writes.payload.row``.
    """

    shape = Parameter(Layer)

    def __init__(self, *, shape: Layer):
        self.shape = shape
        super().__init__(
            {
                "writes": In(stream.Signature(write_layout([shape]))),
                "enable": In(1),
                **({"constants": Out(constants_layout(shape))} if shape.layer_fields else {}),
                **{f.name: Out(f.bits * shape.neurons) for f in shape.neuron_fields},
                "bank_write": Out(len(shape.banks)),
            }
        )

    @property
    def module_name(self) -> str:
        shape = self.shape
        suffix = f"{parameters_suffix(shape)}{lanes_suffix(shape.lanes)}"
        return f"layer_registers_{shape.inputs}x{shape.neurons}{suffix}"

    def elaborate(self, platform):
        m = Module()
        shape, write = self.shape, self.writes.payload
        taken = self.writes.valid & self.writes.ready
        m.d.comb += self.writes.ready.eq(self.enable)

        constants = Signal(constants_layout(shape), reset_less=True)
        registers = {
            field: Signal(field.bits * shape.neurons, name=field.name, reset_less=True)
            for field in shape.neuron_fields
        }
        if shape.layer_fields:
            m.d.comb += self.constants.eq(constants)
        m.d.comb += [getattr(self, field.name).eq(signal) for field, signal in registers.items()]
        if shape.layer_fields:
            with m.If(taken & (write.target == Target.CONSTANTS)):
                m.d.sync += constants.eq(write.data)
        for b, bank in enumerate(shape.banks):
            here = taken & (write.bank == b)
            in_range = write.row < bank.rows * shape.lanes
            m.d.comb += self.bank_write[b].eq(here & in_range & (write.target == Target.WEIGHTS))
            with m.If(here & (write.target == Target.BIAS)):
                self._write_neurons(m, registers, b)
        return m

    def _write_neurons(self, m: Module, registers: dict[Field, Signal], bank: int) -> None:
        """Write the word of ``bank``'s neurons that the write's row names."""
        write, neurons = self.writes.payload, self.shape.neurons
        words = sum(field.words_a_bank for field in registers)
        row = 0
        for field, register in registers.items():
            for word in range(field.words_a_bank):
                first = bank * BANK_NEURONS + word * field.values_a_word
                count = min(field.values_a_word, neurons - first)
                if count > 0:
                    values = [write.data.word_select(k, field.slot_bits) for k in range(count)]
                    register_part = register[field.bits * first : field.bits * (first + count)]
                    store = register_part.eq(Cat(value[: field.bits] for value in values))
                    if words == 1:
                        m.d.sync += store
                    else:
                        with m.If(write.row == row):
                            m.d.sync += store
                row += 1
