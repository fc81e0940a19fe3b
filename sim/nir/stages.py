"""A chain of NIR nodes as layers that hardware has: weights, then neurons, then perhaps a pool."""

import dataclasses
import functools

import numpy as np

from trispike.models.errors import BadInput
from trispike.models.network.maps import Maps
from trispike.models.network.neuron import Order, Reset
from trispike.models.network.volume import Volume
from trispike.sim.nir.chain import NEURONS, Chain, Node
from trispike.sim.nir.rules import Rules


@dataclasses.dataclass(frozen=True, kw_only=True, eq=False)
class Neurons:
    """Neurons in real numbers, each value of shape (neurons,).

    With x what the layer's weights and bias give in a timestep, they compute

        current = kept_current * current + gain * x      or gain * x, without a synapse
        u = carried + current + drive
        spike = u > threshold                            or >=, where ``reaches``
        carried = kept * u, after a reset by ``reset`` and ``order``; 0 where ``kept`` is None

    ``threshold`` is None where they never spike. A reset to zero is one to zero, as potentials are
    those above the file's v_reset.
    """

    gain: np.ndarray
    drive: np.ndarray
    threshold: np.ndarray | None
    kept: np.ndarray | None = None
    kept_current: np.ndarray | None = None
    reset: Reset = Reset.SUBTRACT
    order: Order = Order.LEAK_FIRST
    reaches: bool = False


@dataclasses.dataclass(frozen=True, kw_only=True, eq=False)
class Stage:
    """A layer in real numbers.

    - ``nodes``: names of the nodes that it is made of.
    - ``node``: name of the node of its neurons, or None.
    - ``fires``: the same of neurons that spike, before a pool.
    - ``weights``: (inputs of a window, neurons), as `models.network.parameters.LayerParameters`.
    - ``bias``: (neurons,).
    - ``volume``, ``maps``: what goes in, and the windows on it if it is maps.
    """

    nodes: tuple[str, ...]
    node: str | None
    fires: str | None
    weights: np.ndarray
    bias: np.ndarray
    volume: Volume
    maps: Maps | None
    neurons: Neurons


def stages(chain: Chain, rules: Rules) -> tuple[Stage, ...]:
    """The layers of ``chain``; `BadInput`, naming the node, where there is no such layer."""
    nodes = list(chain.nodes)
    volume, result = _volume(chain.shape), []
    while nodes:
        if nodes[0].kind == "Flatten":  # what follows maps knows them
            nodes.pop(0)
            continue
        result.append(_stage(nodes, volume, rules))
        stage = result[-1]
        volume = stage.maps.output(stage.weights.shape[1]) if stage.maps else _flat(stage)
        if nodes and stage.fires is None:
            raise BadInput(
                f"{nodes[0].name} must follow neurons that spike, not {stage.nodes[-1]}: multiply "
                "layers that have none between them"
            )
    if not result:
        raise BadInput("there must be a layer with weights")
    return tuple(result)


def _flat(stage: Stage) -> Volume:
    return Volume(channels=stage.weights.shape[1])


def _maps(shape: tuple[int, ...]) -> tuple[int, int, int]:
    """Channels, rows and columns of a NIR shape."""
    return (*shape, 1, 1) if len(shape) == 1 else ((1, *shape) if len(shape) == 2 else shape)


def _volume(shape: tuple[int, ...]) -> Volume:
    channels, height, width = _maps(shape)
    return Volume(channels=channels, height=height, width=width)


def _stage(nodes: list[Node], volume: Volume, rules: Rules) -> Stage:
    """The stage that ``nodes`` begin with; it takes them off."""
    used: list[Node] = []

    def take() -> Node:
        used.append(nodes.pop(0))
        return used[-1]

    scale, pool = np.ones((volume.channels, 1, 1)), 1
    while nodes and nodes[0].kind in ("Scale", "SumPool2d", "AvgPool2d", "Flatten"):
        node = take()
        if node.kind == "Scale":
            scale = scale * _each_input(node)
        elif node.kind != "Flatten":
            if pool > 1:
                raise BadInput(f"{node.name} must not follow another pool: make one of them")
            pool = _side(node)
            if node.kind == "AvgPool2d":
                scale = scale / pool**2
    node = nodes[0] if nodes else used[-1]
    if nodes and nodes[0].kind in ("Linear", "Affine", "Conv2d"):
        weights, bias, maps = _weights(take(), volume, pool, scale)
    elif nodes and nodes[0].kind in NEURONS:
        weights, bias, maps = _identity(node, volume, pool, scale)
    else:
        raise BadInput(f"{node.name} must be followed by a layer with weights, or by neurons")
    while nodes and nodes[0].kind == "Scale":
        node = take()
        factor = _each_channel(node, "scale", node.fields["scale"])
        weights, bias = weights * factor, bias * factor
    neurons = Neurons(gain=np.ones_like(bias), drive=0 * bias, threshold=None)
    name = fires = None
    if nodes and nodes[0].kind in NEURONS:
        node = take()
        neurons = _neurons(node, rules)
        name, fires = node.name, node.name if node.fires else None
    if fires and (side := _or_pool(nodes, rules)):
        take(), take()
        if maps is None:
            raise BadInput(f"{nodes[0].name} must pool maps")
        maps = dataclasses.replace(maps, pool=side)
    return Stage(
        nodes=tuple(node.name for node in used),
        node=name,
        fires=fires,
        weights=weights,
        bias=bias,
        volume=volume,
        maps=maps,
        neurons=neurons,
    )


def _side(node: Node) -> int:
    """Side of the squares that a pool takes, which lie side by side."""
    sides = {*node.fields["kernel_size"], *node.fields["stride"]}
    if len(sides) != 1 or node.fields["padding"] != (0, 0):
        raise BadInput(
            f"{node.name} must pool squares that lie side by side, without padding, not of "
            f"{node.fields['kernel_size']} by a stride of {node.fields['stride']}"
        )
    return sides.pop()


def _or_pool(nodes: list[Node], rules: Rules) -> int:
    """Side of a pool that any spike passes, if ``nodes`` begin with one and its threshold; else 0.

    Spikes of a square are added up, or their mean taken, and one is enough.
    """
    if len(nodes) < 2 or nodes[0].kind not in ("SumPool2d", "AvgPool2d"):
        return 0
    if nodes[1].kind != "Threshold":
        return 0
    side = _side(nodes[0])
    one = 1 if nodes[0].kind == "SumPool2d" else 1 / side**2
    least, most = (f(nodes[1].fields["threshold"]) for f in (np.min, np.max))
    none_passes, one_passes = (
        (0 < least, most <= one) if rules.reaches else (0 <= least, most < one)
    )
    return side if none_passes and one_passes else 0


def _each_input(node: Node) -> np.ndarray:
    """The scale of each input: (channels, rows, columns)."""
    scale = node.fields["scale"]
    return scale.reshape(_maps(node.inputs))


def _each_channel(node: Node, what: str, values: np.ndarray) -> np.ndarray:
    """``values``, of the shape of the node, as those of channels, which are the same on a map."""
    maps = values.reshape(_maps(node.outputs))
    if (maps != maps[:, :1, :1]).any():
        raise BadInput(f"{what} of {node.name} must be the same everywhere on a map")
    return maps[:, 0, 0]


def _weights(
    node: Node, volume: Volume, pool: int, scale: np.ndarray
) -> tuple[np.ndarray, np.ndarray, Maps | None]:
    """Weights of a layer behind a pool of sums and a scale of its inputs, its bias and windows."""
    weights, bias = node.fields["weight"], node.fields["bias"]
    if node.kind == "Conv2d":
        stride, padding = (_same(node, field) for field in ("stride", "padding"))
        kernel = tuple(side * pool for side in weights.shape[2:])
        maps = Maps(volume=volume, kernel=kernel, stride=stride * pool, padding=padding * pool)
        scale = np.broadcast_to(scale, (volume.channels, volume.height, volume.width))
        if (scale != scale[:, :1, :1]).any():
            raise BadInput(f"the scale before {node.name} must be the same everywhere on a map")
        weights = weights * scale[:, :1, :1]
    else:
        height, width = volume.height // pool, volume.width // pool
        weights = weights.reshape(len(weights), volume.channels, height, width)
        if volume.positions == 1:
            maps = None
        elif (height * pool, width * pool) == (volume.height, volume.width):
            maps = Maps.whole(volume)
        else:
            raise BadInput(f"{node.name} must follow a pool whose squares are all of the map")
    weights = weights.repeat(pool, axis=2).repeat(pool, axis=3)
    if node.kind != "Conv2d":
        weights = weights * scale
    return weights.transpose(2, 3, 1, 0).reshape(-1, len(weights)), bias, maps


def _same(node: Node, field: str) -> int:
    rows, columns = node.fields[field]
    if rows != columns:
        raise BadInput(f"{field} of {node.name} must be one number, not {rows} and {columns}")
    return rows


def _identity(node: Node, volume: Volume, pool: int, scale: np.ndarray):
    """Neurons without weights of their own: each takes the input of its place."""
    if volume.positions == 1:
        return np.diag(scale.ravel()), np.zeros(volume.channels), None
    maps = Maps(volume=volume, kernel=(pool, pool), stride=pool)
    if (scale != scale[:, :1, :1]).any():
        raise BadInput(f"the scale before {node.name} must be the same everywhere on a map")
    weights = np.tile(np.diag(scale[:, 0, 0]), (pool * pool, 1))
    return weights, np.zeros(volume.channels), maps


def _neurons(node: Node, rules: Rules) -> Neurons:
    """The neurons of a node, from `Rules` and NIR's equations."""
    channels = functools.partial(_each_channel, node)
    if node.kind == "Threshold":
        threshold = channels("threshold", node.fields["threshold"])
        ones = np.ones_like(threshold)
        return Neurons(gain=ones, drive=0 * ones, threshold=threshold, reaches=rules.reaches)
    rates = rules.rates(node)
    kept, gain = channels("tau", rates.kept), channels("r", rates.gain)
    if (gain <= 0).any():
        raise BadInput(f"r and w_in of {node.name} must be above 0, not {gain.min():g}")
    zeroes = node.fires and rules.reset is Reset.ZERO
    base = channels("v_reset", node.fields["v_reset"]) if zeroes else 0 * kept
    threshold = channels("v_threshold", node.fields["v_threshold"]) if node.fires else None
    return Neurons(
        gain=gain,
        drive=channels("v_leak", rates.drive) - (1 - kept) * base,
        threshold=None if threshold is None else threshold - base,
        kept=kept if node.kind != "I" and kept.any() else None,  # an I is all timesteps added up
        kept_current=None if rates.current is None else channels("tau_syn", rates.current),
        reset=rules.reset if node.fires else Reset.SUBTRACT,
        order=rules.order if node.fires and not zeroes else Order.LEAK_FIRST,
        reaches=rules.reaches,
    )
