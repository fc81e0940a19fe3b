"""The windows of a convolution on the maps that go into it, and the maps that come out."""

import dataclasses
import itertools

from trispike.models.errors import BadInput
from trispike.models.network.numbers import (
    MAX_CHANNELS,
    MAX_KERNEL,
    MAX_MAP,
    MAX_POOL,
    MAX_STRIDE,
)
from trispike.models.network.volume import Volume


def _check(what: str, value: object, least: int, most: int) -> None:
    if type(value) is not int or not least <= value <= most:
        raise BadInput(f"a convolution's {what} must be from {least} to {most}, not {value!r:.80}")


@dataclasses.dataclass(frozen=True, kw_only=True)
class Maps:
    """Maps that go into a convolution, its windows on them, and the pooling of what comes out.

    - ``volume``: what goes in: up to 512 channels, up to 256 rows and columns.
    - ``kernel``: rows and columns of a window: 1 to 7 each, or all of the map's.
    - ``stride``: from one window to the next, 1 or 2. A row or column of the map that no window
      reaches is left out.
    - ``padding``: rows and columns of silence round the map, less than the kernel has.
    - ``pool``: side of the squares of windows of which each becomes one output position, whose
      channels spike where any of the square's do; 1: none; up to 8. Windows of no whole square are
      left out.
    """

    volume: Volume
    kernel: tuple[int, int]
    stride: int = 1
    padding: int = 0
    pool: int = 1

    def __post_init__(self):
        volume = self.volume
        if type(self.kernel) is not tuple or len(self.kernel) != 2:
            raise BadInput(
                f"a convolution's kernel must be rows and columns, not {self.kernel!r:.80}"
            )
        _check("input channels", volume.channels, 1, MAX_CHANNELS)
        for side, most, kernel in (
            ("height", volume.height, self.kernel[0]),
            ("width", volume.width, self.kernel[1]),
        ):
            _check(f"map {side}", most, 1, MAX_MAP)
            if type(kernel) is not int or kernel != most:
                _check(f"kernel {side}", kernel, 1, MAX_KERNEL)
        _check("stride", self.stride, 1, MAX_STRIDE)
        _check("padding", self.padding, 0, min(self.kernel) - 1)
        for side, most, kernel in zip(
            ("height", "width"), (volume.height, volume.width), self.kernel, strict=True
        ):
            if kernel > most + 2 * self.padding:
                raise BadInput(
                    f"a convolution's kernel {side} must be at most {most + 2 * self.padding}, as "
                    f"the map of {volume} has with its padding of {self.padding}, not {kernel}"
                )
        _check("pool", self.pool, 1, min(MAX_POOL, self._windows(0), self._windows(1)))

    @classmethod
    def whole(cls, volume: Volume) -> "Maps":
        """One window that is all of ``volume``: what a layer sees that is dense on maps."""
        return cls(volume=volume, kernel=(volume.height, volume.width))

    @property
    def is_whole(self) -> bool:
        """There is one window, and it is all of the map."""
        return self == Maps.whole(self.volume)

    @property
    def taps(self) -> int:
        """Places of a window."""
        return self.kernel[0] * self.kernel[1]

    @property
    def fan_in(self) -> int:
        """Inputs of a window: number tap * channels + channel, taps row by row."""
        return self.taps * self.volume.channels

    @property
    def rows(self) -> int:
        """Rows of windows that are looked at: those that no pool takes are not."""
        return self._windows(0) // self.pool * self.pool

    @property
    def columns(self) -> int:
        """Windows in a row that are looked at."""
        return self._windows(1) // self.pool * self.pool

    def _windows(self, axis: int) -> int:
        size = (self.volume.height, self.volume.width)[axis]
        return (size + 2 * self.padding - self.kernel[axis]) // self.stride + 1

    @property
    def leaves_out(self) -> bool:
        """There are rows or columns of the map that no window looks at."""
        return any(
            (windows - 1) * self.stride - self.padding + kernel < length
            or (windows > 1 and self.stride > kernel)
            for windows, kernel, length in (
                (self.rows, self.kernel[0], self.volume.height),
                (self.columns, self.kernel[1], self.volume.width),
            )
        )

    def output(self, channels: int) -> Volume:
        """What comes out of ``channels`` neurons at each window, pooled."""
        height, width = self.rows // self.pool, self.columns // self.pool
        return Volume(channels=channels, height=height, width=width)

    def input_rows(self, row: int) -> range:
        """Rows of the map that windows of ``row`` wait for: for the last, all that are left."""
        top = row * self.stride - self.padding
        end = self.volume.height
        if row < self.rows - 1:
            end = min(top + self.kernel[0], end)
        return range(max(0, top), end)

    @property
    def buffer_rows(self) -> int:
        """Rows of the map that the hardware holds.

        While a row of windows is at work there is room for what the next one waits for, be it of
        the next timestep.
        """
        rows = [self.input_rows(row) for row in range(self.rows)]
        following = [after.stop - at.start for at, after in itertools.pairwise(rows)]
        return max(*following, len(rows[-1]) + len(rows[0]), 2)
