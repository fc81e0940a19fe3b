"""JSON that Trispike reads: what JSON= wrote, records in docs/, and files of others."""

import json
import random
from collections.abc import Callable, Iterable
from pathlib import Path

from tb.fuzz import damage
from tb.kit.command import ROOT
from trispike.sim.accuracy.points import POINTS
from trispike.sim.accuracy.record import RECORDS
from trispike.sim.bench import compare as bench_compare
from trispike.sim.bench import record as bench_record
from trispike.sim.bench import tables as bench_tables
from trispike.sim.cosim import cluster
from trispike.sim.energy.record import ENERGIES, WIDTHS
from trispike.sim.export import files
from trispike.sim.neurons.jitter import JITTER
from trispike.sim.neurons.record import COSTS
from trispike.sim.noc import compare, tables
from trispike.sim.noc.command import Traffic
from trispike.sim.noc.record import POINTS as NOC
from trispike.sim.report.records import Records
from trispike.sim.synthesis.record import CELLS, ECP5, NODE, ROUTER

_NOC = ("--mesh", "2x2x2", "--rate", "0.02")
_DOCS: dict[str, Records] = {
    "accuracy": RECORDS,
    "accuracy-energy": POINTS,
    "ecp5": ECP5,
    "energy": ENERGIES,
    "energy-widths": WIDTHS,
    "jitter": JITTER,
    "neurons": COSTS,
    "noc": NOC,
    "node": NODE,
    "router": ROUTER,
    "synthesis": CELLS,
}


def _small(name: str, records: Records) -> bytes:
    """The record ``name`` with its first entries."""
    whole = json.loads((ROOT / "docs" / f"{name}.json").read_bytes())
    return json.dumps({**whole, records.name: whole[records.name][:2]}).encode()


class Texts:
    """Damaged files of each of them."""

    def __init__(self):
        point = json.loads(_small("noc", NOC))["points"][0]
        self._noc = json.dumps({"command": "make noc", "points": [point]}).encode()
        row = {"images": 9, "cycles": 99, "simulated": True, "seconds": [1.5, 2.0]}
        run = {"network": "n", "sizes": [4, 2], "digest": "d", "data": "digits", "images": 9}
        bench = {
            "format": bench_record._FORMAT,
            "machine": {"processor": "p", "cores": 2},
            "run": {**run, "timesteps": 1, "seed": 0},
            "rows": {"ceiling": row, "cocotb": row},
            "skipped": {"snntorch": "why"},
        }
        self._bench = json.dumps(bench).encode()
        self._docs = {name: _small(name, records) for name, records in _DOCS.items()}

    def write(self, rng: random.Random, folder: Path) -> list[str] | Callable[[], object]:
        """See `tb.fuzz.trial.Format`."""
        path = folder / "old.json"
        kind = rng.randrange(6)
        if kind == 0:
            path.write_bytes(damage.json_of(rng, self._noc))
            return ["noc", *_NOC, "--compare", path.name]
        if kind == 1:
            path.write_bytes(damage.json_of(rng, self._noc))
            return lambda: _compared(path)
        if kind == 2:
            path.write_bytes(damage.json_of(rng, self._bench))
            return lambda: _benched(path)
        if kind == 3:
            path.write_bytes(damage.json_of(rng, b'{"type": "Scheduler", "address": "tcp://a:1"}'))
            return lambda: cluster._scheduler(str(path))
        if kind == 4:
            path = folder / "trispike_x.json"
            path.write_bytes(damage.json_of(rng, b'{"files": ["a.v", "b.v"], "command": ""}'))
            return lambda: files.write({"x.v": "", "x.json": "{}"}, folder, "make verilog")
        name = rng.choice(list(_DOCS))
        path.write_bytes(damage.json_of(rng, self._docs[name]))
        return lambda: _rewritten(_DOCS[name], path)


def _compared(path: Path) -> None:
    """What make noc says of a run that was kept."""
    for old in compare.read(path, Traffic(mesh="2x2x2", rate=0.02).settings()):
        tables.moved(compare.moves(old, old), path.name)
        compare.remarks(old, old)


def _benched(path: Path) -> None:
    """What make bench says of a bench that was kept."""
    old = bench_record.read(path)
    bench_tables.moved(bench_compare.moves(old, old), path.name)
    bench_compare.remarks(old, old)


def _rewritten(records: Records, path: Path) -> None:
    """What a command does that keeps one more entry."""
    entries: Iterable = records.read(path)
    records.write(path, entries)
