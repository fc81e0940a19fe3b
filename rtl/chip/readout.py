"""The read-out: output spike counters and the label of the largest."""

from amaranth import *
from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import In, Out
from amaranth.utils import ceil_log2

from trispike.models.network.numbers import COUNT_BITS
from trispike.rtl.hierarchy import Block
from trispike.rtl.layers.configuration import TIMESTEPS_SHAPE


def result_layout(outputs: int) -> data.StructLayout:
    """Layout of one prediction: the label, and the spike count of every output neuron."""
    return data.StructLayout(
        {
            "label": max(1, ceil_log2(outputs)),
            "counts": data.ArrayLayout(COUNT_BITS, outputs),
        }
    )


class Argmax(wiring.Component):
    """Index of the largest of ``n`` numbers, the lowest index on a tie. Combinational.

    Members
    -------
    values : In(ArrayLayout(8, n))
        Spike counts.
    index : Out(log2(n))
        Where the largest stands.

    Source: TW-SNN sec. 5.1.1 for the largest count; the tie rule is Trispike's contract.
    """

    def __init__(self, *, n: int):
        self._n = n
        super().__init__(
            {
                "values": In(data.ArrayLayout(COUNT_BITS, n)),
                "index": Out(max(1, ceil_log2(n))),
            }
        )

    def elaborate(self, platform):
        m = Module()
        best = [(self.values[k], Const(k, len(self.index))) for k in range(self._n)]
        level = 0
        while len(best) > 1:
            winners = []
            for k in range(0, len(best) - 1, 2):
                (low, low_index), (high, high_index) = best[k], best[k + 1]
                value = Signal(COUNT_BITS, name=f"value_{level}_{k // 2}")
                index = Signal(len(self.index), name=f"index_{level}_{k // 2}")
                upper = high > low
                m.d.comb += [
                    value.eq(Mux(upper, high, low)),
                    index.eq(Mux(upper, high_index, low_index)),
                ]
                winners.append((value, index))
            if len(best) % 2:
                winners.append(best[-1])
            best = winners
            level += 1
        m.d.comb += self.index.eq(best[0][1])
        return m


class Readout(Block):
    """Counts the output layer's spikes over the timesteps of a prediction and names the label.

    Parameters
    ----------
    outputs
        Number of output neurons.

    Members
    -------
    i : In(stream.Signature(outputs))
        Output spike vector of a timestep. ``ready`` depends on registers only.
    timesteps : In(8)
        Timesteps per prediction, 1 to 255; may change between predictions.
    result : Out(stream.Signature(result_layout(outputs)))
        One prediction.

    Latency: ``result`` is valid two cycles after the last vector of a prediction was taken; the
    first vector of the next one is taken in that cycle at the earliest.

    Source: TW-SNN sec. 5.1.1.
    """

    def __init__(self, *, outputs: int):
        self._outputs = outputs
        super().__init__(
            {
                "i": In(stream.Signature(outputs)),
                "timesteps": In(TIMESTEPS_SHAPE),
                "result": Out(stream.Signature(result_layout(outputs))),
            }
        )

    @property
    def module_name(self) -> str:
        return f"readout_{self._outputs}"

    def elaborate(self, platform):
        m = Module()
        m.submodules.argmax = argmax = Argmax(n=self._outputs)
        counts = Signal(data.ArrayLayout(COUNT_BITS, self._outputs), reset_less=True)
        step = Signal(TIMESTEPS_SHAPE)  # timesteps counted of the prediction at work
        complete = Signal()  # `counts` is a whole prediction
        m.d.comb += [self.i.ready.eq(~complete), argmax.values.eq(counts)]

        with m.If(self.i.valid & self.i.ready):
            last = step + 1 == self.timesteps
            m.d.sync += [step.eq(Mux(last, 0, step + 1)), complete.eq(last)]
            for k in range(self._outputs):
                before = Mux(step == 0, 0, counts[k])
                m.d.sync += counts[k].eq(before + self.i.payload[k])

        result = Signal(result_layout(self._outputs), reset_less=True)
        m.d.comb += self.result.payload.eq(result)
        with m.If(self.result.ready):
            m.d.sync += self.result.valid.eq(0)
        with m.If(complete & (~self.result.valid | self.result.ready)):
            m.d.sync += [
                result.label.eq(argmax.index),
                result.counts.eq(counts),
                self.result.valid.eq(1),
                complete.eq(0),
            ]
        return m
