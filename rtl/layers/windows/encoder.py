"""The encoder of a convolution: positions of maps in, spikes of one window after the other out."""

from amaranth import *
from amaranth.lib import data, stream
from amaranth.lib.wiring import In, Out

from trispike.models.network.layers import Convolution
from trispike.models.network.maps import Maps
from trispike.models.network.numbers import PIXEL_BITS
from trispike.rtl.hierarchy import Block, lanes_suffix, place
from trispike.rtl.layers.lanes import spikes_layout
from trispike.rtl.layers.windows.counter import WindowCounter, by_row
from trispike.rtl.layers.windows.tap_encoder import TapEncoder
from trispike.rtl.parameters import Parameter


def windows_suffix(maps: Maps) -> str:
    """How a module name spells out windows; a stride of 1 and no padding go without saying."""
    stride = f"_stride_{maps.stride}" * (maps.stride > 1)
    padding = f"_padding_{maps.padding}" * (maps.padding > 0)
    return f"_kernel_{'x'.join(map(str, maps.kernel))}{stride}{padding}"


class WindowEncoder(Block):
    """Keeps the rows of maps that windows are on, and gives the spikes of each window.

    A lane has the input channels c with c mod lanes = its number, in a line buffer of its own. A
    flag for every position and lane says whether any of these spike, so that silent taps take no
    cycle. With N spikes in its busiest lane a window takes N + 1 cycles.

    ``shape``: the layer.

    Members
    -------
    i : In(stream.Signature(unsigned(channels) or ArrayLayout(8, channels)))
        One position of the maps, row by row: the channels that spike, or their pixels. ``ready``
        depends on registers only.
    o : Out(stream.Signature(spikes_layout(inputs, lanes)))
        Up to ``lanes`` spikes a cycle; a payload without any ends the window.
    busy : Out(1)
        A timestep is at work.
    pixel : Out(8)
        The pixel at the address that was taken last; only there in a layer of pixels.

    Latency: a window's first spike, or its end, is valid four cycles after the last position of the
    rows that it waits for (`Maps.input_rows`) was taken, or as the window before has ended. Room
    for a row is made as the last row of windows ends that looks at the row in its place.
    """

    shape = Parameter(Convolution)

    def __init__(self, *, shape: Convolution):
        self.shape = shape
        channels = shape.volume.channels
        position = data.ArrayLayout(PIXEL_BITS, channels) if shape.pixels else unsigned(channels)
        super().__init__(
            {
                "i": In(stream.Signature(position)),
                "o": Out(stream.Signature(spikes_layout(shape.inputs, shape.lanes))),
                "busy": Out(1),
                **({"pixel": Out(PIXEL_BITS)} if shape.pixels else {}),
            }
        )

    @property
    def module_name(self) -> str:
        maps, shape = self.shape.maps, self.shape
        suffix = f"{'_pixels' * shape.pixels}{lanes_suffix(shape.lanes)}"
        return f"window_encoder_{maps.volume}{windows_suffix(maps)}{suffix}"

    def elaborate(self, platform):
        m = Module()
        shape = self.shape
        lanes = [TapEncoder(shape=shape) for _ in range(shape.lanes)]
        for k, lane in enumerate(lanes):
            m.submodules[f"lane_{k}"] = place(lane, platform)
        m.submodules.begun = begun = WindowCounter(maps=shape.maps)
        m.submodules.ended = ended = WindowCounter(maps=shape.maps)
        row_taken, flags = self._write(m, lanes, ended.passed)
        self._offer(m, lanes, begun, row_taken, flags)
        self._join(m, lanes)
        m.d.comb += ended.advance.eq(self.o.valid & self.o.ready & ~self.o.payload.spikes.any())
        if shape.pixels:
            m.d.comb += self.pixel.eq(lanes[0].pixel)
        return m

    def _write(self, m: Module, lanes: list[TapEncoder], passed: Value) -> tuple[Value, list]:
        """Take positions while there is a row for them.

        Returns whether a row is complete with this cycle, and of each lane and row of the line
        buffer a bit for each position that spikes.
        """
        maps = self.shape.maps
        rows, width = maps.buffer_rows, maps.volume.width
        row = Signal(range(rows))
        column = Signal(range(max(2, width)))
        # A row that no window looks at may be given up before it has come.
        free = Signal(range(rows + maps.stride), init=rows)
        taken = self.i.valid & self.i.ready
        row_taken = taken & (column == width - 1)
        m.d.comb += [self.i.ready.eq(free != 0), self.busy.eq((free != rows) | (column != 0))]
        m.d.sync += free.eq(free + passed - row_taken)
        with m.If(row_taken):
            m.d.sync += [column.eq(0), row.eq(Mux(row == rows - 1, 0, row + 1))]
        with m.Elif(taken):
            m.d.sync += column.eq(column + 1)
        flags = []
        for k, lane in enumerate(lanes):
            channels = range(k, self.shape.volume.channels, len(lanes))
            word = Cat(self.i.payload[c] for c in channels)
            m.d.comb += [
                lane.write.eq(taken),
                lane.write_row.eq(row),
                lane.write_column.eq(column),
                lane.data.eq(word),
            ]
            own = [Signal(width, name=f"spiking_{k}_{r}", reset_less=True) for r in range(rows)]
            with m.If(taken), m.Switch(row):
                for r, bits in enumerate(own):
                    with m.Case(r):
                        m.d.sync += bits.bit_select(column, 1).eq(word.any())
            flags.append(own)
        return row_taken, flags

    def _offer(self, m: Module, lanes: list[TapEncoder], begun, row_taken: Value, flags) -> None:
        """Offer the lanes a window as soon as its rows are there."""
        maps = self.shape.maps
        rows, (high, wide) = maps.buffer_rows, maps.kernel
        there = Signal(range(1 - maps.stride, rows + 1))  # rows from the window's uppermost one on
        top = Signal(range(rows), init=-maps.padding % rows)  # where the window's top row stands
        seen = [len(maps.input_rows(row)) for row in range(maps.rows)]
        offered = there >= by_row(m, begun.row, seen, "rows_seen")
        m.d.sync += there.eq(there + row_taken - begun.passed)
        steps = [maps.stride % rows] * (maps.rows - 1)
        steps.append((maps.volume.height - maps.stride * (maps.rows - 1)) % rows)
        following = Signal(range(2 * rows))
        m.d.comb += following.eq(top + by_row(m, begun.row, steps, "rows_on"))
        with m.If(begun.advance & (begun.column == maps.columns - 1)):
            m.d.sync += top.eq(Mux(following >= rows, following - rows, following))

        has = Signal(len(lanes))  # lanes that have taken the window already
        takes = Cat(has[k] | lane.i.ready for k, lane in enumerate(lanes))
        m.d.comb += begun.advance.eq(offered & takes.all())
        m.d.sync += has.eq(Mux(begun.advance, 0, Mux(offered, takes, has)))
        column = Signal(len(lanes[0].i.payload.column))
        m.d.comb += column.eq(begun.column << (maps.stride - 1))
        on_map = [self._on_map(m, begun.row, j) for j in range(high)]
        for k, (lane, own) in enumerate(zip(lanes, flags, strict=True)):
            m.d.comb += [
                lane.i.valid.eq(offered & ~has[k]),
                lane.i.payload.row.eq(top),
                lane.i.payload.column.eq(column),
            ]
            for j in range(high):
                line = Signal(maps.volume.width, name=f"line_{k}_{j}")
                with m.Switch(top):
                    for r in range(rows):
                        with m.Case(r):
                            m.d.comb += line.eq(own[(r + j) % rows])
                taps = lane.i.payload.taps[j * wide : (j + 1) * wide]
                m.d.comb += taps.eq(Mux(on_map[j], self._padded(line) >> column, 0))

    def _padded(self, line: Value) -> Value:
        """A row of the map, a bit for each position, with its padding."""
        silence = C(0, self.shape.maps.padding)
        return Cat(silence, line, silence)

    def _on_map(self, m: Module, row: Value, j: int) -> Value:
        """Whether row ``j`` of the windows of ``row`` lies on the map."""
        maps = self.shape.maps
        tops = [r * maps.stride - maps.padding for r in range(maps.rows)]
        return by_row(m, row, [0 <= top + j < maps.volume.height for top in tops], f"on_map_{j}")

    def _join(self, m: Module, lanes: list[TapEncoder]) -> None:
        """Give the spikes of all lanes at once; a window ends in all of them in the same cycle."""
        m.d.comb += self.o.valid.eq(Cat(lane.o.valid for lane in lanes).all())
        for k, lane in enumerate(lanes):
            event, spikes = lane.o.payload, self.o.payload.spikes
            m.d.comb += [
                lane.o.ready.eq(self.o.valid & self.o.ready & (event.spike | ~spikes.any())),
                spikes[k].eq(event.spike),
                self.o.payload.addresses[k].eq(Mux(event.spike, event.address, 0)),
            ]
