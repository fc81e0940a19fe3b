"""The ceiling: the chip's Verilog, Verilated without timing, under a plain C++ main program.

It loads the same configuration, offers the same input vectors and toggles the clock. It captures
nothing but predictions; these are looked at only after the clock has stopped, labels and cycles
alike: a ceiling that computes garbage is no ceiling. Its time is that of the clock loop alone.
"""

import os
from pathlib import Path

import numpy as np

from trispike.models.network.parameters import Network
from trispike.rtl.chip.readout import result_layout
from trispike.rtl.layers.configuration import write_layout
from trispike.sim.bench.sample import Sample
from trispike.sim.bench.work import Work
from trispike.sim.tools import build
from trispike.sim.tools.cached_verilog import chip_verilog
from trispike.sim.tools.simulator import run_tool

MAIN = Path(__file__).with_suffix(".cpp")

_WORD_BYTES = 4


def program(network: Network) -> Path:
    """The executable for ``network``'s shape; built if need be."""
    top, texts = chip_verilog(network.shape)
    sources = {f"{name}.v": text for name, text in texts.items()}
    return build.program(sources, top, MAIN)


class Ceiling:
    """Runs the ``executable`` that `program` made, in ``folder``."""

    what = "plain C++ round the Verilated chip"
    once = False

    def __init__(self, work: Work, executable: Path, folder: Path):
        self._work, self._executable, self._folder = work, executable, folder
        folder.mkdir(parents=True, exist_ok=True)
        size = _WORD_BYTES * -(-write_layout(work.network.shape.layers).size // 32)
        writes = work.writes()
        (folder / "configuration").write_bytes(b"".join(w.to_bytes(size, "little") for w in writes))
        vectors = work.spikes.reshape(-1, work.spikes.shape[2])
        packed = np.packbits(vectors, axis=1, bitorder="little")
        whole_words = np.pad(packed, ((0, 0), (0, -packed.shape[1] % _WORD_BYTES)))
        (folder / "stimulus").write_bytes(whole_words.tobytes())
        self._limit = 2 * (len(writes) + int(work.result_cycles[-1])) + 1000

    def measure(self) -> dict[str, Sample]:
        """One run."""
        files = ("configuration", "stimulus", "results")
        command = [str(self._executable), *files, str(self._work.images), str(self._limit)]
        log = self._folder / "ceiling.log"
        run_tool(command, folder=self._folder, env=os.environ, log=log)
        (cycles, seconds), *predictions = (
            line.split() for line in (self._folder / "results").read_text().splitlines()
        )
        shape = self._work.network.shape
        label = result_layout(shape.sizes[-1], shape.read_out, shape.groups)["label"]
        got = np.array(predictions, dtype=np.int64).reshape(-1, 2)
        self._work.check_labels("ceiling", got[:, 1] & ((1 << label.width) - 1))
        self._work.check_result_cycles("ceiling", got[:, 0])
        return {"ceiling": Sample(images=len(got), cycles=int(cycles), seconds=float(seconds))}
