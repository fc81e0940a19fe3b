"""The signals that a scenario records, and the text of their values."""

import dataclasses
from collections.abc import Callable

from amaranth.lib import data, enum


def bits(value: int, width: int) -> str:
    """A single bit as 0 or 1, several bits as hexadecimal digits."""
    return str(value) if width == 1 else f"0x{value:0{-(-width // 4)}x}"


def unsigned(value: int, width: int) -> str:
    """A number, decimal."""
    return str(value)


def signed(value: int, width: int) -> str:
    """A number in two's complement, decimal."""
    return str(value - (value >> (width - 1) << width))


def names(of: type[enum.Enum]) -> Callable[[int, int], str]:
    """Members of the enumeration ``of`` by name, other values as bits."""
    labels = {member.value: member.name for member in of}
    return lambda value, width: labels.get(value, bits(value, width))


def fields(layout: data.StructLayout) -> Callable[[int, int], str]:
    """Fields of ``layout`` as unsigned numbers, arrays element by element: ``a=3,b=0/1/0``."""

    def show(value: int, width: int) -> str:
        texts = []
        for name, field in layout:
            word = value >> field.offset
            if isinstance(field.shape, data.ArrayLayout):
                elements = [(element.offset, element.width) for _, element in field.shape]
            else:
                elements = [(0, field.width)]
            numbers = (word >> offset & ((1 << bits_) - 1) for offset, bits_ in elements)
            texts.append(f"{name}={'/'.join(map(str, numbers))}")
        return ",".join(texts)

    return show


@dataclasses.dataclass(frozen=True, kw_only=True)
class Probe:
    """One signal that a scenario records.

    - ``name``: path from the scenario's block as in its Amaranth source: submodules, then a port
      with its members, ``encoder.o.valid``.
    - ``show``: text of a value, from its unsigned bits and their number. The texts are compared;
      they have no spaces.
    """

    name: str
    show: Callable[[int, int], str]

    def paths(self) -> list[str]:
        """Possible names in a Verilog waveform: a port's members are joined by ``__``."""
        parts = self.name.split(".")
        return [".".join((*parts[:k], "__".join(parts[k:]))) for k in range(len(parts) - 1, -1, -1)]

    def scopes(self) -> list[str]:
        """Instances that may contain the signal, dotted; the block itself is ``""``."""
        parts = self.name.split(".")
        return [".".join(parts[:k]) for k in range(len(parts) - 1, -1, -1)]
