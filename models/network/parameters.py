"""What a network is loaded with."""

import dataclasses
import functools

import numpy as np

from trispike.models.errors import BadInput, checked_integer
from trispike.models.network.field import Field, Per
from trispike.models.network.layers import Bias, Dense, Threshold
from trispike.models.network.numbers import POTENTIAL_MAX
from trispike.models.network.shape import NetworkShape, ReadOut


@dataclasses.dataclass(frozen=True, kw_only=True, eq=False)
class LayerParameters:
    """What one layer is loaded with.

    Per timestep, from zero: v = a * sum(weights of spiking inputs) + bias; a neuron fires iff
    v > threshold, strictly (TW-SNN eq. 1-2). The largest |v|, a * inputs + max |bias|, must be
    below 2**17: the 18-bit potential register cannot overflow and needs no saturation.

    - ``weights``: int8, shape (inputs, neurons), each -1, 0 or +1.
    - ``a``: scale constant of the weights, 0 to 127.
    - ``bias``: int8, shape (neurons,), each -1, 0 or +1, scaled by ``b``; or, where ``b`` is None,
      18-bit signed, int32, shape (neurons,).
    - ``b``: scale constant of ternary biases, 0 to 127.
    - ``threshold``: 18-bit signed: an integer for all neurons, or int32, shape (neurons,), one for
      each. None: the layer never fires.
    """

    weights: np.ndarray
    bias: np.ndarray
    a: int
    b: int | None
    threshold: int | np.ndarray | None

    def __post_init__(self):
        weights = _checked_array("weights", self.weights, 2, -1, 1, np.int8)
        object.__setattr__(self, "weights", weights)
        for field in self.shape.fields:
            value = _checked(field, getattr(self, field.name), self.shape.neurons)
            object.__setattr__(self, field.name, value)
        largest = self.a * self.shape.inputs + int(np.abs(self.biases).max())
        if largest > POTENTIAL_MAX:
            raise BadInput(
                f"a * inputs + the largest bias must be at most {POTENTIAL_MAX}, so that "
                f"potentials fit their register, not {largest}"
            )

    @functools.cached_property
    def shape(self) -> Dense:
        """The layer that these parameters are for, with one lane."""
        each = isinstance(self.threshold, np.ndarray)
        has_one = Threshold.NONE if self.threshold is None else Threshold.ONE
        return Dense(
            inputs=self.weights.shape[0],
            neurons=self.weights.shape[1],
            threshold=Threshold.EACH if each else has_one,
            bias=Bias.EACH if self.b is None else Bias.TERNARY,
        )

    @property
    def biases(self) -> np.ndarray:
        """Potential that each neuron starts a timestep from: int32, shape (neurons,)."""
        bias = self.bias.astype(np.int32)
        return bias if self.b is None else self.b * bias


def _checked(field: Field, value: object, neurons: int) -> int | np.ndarray:
    """The value of ``field``, or `BadInput`."""
    if field.per is Per.LAYER:
        return checked_integer(field.name, value, field.minimum, field.maximum)
    kind = np.int8 if field.ternary else np.int32
    array = _checked_array(field.name, value, 1, field.minimum, field.maximum, kind)
    if array.shape != (neurons,):
        raise BadInput(f"{field.name} must have {neurons} values, not {array.shape[0]}")
    return array


def _checked_array(
    name: str, value: object, dimensions: int, minimum: int, maximum: int, kind: type
) -> np.ndarray:
    """A read-only copy of an array of integers in a range, or `BadInput`."""
    array = np.asarray(value)
    if array.ndim != dimensions or array.dtype.kind not in "iu":
        raise BadInput(
            f"{name} must be a {dimensions}-dimensional array of integers, "
            f"not {array.ndim}-dimensional {array.dtype}"
        )
    if array.size and (array.min() < minimum or array.max() > maximum):
        limits = "-1, 0 or +1" if maximum == 1 else f"from {minimum} to {maximum}"
        raise BadInput(f"{name} must be {limits}, not {array.min()} to {array.max()}")
    array = array.astype(kind)
    array.flags.writeable = False
    return array


@dataclasses.dataclass(frozen=True, kw_only=True, eq=False)
class Network:
    """A network ready to run: its name, its layers' parameters, input side first, its read-out."""

    name: str
    layers: tuple[LayerParameters, ...]
    read_out: ReadOut = ReadOut.COUNT

    def __post_init__(self):
        _ = self.shape

    @functools.cached_property
    def shape(self) -> NetworkShape:
        """The structure that hardware must have to run this network, with one lane a layer."""
        return NetworkShape.of(
            self.name, tuple(layer.shape for layer in self.layers), self.read_out
        )
