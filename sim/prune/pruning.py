"""A network without the neurons that never fire, or that nobody reads."""

import dataclasses

import numpy as np

from trispike.golden.model import Result
from trispike.models.network.numbers import BANK_NEURONS
from trispike.models.network.parameters import LayerParameters, Network
from trispike.sim.prune.silence import never_fires


@dataclasses.dataclass(frozen=True, kw_only=True, eq=False)
class Pruning:
    """What of ``network`` can go.

    Of each hidden layer, bool, shape (neurons,), a channel of maps being a neuron:

    - ``silent``: it never fires, whatever the inputs (`sim.prune.silence`).
    - ``unread``: it may fire, and no neuron that stays has a weight for it.

    Neither silent nor unread, a neuron does the same in both networks.
    """

    network: Network
    silent: tuple[np.ndarray, ...]
    unread: tuple[np.ndarray, ...]

    @property
    def same(self) -> tuple[np.ndarray, ...]:
        """Of each hidden layer, who does the same in both networks: bool, shape (neurons,)."""
        return tuple(~(s | u) for s, u in zip(self.silent, self.unread, strict=True))

    @property
    def kept(self) -> tuple[np.ndarray, ...]:
        """Who stays: those, or the first one where all might go, as a layer has at least one."""
        return tuple(each if each.any() else np.arange(len(each)) == 0 for each in self.same)

    @property
    def pruned(self) -> Network:
        """The network of those that are kept."""
        layers, before = [], None
        outputs = np.ones(self.network.shape.sizes[-1], dtype=bool)
        for layer, kept in zip(self.network.layers, (*self.kept, outputs), strict=True):
            layers.append(_cut(layer, before, kept))
            before = kept
        return dataclasses.replace(self.network, layers=tuple(layers))

    def difference(self, whole: Result, pruned: Result) -> str | None:
        """What is not the same in both networks on some images; None if nothing differs.

        Compared are scores, and spikes and potentials of those neither silent nor unread.
        """
        outputs = np.ones(self.network.layers[-1].shape.neurons, dtype=bool)
        both = zip((*self.same, outputs), (*self.kept, outputs), strict=True)
        for k, (stays, kept) in enumerate(both):
            for what in ("spikes", "potentials"):
                mine, its = (getattr(each, what)[k] for each in (whole, pruned))
                if not np.array_equal(_of(mine, stays), _of(its, stays[kept])):
                    return f"{what} of layer {k + 1}"
        return None if np.array_equal(whole.running_scores, pruned.running_scores) else "scores"


def _of(values: np.ndarray, neurons: np.ndarray) -> np.ndarray:
    """Those of ``neurons``, bool, of ``values`` of (images, timesteps, neurons * positions)."""
    return values.reshape(*values.shape[:2], len(neurons), -1)[:, :, neurons]


def prune(network: Network) -> Pruning:
    """Find what of ``network`` can go, until nothing more is found."""
    hidden = network.layers[:-1]
    silent = [np.zeros(layer.shape.neurons, dtype=bool) for layer in hidden]
    unread = [np.zeros(layer.shape.neurons, dtype=bool) for layer in hidden]
    while True:
        found = sum(map(np.count_nonzero, (*silent, *unread)))
        for k, layer in enumerate(hidden):
            before = ~(silent[k - 1] | unread[k - 1]) if k else None
            silent[k] |= never_fires(layer, inputs_of(layer, before)) & ~unread[k]
        for k in reversed(range(len(hidden))):
            reader = network.layers[k + 1]
            last = k + 1 == len(hidden)
            stays = slice(None) if last else ~(silent[k + 1] | unread[k + 1])
            read = (reader.weights[:, stays] != 0).any(axis=1)
            unread[k] |= ~_any_input(reader, read, len(unread[k])) & ~silent[k]
        if sum(map(np.count_nonzero, (*silent, *unread))) == found:
            break
    return Pruning(network=network, silent=tuple(silent), unread=tuple(unread))


def inputs_of(layer: LayerParameters, neurons: np.ndarray | None) -> np.ndarray:
    """Inputs of ``layer``, or of its windows, from those of ``neurons`` of the layer before.

    bool, shape (inputs,); all of them if ``neurons`` is None.
    """
    if neurons is None:
        return np.ones(layer.shape.inputs, dtype=bool)
    taps = layer.shape.inputs // len(neurons)  # a window's inputs: number tap * channels + channel
    return np.tile(neurons, taps)


def _any_input(layer: LayerParameters, inputs: np.ndarray, neurons: int) -> np.ndarray:
    """Which of so many ``neurons`` of the layer before have any of ``inputs``."""
    return inputs.reshape(-1, neurons).any(axis=0)


def _cut(layer: LayerParameters, before: np.ndarray | None, kept: np.ndarray) -> LayerParameters:
    """``layer`` with its ``kept`` neurons, on those that are kept of the layer before."""
    changes = {field.name: getattr(layer, field.name)[kept] for field in layer.shape.neuron_fields}
    if before is not None and layer.maps is not None:
        volume = dataclasses.replace(layer.maps.volume, channels=int(before.sum()))
        changes["maps"] = dataclasses.replace(layer.maps, volume=volume)
    weights = layer.weights[inputs_of(layer, before)][:, kept]
    return dataclasses.replace(layer, weights=weights, **changes)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Zeros:
    """Zeros among the weights of a layer: what a spike reads and adds in vain.

    weights: Share of weights that are 0.
    rows, empty_rows: Rows of its banks, one for each input, and those without a weight.
    words, empty_words: Words of 64 neurons, a bank's, in these rows, and those without a weight.
    """

    neurons: int
    weights: float
    rows: int
    empty_rows: int
    words: int
    empty_words: int


def zeros(layer: LayerParameters) -> Zeros:
    """The zeros of ``layer``."""
    there = layer.weights != 0
    inputs, neurons = there.shape
    words = [there[:, k : k + BANK_NEURONS].any(axis=1) for k in range(0, neurons, BANK_NEURONS)]
    return Zeros(
        neurons=neurons,
        weights=1 - float(there.mean()),
        rows=inputs,
        empty_rows=int((~there.any(axis=1)).sum()),
        words=inputs * len(words),
        empty_words=int(sum((~word).sum() for word in words)),
    )
