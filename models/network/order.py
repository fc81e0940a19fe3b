"""Which value of the data each input of a network takes."""

import dataclasses
import functools

import numpy as np

from trispike.models.errors import BadInput
from trispike.models.network.layers import check_lanes


@dataclasses.dataclass(frozen=True, kw_only=True)
class Order:
    """An order of a network's inputs, of which some may be there twice.

    - ``values``: input i takes value ``values[i]`` of the data: each value once or twice. Both
      inputs of a value have the same weights, and one of them spikes where the value does.
    - ``lanes``: those that spikes of values with two inputs are dealt out to, see
      `models.data.encoders`; any number gives the same results.
    """

    values: tuple[int, ...]
    lanes: int = 1

    def __post_init__(self):
        check_lanes(self.lanes)
        values, times = np.unique(self.values, return_counts=True)
        if values.tolist() != list(range(len(values))) or not 1 <= times.max(initial=0) <= 2:
            raise BadInput(
                "an order of inputs must name each value from 0 on once or twice, "
                f"not be {self.values!r:.80}"
            )

    @property
    def size(self) -> int:
        """Number of values."""
        return len(self.first)

    @functools.cached_property
    def first(self) -> np.ndarray:
        """The first input of each value: int64, shape (values,)."""
        return np.unique(self.values, return_index=True)[1]

    @functools.cached_property
    def twins(self) -> list[tuple[int, int]]:
        """Both inputs of each value that has two, in the order of the second."""
        second = np.setdiff1d(np.arange(len(self.values)), self.first)
        first = self.first[np.array(self.values)[second]]
        return list(zip(first.tolist(), second.tolist(), strict=True))

    @property
    def is_usual(self) -> bool:
        """The inputs are the values."""
        return self.values == tuple(range(len(self.values)))
