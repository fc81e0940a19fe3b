"""`make bench`: every row, its record, what moved since another; nothing wrong is timed."""

import dataclasses
import functools
import json
import os
import platform
import sys

import numpy as np
import pytest

from tb.kit.command import ROOT, refused, trispike
from tb.kit.extras import needs_snntorch
from tb.kit.networks import random_network, save
from trispike.models.data.spikes import encode
from trispike.models.errors import BadInput
from trispike.sim.bench import ceiling, command, compare, record, rounds
from trispike.sim.bench.amaranth_chip import AmaranthChip
from trispike.sim.bench.ceiling import Ceiling
from trispike.sim.bench.cocotb_run import CocotbRun
from trispike.sim.bench.numpy_models import CycleModel, GoldenModel
from trispike.sim.bench.record import CEILING, TITLES, Record, Row, Run
from trispike.sim.bench.sample import Sample
from trispike.sim.bench.work import Work
from trispike.sim.cli import cli
from trispike.sim.cosim import cosimulation
from trispike.sim.report.mismatch import Mismatch, MismatchFound
from trispike.sim.terminal import extras
from trispike.sim.tools import build

pytestmark = pytest.mark.xdist_group("bench")  # one worker builds the chip

NETWORK = random_network((784, 12, 4), 8)
IMAGES, TIMESTEPS = 4, 2


@pytest.fixture(autouse=True, scope="module")
def unoptimised():
    """Programs that are ready sooner: what they measure is no test's matter."""
    with pytest.MonkeyPatch.context() as patch:
        for module, name in ((build, "program"), (cosimulation, "chip_model")):
            quick = functools.partial(getattr(module, name), optimise=False)
            patch.setattr(module, name, quick)
        yield


@pytest.fixture
def quick(monkeypatch):
    """One turn each, and no longer than it takes."""
    monkeypatch.setattr(rounds, "ROUNDS", 1)
    monkeypatch.setattr(rounds, "ROUND_SECONDS", 1e-9)


def _bench(*options):
    arguments = ["bench", "--images", str(IMAGES), "--timesteps", str(TIMESTEPS), *options]
    cli.main([str(argument) for argument in arguments], standalone_mode=False)


@pytest.fixture(scope="module")
def built():
    """The executables for NETWORK: the ceiling's, and the folder of the co-simulation's."""
    return ceiling.program(NETWORK), cosimulation.chip_model(NETWORK)


@pytest.fixture
def spared(built, monkeypatch):
    """Spare the command the export of the same chip once more."""
    monkeypatch.setattr(ceiling, "program", lambda network: built[0])
    monkeypatch.setattr(cosimulation, "chip_model", lambda network: built[1])


def _work(folder, network=NETWORK, images=IMAGES, seed=1):
    rng = np.random.default_rng(seed)
    inputs = network.shape.sizes[0]
    pixels = rng.integers(0, 256, (images, inputs), dtype=np.uint8)
    return Work.of(save(network, folder), network, encode(pixels, TIMESTEPS, seed))


def _words(text):
    return " ".join(text.split())


@pytest.mark.thorough
def test_every_row(tmp_path, monkeypatch, quick, capsys):
    """A tiny network through the command line: the table, and the record of the same."""
    monkeypatch.setattr(rounds, "ROUNDS", 2)
    kept = tmp_path / "deep" / "bench.json"
    _bench("--weights", save(NETWORK, tmp_path), "--budget", "100", "--json", kept)
    said = capsys.readouterr().out
    made = record.read(kept)
    assert {*made.rows, *made.skipped} == set(TITLES)
    assert set(made.skipped) <= {"snntorch"}
    for name, title in TITLES.items():
        line = next(line for line in said.splitlines() if title in line)
        cells = [cell.strip() for cell in line.split("│")[1:-1]]
        if name in made.skipped:
            assert cells[-1] == "skipped"
            continue
        row = made.rows[name]
        assert cells[1:3] == [f"{IMAGES:,}", f"{row.cycles:,}"]
        assert cells[4] == f"{row.cycles_per_second:,.0f}"
        assert row.images == IMAGES
        assert len(row.seconds) == (1 if name == "amaranth" else 2)
    assert made.ratio(CEILING) == 1
    simulated = {name for name, row in made.rows.items() if row.simulated}
    assert simulated == {CEILING, "cocotb", "cocotb_whole", "amaranth"}
    # Both load the network and run the same cycles; each ends when it has noticed that all is out.
    assert abs(made.rows[CEILING].cycles - made.rows["cocotb"].cycles) <= 4
    assert made.rows["amaranth"].cycles < made.rows[CEILING].cycles
    assert made.rows["golden"].cycles == made.rows[CEILING].cycles

    text = kept.read_text()
    assert platform.node() not in text
    assert str(ROOT) not in text
    assert str(tmp_path) not in text
    assert made.machine["cores"] == len(os.sched_getaffinity(0))
    assert json.loads(text)["rows"]["cocotb"]["ratio"] == made.ratio("cocotb")
    again = tmp_path / "again.json"
    record.write(again, made)
    assert again.read_text() == text


@pytest.mark.thorough
def test_compare_prints_what_moved(tmp_path, spared, quick, capsys):
    """Every row that both have stands in the second table; JSON= may name COMPARE='s own file."""
    weight_file = save(NETWORK, tmp_path)
    kept = tmp_path / "bench.json"
    _bench("--weights", weight_file, "--budget", "1e-9", "--json", kept)
    assert "budget spent after 1 of 801 configuration writes" in capsys.readouterr().out
    old = record.read(kept)
    assert old.rows["amaranth"].images == 0
    slow = {
        name: dataclasses.replace(row, seconds=(20 * row.best,)) for name, row in old.rows.items()
    }
    old = dataclasses.replace(old, rows=slow)
    record.write(kept, old)
    _bench("--weights", weight_file, "--budget", "1e-9", "--json", kept, "--compare", kept)
    new = record.read(kept)
    _, _, since = capsys.readouterr().out.partition("since ")
    for name in old.rows:
        line = next(line for line in since.splitlines() if TITLES[name] in line)
        change = new.rows[name].cycles_per_second / old.rows[name].cycles_per_second
        assert f"x {change:.2f}" in line
    assert "another machine" not in since
    assert "other work" not in since


def _record(machine="fast", images=100, skipped=None, **rates):
    """A record whose rows have the given cycles per second."""
    rows = {
        name: Row(images=images, cycles=1000, simulated=True, seconds=(2000 / rate, 1000 / rate))
        for name, rate in rates.items()
    }
    run = Run(
        network="n", sizes=(4, 2), digest="d", data="digits", images=images, timesteps=1, seed=0
    )
    return Record(machine={"processor": machine}, run=run, rows=rows, skipped=skipped or {})


def test_what_moved():
    """Rates, ratios to each bench's own ceiling, and their changes; the shortest run counts."""
    old = _record("slow", ceiling=400.0, cocotb=100.0, golden=50.0)
    new = _record("fast", ceiling=1600.0, cocotb=800.0, snntorch=3.0)
    moved = compare.moves(old, new)
    assert list(moved) == ["ceiling", "cocotb"]
    there = moved["cocotb"]
    assert (there.old, there.new, there.change) == pytest.approx((100, 800, 8))
    assert (there.old_ratio, there.new_ratio, there.normalised) == pytest.approx((0.25, 0.5, 2))
    assert (moved["ceiling"].change, moved["ceiling"].normalised) == pytest.approx((4, 1))
    assert compare.remarks(old, new) == [
        "only in the old bench: golden model",
        "only in the new bench: snnTorch",
        "another machine: processor was slow, is fast",
        "so compare the ratios to the ceiling, not cycles/s",
    ]
    assert compare.remarks(new, new) == []
    other = dataclasses.replace(new, run=dataclasses.replace(new.run, timesteps=5))
    assert compare.remarks(new, other) == ["other work: timesteps was 1, is 5"]


def test_record_round_trip(tmp_path):
    """What was written is what is read, skipped rows and notes included."""
    made = _record(ceiling=7.0, amaranth=1.5, skipped={"snntorch": "why"})
    noted = dataclasses.replace(made.rows["amaranth"], images=0, note="a note")
    made = dataclasses.replace(made, rows={**made.rows, "amaranth": noted})
    record.write(tmp_path / "r.json", made)
    assert record.read(tmp_path / "r.json") == made


def test_models_get_the_cycles_of_the_ceiling():
    """A row without a clock is given the ceiling's cycles for its images."""
    rows = record.rows_of(
        {
            CEILING: [Sample(images=10, cycles=1500, seconds=s) for s in (3.0, 1.0, 2.0)],
            "golden": [Sample(images=4, cycles=None, seconds=0.5)],
        }
    )
    assert (rows[CEILING].best, rows[CEILING].images_per_second) == (1.0, 10)
    assert (rows["golden"].cycles, rows["golden"].simulated) == (600, False)
    assert rows["golden"].cycles_per_second == 1200


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (None, "cannot read .*: No such file"),
        ("{", "is not a record of make bench"),
        ("[]", "is not a record of make bench"),
        ('{"format": "trispike-bench-0"}', "is not a record of make bench"),
        ("no ceiling", "is not a record of make bench"),
        ("no time", "is not a record of make bench"),
    ],
)
def test_bad_compare(tmp_path, text, message):
    """A file that is not such a record is refused in one line that names it, before all else."""
    path = tmp_path / "old.json"
    if text in ("no ceiling", "no time"):
        record.write(path, _record(ceiling=2.0, cocotb=1.0))
        whole = json.loads(path.read_text())
        if text == "no ceiling":
            del whole["rows"]["ceiling"]
        else:
            whole["rows"]["cocotb"]["seconds"] = [0.0]
        text = json.dumps(whole)
    if text is not None:
        path.write_text(text)
    with pytest.raises(BadInput, match=message) as error:
        _bench("--compare", path)
    assert str(path) in str(error.value)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--json", "/proc/nowhere/b.json"], "cannot write /proc/nowhere/b.json"),
        (["--budget", "0"], "BUDGET must be seconds above 0, not 0"),
        (["--budget", "nan"], "BUDGET must be seconds above 0, not nan"),
        (["--layer", "fc9"], "LAYER must be one of fc256"),
        (["--images", "0"], "IMAGES must be 1 or more, not 0"),
    ],
)
def test_bad_options(options, message):
    with pytest.raises(BadInput, match=message):
        _bench(*options)


def test_refused_in_one_line():
    """Status 2, as for every command."""
    assert "not a record" in refused(trispike("bench", "--compare", ROOT / "pyproject.toml"))


@pytest.mark.thorough
def test_wrong_label_is_a_mismatch(tmp_path, built):
    """Whoever finds another label than the golden model is named, with the image."""
    work = _work(tmp_path)
    wrong = work.labels.copy()
    wrong[3] = (wrong[3] + 1) % work.counts.shape[1]
    fooled = dataclasses.replace(work, labels=wrong)
    contenders = [
        Ceiling(fooled, built[0], tmp_path / "ceiling"),
        CocotbRun(fooled, built[1], tmp_path / "cocotb"),
        AmaranthChip(fooled, 100.0),
        GoldenModel(fooled),
    ]
    snn = extras.find("bench.snn", "snntorch", "torch")
    message = rf"label: image 3: expected {wrong[3]}, got {work.labels[3]}; 1 of {IMAGES} differ"
    for contender in (*contenders, *([snn.SnnTorch(fooled)] if snn else ())):
        with pytest.raises(MismatchFound, match=message):
            contender.measure()


@pytest.mark.thorough
def test_wrong_cycle_is_a_mismatch(tmp_path, built):
    """The ceiling and the cycle model must hold to the cycle what was worked out before."""
    work = _work(tmp_path)
    late = dataclasses.replace(work, result_cycles=work.result_cycles + 1)
    for contender in (Ceiling(late, built[0], tmp_path), CycleModel(late)):
        with pytest.raises(MismatchFound, match="prediction cycle: image 0: expected"):
            contender.measure()


@pytest.mark.thorough
def test_divergence_is_a_mismatch(tmp_path, built, monkeypatch):
    """What the co-simulation finds in its own comparison ends a bench too."""
    mismatch = Mismatch(
        what="spike", image=3, timestep=1, layer=2, neuron=0, cycle=9, expected=0, got=1
    )
    monkeypatch.setattr(
        "trispike.sim.bench.cocotb_run.first_mismatch",
        lambda outcomes: mismatch if outcomes else None,
    )
    with pytest.raises(MismatchFound, match="cocotb: spike: image 3, timestep 1, layer 2"):
        CocotbRun(_work(tmp_path), built[1], tmp_path / "cocotb").measure()


@pytest.mark.thorough
def test_mismatch_ends_a_bench(tmp_path, spared, quick, monkeypatch, capsys):
    """No table and no record of what computes garbage."""
    whole = Work.of

    def fooled(*arguments):
        work = whole(*arguments)
        return dataclasses.replace(work, labels=(work.labels + 1) % work.counts.shape[1])

    monkeypatch.setattr(Work, "of", fooled)
    weight_file = save(NETWORK, tmp_path)
    with pytest.raises(MismatchFound, match=r"^ceiling: label: image 0: expected "):
        _bench("--weights", weight_file, "--json", tmp_path / "bench.json")
    assert capsys.readouterr().out == ""
    assert not (tmp_path / "bench.json").exists()


@pytest.mark.thorough
@pytest.mark.parametrize(("sizes", "seed"), [((5, 6), 11), ((40, 10), 6)], ids=str)
def test_ceiling_with_ports_of_any_width(tmp_path, sizes, seed):
    """To C++ ports of 8 to 64 bits are integers, wider ones arrays."""
    work = _work(tmp_path, random_network(sizes, seed), images=60, seed=seed)
    made = Ceiling(work, ceiling.program(work.network), tmp_path / "ceiling").measure()
    assert made["ceiling"].images == 60
    assert made["ceiling"].cycles > work.result_cycles[-1]
    assert len(set(work.labels.tolist())) > 1


@needs_snntorch
@pytest.mark.parametrize(
    ("sizes", "seed"),
    [
        ((30, 12, 9, 4), 2),
        ((30, 12, 9, 4), 11),
        ((7, 3), 0),
        ((7, 3), 11),
        ((784, 64, 10), 5),
        ((784, 64, 10), 2),
    ],
    ids=str,
)
def test_snntorch_equals_golden(tmp_path, sizes, seed):
    """The same output spikes on random networks, whose potentials often are on the threshold."""
    from trispike.sim.bench import snn

    work = _work(tmp_path, random_network(sizes, seed), images=snn.BATCH + 9, seed=seed)
    sample = snn.SnnTorch(work).measure()["snntorch"]
    assert (sample.images, sample.cycles) == (snn.BATCH + 9, None)
    assert len(np.unique(work.counts)) > 1
    off = dataclasses.replace(work, counts=work.counts + (np.arange(sizes[-1]) == 1))
    with pytest.raises(MismatchFound, match=r"snnTorch: spike count: image 0, neuron 1: expected"):
        snn.SnnTorch(off).measure()


@pytest.mark.thorough
def test_without_snntorch(tmp_path, spared, quick, monkeypatch, capsys):
    """The row stands in the table as skipped, and a line says how to have it."""
    monkeypatch.delitem(sys.modules, "trispike.sim.bench.snn", raising=False)
    monkeypatch.delattr("trispike.sim.bench.snn", raising=False)
    monkeypatch.setitem(sys.modules, "snntorch", None)
    assert extras.find("bench.snn", "snntorch", "torch") is None
    weight_file = save(NETWORK, tmp_path)
    kept = tmp_path / "bench.json"
    _bench("--weights", weight_file, "--budget", "1e-9", "--json", kept)
    said = capsys.readouterr().out
    line = next(line for line in said.splitlines() if "snnTorch" in line and "│" in line)
    assert "skipped" in line
    assert f"snnTorch: SKIPPED: {command.NO_SNNTORCH}" in said
    assert record.read(kept).skipped == {"snntorch": command.NO_SNNTORCH}


class _Fake:
    def __init__(self, what, calls, *, once=False):
        self.what, self.once, self._calls = what, once, calls

    def measure(self):
        self._calls.append(self.what)
        return {self.what: Sample(images=1, cycles=None, seconds=1.0)}


def test_turns_are_taken(quick, monkeypatch):
    """Everyone once in each round, but not who runs once or has run for long enough."""
    monkeypatch.setattr(rounds, "ROUNDS", 3)
    calls, told = [], []
    made = [_Fake("a", calls), _Fake("b", calls, once=True), _Fake("c", calls)]
    samples = rounds.measure(made, progress=lambda done, what: told.append((done, what)))
    assert "".join(calls) == "abcacac"
    assert {name: len(group) for name, group in samples.items()} == {"a": 3, "b": 1, "c": 3}
    assert told == [(k, "abc"[k % 3]) for k in range(9)]
    calls.clear()
    monkeypatch.setattr(rounds, "ENOUGH_SECONDS", 0.0)
    rounds.measure(made, progress=lambda done, what: None)
    assert "".join(calls) == "abc"
