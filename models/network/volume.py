"""The shape of what travels between layers."""

import dataclasses

from trispike.models.errors import BadInput


@dataclasses.dataclass(frozen=True, kw_only=True)
class Volume:
    """Maps of values: flattened by channel, then row, then column, as PyTorch does.

    ``channels``, ``height``, ``width``: 1 or more each.
    """

    channels: int
    height: int = 1
    width: int = 1

    def __post_init__(self):
        for what in ("channels", "height", "width"):
            n = getattr(self, what)
            if type(n) is not int or n < 1:
                raise BadInput(f"a volume's {what} must be an integer of 1 or more, not {n!r}")

    @property
    def positions(self) -> int:
        """Places on a map. Layers exchange all channels of one of them at once, row by row."""
        return self.height * self.width

    @property
    def size(self) -> int:
        """Number of values."""
        return self.channels * self.positions

    def __str__(self):
        return f"{self.channels}x{self.height}x{self.width}"
