"""What a network is loaded with."""

import dataclasses
import functools

import numpy as np

from trispike.models.errors import BadInput, checked_integer
from trispike.models.network.field import Field, Per
from trispike.models.network.layers import Bias, Convolution, Dense, Layer, Step, Threshold
from trispike.models.network.maps import Maps
from trispike.models.network.neuron import INTEGRATE_AND_FIRE, Neuron
from trispike.models.network.numbers import (
    MAX_TIMESTEPS,
    PIXEL_MAX,
    POTENTIAL_MAX,
    POTENTIAL_MIN,
)
from trispike.models.network.order import Order
from trispike.models.network.shape import Encoder, NetworkShape, ReadOut


@dataclasses.dataclass(frozen=True, kw_only=True, eq=False)
class LayerParameters:
    """What one layer is loaded with.

    What a timestep adds to a potential, a * sum(weights of spiking inputs) + bias, must be below
    2**17 whatever spikes: a potential that starts each timestep from zero (TW-SNN eq. 1-2) cannot
    overflow its 18-bit register, and one that is carried on saturates only as its
    `models.network.neuron.Neuron` tells.

    - ``weights``: int8, shape (inputs, neurons), each -1, 0 or +1. Of a convolution, the inputs are
      those of a window, see `models.network.maps.Maps.fan_in`, and the neurons its channels.
    - ``a``: scale constant of the weights, 0 to 127; None where inputs are pixels, which take its
      place.
    - ``bias``: int8, shape (neurons,), each -1, 0 or +1, scaled by ``b``; or, where ``b`` is None,
      18-bit signed, int32, shape (neurons,).
    - ``b``: scale constant of ternary biases, 0 to 127.
    - ``threshold``: 18-bit signed: an integer for all neurons, or int32, shape (neurons,), one for
      each. None: the layer never fires.
    - ``neuron``: what a neuron does from one timestep to the next.
    - ``step``: what a spike subtracts from a carried potential, as ``threshold``; None: the
      threshold.
    - ``maps``: of a convolution; None: the layer is dense.
    """

    weights: np.ndarray
    bias: np.ndarray
    a: int | None
    b: int | None
    threshold: int | np.ndarray | None
    neuron: Neuron = INTEGRATE_AND_FIRE
    step: int | np.ndarray | None = None
    maps: Maps | None = None

    def __post_init__(self):
        weights = _checked_array("weights", self.weights, 2, -1, 1, np.int8)
        object.__setattr__(self, "weights", weights)
        if self.maps is not None and len(weights) != self.maps.fan_in:
            raise BadInput(
                f"weights must have {self.maps.fan_in} rows, the inputs of a window, "
                f"not {len(weights)}"
            )
        for field in self.shape.fields:
            value = _checked(field, getattr(self, field.name), self.shape.neurons)
            object.__setattr__(self, field.name, value)
        self._check_range()

    def _check_range(self) -> None:
        """`BadInput` if a timestep may add too much, or a phase shift a value out of its range."""
        shift = self.neuron.phases - 1
        phases = f" in the first of {self.neuron.phases} phases" if shift else ""
        largest_bias = int(np.abs(self.biases).max())
        if self.shape.pixels:
            sums = [(self.weights == sign).sum(axis=0).max() for sign in (-1, 1)]
            largest, what = PIXEL_MAX * int(max(sums)), f"{PIXEL_MAX} * weights of one sign"
        else:
            largest, what = self.a * self.shape.inputs, "a * inputs"
        largest = (largest + largest_bias) << shift
        if largest > POTENTIAL_MAX:
            raise BadInput(
                f"{what} + the largest bias must be at most {POTENTIAL_MAX}{phases}, so that "
                f"potentials fit their register, not {largest}"
            )
        for name in ("threshold", "step"):
            if (value := getattr(self, name)) is not None:
                least, most = int(np.min(value)) << shift, int(np.max(value)) << shift
                if least < POTENTIAL_MIN or most > POTENTIAL_MAX:
                    raise BadInput(
                        f"{name} must be from {POTENTIAL_MIN} to {POTENTIAL_MAX}{phases}, "
                        f"not {least if least < POTENTIAL_MIN else most}"
                    )

    @functools.cached_property
    def shape(self) -> Layer:
        """The layer that these parameters are for, with one lane."""
        each = isinstance(self.threshold, np.ndarray)
        has_one = Threshold.NONE if self.threshold is None else Threshold.ONE
        one_step = Step.THRESHOLD if self.step is None else Step.ONE
        inputs, neurons = self.weights.shape
        kind = functools.partial(Dense, inputs=inputs, neurons=neurons)
        if self.maps is not None:
            kind = functools.partial(Convolution, maps=self.maps, channels=neurons)
        return kind(
            threshold=Threshold.EACH if each else has_one,
            bias=Bias.EACH if self.b is None else Bias.TERNARY,
            neuron=self.neuron,
            step=Step.EACH if isinstance(self.step, np.ndarray) else one_step,
            pixels=self.a is None,
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
    """A network ready to run.

    - ``layers``: its layers' parameters, input side first.
    - ``read_out``, ``groups``, ``encoder``: what makes a label, and input spikes of an image, see
      `models.network.shape.NetworkShape`.
    - ``order``: of its inputs, see `models.network.shape.Input`.
    - ``skip``: timesteps at an image's start that the read-out does not count, 0 to 254.
    - ``stability``: theta of Kim 2018's algorithm 1, by which an image ends early: after a timestep
      in which its label has been the same for theta / e timesteps, e being the moving average of
      the difference between the two largest scores; 1 to 2**16 - 1 with COUNT, to 2**34 - 1 with
      POTENTIAL, and 0 with FIRST, where the first spike decides. None: images take all timesteps.
    """

    name: str
    layers: tuple[LayerParameters, ...]
    read_out: ReadOut = ReadOut.COUNT
    encoder: Encoder = Encoder.RATE
    groups: tuple[int, ...] = ()
    order: Order | None = None
    skip: int = 0
    stability: int | None = None

    def __post_init__(self):
        skip = checked_integer("skip", self.skip, 0, MAX_TIMESTEPS - 1)
        object.__setattr__(self, "skip", skip)
        if self.stability is not None:
            bits, what = self.shape.stability_bits, f"stability with {self.read_out.value}"
            theta = checked_integer(what, self.stability, min(1, bits), (1 << bits) - 1)
            object.__setattr__(self, "stability", theta)
        object.__setattr__(self, "order", self.shape.input.order)
        if self.read_out is ReadOut.FIRST and not self._may_answer():
            raise BadInput(
                f"{self.name} can never answer: no output neuron reaches its threshold, whatever "
                "spikes; lower the last layer's threshold"
            )

    @property
    def unordered(self) -> "Network":
        """The same network whose inputs are the data, in their order and each once."""
        if self.order is None:
            return self
        first, *others = self.layers
        first = dataclasses.replace(first, weights=first.weights[self.order.first])
        return dataclasses.replace(self, layers=(first, *others), order=None)

    def check_timesteps(self, timesteps: int) -> None:
        """`BadInput` if the read-out would count none of an image's ``timesteps``."""
        if timesteps <= self.skip:
            raise BadInput(
                f"{self.name} skips {self.skip} timesteps of an image: "
                f"T must be {self.skip + 1} or more, not {timesteps}"
            )

    def _may_answer(self) -> bool:
        """Whether an output neuron may spike, as far as a bound on one timestep's sum tells."""
        layer = self.layers[-1]
        scale = PIXEL_MAX if layer.a is None else layer.a
        most = scale * (layer.weights == 1).sum(axis=0) + layer.biases
        grows = (layer.neuron.carries or bool(layer.neuron.synapse)) & (most > 0)
        return bool((grows | (most > layer.threshold)).any())

    @functools.cached_property
    def shape(self) -> NetworkShape:
        """The structure that hardware must have to run this network, with one lane a layer."""
        return NetworkShape.of(
            self.name,
            tuple(layer.shape for layer in self.layers),
            self.read_out,
            self.encoder,
            self.groups,
            self.order,
            skips=self.skip > 0,
            stops=self.stability is not None,
        )
