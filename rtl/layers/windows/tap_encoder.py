"""From the taps of a window that hold spikes to one address a cycle."""

from amaranth import *
from amaranth.lib import data, stream
from amaranth.lib.wiring import In, Out
from amaranth.utils import ceil_log2

from trispike.models.network.layers import Convolution
from trispike.models.network.numbers import PIXEL_BITS
from trispike.rtl.hierarchy import Block, place
from trispike.rtl.layers.windows.line_buffer import LineBuffer, word_bits, write_members
from trispike.rtl.parameters import Parameter
from trispike.rtl.priority import LowestOne, one_hot_select


def window_layout(shape: Convolution) -> data.StructLayout:
    """Layout of one window of a lane.

    ``taps``: bit t: tap t lies on the map, and a channel of it spikes. ``row``: of the line buffer,
    where the window's top row stands, be it in the padding. ``column``: of the window's left side,
    from the left side of the padding on.
    """
    maps = shape.maps
    return data.StructLayout(
        {
            "taps": maps.taps,
            "row": range(maps.buffer_rows),
            "column": max(1, ((maps.columns - 1) * maps.stride).bit_length()),
        }
    )


class TapEncoder(Block):
    """One lane of a convolution: its line buffer, and an encoder of one tap's channels at a time.

    A pipeline of three registers: the taps of a window that are still to be read; the tap whose
    word the line buffer shows; the channels of a tap that have not left. A tap with N spikes is at
    work for N cycles, a window's end for one, and what follows stands ready: no cycle is lost.

    ``shape``: the layer, whose lanes share the channels.

    Members
    -------
    write, write_row, write_column, data : In
        To the line buffer, see `LineBuffer`.
    i : In(stream.Signature(window_layout(shape)))
        Windows, in their order.
    o : Out(stream.Signature(StructLayout(address, spike)))
        Row of a spike's weights, or, without ``spike``, the end of a window.
    pixel : Out(8)
        The pixel of the address that was taken last; only there in a layer of pixels.

    Latency: three cycles from a window to its first event.
    """

    shape = Parameter(Convolution)

    def __init__(self, *, shape: Convolution):
        self.shape = shape
        rows = shape.inputs // shape.lanes
        event = data.StructLayout({"address": max(1, ceil_log2(rows)), "spike": 1})
        super().__init__(
            {
                **write_members(shape),
                "i": In(stream.Signature(window_layout(shape))),
                "o": Out(stream.Signature(event)),
                **({"pixel": Out(PIXEL_BITS)} if shape.pixels else {}),
            }
        )

    @property
    def module_name(self) -> str:
        maps = self.shape.maps
        kernel, rest = "x".join(map(str, maps.kernel)), f"_padding_{maps.padding}"
        pixels = "_pixels" * self.shape.pixels
        words = f"{maps.buffer_rows}x{maps.volume.width}_{len(self.data)}"
        return f"tap_encoder_{kernel}_{words}{rest}_{len(self.i.payload.column)}{pixels}"

    def elaborate(self, platform):
        m = Module()
        buffer = LineBuffer(shape=self.shape)
        m.submodules.buffer = place(buffer, platform)
        m.d.comb += [
            buffer.write.eq(self.write),
            buffer.write_row.eq(self.write_row),
            buffer.write_column.eq(self.write_column),
            buffer.data.eq(self.data),
        ]
        popped = Signal()
        fetched = self._fetch(m, buffer, popped)
        self._encode(m, buffer, fetched, popped)
        return m

    def _fetch(self, m: Module, buffer: LineBuffer, popped: Signal) -> dict:
        """Read a window's taps one after the other; what stands in the line buffer's word."""
        maps = self.shape.maps
        window = Signal(window_layout(self.shape), reset_less=True)
        open_ = Signal()  # some tap of the window, or at least its end, is still to go
        valid = Signal()
        fetched = {
            "base": Signal(len(self.o.payload.address), name="fetched_base", reset_less=True),
            "any": Signal(name="fetched_any", reset_less=True),
            "last": Signal(name="fetched_last", reset_less=True),
        }
        m.submodules.first_tap = tap = LowestOne(width=maps.taps)
        rest = window.taps & ~tap.one_hot
        goes = open_ & (~valid | popped)
        last = ~rest.any()
        m.d.comb += [
            tap.bits.eq(window.taps),
            buffer.read.eq(goes & tap.any),
            self.i.ready.eq(~open_ | (goes & last)),
        ]
        self._address(m, buffer, window, tap.one_hot)
        with m.If(goes):
            m.d.sync += [
                valid.eq(1),
                fetched["base"].eq(one_hot_select(tap.one_hot, self._bases())),
                fetched["any"].eq(tap.any),
                fetched["last"].eq(last),
                window.taps.eq(rest),
            ]
        with m.Elif(popped):
            m.d.sync += valid.eq(0)
        with m.If(self.i.valid & self.i.ready):
            m.d.sync += [window.eq(self.i.payload), open_.eq(1)]
        with m.Elif(goes & last):
            m.d.sync += open_.eq(0)
        return {"valid": valid, **fetched}

    def _bases(self) -> list[Const]:
        """Row of the weights of each tap's first channel."""
        channels = self.shape.volume.channels // self.shape.lanes
        bits = len(self.o.payload.address)
        return [Const(tap * channels, bits) for tap in range(self.shape.maps.taps)]

    def _columns(self, bits: int) -> list[Const]:
        """Column of each tap in the window that begins where the padding does, modulo 2**bits."""
        maps = self.shape.maps
        return [Const(tap % maps.kernel[1] - maps.padding, bits) for tap in range(maps.taps)]

    def _address(self, m: Module, buffer: LineBuffer, window: data.View, tap: Value) -> None:
        """Row and column of the line buffer where a ``tap``, one-hot, of the window stands."""
        maps = self.shape.maps
        wide, held = maps.kernel[1], maps.buffer_rows
        rows = [Const(k // wide % held, range(held)) for k in range(maps.taps)]
        row = Signal(range(2 * held))
        columns = self._columns(len(buffer.read_column))
        m.d.comb += [
            row.eq(window.row + one_hot_select(tap, rows)),
            buffer.read_row.eq(Mux(row >= held, row - held, row)),
            buffer.read_column.eq(window.column + one_hot_select(tap, columns)),
        ]

    def _encode(self, m: Module, buffer: LineBuffer, fetched: dict, popped: Signal) -> None:
        """The spikes of one tap after the other."""
        shape = self.shape
        channels = shape.volume.channels // shape.lanes
        word = Signal(channels, reset_less=True)
        base = Signal.like(fetched["base"])
        valid = Signal()
        last = Signal(reset_less=True)
        m.submodules.first_channel = first = LowestOne(width=channels)
        rest = word & ~first.one_hot
        taken = self.o.valid & self.o.ready
        ends = taken & ~Mux(last, first.any, rest.any())
        whole = channels & (channels - 1) == 0
        m.d.comb += [
            first.bits.eq(word),
            popped.eq(fetched["valid"] & (~valid | ends)),
            self.o.valid.eq(valid),
            self.o.payload.spike.eq(first.any),
            self.o.payload.address.eq(base | first.index if whole else base + first.index),
        ]
        pixels = [buffer.word.word_select(k, word_bits(shape) // channels) for k in range(channels)]
        spiking = Cat(pixel.any() for pixel in pixels) if shape.pixels else buffer.word
        with m.If(popped):
            m.d.sync += [
                valid.eq(1),
                word.eq(Mux(fetched["any"], spiking, 0)),
                base.eq(fetched["base"]),
                last.eq(fetched["last"]),
            ]
        with m.Elif(ends):
            m.d.sync += valid.eq(0)
        with m.Elif(taken):
            m.d.sync += word.eq(rest)
        if shape.pixels:
            held = Signal(word_bits(shape), reset_less=True)
            with m.If(popped):
                m.d.sync += held.eq(buffer.word)
            with m.If(taken & first.any):
                m.d.sync += self.pixel.eq(held.word_select(first.index, PIXEL_BITS))
