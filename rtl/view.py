"""What a waveform viewer should show of a block first, declared by the block itself."""

import dataclasses
import enum
from collections.abc import Iterable

from amaranth import Shape

from trispike.models.mesh.flits import FLIT_BITS


class Radix(enum.Enum):
    """How a signal's value reads best."""

    HEXADECIMAL = enum.auto()
    UNSIGNED = enum.auto()
    SIGNED = enum.auto()
    FLIT = enum.auto()
    """In words, as `models.mesh.flits.text` has them."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class View:
    """A signal worth a line in a waveform viewer.

    - ``signal``: its hierarchical Verilog name.
    - ``bits``: its width.
    - ``reads``: how to write its values; an enumeration: by the names of its members.
    """

    signal: str
    bits: int = 1
    reads: Radix | type[enum.Enum] = Radix.HEXADECIMAL

    @classmethod
    def named(cls, signal: str, names: type[enum.Enum]) -> "View":
        """The view of a signal whose values are members of ``names``, one with a shape."""
        return cls(signal=signal, bits=Shape.cast(names).width, reads=names)

    def below(self, scope: str) -> "View":
        """The same, seen from outside the block, whose place is ``scope``."""
        return dataclasses.replace(self, signal=f"{scope}.{self.signal}")


def handshake(port: str) -> tuple[View, View]:
    """Views of ``valid`` and ``ready`` of the stream ``port``."""
    return View(signal=f"{port}__valid"), View(signal=f"{port}__ready")


def flit_stream(port: str) -> tuple[View, ...]:
    """Views of the link ``port``: handshake, and flit."""
    return *handshake(port), View(signal=f"{port}__payload", bits=FLIT_BITS, reads=Radix.FLIT)


def below(scope: str, views: Iterable[View]) -> tuple[View, ...]:
    """Views of a block that stands in ``scope``."""
    return tuple(view.below(scope) for view in views)
