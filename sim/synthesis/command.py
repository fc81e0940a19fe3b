"""``python -m sim synth``: a chip mapped to standard cells, counted and timed."""

import dataclasses
import json
import time
from collections.abc import Callable
from pathlib import Path

import click

from models.errors import BadInput
from models.files import check_writable, write_atomically
from models.network import NetworkShape
from models.presets import preset
from rtl.chip import Chip
from sim.document import read_section, replace_section
from sim.options import lanes_option, layer_option
from sim.paths import ROOT, build_folder
from sim.synthesis import ecp5, ecp5_tables, liberty, tables, timing, tools
from sim.synthesis.figures import figures
from sim.synthesis.flow import synthesise
from sim.synthesis.record import CELLS, ECP5, Entry, Record, key, ordered
from sim.terminal import progress_bar, relative, table_console

SECTION = "synthesis"
ECP5_SECTION = "synthesis ecp5"
"""Of docs/results.md."""

TARGETS = ("cells", "ecp5")


@click.command()
@layer_option
@lanes_option
@click.option(
    "--target",
    default="cells",
    show_default=True,
    help="cells: standard cells; ecp5: an FPGA of Lattice, which needs the extra fpga.",
)
@click.option(
    "--liberty",
    "liberty_file",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Liberty file of the cells.  [default: OSU 180 nm, of Debian's qflow-tech-osu018]",
)
@click.option(
    "--json",
    "json_file",
    type=click.Path(path_type=Path, dir_okay=False),
    help="File for the same figures as JSON.",
)
def synth(layer, lanes, target, liberty_file, json_file):
    """Map a chip to standard cells, count its gates and time it; needs yosys and opensta.

    Memory banks stay macros. Writes the mapped netlist to build/synthesis, and rewrites the table
    of docs/results.md, which keeps other chips from the record docs/synthesis.json.
    """
    shape = dataclasses.replace(preset(layer), lanes=lanes)
    if target not in TARGETS:
        raise BadInput(f"TARGET must be one of {', '.join(TARGETS)}, not {target!r}")
    if target == "ecp5":
        if liberty_file is not None:
            raise BadInput("LIBERTY= is for TARGET=cells; leave it out for ecp5")
        _ecp5(shape, json_file)
    else:
        _cells(shape, liberty_file, json_file)


class _Place:
    """Where figures are kept: a record and a section of docs/results.md."""

    def __init__(self, kind: Record, record_name: str, section: str, json_file: Path | None):
        self._kind, self._section, self._json = kind, section, json_file
        self._record = ROOT / "docs" / record_name
        self._document = ROOT / "docs" / "results.md"
        self._kept = kind.read(self._record)
        read_section(self._document, section)
        for path in (self._record, self._document, json_file):
            if path is not None:
                check_writable(path)

    def write(self, made: Entry, markdown: Callable[[list], str], fields: dict) -> list[Path]:
        """Keep ``made``; returns the files' paths. ``fields`` are for the user's JSON file."""
        entries = ordered({**self._kept, key(made): made}.values())
        replace_section(self._document, self._section, markdown(entries))
        self._kind.write(self._record, entries)
        if self._json is None:
            return [self._document, self._record]
        text = json.dumps({**dataclasses.asdict(made), **fields}, indent=1)
        write_atomically(self._json, f"{text}\n".encode())
        return [self._document, self._record, self._json]


def _cells(shape: NetworkShape, liberty_file: Path | None, json_file: Path | None) -> None:
    begun = time.perf_counter()
    for tool in tools.PACKAGES:
        tools.find(tool)
    cells = liberty.read(tools.find_liberty(liberty_file))
    place = _Place(CELLS, "synthesis.json", SECTION, json_file)
    chip = Chip(shape=shape)
    folder = build_folder() / "synthesis" / f"{chip.module_name}-{cells.name}"
    with progress_bar() as progress:
        task = progress.add_task(f"mapping {shape.name} (Yosys)", total=None)
        mapped = synthesise(chip, cells, folder)
        progress.update(task, description=f"timing {shape.name} (OpenSTA)")
        timed = timing.time(mapped)
    made = figures(shape, mapped, timed, yosys=tools.version("yosys"), opensta=tools.version("sta"))
    table_console().print(tables.terminal(made))
    for line in tables.remarks(made):
        print(line)
    seconds = time.perf_counter() - begun
    fields = {
        "total": dataclasses.asdict(made.total),
        "fmax_mhz": timed.fmax,
        "wall_seconds": seconds,
    }
    _end(seconds, [folder / "netlist.v", *place.write(made, tables.markdown, fields)])


def _ecp5(shape: NetworkShape, json_file: Path | None) -> None:
    begun = time.perf_counter()
    ecp5.check()
    place = _Place(ECP5, "ecp5.json", ECP5_SECTION, json_file)
    chip = Chip(shape=shape)
    folder = build_folder() / "synthesis" / f"{chip.module_name}-ecp5"
    with progress_bar() as progress:
        progress.add_task(f"placing {shape.name} (Yosys, nextpnr)", total=None)
        made = ecp5.place_and_route(chip, folder)
    for line in ecp5_tables.lines(made):
        print(line)
    seconds = time.perf_counter() - begun
    _end(seconds, place.write(made, ecp5_tables.markdown, {"wall_seconds": seconds}))


def _end(seconds: float, written: list[Path]) -> None:
    print(f"wall time: {seconds:.1f} s")
    for path in written:
        print(f"written: {relative(path)}")
