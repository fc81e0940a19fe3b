"""Networks from files, and from arrays."""

import dataclasses
import enum
from pathlib import Path
from typing import Any

import numpy as np

from trispike.models.errors import BadInput
from trispike.models.network.maps import Maps
from trispike.models.network.parameters import LayerParameters, Network
from trispike.models.network.shape import Encoder, ReadOut
from trispike.models.network.volume import Volume
from trispike.sim.terminal.options import Trained
from trispike.sim.terminal.subject import Subject


def load(what: str | Path, data: str | None = None) -> Network:
    """The network in a weight file, ``NAME.npz``, or the committed one of a name like ``fc256``.

    ``data``: the data set that a committed one was trained on.  [default: as for ``LAYER=``]
    """
    is_file = Path(what).suffix == ".npz"
    asked = {"weights": Path(what)} if is_file else {"layer": str(what)}
    return Subject.of(Trained(**asked, data=data)).network


def dense(
    weights: Any,
    *,
    threshold: Any,
    bias: Any = None,
    a: int = 1,
    b: int | None = None,
    **more: Any,
) -> LayerParameters:
    """Parameters of a layer whose neurons have all inputs.

    - ``weights``: (inputs, neurons), each -1, 0 or +1, of which 1 adds ``a``.
    - ``bias``: an integer for each neuron, or with ``b`` -1, 0 or +1 times that; None: no bias.
    - ``threshold``: an integer, or one for each neuron; None: of the last layer, for POTENTIAL.
    - ``more``: ``neuron`` and ``step``, see `models.network.parameters.LayerParameters`.
    """
    if bias is None:
        bias, b = np.zeros(np.shape(weights)[-1:], np.int8), 0
    each = threshold if np.ndim(threshold) == 0 else np.asarray(threshold)
    return LayerParameters(weights=weights, bias=bias, a=a, b=b, threshold=each, **more)


def convolution(
    weights: Any, height: int, width: int, *, stride=1, padding=0, pool=1, **more: Any
) -> LayerParameters:
    """Parameters of a convolution on maps of a ``height`` and ``width``.

    - ``weights``: (channels out, channels in, rows, columns) as PyTorch has them, each -1, 0 or +1.
    - ``stride``, ``padding``, ``pool``: see `models.network.maps.Maps`.
    - ``more``: as `dense` takes it, ``threshold`` among it; a value for each channel.
    """
    weights = np.asarray(weights)
    if weights.ndim != 4:
        raise BadInput(f"weights of a convolution must have 4 dimensions, not {weights.ndim}")
    volume = Volume(channels=weights.shape[1], height=height, width=width)
    options = {"stride": stride, "padding": padding, "pool": pool}
    maps = Maps(volume=volume, kernel=weights.shape[2:], **options)
    windows = weights.transpose(2, 3, 1, 0).reshape(maps.fan_in, -1)
    return dense(windows, maps=maps, **more)


def network(
    *layers: LayerParameters,
    name: str = "mine",
    encoder: Encoder | str = Encoder.RATE,
    read_out: ReadOut | str = ReadOut.COUNT,
    **more: Any,
) -> Network:
    """The network of ``layers``, input side first.

    - A dense layer on maps has its inputs in the order in which PyTorch flattens maps.
    - ``encoder``: rate, direct, bits, latency, or given where the data are spikes already.
    - ``read_out``: count, potential or first.
    - ``more``: ``groups``, ``skip``, ``stability``, see `models.network.parameters.Network`.
    """
    encoder, read_out = _named(Encoder, "encoder", encoder), _named(ReadOut, "read_out", read_out)
    ready: list[LayerParameters] = []
    for layer in layers:
        volume = ready[-1].shape.output if ready else layer.shape.volume
        changes = {"a": None} if encoder is Encoder.DIRECT and not ready else {}
        if layer.maps is None and volume.positions > 1 and len(layer.weights) == volume.size:
            by_channel = layer.weights.reshape(volume.channels, volume.positions, -1)
            rows = by_channel.swapaxes(0, 1).reshape(layer.weights.shape)
            changes = {"weights": rows, "maps": Maps.whole(volume)}
        ready.append(dataclasses.replace(layer, **changes))
    return Network(name=name, layers=tuple(ready), encoder=encoder, read_out=read_out, **more)


def _named(kind: type[enum.Enum], what: str, value: enum.Enum | str) -> Any:
    try:
        return kind(value)
    except ValueError:
        names = ", ".join(each.value for each in kind)
        raise BadInput(f"{what} must be one of {names}, not {value!r:.80}") from None
