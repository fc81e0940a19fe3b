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
