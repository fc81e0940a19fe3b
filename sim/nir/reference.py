"""A NIR chain stepped in float64 by its own equations: what a user's network does."""

import dataclasses
import types
from collections.abc import Callable, Mapping

import numpy as np

from trispike.models.network.neuron import Order, Reset
from trispike.sim.nir.chain import Chain, Node
from trispike.sim.nir.rules import Rules


@dataclasses.dataclass(frozen=True, kw_only=True)
class Seen:
    """What a chain did.

    - ``spikes``: of each node that fires: bool, (n, timesteps, neurons).
    - ``potentials``: of the same nodes, before a reset: float64, of that shape.
    - ``scores``: of each output: spikes in all timesteps, or the sum of its values: (n, outputs).
    """

    spikes: dict[str, np.ndarray]
    potentials: dict[str, np.ndarray]
    scores: np.ndarray

    @property
    def labels(self) -> np.ndarray:
        """The output with the largest score, the first of these: int64, (n,)."""
        return self.scores.argmax(axis=1)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Decays:
    """Fractions of potentials and of synaptic currents that a timestep leaves."""

    kept: float | None
    current: float | None


def run(
    chain: Chain,
    rules: Rules,
    given: np.ndarray,
    timesteps: int,
    decays: Mapping[str, Decays] = types.MappingProxyType({}),
) -> Seen:
    """Step ``chain`` by ``rules``.

    ``given``: (n, timesteps, inputs), or (n, 1, inputs) for what is the same at each timestep.
    ``decays``: of nodes by name, in place of the file's.
    """
    values = given.astype(np.float64).reshape(*given.shape[:2], *chain.shape)
    spikes, potentials = {}, {}
    for node in chain.nodes:
        if node.kind in _NEURONS:
            each = np.broadcast_to(values, (len(values), timesteps, *values.shape[2:]))
            before, values = _NEURONS[node.kind](node, rules, each, decays.get(node.name))
            if node.fires:
                flat = (len(values), timesteps, -1)
                spikes[node.name] = values.reshape(flat)
                potentials[node.name] = before.reshape(flat)
        else:
            flat = values.reshape(-1, *node.inputs)
            values = _LAYERS[node.kind](node, flat).reshape(*values.shape[:2], *node.outputs)
    each = np.broadcast_to(values, (len(values), timesteps, *values.shape[2:]))
    scores = _score(chain.nodes[-1], each).reshape(len(values), -1)
    return Seen(spikes=spikes, potentials=potentials, scores=scores)


def _score(node: Node, values: np.ndarray) -> np.ndarray:
    """An integrator has added up all timesteps in the last one; others are added up here."""
    return values[:, -1] if node.kind == "I" else values.sum(axis=1, dtype=np.float64)


def _affine(node: Node, values: np.ndarray) -> np.ndarray:
    return values.reshape(len(values), -1) @ node.fields["weight"].T + node.fields["bias"]


def _windows(values: np.ndarray, kernel, stride, padding) -> np.ndarray:
    """Windows on maps: (n, channels, rows, columns, kernel rows, kernel columns)."""
    sides = ((0, 0), (0, 0), *((p, p) for p in padding))
    view = np.lib.stride_tricks.sliding_window_view(np.pad(values, sides), kernel, axis=(2, 3))
    return view[:, :, :: stride[0], :: stride[1]]


def _conv2d(node: Node, values: np.ndarray) -> np.ndarray:
    weights = node.fields["weight"]
    seen = _windows(values, weights.shape[2:], node.fields["stride"], node.fields["padding"])
    sums = np.tensordot(seen, weights, axes=((1, 4, 5), (1, 2, 3)))
    return np.moveaxis(sums + node.fields["bias"], -1, 1)


def _pool(node: Node, values: np.ndarray) -> np.ndarray:
    fields = node.fields
    seen = _windows(values, fields["kernel_size"], fields["stride"], fields["padding"])
    return seen.mean(axis=(4, 5)) if node.kind == "AvgPool2d" else seen.sum(axis=(4, 5))


_LAYERS: dict[str, Callable[[Node, np.ndarray], np.ndarray]] = {
    "Flatten": lambda node, values: values,
    "Linear": _affine,
    "Affine": _affine,
    "Conv2d": _conv2d,
    "SumPool2d": _pool,
    "AvgPool2d": _pool,
    "Scale": lambda node, values: values * node.fields["scale"],
}


def _threshold(node: Node, rules: Rules, values: np.ndarray, decays: Decays | None):
    return values, _above(values, node.fields["threshold"], rules)


def _above(values: np.ndarray, threshold: np.ndarray, rules: Rules) -> np.ndarray:
    return values >= threshold if rules.reaches else values > threshold


def _membrane(node: Node, rules: Rules, values: np.ndarray, decays: Decays | None):
    """Neurons with a potential: what it is before a reset, and spikes, or the potential again."""
    fields, rates = node.fields, rules.rates(node)
    if decays is not None:
        rates = dataclasses.replace(rates, **vars(decays))
    carried = current = 0.0
    before, after = [], []
    for t in range(values.shape[1]):
        current = values[:, t] + (0 if rates.current is None else rates.current * current)
        potential = carried + rates.gain * current + rates.drive
        before.append(potential)
        carried = rates.kept * potential
        if node.fires:
            spike = _above(potential, fields["v_threshold"], rules)
            after.append(spike)
            carried = _carried(potential, spike, rates.kept, fields, rules)
    potentials = np.stack(before, axis=1)
    return potentials, np.stack(after, axis=1) if node.fires else potentials


def _carried(potential, spike, kept, fields, rules: Rules):
    """What the next timestep starts from."""
    if rules.reset is Reset.ZERO:
        return kept * np.where(spike, fields["v_reset"], potential)
    if rules.order is Order.LEAK_FIRST:
        return kept * potential - fields["v_threshold"] * spike
    return kept * (potential - fields["v_threshold"] * spike)


_NEURONS = {"Threshold": _threshold}
_NEURONS |= dict.fromkeys(("IF", "LIF", "CubaLIF", "LI", "CubaLI", "I"), _membrane)
