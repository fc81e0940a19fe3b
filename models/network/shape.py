"""The shape of a network: all that the hardware's structure depends on."""

import dataclasses
import enum
import itertools
import math
import re
from collections.abc import Sequence
from typing import Self

from trispike.models.errors import BadInput
from trispike.models.network.layers import Dense, Layer, check_lanes
from trispike.models.network.numbers import COUNT_BITS, LANES, MAX_LAYERS, MAX_WEIGHTS, SUM_BITS
from trispike.models.network.order import Order
from trispike.models.network.volume import Volume

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,63}")


class Encoder(enum.Enum):
    """How an image becomes input spikes."""

    RATE = "rate"
    """A pixel spikes with a chance that is its intensity (TW-SNN alg. 1)."""
    DIRECT = "direct"
    """The pixels themselves, at each timestep; the first layer takes pixels (Rathi 2021)."""
    BITS = "bits"
    """A pixel's upper bits, the most significant first, one in each phase of the first layer, and
    so on in each period (Kim 2018)."""
    LATENCY = "latency"
    """One spike of each pixel that is not 0, the sooner the brighter it is (Zhou 2021)."""
    GIVEN = "given"
    """The data are spikes already."""


class ReadOut(enum.Enum):
    """What makes the label of an image; the lowest index wins a tie."""

    COUNT = "count"
    """Most spikes of an output neuron over all timesteps (TW-SNN sec. 5.1.1)."""
    POTENTIAL = "potential"
    """Largest sum of an output neuron's potentials over all timesteps; the last layer never fires
    (Rathi 2021, Kim 2018)."""
    FIRST = "first"
    """Earliest spike of an output neuron (Zhou 2021)."""


def _named(volume: Volume) -> str:
    return f"maps of {volume}" if volume.positions > 1 else f"{volume.size} inputs"


@dataclasses.dataclass(frozen=True, kw_only=True)
class Input:
    """What goes into a network: maps of pixels, and how they become spikes.

    - ``volume``: of the data.
    - ``order``: which value of the data each input takes; None, as an order that changes nothing
      becomes: the inputs are the data. Only without maps, and of pixels each once.
    """

    volume: Volume
    encoder: Encoder = Encoder.RATE
    order: Order | None = None

    def __post_init__(self):
        if self.order is None:
            return
        if self.volume != Volume(channels=self.order.size):
            raise BadInput(
                f"an order of inputs must be of {self.order.size} values without maps, "
                f"not of {_named(self.volume)}"
            )
        if self.order.twins and self.encoder is Encoder.DIRECT:
            raise BadInput("an order of pixels must name each once: a pixel has one input")
        if self.order.is_usual:
            object.__setattr__(self, "order", None)

    @property
    def taken(self) -> Volume:
        """What the first layer takes."""
        return Volume(channels=len(self.order.values)) if self.order else self.volume


@dataclasses.dataclass(frozen=True, kw_only=True)
class NetworkShape:
    """Layers of a network, what goes in and how its answer is read out.

    - ``name``: name of the network, as ``LAYER=`` takes it; it becomes part of a Verilog module's
      name.
    - ``input``: what the first layer takes.
    - ``layers``: shape of each layer, input side first: 1 to 512, each taking what the one before
      it gives. The last gives no maps. Together they have at most 2**27 weights.
    - ``read_out``: COUNT and FIRST want a last layer that fires, POTENTIAL one that does not; all
      others fire.
    - ``groups``: outputs that tell a part of the label each, from the first on, which together are
      all; empty: one part. The parts are the digits of the label, the first the most significant.
    - ``skips``: timesteps at an image's start may be left out of the answer (Kim 2018 sec. 5.1).
    - ``stops``: an image ends with the timestep in which its label is stable: with FIRST as an
      output spikes, otherwise by Kim 2018's algorithm 1, which wants two outputs. Without groups,
      and without maps.
    - Input that is encoded as DIRECT wants a first layer of pixels, and none other.
    """

    name: str
    input: Input
    layers: tuple[Layer, ...]
    read_out: ReadOut = ReadOut.COUNT
    groups: tuple[int, ...] = ()
    skips: bool = False
    stops: bool = False

    def __post_init__(self):
        if not isinstance(self.name, str) or not _NAME.fullmatch(self.name):
            raise BadInput(
                f"network name must be up to 64 letters, digits and underscores, a letter first, "
                f"not {self.name!r:.80}"
            )
        if not 1 <= len(self.layers) <= MAX_LAYERS:
            raise BadInput(f"a network must have 1 to {MAX_LAYERS} layers, not {len(self.layers)}")
        weights = sum(layer.inputs * layer.neurons for layer in self.layers)
        if weights > MAX_WEIGHTS:
            raise BadInput(f"a network must have at most {MAX_WEIGHTS:,} weights, not {weights:,}")
        if self.input.taken != self.layers[0].volume:
            raise BadInput(
                f"layer 1 must take {_named(self.input.taken)}, as the images have, "
                f"not {_named(self.layers[0].volume)}"
            )
        if self.layers[-1].output.positions > 1:
            raise BadInput(
                f"the last layer must give no maps, not {_named(self.layers[-1].output)}; end with "
                "a dense layer"
            )
        outputs = self.layers[-1].neurons
        if self.groups and (min(self.groups) < 1 or sum(self.groups) != outputs):
            raise BadInput(
                f"groups of outputs must be 1 or more each and {outputs} together, "
                f"not {self.groups!r:.80}"
            )
        if self.stops and self.groups:
            raise BadInput("an image cannot stop early with groups of outputs: leave one out")
        if self.stops and self.read_out is not ReadOut.FIRST and outputs < 2:
            raise BadInput("an image can stop early with 2 outputs or more, not with 1")
        if self.stops and self.has_maps:
            raise BadInput(
                "an image cannot stop early in a network of convolutions: leave stability out"
            )
        for k, (before, after) in enumerate(itertools.pairwise(self.layers), 2):
            if before.output != after.volume:
                raise BadInput(
                    f"layer {k} must take {_named(before.output)}, as layer {k - 1} gives, "
                    f"not {_named(after.volume)}"
                )
        for k, layer in enumerate(self.layers, 1):
            direct = k == 1 and self.input.encoder is Encoder.DIRECT
            if layer.pixels is not direct:
                raise BadInput(
                    f"layer {k} must take {'pixels' if direct else 'spikes'} with input that is "
                    f"encoded as {self.input.encoder.value}"
                )
            silent = k == len(self.layers) and self.read_out is ReadOut.POTENTIAL
            if layer.fires == silent:
                what = "must not have a threshold" if silent else "must have a threshold"
                raise BadInput(f"layer {k} {what} with read-out {self.read_out.value}")

    @classmethod
    def dense(cls, *, name: str, sizes: Sequence[int], lanes: int = 1) -> Self:
        """Dense layers of the seed's neurons; ``sizes`` are neurons a layer, inputs first.

        ``lanes`` are those of `with_lanes`.
        """
        if len(sizes) < 2:
            raise BadInput(f"network sizes must be two numbers or more, not {tuple(sizes)!r}")
        layers = tuple(Dense(inputs=i, neurons=n) for i, n in itertools.pairwise(sizes))
        return cls.of(name, layers).with_lanes(lanes)

    @classmethod
    def of(
        cls,
        name: str,
        layers: tuple[Layer, ...],
        read_out: ReadOut = ReadOut.COUNT,
        encoder: Encoder = Encoder.RATE,
        groups: tuple[int, ...] = (),
        order: Order | None = None,
        **more: bool,
    ) -> Self:
        """The network of ``layers`` on what the first of them takes; ``more`` are other fields.

        ``order`` is that of its `Input`.
        """
        volume = layers[0].volume if layers else Volume(channels=1)
        if order:
            volume = Volume(channels=order.size)
        given = Input(volume=volume, encoder=encoder, order=order)
        fields = {"name": name, "input": given, "layers": layers, "read_out": read_out}
        return cls(**fields, groups=groups, **more)

    def with_lanes(self, lanes: int | Sequence[int]) -> Self:
        """The network on a chip whose layers take ``lanes`` spikes a cycle: 1, 2, 4 or 8.

        ``lanes``: of all layers, or of each. A layer that cannot have so many has the largest of
        these numbers that it can have (`Layer.lanes`), and one of pixels has one lane.
        """
        each = [lanes] * len(self.layers) if isinstance(lanes, int) else list(lanes)
        if len(each) != len(self.layers):
            raise BadInput(
                f"lanes must be one number, or {len(self.layers)}, one for each layer of "
                f"{self.name}, not {len(each)}"
            )
        for wanted in each:
            check_lanes(wanted)
        layers = tuple(
            dataclasses.replace(
                layer,
                lanes=1
                if layer.pixels
                else max(k for k in LANES if k <= wanted and layer.has_lanes(k)),
            )
            for layer, wanted in zip(self.layers, each, strict=True)
        )
        return dataclasses.replace(self, layers=layers)

    @property
    def lanes(self) -> int:
        """Most lanes of a layer."""
        return max(layer.lanes for layer in self.layers)

    @property
    def each_lanes(self) -> tuple[int, ...]:
        """Lanes of every layer."""
        return tuple(layer.lanes for layer in self.layers)

    @property
    def has_maps(self) -> bool:
        """Some layer takes maps, position by position."""
        return any(layer.maps for layer in self.layers)

    @property
    def sizes(self) -> tuple[int, ...]:
        """Values that go into the first layer and that each layer gives out: ``(784, 256, 10)``."""
        return (self.layers[0].volume.size, *(layer.output.size for layer in self.layers))

    @property
    def labels(self) -> int:
        """Number of different labels."""
        return math.prod(self.groups) if self.groups else self.layers[-1].neurons

    @property
    def stability_bits(self) -> int:
        """Width of a stability, a number of timesteps times a difference of scores; 0 with FIRST.

        See `models.network.parameters.Network`.
        """
        bits = {ReadOut.COUNT: COUNT_BITS, ReadOut.POTENTIAL: SUM_BITS}.get(self.read_out)
        return COUNT_BITS + bits if bits else 0

    @property
    def memory_bits(self) -> int:
        """Weight storage of all layers, in bits."""
        return sum(layer.memory_bits for layer in self.layers)

    def __str__(self):
        volume = self.layers[0].volume
        given = volume if volume.positions > 1 else volume.size
        return "-".join(map(str, (given, *self.layers)))
