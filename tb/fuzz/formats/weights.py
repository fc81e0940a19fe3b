"""Weight files: the archive, its card, and both."""

import contextlib
import dataclasses
import io
import json
import random
import tempfile
from collections.abc import Callable
from pathlib import Path
from unittest import mock

import numpy as np

from tb.fuzz import arrays, damage
from tb.kit import networks
from trispike.models.network import real_weights, weight_file, weights
from trispike.models.network.card import Card, digest

_COMMANDS = (
    *(["sim"], ["sim"], ["sim", "--mesh", "2x2x2"], ["sim", "--lanes", "2"], ["verilog"]),
    *(["map"], ["prune"], ["order", "--lanes", "2"], ["synth"], ["export"]),
    *(["sim", "--skip", "1"], ["sim", "--data", "fashion"], ["bench"], ["energy"]),
)


class Weights:
    """Files of dense, convolutional and real networks, of every neuron."""

    def __init__(self):
        self._files = [file_of(network) for network in _networks()]
        real = networks.real_network((784, 5, 10), 1)
        self._real = file_of(real, real_weights.save, networks.card_of(real))

    def write(self, rng: random.Random, folder: Path) -> list[str] | Callable[[], object]:
        """See `tb.fuzz.trial.Format`."""
        real = rng.random() < 0.1
        archive, card = self._real if real else rng.choice(self._files)
        which = rng.random()
        if which < 0.6:
            archive = arrays.npz(rng, dict(np.load(io.BytesIO(archive), allow_pickle=False)))
        if which > 0.5:
            card = damage.json_of(rng, card)
        path = folder / rng.choice(["w.npz"] * 30 + ["w.npz.gz", "w", "é [b]w.npz", "w.NPZ"])
        path.write_bytes(archive)
        if rng.random() < 0.99:
            path.with_suffix(".json").write_bytes(card)
        if real:
            return lambda: real_weights.load(path)
        if rng.random() < 0.5:
            _agree(path)
        return [*rng.choice(_COMMANDS), "--weights", path.name]


def _networks() -> list:
    shapes = [networks.random_neurons(seed) for seed in range(6)]
    shapes += [networks.random_convolutions(seed) for seed in range(4)]
    drawn = [networks.random_network_of(shape.with_lanes(1), 0) for shape in shapes]
    digits = networks.random_network((784, 6, 10), 0)
    return [*drawn, digits, digits, digits, dataclasses.replace(digits, skip=2, stability=9)]


def file_of(network, save=weights.save, card: Card | None = None) -> tuple[bytes, bytes]:
    """Bytes of the archive and of the card of ``network``."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "w.npz"
        if card is None:
            path = networks.save(network, path.parent)
        else:
            save(path, network, card)
        return path.read_bytes(), weight_file.card_path(path).read_bytes()


def _agree(path: Path) -> None:
    """Give the card the digest of what the archive holds, if it can be read at all."""
    card = path.with_suffix(".json")
    with (
        contextlib.suppress(Exception),
        mock.patch.object(weight_file, "check_digest"),
    ):
        network, _ = weights.load(path)
        card.write_text(json.dumps({**json.loads(card.read_bytes()), "digest": digest(network)}))
