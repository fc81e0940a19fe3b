"""The equations of a neuron, one number at a time."""

from collections.abc import Iterable, Iterator, Sequence

import numpy as np

from trispike.models.network.neuron import Order, Reset
from trispike.models.network.parameters import LayerParameters

LOW, HIGH = -(2**17), 2**17 - 1


def _cut(value):
    return max(LOW, min(HIGH, value))


def _decayed(value, shifts):
    return value - sum(value // 2**k for k in shifts)


def behaviour_of(
    layer: LayerParameters, n: int, trains: Iterable[Sequence[int]]
) -> Iterator[tuple[int, bool]]:
    """Potential and spike of neuron ``n`` of ``layer`` in each timestep, in Python's integers.

    ``trains``: its inputs in each.
    """
    neuron = layer.neuron
    carried = current = 0
    before = False
    for t, inputs in enumerate(trains):
        scale = 2 ** (neuron.phases - 1 - t % neuron.phases)
        threshold = (
            None
            if layer.threshold is None
            else int(np.ravel(layer.threshold)[n % np.size(layer.threshold)])
        )
        step = (
            threshold if layer.step is None else int(np.ravel(layer.step)[n % np.size(layer.step)])
        )
        a = 1 if layer.a is None else layer.a
        arrives = (
            a
            * scale
            * sum(int(w) * int(x) for w, x in zip(layer.weights[:, n], inputs, strict=True))
        )
        current = _cut(_decayed(current, neuron.synapse) + arrives) if neuron.synapse else arrives
        u = _cut(_cut(carried + current) + int(layer.biases[n]) * scale)
        spike = threshold is not None and u > threshold * scale and not (neuron.once and before)
        before = before or spike
        yield u, spike
        if not neuron.carries:
            continue
        subtracted = step * scale if spike else 0
        if neuron.reset is Reset.ZERO:
            carried = 0 if spike else _decayed(u, neuron.leak)
        elif neuron.order is Order.LEAK_FIRST:
            carried = _cut(_decayed(u, neuron.leak) - subtracted)
        else:
            carried = _decayed(_cut(u - subtracted), neuron.leak)
