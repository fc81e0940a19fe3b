"""What may be looked at in a block while it runs, declared by the block itself."""

import dataclasses


@dataclasses.dataclass(frozen=True, kw_only=True)
class Probe:
    """Values that a block has at certain moments.

    - ``name``: what it is: ``potential``, ``spike``.
    - ``valid``: signals of the block, by hierarchical Verilog name, with the value that each must
      have in a cycle in which there is something to look at.
    - ``signals``: signals of the block that hold the values, by hierarchical Verilog name, lowest
      value first.
    - ``count``, ``bits``, ``signed``: number of values altogether, their width, and whether they
      are two's complement.
    - ``costly``: so many bits that a long run may go without.
    """

    name: str
    valid: tuple[tuple[str, int], ...]
    signals: tuple[str, ...]
    count: int
    bits: int
    signed: bool
    costly: bool = False

    @property
    def width(self) -> int:
        """Bits of all values together."""
        return self.count * self.bits


@dataclasses.dataclass(frozen=True, kw_only=True)
class Activity:
    """What a layer does in each cycle: signals of it, by hierarchical Verilog name.

    - ``state``: what its PEs do at the next clock edge, see `rtl.neuron.operations.states`.
    - ``busy``: its PEs have a timestep at work.
    - ``ready``: they can take spikes; not while what they gave before has yet to be taken, so that
      they must not fire, nor while they take cycles of their own.
    - ``input``: handshake and payload of what it takes, and ``output`` of what it gives: names of
      ``valid``, ``ready``, ``payload``.
    """

    state: str
    busy: str
    ready: str
    input: tuple[str, str, str]
    output: tuple[str, str, str]
