"""Networks with real weights: what a ternary network is compared with. No hardware runs them."""

import dataclasses

import numpy as np

from trispike.models.errors import BadInput
from trispike.models.network.layers import Dense
from trispike.models.network.shape import NetworkShape, ReadOut


@dataclasses.dataclass(frozen=True, kw_only=True, eq=False)
class RealLayer:
    """What one layer of real weights is.

    Per timestep, from zero: v = sum(weights of spiking inputs) + bias; a neuron fires iff
    v > threshold, strictly (TW-SNN eq. 1-2 without ternarisation).

    - ``weights``: float32, shape (inputs, neurons), finite. Wider floats are rounded.
    - ``bias``: float32, shape (neurons,), finite.
    - ``threshold``: a finite number, rounded to float32.
    """

    weights: np.ndarray
    bias: np.ndarray
    threshold: float

    def __post_init__(self):
        for what, dimensions in (("weights", 2), ("bias", 1)):
            value = np.asarray(getattr(self, what))
            if value.ndim != dimensions or value.dtype.kind != "f":
                raise BadInput(
                    f"{what} must be a {dimensions}-dimensional array of real numbers, "
                    f"not {value.ndim}-dimensional {value.dtype}"
                )
            with np.errstate(over="ignore"):  # what overflows is refused below
                value = value.astype(np.float32)  # a copy: nobody else holds it
            if not np.isfinite(value).all():
                raise BadInput(f"{what} must be finite numbers that float32 can hold")
            value.flags.writeable = False
            object.__setattr__(self, what, value)
        neurons = self.shape.neurons
        if self.bias.shape != (neurons,):
            raise BadInput(f"bias must have {neurons} values, not {self.bias.shape[0]}")
        if isinstance(self.threshold, bool) or not isinstance(
            self.threshold, (int, float, np.number)
        ):
            raise BadInput(f"threshold must be a number, not {self.threshold!r}")
        with np.errstate(over="ignore"):
            threshold = float(np.float32(self.threshold))
        if not np.isfinite(threshold):
            raise BadInput(f"threshold must be finite, not {self.threshold}")
        object.__setattr__(self, "threshold", threshold)

    @property
    def shape(self) -> Dense:
        """Fan-in and number of neurons."""
        return Dense(inputs=self.weights.shape[0], neurons=self.weights.shape[1])


@dataclasses.dataclass(frozen=True, kw_only=True, eq=False)
class RealNetwork:
    """A network of real weights: its name and its layers, input side first."""

    name: str
    layers: tuple[RealLayer, ...]
    read_out = ReadOut.COUNT
    skip = 0
    stability = None

    def __post_init__(self):
        _ = self.shape

    @property
    def shape(self) -> NetworkShape:
        """Layer sizes, with the limits of the ternary networks that it is compared with."""
        return NetworkShape.of(self.name, tuple(layer.shape for layer in self.layers))
