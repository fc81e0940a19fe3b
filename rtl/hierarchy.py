"""Components that become Verilog modules of their own.

Amaranth writes one Verilog module for each *instance* of a component, named after its place in
the hierarchy: a chip of 522 PEs would hold 522 copies of one text. A `Block` that is placed with
`place` is instead written once, under a name of its own, and instantiated; a synthesiser then
maps it once, and a memory macro can take the place of an SRAM bank. In Amaranth's own simulator
nothing changes.
"""

from amaranth.hdl import (
    ClockSignal,
    Elaboratable,
    Instance,
    ResetInserter,
    ResetSignal,
    Value,
)
from amaranth.lib import wiring

from trispike.models.network.layers import Bias, Layer, Step, Threshold


class Block(wiring.Component):
    """A component that is a Verilog module of its own.

    Two blocks with the same `module_name` must have the same structure.
    """

    @property
    def module_name(self) -> str:
        """Name of the Verilog module; it spells out every parameter."""
        raise TypeError(f"{type(self).__name__} must define module_name")


def lanes_suffix(lanes: int) -> str:
    """Suffix of a module name for ``lanes``; empty for one lane."""
    return "" if lanes == 1 else f"_{lanes}_lanes"


def parameters_suffix(shape: Layer) -> str:
    """How a module name spells out what neurons have and do: not at all for the seed's."""
    threshold = {Threshold.EACH: "_thresholds", Threshold.NONE: "_silent"}
    bias = "_biases" if shape.bias is Bias.EACH else ""
    step = {Step.ONE: "_step", Step.EACH: "_steps"}.get(shape.step, "")
    pixels = "_pixels" * shape.pixels
    return threshold.get(shape.threshold, "") + bias + step + pixels + shape.neuron.suffix


def flat_ports(component: wiring.Component) -> dict[str, tuple[str, Value]]:
    """Ports of ``component`` by Verilog name: ``i`` or ``o``, and the value."""
    ports = {}
    for path, member, value in component.signature.flatten(component):
        direction = "i" if member.flow == wiring.In else "o"
        ports["__".join(map(str, path))] = (direction, Value.cast(value))
    return ports


def leave_out(component: wiring.Component) -> None:
    """Have Amaranth not warn that ``component`` is never elaborated.

    Amaranth 0.5 has no public way: its lint option holds for the file that makes a component.
    """
    component._MustUse__used = True


class BlockLibrary:
    """The platform of a Verilog export: collects the blocks that the design instantiates."""

    def __init__(self):
        self.blocks: dict[str, Block] = {}

    def instance(self, block: Block, reset: Value | None) -> Instance:
        """An instance of ``block``'s module, wired to its ports; ``reset`` as for `place`."""
        self.blocks.setdefault(block.module_name, block)
        leave_out(block)  # an instance takes its place
        ports = {f"{kind}_{name}": value for name, (kind, value) in flat_ports(block).items()}
        rst = ResetSignal() if reset is None else ResetSignal() | reset
        return Instance(block.module_name, i_clk=ClockSignal(), i_rst=rst, **ports)


def place(block: Block, platform, *, reset: Value | None = None) -> Elaboratable:
    """``block`` as a submodule: itself, or an instance of its module in a Verilog export.

    ``reset`` resets it, and all that is below it, besides the design's reset.
    """
    if isinstance(platform, BlockLibrary):
        return platform.instance(block, reset)
    return block if reset is None else ResetInserter(reset)(block)
