"""``python -m sim synth``: a chip mapped to standard cells, counted and timed."""

import dataclasses
import json
import time
from pathlib import Path

import click

from models.files import check_writable, write_atomically
from models.presets import preset
from rtl.chip import Chip
from sim.document import read_section, replace_section
from sim.options import lanes_option, layer_option
from sim.paths import ROOT, build_folder
from sim.synthesis import liberty, record, tables, timing, tools
from sim.synthesis.figures import Synthesis, figures
from sim.synthesis.flow import synthesise
from sim.terminal import progress_bar, relative, table_console

SECTION = "synthesis"
"""Of docs/results.md."""


@click.command()
@layer_option
@lanes_option
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
def synth(layer, lanes, liberty_file, json_file):
    """Map a chip to standard cells, count its gates and time it; needs yosys and opensta.

    Memory banks stay macros. Writes the mapped netlist to build/synthesis, and rewrites the table
    of docs/results.md, which keeps other chips from the record docs/synthesis.json.
    """
    begun = time.perf_counter()
    shape = dataclasses.replace(preset(layer), lanes=lanes)
    for tool in tools.PACKAGES:
        tools.find(tool)
    cells = liberty.read(tools.find_liberty(liberty_file))
    docs = ROOT / "docs"
    kept = record.read(docs / "synthesis.json")
    read_section(docs / "results.md", SECTION)
    for path in (docs / "synthesis.json", docs / "results.md", json_file):
        if path is not None:
            check_writable(path)

    chip = Chip(shape=shape)
    folder = build_folder() / "synthesis" / f"{chip.module_name}-{cells.name}"
    with progress_bar() as progress:
        task = progress.add_task(f"mapping {layer} (Yosys)", total=None)
        mapped = synthesise(chip, cells, folder)
        progress.update(task, description=f"timing {layer} (OpenSTA)")
        timed = timing.time(mapped)
    made = figures(shape, mapped, timed, yosys=tools.version("yosys"), opensta=tools.version("sta"))

    console = table_console()
    console.print(tables.terminal(made))
    for line in tables.remarks(made):
        print(line)
    seconds = time.perf_counter() - begun
    print(f"wall time: {seconds:.1f} s")
    entries = record.ordered({**kept, record.key(made): made}.values())
    replace_section(docs / "results.md", SECTION, tables.markdown(entries))
    record.write(docs / "synthesis.json", entries)
    written = [folder / "netlist.v", docs / "results.md", docs / "synthesis.json"]
    if json_file is not None:
        write_atomically(json_file, _json(made, seconds))
        written.append(json_file)
    for path in written:
        print(f"written: {relative(path)}")


def _json(made: Synthesis, seconds: float) -> bytes:
    fields = {
        **dataclasses.asdict(made),
        "total": dataclasses.asdict(made.total),
        "fmax_mhz": made.timing.fmax,
        "wall_seconds": seconds,
    }
    return f"{json.dumps(fields, indent=1)}\n".encode()
