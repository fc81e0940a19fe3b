"""Pages of runs for tests, and what is in their files."""

import functools
import html.parser
import json
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tb.kit.command import trispike_here
from tb.kit.networks import random_network, save
from tb.kit.nodes import MESH, NODE
from trispike.models.data.own import OwnData
from trispike.models.network.parameters import Network
from trispike.models.network.shape import Encoder, NetworkShape
from trispike.sim.cosim.command import ChipRan, ChipRun
from trispike.sim.cosim.figures import figures
from trispike.sim.cosim.modelled import model_run
from trispike.sim.cosim.stimulus import Encoding
from trispike.sim.cost.registers import Registers
from trispike.sim.node import command, run
from trispike.sim.node.setting import setting
from trispike.sim.page.contents import Page
from trispike.sim.terminal.subject import Subject


class _Reader(html.parser.HTMLParser):
    def __init__(self):
        super().__init__()
        self.scripts: dict[str, str] = {}
        self.rows: list[list[str]] = []
        self.links: list[str] = []
        self._script = self._cell = None

    def handle_starttag(self, tag, attributes):
        named = dict(attributes)
        self.links += [named[k] for k in ("src", "href") if k in named]
        self._script = named.get("id") if tag == "script" else self._script
        if tag == "tr":
            self.rows.append([])
        if tag in ("td", "th"):
            self.rows[-1].append("")
            self._cell = True

    def handle_endtag(self, tag):
        self._script = None if tag == "script" else self._script
        self._cell = False if tag in ("td", "th") else self._cell

    def handle_data(self, data):
        if self._script:
            self.scripts[self._script] = self.scripts.get(self._script, "") + data
        if self._cell:
            self.rows[-1][-1] += data


class Written:
    """A page in a file: the ``rows`` of its tables, its ``links``, plots and figures."""

    def __init__(self, path: Path):
        self.path = path
        reader = _Reader()
        reader.feed(path.read_text())
        self.rows, self.links = reader.rows, reader.links
        self.figures: dict[str, Any] = json.loads(reader.scripts["figures"])
        self.specs: dict[str, Any] = json.loads(reader.scripts["specs"])

    def data(self, plot: str) -> list[dict[str, Any]]:
        """The rows that the ``plot`` draws."""
        return self.specs[plot]["datasets"]["rows"]


def modelled(
    network: Network,
    folder: Path,
    *,
    images: int = 3,
    timesteps: int = 3,
    shape: NetworkShape | None = None,
    labels: bool = True,
    change=lambda outcome: outcome,
) -> Page:
    """The page of a run without the RTL, of the models alone, on random images.

    ``change`` makes of the outcome what was found.
    """
    from trispike.sim.page import chip

    rng = np.random.default_rng(0)
    volume, given = network.shape.input.volume, network.encoder is Encoder.GIVEN
    sides = volume.channels, volume.height, volume.width
    if given:
        arrays = {"spikes": rng.random((images, timesteps, *sides)) < 0.3}
    else:
        arrays = {"images": rng.integers(0, 256, (images, *sides), dtype=np.uint8)}
    if labels:
        arrays["labels"] = rng.integers(0, network.shape.labels, images)
    own = OwnData.of(folder / "mine.npz", arrays)
    shape = shape or network.shape
    stimulus = Encoding.of(network.shape, own.images, timesteps, 0, folder)
    outcome = change(model_run(network, shape, stimulus, range(images)))
    registers = Registers(flip_flops=9, narrow=1, wide=1, elements=(1,) * len(shape.layers))
    subject = Subject(
        weight_file=folder / "x.npz", network=network, card=None, data="mine", own=own
    )
    record = figures(
        shape,
        [outcome],
        own.labels,
        images=range(images),
        data="mine",
        timesteps=timesteps,
        seed=0,
        registers=registers,
        wall_seconds=1.0,
    )
    return chip.page(
        ChipRun(layer="fc256", timesteps=timesteps),
        ChipRan(
            subject=subject,
            shape=shape,
            stimulus=stimulus,
            pixels=own.images,
            labels=own.labels,
            outcomes=[outcome],
            figures=record,
        ),
    )


def on_a_mesh(folder: Path, *options: str) -> subprocess.CompletedProcess:
    """`make report` of a small network on the small nodes that tests share, stalled, round a dead
    link; with ``folder / "page.html"`` as its page.
    """
    network, rng = random_network((60, 64, 40, 5), 3), np.random.default_rng(0)
    arrays = {"images": rng.integers(0, 256, (6, 60), dtype=np.uint8)}
    np.savez(folder / "mine.npz", **arrays, labels=rng.integers(0, 5, 6))
    options = (
        f"WEIGHTS={save(network, folder)}",
        f"INPUT={folder / 'mine.npz'}",
        f"MESH={MESH}",
        "T=4",
        "STALLS=0.1",
        "DEAD=0.0.0",
        "ROUTING=detour",
        f"OUTPUT={folder / 'page.html'}",
        *options,
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(command, "program", functools.partial(run.program, optimise=False))
        patch.setattr(command, "setting", functools.partial(setting, node=NODE))
        return trispike_here("report", *options)


def printed(table: str) -> list[list[str]]:
    """Rows of a table on a terminal, of which a long value takes several lines."""
    rows = []
    for line in table.splitlines():
        if line.startswith("│"):
            cells = [cell.strip() for cell in line.strip("│").split("│")]
            if cells[0]:
                rows.append(cells)
            else:
                rows[-1][1] += f" {cells[1]}"
    return rows


def plots(page: Page) -> dict[str, Any]:
    """The plots of ``page`` by name."""
    return {plot.name: plot for section in page.sections for plot in section.plots}


@functools.cache
def png(url: str) -> np.ndarray:
    """The pixels of a picture of ours: uint8, shape (height, width, colours)."""
    import base64
    import struct
    import zlib

    data = base64.b64decode(url.removeprefix("data:image/png;base64,"))
    width, height = struct.unpack(">2I", data[16:24])
    begin = data.index(b"IDAT")
    (length,) = struct.unpack(">I", data[begin - 4 : begin])
    lines = np.frombuffer(zlib.decompress(data[begin + 4 :][:length]), dtype=np.uint8)
    lines = lines.reshape(height, -1)
    assert not lines[:, 0].any()
    return lines[:, 1:].reshape(height, width, -1)
