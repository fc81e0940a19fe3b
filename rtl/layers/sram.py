"""The weight memory: one synchronous single-port SRAM bank."""

from amaranth import *
from amaranth.lib.memory import Memory
from amaranth.lib.wiring import In, Out
from amaranth.utils import ceil_log2

from trispike.models.network.layers import BankShape
from trispike.rtl.hierarchy import Block
from trispike.rtl.parameters import Parameter


class SRAMBank(Block):
    """A synchronous memory with one port, a module of its own that a memory macro can replace.

    ``shape``: rows and width. TW-SNN's largest bank is 1024 x 128 (sec. 4.2, fig. 7).

    Members
    -------
    address : In(log2(rows))
        Row to read or write.
    read : In(1)
        Read ``address``; must be low while ``write`` is high.
    write : In(1)
        Write ``write_data`` to ``address``.
    write_data : In(width)
        Taken at the clock edge that ends a cycle with ``write`` high.
    read_data : Out(width)
        The row read last, from the cycle after ``read`` until the next read.

    Latency: one cycle. The contents survive a reset.
    """

    shape = Parameter(BankShape)

    def __init__(self, *, shape: BankShape):
        self.shape = shape
        super().__init__(
            {
                "address": In(max(1, ceil_log2(shape.rows))),
                "read": In(1),
                "write": In(1),
                "write_data": In(shape.width),
                "read_data": Out(shape.width),
            }
        )

    @property
    def module_name(self) -> str:
        return f"sram_{self.shape.rows}x{self.shape.width}"

    def elaborate(self, platform):
        m = Module()
        m.submodules.memory = memory = Memory(
            shape=self.shape.width, depth=self.shape.rows, init=[]
        )
        write_port = memory.write_port()
        read_port = memory.read_port()
        m.d.comb += [
            write_port.addr.eq(self.address),
            write_port.data.eq(self.write_data),
            write_port.en.eq(self.write),
            read_port.addr.eq(self.address),
            read_port.en.eq(self.read & ~self.write),
            self.read_data.eq(read_port.data),
        ]
        return m
