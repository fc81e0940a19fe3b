"""Spikes and potentials of some images of a run, timestep by timestep."""

import dataclasses
from collections.abc import Callable, Iterator, Sequence

import numpy as np

from trispike import golden
from trispike.models.network.parameters import LayerParameters, Network
from trispike.models.network.shape import NetworkShape

MOST_IMAGES = 20
"""Images whose spikes and potentials are kept."""

_MOST_NEURONS = 1024
"""Neurons of a layer whose potentials are kept."""

_MOST_VALUES = 400_000
"""Potentials that are kept, of all images: some 2 MB of a page."""

_MOST_WORK = 20_000_000
"""Potentials that the golden model may compute for them, which takes a second or two."""


@dataclasses.dataclass(frozen=True, kw_only=True, eq=False)
class Layer:
    """What of a layer is shown, or of the input, number 0.

    - ``name``: ``input``, ``layer 1`` and so on.
    - ``rows``: neurons, or the channels of maps.
    - ``positions``: neurons of each row.
    - ``shown``: neurons whose potentials are kept, by row; of maps that of the middle window.
    - ``thresholds``: int64, shape (1 or ``shown``, phases); None without.
    """

    name: str
    rows: int
    positions: int
    shown: int = 0
    thresholds: np.ndarray | None = None

    @property
    def row_name(self) -> str:
        """What a row is."""
        return "channel" if self.positions > 1 else "neuron"


@dataclasses.dataclass(frozen=True, kw_only=True, eq=False)
class Detail:
    """What happened in an image.

    - ``image``: its index in the data set.
    - ``spikes``: of the input and each layer: spikes of each row, int64 (timesteps, rows).
    - ``potentials``: of each layer: int64, shape (timesteps, shown).
    - ``scores``: what the read-out compared: integers, shape (outputs,).
    """

    image: int
    spikes: tuple[np.ndarray, ...]
    potentials: tuple[np.ndarray, ...]
    scores: np.ndarray

    @property
    def timesteps(self) -> int:
        """Timesteps that it took."""
        return len(self.spikes[0])


def layers(network: Network, timesteps: int) -> list[Layer]:
    """What is shown of the input and of each layer."""
    shape = network.shape
    most = min(_MOST_NEURONS, max(1, _MOST_VALUES // (timesteps * len(shape.layers))))
    volume = shape.layers[0].volume
    given = Layer(name="input", rows=volume.channels, positions=volume.positions)
    return [given, *(_layer(k, layer, most) for k, layer in enumerate(network.layers, 1))]


def _layer(number: int, layer: LayerParameters, most: int) -> Layer:
    shown = min(most, layer.shape.neurons)
    thresholds = None
    if layer.threshold is not None:
        shifts = np.arange(layer.neuron.phases)[::-1]
        each = np.atleast_1d(np.asarray(layer.threshold, dtype=np.int64))[:shown]
        thresholds = each[:, np.newaxis] << shifts
    return Layer(
        name=f"layer {number}",
        rows=layer.shape.output.channels,
        positions=layer.shape.output.positions,
        shown=shown,
        thresholds=thresholds,
    )


def chosen(
    wrong: Sequence[int],
    images: Sequence[int],
    shown: Sequence[Layer],
    shape: NetworkShape,
    timesteps: int,
) -> list[int]:
    """Images to show of a run of ``images``: those ``wrong`` first, then others from the first on.

    As many as `MOST_IMAGES`, and as memory and time allow: at least one.
    """
    kept = timesteps * sum(layer.shown for layer in shown)
    work = timesteps * sum(layer.neurons * layer.firings for layer in shape.layers)
    most = max(1, min(MOST_IMAGES, _MOST_VALUES // kept, _MOST_WORK // work))
    others = (image for image in images if image not in set(wrong[:most]))
    return [*wrong, *(next(others) for _ in range(min(most, len(images)) - len(wrong)))][:most]


def details(
    network: Network,
    shown: Sequence[Layer],
    images: Sequence[int],
    spikes_of: Callable[[int], np.ndarray],
) -> Iterator[Detail]:
    """What the golden model says of ``images``, whose input ``spikes_of`` returns.

    That is bool, or uint8 if they are pixels, shape (1, timesteps, inputs).
    """
    for image in images:
        given = spikes_of(image)
        result = golden.run(network, given)
        last = given.shape[1] if result.decided is None else int(result.decided[0])
        spikes = [given[0, :last] != 0, *(each[0, :last] for each in result.spikes)]
        yield Detail(
            image=image,
            spikes=tuple(
                each.reshape(last, layer.rows, layer.positions).sum(axis=2)
                for layer, each in zip(shown, spikes, strict=True)
            ),
            potentials=tuple(
                _middle(layer, each[0, :last])[:, : part.shown].astype(np.int64)
                for part, layer, each in zip(
                    shown[1:], network.shape.layers, result.potentials, strict=True
                )
            ),
            scores=result.scores[0],
        )


def _middle(layer, potentials: np.ndarray) -> np.ndarray:
    """Those of the middle window of each channel, or of each neuron: shape (timesteps, neurons)."""
    at = 0
    if layer.maps:
        at = layer.maps.rows // 2 * layer.maps.columns + layer.maps.columns // 2
    return potentials.reshape(len(potentials), layer.neurons, layer.firings)[..., at]
