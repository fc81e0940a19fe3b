"""Recordings of N-MNIST, in folders or in archives."""

import random
from pathlib import Path

from tb.fuzz import damage
from tb.fuzz.formats.tars import tar
from tb.fuzz.formats.weights import file_of
from tb.kit import networks
from trispike.models.data.saccade import SAMPLES
from trispike.models.network.shape import Encoder, NetworkShape

_EVENT = bytes([3, 2, 0x80, 0, 0])
_LAST = bytes([33, 33, 0x81, 0x86, 0x9F])


class Nmnist:
    """Recordings of a few events."""

    def __init__(self):
        self._recordings = {
            f"Test/{digit}/{number:05}.bin": _EVENT * number + _LAST
            for number, digit in enumerate([0, 3, 9], 1)
        }
        dense = NetworkShape.dense(name="moving", sizes=(SAMPLES.inputs, 3, SAMPLES.outputs))
        groups = SAMPLES.groups
        shape = NetworkShape.of("moving", dense.layers, encoder=Encoder.GIVEN, groups=groups)
        self._weights = file_of(networks.random_network_of(shape, 0))

    def write(self, rng: random.Random, folder: Path) -> list[str]:
        """See `tb.fuzz.trial.Format`."""
        if rng.random() < 0.6:
            (folder / "Test.tar.xz").write_bytes(tar(rng, self._recordings))
        else:
            damaged = rng.choice(list(self._recordings))
            for name, data in self._recordings.items():
                path = folder / name
                path.parent.mkdir(parents=True)
                if name == damaged and rng.random() < 0.02:
                    path.mkdir()
                else:
                    path.write_bytes(damage.bytes_of(rng, data) if name == damaged else data)
        for suffix, part in zip((".npz", ".json"), self._weights, strict=True):
            (folder / f"w{suffix}").write_bytes(part)
        return ["sim", "--data", "nmnist", "--data-folder", ".", "--weights", "w.npz", "-t", "16"]
