"""NIR files: HDF5 bytes, and the nodes and edges that they hold."""

import io
import json
import random
import tempfile
from pathlib import Path

import numpy as np

from tb.fuzz import arrays, damage
from tb.kit import networks, nir_files
from trispike.models.network.card import Card
from trispike.models.network.origin import Made
from trispike.sim.nir import exporting

_FIELDS = (
    *("tau", "tau_mem", "tau_syn", "r", "w_in", "v_leak", "v_reset", "v_threshold", "threshold"),
    *("weight", "bias", "stride", "padding", "dilation", "groups", "kernel_size", "type", "shape"),
    *("scale", "start_dim", "end_dim", "input_type", "input_shape", "delay", "metadata"),
)
_KINDS = (
    b"LIF",
    b"IF",
    b"Affine",
    b"Linear",
    b"Conv2d",
    b"Conv1d",
    b"Flatten",
    b"Input",
    b"Output",
)
_OPTIONS = (
    *([], ["--encoder", "given"], ["--encoder", "rate"], ["--shifts", "1"], ["--dt", "1e-3"]),
    *(
        ["--rules", "norse"],
        ["--rules", "sinabs"],
        ["--rules", "spikingjelly"],
        ["--reset", "zero"],
    ),
    *(["--pixels", "raw"], ["--gain", "full"], ["--decay", "exponential"], ["--compare", ">="]),
)


class Nir:
    """Files of each kind of neurons, of maps, and of make export."""

    def __init__(self):
        import nir

        makers = (
            lambda n: nir.LIF(*(np.full(n, x) for x in (2e-3, 1.0, 0.0, 1.0))),
            lambda n: nir.IF(*(np.full(n, x) for x in (1e4, 1.0))),
            lambda n: nir.CubaLIF(*(np.full(n, x) for x in (1e-3, 2e-3, 1.0, 0.0, 1.0))),
            lambda n: nir.LI(*(np.full(n, x) for x in (2e-3, 1.0, 0.0))),
            lambda n: nir.Threshold(np.full(n, 0.5)),
        )
        graphs = [nir_files.of_neurons(make, sizes=(9, 5, 3)) for make in makers]
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            paths = [
                nir_files.written(folder, nodes, name=f"n{k}")
                for k, nodes in enumerate([*graphs, nir_files.of_maps()])
            ]
            network = networks.random_network((9, 5, 3), 0)
            paths.append(folder / "ours.nir")
            card = Card(shape=network.shape, origin=Made(how="random"))
            exporting.write(paths[-1], network, card)
            self._files = [path.read_bytes() for path in paths]

    def write(self, rng: random.Random, folder: Path) -> list[str]:
        """See `tb.fuzz.trial.Format`."""
        data = rng.choice(self._files)
        if rng.random() < 0.3:
            data = damage.bytes_of(rng, data)
        else:
            for _ in range(rng.choice([1, 1, 2])):
                data = _changed(rng, data)
        name = rng.choice(["x.nir"] * 30 + ["x", "é [b].nir", "9 9.nir", "_.nir"])
        (folder / name).write_bytes(data)
        options = [word for each in rng.sample(_OPTIONS, 2) for word in each]
        steps = ["-t", "4"] if rng.random() < 0.9 else []
        return ["import", "--from", name, "--output", "out", *steps, *options]


def _changed(rng: random.Random, data: bytes) -> bytes:
    """The HDF5 file ``data`` with something else in one of its places."""
    import h5py

    file = io.BytesIO(data)
    with h5py.File(file, "r+") as graph:
        places: list[str] = []
        graph.visit(places.append)
        place = rng.choice(places)
        old = graph[place]
        kind = rng.random()
        if kind < 0.15:
            del graph[place]
        elif kind < 0.25:
            group = old if isinstance(old, h5py.Group) else old.parent
            name = rng.choice([*_FIELDS, "x", "é", "a\nb", "9"])
            if name not in group:
                group[name] = rng.choice([1, b"x", np.nan, np.arange(4.0), "type"])
        elif kind < 0.35:
            graph.move(place, f"{place}{rng.choice(['2', ' ', 'é', chr(10)])}")
        elif isinstance(old, h5py.Group):
            other = rng.choice(places)
            del graph[place]
            graph[place] = h5py.SoftLink(f"/{other}" if rng.random() < 0.5 else "/nowhere")
        else:
            new = _other(rng, old[()])
            huge = isinstance(new, np.ndarray) and rng.random() < 0.03
            del graph[place]
            if huge:  # gigabytes that no byte of the file holds
                shape = rng.choice([(1 << 33,), (1 << 17, 1 << 17), (1 << 40, 1)])
                graph.create_dataset(
                    place, shape, new.dtype, chunks=tuple(min(n, 64) for n in shape)
                )
            else:
                graph[place] = new
    return file.getvalue()


def _other(rng: random.Random, old):
    """Something in place of the value ``old`` of a dataset."""
    if isinstance(old, bytes):
        if old[:1] == b"{":
            return json.dumps(damage.said(rng, json.loads(old))).encode()
        return rng.choice([*_KINDS, b"", b"\xff", 7, "é", b"NIRGraph", b"x" * 300])
    if rng.random() < 0.3:
        return rng.choice([b"same", np.nan, np.inf, -1, 0, 1 << 40, 1e300, 1e-300, "x"])
    good = np.asarray(old)
    if good.dtype.kind == "O":
        return np.array(rng.choice([[], [[b"a", b"b"]], [b"a"], [[b"input", b"input"]]]), "S9")
    made = np.asarray(arrays.array(rng, good))
    if made.dtype.kind == "f" and made.size and rng.random() < 0.3:
        made = made.copy().reshape(-1)
        made[rng.randrange(made.size)] = rng.choice([np.nan, np.inf, -np.inf, 0, -1, 1e30, 1e-30])
        made = made.reshape(np.shape(good)) if made.size == good.size else made
    return made if made.dtype.kind != "U" else made.astype("S")
