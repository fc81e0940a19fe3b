"""How far a network of integers is from the file that it was imported from, on real inputs."""

import dataclasses
from collections.abc import Sequence

import numpy as np

from trispike.golden.model import Result, run
from trispike.models.data.encoders import encode
from trispike.models.network.decay import fraction
from trispike.models.network.parameters import LayerParameters, Network
from trispike.models.network.shape import Encoder
from trispike.sim.nir import reference
from trispike.sim.nir.chain import Chain
from trispike.sim.nir.integers import FLOAT32
from trispike.sim.nir.rules import Rules
from trispike.sim.nir.stages import Stage

_BATCH_VALUES = 1 << 22
"""Values of all layers and timesteps that are looked at together."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class LayerDrift:
    """What differs in a layer's spikes.

    - ``layer``: its number, from 1.
    - ``spikes``: those of the file's network, in all images and timesteps.
    - ``differ``: neurons and timesteps in which one of the two spikes and the other does not.
    - ``by_timestep``: the same in each timestep.
    """

    layer: int
    spikes: int
    differ: int
    by_timestep: tuple[int, ...]


@dataclasses.dataclass(frozen=True, kw_only=True)
class Parting:
    """The first spike that differs: of the first image, timestep and layer that has one.

    - ``layer``, ``neuron``: numbers; layers from 1, neurons from 0, before a pool.
    - ``timestep``: from 0.
    - ``reference``: potential in the file's network.
    - ``potential``, ``integer_threshold``: those of the integers.
    """

    image: int
    timestep: int
    layer: int
    neuron: int
    reference: float
    potential: int
    integer_threshold: int


@dataclasses.dataclass(frozen=True, kw_only=True)
class Drift:
    """What a run of both on the same inputs found.

    - ``images``, ``timesteps``: of the inputs.
    - ``layers``: of each layer that spikes.
    - ``first``: where they part, or None.
    - ``agree``: images with the same label.
    - ``leaks_agree``: those with the same label in the file's network with its own weights and the
      leaks and synapses of the integers; None if these are the file's.
    - ``reference_right``, ``right``: images that each labels right; None without labels.
    """

    images: int
    timesteps: int
    layers: tuple[LayerDrift, ...]
    first: Parting | None
    agree: int
    leaks_agree: int | None
    reference_right: int | None
    right: int | None


def reference_inputs(network: Network, spikes: np.ndarray, pixel: float) -> np.ndarray:
    """What goes into the file's network: real values of pixels, the same at each timestep."""
    if network.shape.input.encoder is Encoder.DIRECT:
        return spikes[:, :1] * pixel
    return spikes


def drift(
    chain: Chain,
    rules: Rules,
    stages: Sequence[Stage],
    network: Network,
    images: np.ndarray,
    labels: np.ndarray | None,
    *,
    timesteps: int,
    seed: int,
    pixel: float,
    progress=lambda done: None,
) -> Drift:
    """Run both on ``images`` and compare spikes and labels."""
    values = sum(layer.neurons * layer.firings * timesteps for layer in network.shape.layers)
    size = max(1, _BATCH_VALUES // values)
    parts, decays = [], _decays(stages, network)
    for first in range(0, len(images), size):
        chosen = slice(first, first + size)
        spikes = encode(network.shape, images[chosen], timesteps, seed, first)
        given = reference_inputs(network, spikes, pixel)
        seen = reference.run(chain, rules, given, timesteps)
        rounded = reference.run(chain, rules, given, timesteps, decays) if decays else None
        did = run(network, spikes)
        right = None if labels is None else labels[chosen]
        part = _compared(stages, network, seen, did, right, first)
        if rounded:
            agree = int((rounded.labels == seen.labels).sum())
            part = dataclasses.replace(part, leaks_agree=agree)
        parts.append(part)
        progress(min(first + size, len(images)))
    return _joined(parts)


def _decays(stages: Sequence[Stage], network: Network) -> dict[str, reference.Decays]:
    """What the integers leave of potentials and currents, where it is not what the file says."""
    decays = {}
    for stage, layer in zip(stages, network.layers, strict=True):
        neurons, neuron = stage.neurons, layer.neuron
        if neurons.kept is None or stage.node is None:
            continue
        current = None if neurons.kept_current is None else 1 - fraction(neuron.synapse)
        ours = reference.Decays(kept=1 - fraction(neuron.leak), current=current)
        off = np.abs(neurons.kept - ours.kept).max()
        if current is not None:
            off = max(off, np.abs(neurons.kept_current - current).max())
        if off > FLOAT32:
            decays[stage.node] = ours
    return decays


def _compared(stages, network, seen: reference.Seen, did: Result, labels, first: int) -> Drift:
    layers, parting = [], None
    for k, (stage, layer) in enumerate(zip(stages, network.layers, strict=True)):
        if stage.fires is None:
            continue
        wanted, potentials = (
            _windows(stage, layer, values[stage.fires]) for values in (seen.spikes, seen.potentials)
        )
        fired = did.potentials[k] > _thresholds(layer)
        wrong = fired != wanted
        by_timestep = wrong.sum(axis=(0, 2))
        layers.append(
            LayerDrift(
                layer=k + 1,
                spikes=int(wanted.sum()),
                differ=int(by_timestep.sum()),
                by_timestep=tuple(by_timestep.tolist()),
            )
        )
        if wrong.any():
            image, timestep, neuron = np.argwhere(wrong)[0].tolist()
            if parting is None or (image, timestep) < (parting.image - first, parting.timestep):
                parting = Parting(
                    image=first + image,
                    timestep=timestep,
                    layer=k + 1,
                    neuron=neuron,
                    reference=float(potentials[image, timestep, neuron]),
                    potential=int(did.potentials[k][image, timestep, neuron]),
                    integer_threshold=int(
                        np.broadcast_to(_thresholds(layer), wrong.shape)[image, timestep, neuron]
                    ),
                )
    count = len(did.labels)
    return Drift(
        images=count,
        timesteps=did.running_scores.shape[1],
        layers=tuple(layers),
        first=parting,
        agree=int((seen.labels == did.labels).sum()),
        leaks_agree=None,
        reference_right=None if labels is None else int((seen.labels == labels).sum()),
        right=None if labels is None else int((did.labels == labels).sum()),
    )


def _windows(stage: Stage, layer: LayerParameters, values: np.ndarray) -> np.ndarray:
    """``values``, (n, timesteps, neurons), without those of windows that no pool takes."""
    if stage.maps is None:
        return values
    every = dataclasses.replace(stage.maps, pool=1)
    maps = values.reshape(*values.shape[:2], -1, every.rows, every.columns)
    return maps[..., : layer.maps.rows, : layer.maps.columns].reshape(*values.shape[:2], -1)


def _thresholds(layer: LayerParameters) -> np.ndarray:
    """The threshold of each neuron, of a convolution at each window."""
    return np.repeat(np.broadcast_to(layer.threshold, layer.shape.neurons), layer.shape.firings)


def _joined(parts: Sequence[Drift]) -> Drift:
    layers = tuple(
        LayerDrift(
            layer=same[0].layer,
            spikes=sum(each.spikes for each in same),
            differ=sum(each.differ for each in same),
            by_timestep=tuple(map(sum, zip(*(each.by_timestep for each in same), strict=True))),
        )
        for same in zip(*(part.layers for part in parts), strict=True)
    )
    total = {
        name: None if getattr(parts[0], name) is None else sum(getattr(p, name) for p in parts)
        for name in ("images", "agree", "leaks_agree", "reference_right", "right")
    }
    first = next((part.first for part in parts if part.first), None)
    return Drift(timesteps=parts[0].timesteps, layers=layers, first=first, **total)
