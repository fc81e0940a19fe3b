"""The AER encoder: a spike vector in, one address per cycle out."""

from amaranth import *
from amaranth.lib import data, stream
from amaranth.lib.wiring import In, Out
from amaranth.utils import ceil_log2

from trispike.models.errors import BadInput
from trispike.models.network.numbers import MAX_VECTOR
from trispike.rtl.hierarchy import Block
from trispike.rtl.parameters import Parameter
from trispike.rtl.priority import LowestOne, one_hot_select


def event_layout(inputs: int) -> data.StructLayout:
    """Layout of one address event of an encoder with ``inputs`` inputs.

    ``end`` = 0: the neuron ``address`` has spiked. ``end`` = 1: the timestep has no more spikes,
    and ``address`` is 0.
    """
    return data.StructLayout({"address": max(1, ceil_log2(inputs)), "end": 1})


class AEREncoder(Block):
    """Priority encoder that turns the spike vector of a timestep into address events.

    The addresses of the spiking neurons leave in ascending order, one per cycle and without
    bubbles, followed by one ``end`` event; the next vector is taken in the cycle that shows the
    ``end`` event, so a timestep with N spikes occupies N + 1 cycles.

    To make timing with 1024 inputs the encoder works on groups of about sqrt(inputs) bits: the
    group at work stands in a register of its own, the others wait, and the first non-empty one is
    chosen from one flag per group.

    ``inputs``: width of the spike vector, 1 to 8192.

    Members
    -------
    i : In(stream.Signature(inputs))
        Spike vector of one timestep; bit k is neuron k. ``ready`` depends on registers only.
    o : Out(stream.Signature(event_layout(inputs)))
        Address events.
    busy : Out(1)
        A timestep is at work.

    Latency: the first event is valid one cycle after the vector is taken, or after the ``end``
    event of the vector before where that had to wait.

    Source: TW-SNN sec. 4.2, fig. 6; Yin 2017's spike scheduler.
    """

    inputs = Parameter(int)

    def __init__(self, *, inputs: int):
        if not 1 <= inputs <= MAX_VECTOR:
            raise BadInput(f"encoder inputs must be from 1 to {MAX_VECTOR}, not {inputs!r}")
        self.inputs = inputs
        super().__init__(
            {
                "i": In(stream.Signature(inputs)),
                "o": Out(stream.Signature(event_layout(inputs))),
                "busy": Out(1),
            }
        )

    @property
    def module_name(self) -> str:
        return f"aer_encoder_{self.inputs}"

    def elaborate(self, platform):
        m = Module()
        address_bits = max(1, ceil_log2(self.inputs))
        bit_bits = address_bits // 2
        width = 1 << bit_bits
        groups = -(-self.inputs // width)

        waiting = [Signal(width, name=f"waiting_{g}", reset_less=True) for g in range(groups)]
        nonempty = Signal(groups, reset_less=True)  # one flag per waiting group
        word = Signal(width, reset_less=True)  # what is left of the group at work
        group = Signal(address_bits - bit_bits, reset_less=True)
        open_ = Signal()  # a vector was taken whose `end` event was not
        end_first = Signal()  # `word` already belongs to the vector after the `end` event to come

        m.submodules.first_bit = first_bit = LowestOne(width=width)
        m.submodules.first_group = first_group = LowestOne(width=groups)
        rest = Signal(width)  # `word` without the bit that is leaving
        at_end = Signal()
        emitted = Signal()
        taken = Signal()
        m.d.comb += [
            first_bit.bits.eq(word),
            rest.eq(word & ~first_bit.one_hot),
            at_end.eq(end_first | ~first_bit.any),
            emitted.eq(self.o.valid & self.o.ready),
            taken.eq(self.i.valid & self.i.ready),
            self.o.valid.eq(open_),
            self.o.payload.end.eq(at_end),
            self.i.ready.eq(~open_ | (~first_bit.any & ~end_first)),
            self.busy.eq(open_),
        ]
        with m.If(~at_end):
            m.d.comb += self.o.payload.address.eq(Cat(first_bit.index[:bit_bits], group))

        # The groups to choose the next word from: a new vector's, or those that wait.
        vector = [self.i.payload[g * width : (g + 1) * width] for g in range(groups)]
        m.d.comb += first_group.bits.eq(Mux(taken, Cat(new.any() for new in vector), nonempty))
        with m.If(taken | (emitted & ~at_end & ~rest.any())):
            choices = [Mux(taken, new, old) for new, old in zip(vector, waiting, strict=True)]
            m.d.sync += [
                word.eq(one_hot_select(first_group.one_hot, choices)),
                group.eq(first_group.index),
                nonempty.eq(first_group.bits & ~first_group.one_hot),
            ]
        with m.Elif(emitted & ~at_end):
            m.d.sync += word.eq(rest)
        with m.If(taken):
            m.d.sync += [old.eq(new) for new, old in zip(vector, waiting, strict=True)]

        with m.If(taken):
            m.d.sync += [open_.eq(1), end_first.eq(open_ & ~emitted)]
        with m.Elif(emitted & at_end):
            m.d.sync += [end_first.eq(0), open_.eq(end_first)]
        return m
