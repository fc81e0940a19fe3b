"""What a network is: the shape that hardware is built for, the parameters it is loaded with."""

import dataclasses
import itertools
import re
from collections.abc import Sequence
from typing import Protocol

import numpy as np

from trispike.models.errors import BadInput
from trispike.models.network.numbers import (
    BANK_BITS,
    BANK_NEURONS,
    CONSTANT_MAX,
    LANES,
    MAX_INPUTS,
    MAX_LAYERS,
    POTENTIAL_MAX,
    POTENTIAL_MIN,
    WEIGHT_BITS,
)

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,63}")


def _power_of_two(n: int) -> int:
    return 1 << max(0, n - 1).bit_length()


def _check_lanes(lanes: int) -> None:
    if isinstance(lanes, bool) or lanes not in LANES:
        raise BadInput(f"lanes must be one of {', '.join(map(str, LANES))}, not {lanes!r}")


@dataclasses.dataclass(frozen=True, kw_only=True)
class BankShape:
    """One SRAM bank: ``rows`` words of ``width`` bits, serving ``neurons`` neurons."""

    rows: int
    width: int
    neurons: int

    @property
    def bits(self) -> int:
        """Storage of the bank, in bits."""
        return self.rows * self.width


@dataclasses.dataclass(frozen=True, kw_only=True)
class LayerShape:
    """A fully connected layer of ``neurons`` processing elements on ``inputs`` presynaptic neurons.

    Parameters
    ----------
    inputs
        Fan-in, 1 to 1024 (TW-SNN sec. 4.2; the limit keeps the 18-bit potential from overflowing).
    neurons
        Number of neurons, 1 to 1024: they are the next layer's inputs.
    lanes
        Spikes that the layer takes in one cycle: 1, 2, 4 or 8, at most ``inputs``. Presynaptic
        neuron i belongs to lane i mod lanes.
    """

    inputs: int
    neurons: int
    lanes: int = 1

    def __post_init__(self):
        _check_lanes(self.lanes)
        for what in ("inputs", "neurons"):
            n = getattr(self, what)
            if isinstance(n, bool) or not isinstance(n, int) or not 1 <= n <= MAX_INPUTS:
                raise BadInput(f"layer {what} must be an integer from 1 to {MAX_INPUTS}, not {n!r}")
        if self.lanes > self.inputs:
            raise BadInput(f"a layer of {self.inputs} inputs has no {self.lanes} lanes")

    @property
    def banks(self) -> tuple[BankShape, ...]:
        """SRAM banks of one lane, in order. Bank b serves neurons 64*b to 64*b + 63.

        Every lane has the same banks. Row r of lane l holds presynaptic neuron r * lanes + l.

        Rows (at least 2) and widths are rounded up to powers of two, as a memory compiler would:
        784-256 takes 4 banks of 1024 x 128, 256-256 takes 4 of 256 x 128, 256-10 one of 256 x 32,
        with one lane.
        """
        rows = max(2, _power_of_two(self.inputs) // self.lanes)
        banks = []
        for first in range(0, self.neurons, BANK_NEURONS):
            neurons = min(BANK_NEURONS, self.neurons - first)
            width = min(BANK_BITS, _power_of_two(neurons * WEIGHT_BITS))
            banks.append(BankShape(rows=rows, width=width, neurons=neurons))
        return tuple(banks)

    @property
    def memory_bits(self) -> int:
        """Storage of all banks of all lanes, in bits."""
        return self.lanes * sum(bank.bits for bank in self.banks)


class HasShape(Protocol):
    """A layer of some kind of network."""

    shape: LayerShape


@dataclasses.dataclass(frozen=True, kw_only=True)
class NetworkShape:
    """Layer sizes of a network: all that the hardware's structure depends on.

    Parameters
    ----------
    name
        Name of the network, as ``LAYER=`` takes it; it becomes part of a Verilog module's name.
    sizes
        Neurons a layer, inputs first: ``(784, 256, 10)``.
    lanes
        Spikes that a layer takes in one cycle: 1, 2, 4 or 8. A layer of fewer inputs than that has
        the largest of these numbers of lanes that it has inputs for.
    """

    name: str
    sizes: tuple[int, ...]
    lanes: int = 1

    def __post_init__(self):
        _check_lanes(self.lanes)
        if not isinstance(self.name, str) or not _NAME.fullmatch(self.name):
            raise BadInput(
                f"network name must be up to 64 letters, digits and underscores, a letter first, "
                f"not {self.name!r:.80}"
            )
        if len(self.sizes) < 2:
            raise BadInput(f"network sizes must be two numbers or more, not {self.sizes!r}")
        if len(self.sizes) > MAX_LAYERS + 1:
            raise BadInput(
                f"a network must have {MAX_LAYERS} layers or fewer, not {len(self.sizes) - 1}"
            )
        _ = self.layers

    @property
    def layers(self) -> tuple[LayerShape, ...]:
        """Shape of each layer, input side first."""
        pairs = zip(self.sizes, self.sizes[1:], strict=False)
        return tuple(
            LayerShape(
                inputs=i, neurons=n, lanes=max(k for k in LANES if k <= min(self.lanes, max(1, i)))
            )
            for i, n in pairs
        )

    @property
    def memory_bits(self) -> int:
        """Weight storage of all layers, in bits."""
        return sum(layer.memory_bits for layer in self.layers)

    def __str__(self):
        return "-".join(map(str, self.sizes))


@dataclasses.dataclass(frozen=True, kw_only=True, eq=False)
class LayerParameters:
    """What one layer is loaded with.

    Per timestep, from zero: v = a * sum(weights of spiking inputs) + b * bias; a neuron fires iff
    v > threshold, strictly (TW-SNN eq. 1-2).

    Parameters
    ----------
    weights
        int8, shape (inputs, neurons), each -1, 0 or +1.
    bias
        int8, shape (neurons,), each -1, 0 or +1.
    a, b
        Scale constants of weights and bias, 0 to 127.
    threshold
        18-bit signed.
    """

    weights: np.ndarray
    bias: np.ndarray
    a: int
    b: int
    threshold: int

    def __post_init__(self):
        for what, dimensions in (("weights", 2), ("bias", 1)):
            value = np.asarray(getattr(self, what))
            if value.ndim != dimensions or value.dtype.kind not in "iu":
                raise BadInput(
                    f"{what} must be a {dimensions}-dimensional array of integers, "
                    f"not {value.ndim}-dimensional {value.dtype}"
                )
            if value.size and (value.min() < -1 or value.max() > 1):
                raise BadInput(f"{what} must be -1, 0 or +1, not {value.min()} to {value.max()}")
            value = value.astype(np.int8)  # a copy: nobody else holds it
            value.flags.writeable = False
            object.__setattr__(self, what, value)
        shape = LayerShape(inputs=self.weights.shape[0], neurons=self.weights.shape[1])
        if self.bias.shape != (shape.neurons,):
            raise BadInput(f"bias must have {shape.neurons} values, not {self.bias.shape[0]}")
        ranges = {
            "a": (0, CONSTANT_MAX),
            "b": (0, CONSTANT_MAX),
            "threshold": (POTENTIAL_MIN, POTENTIAL_MAX),
        }
        for what, (low, high) in ranges.items():
            value = getattr(self, what)
            if isinstance(value, bool) or not isinstance(value, (int, np.integer)):
                raise BadInput(f"{what} must be an integer, not {value!r}")
            if not low <= value <= high:
                raise BadInput(f"{what} must be from {low} to {high}, not {value}")
            object.__setattr__(self, what, int(value))

    @property
    def shape(self) -> LayerShape:
        """Fan-in and number of neurons."""
        return LayerShape(inputs=self.weights.shape[0], neurons=self.weights.shape[1])


def chain(name: str, layers: Sequence[HasShape]) -> NetworkShape:
    """Shape of the network called ``name`` that ``layers`` make, input side first.

    `BadInput` if there are none, if they make no `NetworkShape`, or unless each layer takes as many
    inputs as the one before it has neurons.
    """
    if not layers:
        raise BadInput("a network must have one layer or more, not 0")
    sizes = (layers[0].shape.inputs, *(layer.shape.neurons for layer in layers))
    shape = NetworkShape(name=name, sizes=sizes)
    for k, (before, after) in enumerate(itertools.pairwise(layers), 2):
        if before.shape.neurons != after.shape.inputs:
            raise BadInput(
                f"layer {k} must take {before.shape.neurons} inputs as layer {k - 1} has as "
                f"many neurons, not {after.shape.inputs}"
            )
    return shape


@dataclasses.dataclass(frozen=True, kw_only=True, eq=False)
class Network:
    """A network ready to run: its name and its layers' parameters, input side first."""

    name: str
    layers: tuple[LayerParameters, ...]

    def __post_init__(self):
        _ = self.shape

    @property
    def shape(self) -> NetworkShape:
        """The structure that hardware must have to run this network."""
        return chain(self.name, self.layers)
