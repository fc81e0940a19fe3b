"""Our networks as NIR files, and back without a difference."""

import dataclasses
import io
import itertools
import json
from pathlib import Path
from typing import Any

import numpy as np

from trispike.models.errors import BadInput
from trispike.models.files import write_atomically
from trispike.models.network.card import Card
from trispike.models.network.decay import fraction
from trispike.models.network.maps import Maps
from trispike.models.network.neuron import Neuron, Reset
from trispike.models.network.parameters import LayerParameters, Network
from trispike.models.network.shape import Encoder
from trispike.sim.nir.chain import parsed
from trispike.sim.terminal.extras import install

DT = 1e-4
"""A timestep of the files that are written, which is snnTorch's."""

_KEY = "trispike"
"""Name of what NIR has no place for, in a graph's metadata."""


def nir() -> Any:
    """The package nir; `BadInput` without it."""
    try:
        import nir
    except ModuleNotFoundError as error:
        raise BadInput(f"NIR files need the package nir: {install('nir')}") from error
    return nir


def write(path: Path, network: Network, card: Card) -> None:
    """Write ``network`` to ``path`` whole, with what `restored` needs."""
    graph = graph_of(network)
    graph.metadata = {_KEY: json.dumps({"card": card.to_json().decode(), **_parameters(network)})}
    file = io.BytesIO()
    nir().write(file, graph)
    write_atomically(path, file.getvalue())


def graph_of(network: Network) -> Any:
    """``network`` as NIR's graph; `BadInput` for a neuron or an input that NIR does not have.

    Its inputs are the data, whatever their order here.

    Weights and biases are the integers that a timestep adds, thresholds the integers that they are
    compared with. Neurons from zero are LIF with a tau of one timestep, of which nothing is left.
    Rules are those of `sim.nir.rules.FRAMEWORKS` for snntorch but for the reset, which is as the
    network's; pixels are raw.
    """
    encoder = network.encoder
    if encoder is Encoder.BITS:
        raise BadInput(f"{network.name} takes bits in phases, and NIR has no such input")
    module, volume = nir(), network.shape.input.volume
    nodes = {"input": module.Input({"input": np.array(_shape(volume))})}
    for k, layer in enumerate(network.unordered.layers, 1):
        try:
            nodes |= {f"{name}_{k}": node for name, node in _nodes(module, layer).items()}
        except BadInput as error:
            raise BadInput(f"layer {k} of {network.name}: {error}") from None
    outputs = np.array([network.layers[-1].shape.neurons])
    nodes["output"] = module.Output({"output": outputs})
    names = list(nodes)
    edges = list(itertools.pairwise(names))
    return module.NIRGraph(nodes, edges, type_check=False)


def _shape(volume) -> tuple[int, ...]:
    if volume.positions == 1:
        return (volume.channels,)
    return (volume.channels, volume.height, volume.width)


def _nodes(module: Any, layer: LayerParameters) -> dict[str, Any]:
    """The nodes of a layer by name, in order."""
    maps, whole = layer.maps, layer.maps is not None and layer.maps.is_whole
    if layer.neuron.once or layer.neuron.phases > 1:
        raise BadInput("NIR has no neurons of first or of weighted spikes")
    weights = layer.weights.astype(np.float32) * (layer.a or 1)
    biases = layer.biases.astype(np.float64)
    thresholds = None
    if layer.threshold is not None:
        thresholds = np.broadcast_to(layer.threshold, biases.shape).astype(np.float64)
        if not layer.neuron.carries and (thresholds != thresholds[0]).any():
            biases, thresholds = biases - thresholds, np.zeros_like(thresholds)
    nodes = {}
    rest = np.zeros_like(biases)
    if layer.neuron.synapse and biases.any():
        if not layer.neuron.leak:
            raise BadInput("NIR has no bias behind a synapse without a leak")
        rest, biases = biases / fraction(layer.neuron.leak), rest
    if whole:
        nodes["flatten"] = module.Flatten({"input": np.array(_shape(maps.volume))}, 0, -1)
    if maps is None or whole:
        nodes["weights"] = module.Affine(_dense(weights, maps).T, biases.astype(np.float32))
    else:
        kernel = weights.reshape(*maps.kernel, maps.volume.channels, -1).transpose(3, 2, 0, 1)
        nodes["weights"] = module.Conv2d(
            input_shape=(maps.volume.height, maps.volume.width),
            weight=np.ascontiguousarray(kernel),
            stride=(maps.stride, maps.stride),
            padding=(maps.padding, maps.padding),
            dilation=(1, 1),
            groups=1,
            bias=biases.astype(np.float32),
        )
    every = maps and dataclasses.replace(maps, pool=1)  # windows that no pool takes, too
    shape = biases.shape if maps is None or whole else (len(biases), every.rows, every.columns)

    def each(values) -> np.ndarray:
        values = np.broadcast_to(np.asarray(values, np.float32), biases.shape)
        return np.broadcast_to(values.reshape(-1, *[1] * (len(shape) - 1)), shape).copy()

    if (neurons := _neurons(module, layer, thresholds, rest, each)) is not None:
        nodes["neurons"] = neurons
    if maps is not None and maps.pool > 1:
        side = np.array([maps.pool, maps.pool])
        nodes["pool"] = module.SumPool2d(side, side, np.array([0, 0]))
        pooled = _shape(maps.output(len(biases)))
        nodes["any"] = module.Threshold(np.full(pooled, 0.5, np.float32))
    return nodes


def _dense(weights: np.ndarray, maps: Maps | None) -> np.ndarray:
    """Weights of a window that is all of the map, in the order of flattened maps."""
    if maps is None:
        return weights
    apart = weights.reshape(*maps.kernel, maps.volume.channels, -1)
    return apart.transpose(2, 0, 1, 3).reshape(len(weights), -1)


def _neurons(module: Any, layer: LayerParameters, thresholds, rest, each) -> Any:
    """The node of a layer's neurons; None for sums that nothing follows."""
    neuron: Neuron = layer.neuron
    if not neuron.carries:
        if thresholds is None:
            return None
        return module.LIF(each(DT), each(1), each(0), each(thresholds), each(0))
    if thresholds is not None and layer.step is not None and neuron.reset is Reset.SUBTRACT:
        if not (np.asarray(layer.step) == thresholds + 1).all():
            raise BadInput("NIR has no neurons that subtract something else than their threshold")
        thresholds = thresholds + 1  # a spike where it is reached
    leak = fraction(neuron.leak)
    if neuron.synapse:
        if not leak:
            raise BadInput("NIR has no synapse without a leak of the potential")
        synapse = fraction(neuron.synapse)
        of_both = {"tau_syn": each(DT / synapse), "tau_mem": each(DT / leak), "r": each(1 / leak)}
        of_both |= {"v_leak": each(rest), "w_in": each(1 / synapse)}
        if thresholds is None:
            return module.CubaLI(**of_both)
        return module.CubaLIF(**of_both, v_threshold=each(thresholds), v_reset=each(0))
    if not leak:
        if thresholds is None:
            return module.I(each(1 / DT))
        return module.IF(each(1 / DT), each(thresholds), each(0))
    if thresholds is None:
        return module.LI(each(DT / leak), each(1 / leak), each(0))
    return module.LIF(each(DT / leak), each(1 / leak), each(0), each(thresholds), each(0))


def _parameters(network: Network) -> dict[str, Any]:
    """All parameters but the weights, for JSON."""
    return {
        "layers": [
            {
                field.name: np.asarray(getattr(layer, field.name)).tolist()
                for field in layer.shape.fields
            }
            for layer in network.layers
        ],
        "skip": network.skip,
        "stability": network.stability,
    }


def restored(path: Path) -> tuple[Network, Card] | None:
    """The network that `write` wrote to ``path``, and its card; None if it is another's file.

    So it is, too, if a node has been changed since.
    """
    graph = parsed(nir(), path)
    text = (getattr(graph, "metadata", None) or {}).get(_KEY)
    if text is None:
        return None
    try:
        record = json.loads(text)
        card = Card.from_json(record["card"].encode(), f"{path}, written by make export,")
        network = _network(card, record, graph)
        same = _same(graph_of(network), graph)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None
    return (network, card) if same else None


def _network(card: Card, record: dict[str, Any], graph: Any) -> Network:
    layers, order = [], card.shape.input.order
    for k, (shape, fields) in enumerate(zip(card.shape.layers, record["layers"], strict=True), 1):
        stored = np.sign(graph.nodes[f"weights_{k}"].weight).astype(np.int8)
        codes = _codes(stored, shape.maps)
        values = {"a": None, "b": None, "threshold": None}
        for field in shape.fields:
            value = fields[field.name]
            values[field.name] = np.array(value) if isinstance(value, list) else value
        layers.append(
            LayerParameters(
                weights=codes[list(order.values)] if order and k == 1 else codes,
                neuron=shape.neuron,
                maps=shape.maps,
                **values,
            )
        )
    return Network(
        name=card.shape.name,
        layers=tuple(layers),
        read_out=card.shape.read_out,
        encoder=card.shape.input.encoder,
        groups=card.shape.groups,
        order=order,
        skip=record["skip"],
        stability=record["stability"],
    )


def _codes(stored: np.ndarray, maps: Maps | None) -> np.ndarray:
    """Weights of a node in the order of a window."""
    if maps is None:
        return stored.T
    kernel = stored.reshape(len(stored), maps.volume.channels, *maps.kernel)
    return kernel.transpose(2, 3, 1, 0).reshape(-1, len(stored))


def _same(one: Any, other: Any) -> bool:
    """Two graphs have the same nodes, but for their metadata, and the same edges."""
    if set(one.nodes) != set(other.nodes) or set(one.edges) != set(other.edges):
        return False
    return all(_equal(node, other.nodes[name]) for name, node in one.nodes.items())


def _equal(one: Any, other: Any) -> bool:
    if type(one) is not type(other):
        return False
    names = {field.name for field in dataclasses.fields(one)}
    names -= {"metadata", "input_type", "output_type", "input_shape"}
    return all(np.array_equal(getattr(one, name), getattr(other, name)) for name in names)
