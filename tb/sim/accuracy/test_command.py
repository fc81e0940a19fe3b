"""`make accuracy` as a user meets it: what it measures, keeps, writes and refuses."""

import os
import signal
import subprocess
import sys
import time
import types

import numpy as np
import pytest

from tb.kit.command import ROOT, refused, started, trispike
from tb.kit.entries import every_entry
from tb.kit.extras import needs_matplotlib
from tb.kit.networks import card_of, random_network, real_network
from trispike.models.errors import BadInput
from trispike.models.network import real_weights, weights
from trispike.models.network.presets import TABLE_1
from trispike.sim.accuracy import command, record
from trispike.sim.accuracy.source import DRAWN, Source
from trispike.sim.cli import cli
from trispike.sim.report.document import markers
from trispike.sim.tools import paths


@pytest.fixture
def house(tmp_path, monkeypatch):
    """A house of its own for the command: weights, build and docs folders; figures are words."""
    (tmp_path / "docs").mkdir()
    begin, end = markers("accuracy digits")
    (tmp_path / "docs" / "results.md").write_text(f"before\n{begin}\n{end}\nafter\n")
    monkeypatch.setattr(weights, "_FOLDER", tmp_path / "weights")
    monkeypatch.setattr("trispike.sim.accuracy.source.build_folder", lambda: tmp_path / "build")
    monkeypatch.setattr(paths, "build_folder", lambda: tmp_path / "build")
    monkeypatch.setattr(paths, "docs", lambda record: tmp_path / "docs")
    plots = types.SimpleNamespace(
        accuracy=lambda data, entries: f"accuracy {len(entries)}".encode(),
        quantisation=lambda data, prices: f"cost {len(prices)}".encode(),
    )
    monkeypatch.setattr(command.extras, "plots", lambda _: plots)
    return tmp_path


def _give(source: Source, seed: int, data: str | None = None) -> None:
    """Put random weights where those of ``source`` belong."""
    sizes = TABLE_1[source.layer].sizes
    source.path.parent.mkdir(parents=True, exist_ok=True)
    make, store = (random_network, weights) if source.bits == 2 else (real_network, real_weights)
    network = make(sizes, seed, source.layer)
    card = card_of(network, data or source.data)
    store.save(source.path, network, card)


def _accuracy(*options: str) -> None:
    usual = ["--record", "--data", "digits", "--timesteps", "2", "--seeds", "2"]
    arguments = ["accuracy", *usual, *options]
    cli.main(arguments, standalone_mode=False)


def _source(recipe: str, layer: str = "fc256") -> Source:
    return Source(layer=layer, data="digits", recipe=recipe)


def test_command(house, capsys):
    """Everything at hand is measured, written, and the same again."""
    for k, recipe in enumerate(DRAWN):
        _give(_source(recipe), k)
    _accuracy("--jobs", "2")
    said = capsys.readouterr().out
    assert said.count("measured") == len(DRAWN)
    assert "kept from the record" not in said
    assert "absent, no weights and no record: trispike of fc256_256 fc1024 fc1024_1024" in said
    docs = house / "docs"
    found = record.read(docs / "accuracy.json")
    assert set(found) == {_source(recipe) for recipe in DRAWN}
    entry = found[_source("tw-snn-32bit")]
    network, card = real_weights.load(_source("tw-snn-32bit").path)
    assert entry.digest == card.digest
    assert entry.images == 359
    assert entry.spread.seeds == (0, 1)
    assert entry.zeros == tuple(float(np.mean(layer.weights == 0)) for layer in network.layers)
    document = (docs / "results.md").read_text()
    assert document.startswith("before\n")
    assert document.endswith("\nafter\n")
    assert "(figures/accuracy-digits.png)" in document
    assert document.count("| measured here |") == len(DRAWN) + 3
    images = {"accuracy-digits.png": b"accuracy 5", "quantisation-digits.png": b"cost 3"}
    for name, image in images.items():
        assert (docs / "figures" / name).read_bytes() == image
    assert (house / "build" / "accuracy" / "fig10-digits.png").read_bytes() == b"accuracy 5"
    assert (house / "build" / "accuracy" / "fig11-digits.png").read_bytes() == b"cost 3"
    before = (docs / "accuracy.json").read_bytes()
    _accuracy("--jobs", "1")
    assert (docs / "accuracy.json").read_bytes() == before
    assert (docs / "results.md").read_text() == document


def test_record_keeps_what_is_not_at_hand(house, capsys):
    """Curves outlive their weights; what is not asked for is kept, and said to be stale if so."""
    ternary, real = _source("trispike"), _source("tw-snn-32bit")
    _give(ternary, 0)
    _give(real, 1)
    _accuracy()
    path = house / "docs" / "accuracy.json"
    kept = record.read(path)[real]
    capsys.readouterr()

    for suffix in (".npz", ".json"):
        real.path.with_suffix(suffix).unlink()
    _accuracy("--timesteps", "1")
    said = capsys.readouterr().out
    assert "kept from the record: tw-snn-32bit of fc256\n" in said
    assert "changed since" not in said
    found = record.read(path)
    assert found[real] == kept
    assert found[ternary].timesteps == 1
    assert "`tw-snn-32bit`" in (house / "docs" / "results.md").read_text()

    _give(real, 2)
    _accuracy("--recipe", "trispike")
    said = capsys.readouterr().out
    assert "their weights have changed since: tw-snn-32bit of fc256\n" in said
    assert "absent, no weights and no record: trispike of fc256_256 " in said
    assert record.read(path)[real] == kept

    _accuracy("--layer", "fc256")
    assert (
        "absent, no weights and no record: trispike-sparse of fc256, tw-snn of fc256, "
        "trispike-32bit of fc256; make train LAYER=fc256" in capsys.readouterr().out
    )
    assert record.read(path)[real].digest != kept.digest


def test_other_data_sets_are_kept(house):
    """The record of one data set is no concern of another."""
    path = house / "docs" / "accuracy.json"
    others = every_entry("mnist", 2)
    record.write(path, others)
    _give(_source("trispike"), 0)
    _accuracy()
    found = record.read(path)
    assert len(found) == len(others) + 1
    assert all(found[entry.source] == entry for entry in others)
    assert "12" not in (house / "docs" / "figures" / "accuracy-digits.png").read_text()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--layer", "fc257"], "LAYER must be one of fc256, fc256_256, .* not 'fc257'"),
        (
            ["--recipe", "paper"],
            r"RECIPE must be one of trispike, .*tw-snn-32bit, trispike-32bit, not 'paper'",
        ),
        (["--data", "cifar"], "DATA must be one of digits, mnist, .* not 'cifar'"),
        (["--timesteps", "0"], "timesteps must be from 1 to 255, not 0"),
        (["--seeds", "0"], "SEEDS must be 1 or more, not 0"),
        (["--jobs", "0"], "JOBS must be 1 or more, not 0"),
        (["--layer", "fc1024"], "no weights to measure on digits.*make train LAYER=fc1024 DATA="),
        (["--recipe", "tw-snn-32bit"], "no weights to measure.* RECIPE=tw-snn-32bit"),
    ],
)
def test_bad_options(house, options, message):
    """One line each, and nothing is written."""
    _give(_source("trispike"), 0)
    with pytest.raises(BadInput, match=message):
        _accuracy(*options)
    assert sorted(file.name for file in (house / "docs").iterdir()) == ["results.md"]


def test_weights_of_something_else(house):
    """A weight file that was renamed, and one that takes other images."""
    _give(_source("trispike"), 0, data="mnist")
    with pytest.raises(BadInput, match="must be of fc256 on digits, not of fc256 on mnist"):
        _accuracy()
    network = random_network((12, 10), 0, "fc256")
    weights.save(_source("trispike").path, network, card_of(network))
    with pytest.raises(BadInput, match="takes 12 pixels, but digits gives 784 pixels"):
        _accuracy()


def test_refused_before_it_measures(house, monkeypatch):
    """A document without the section, and a folder that cannot be written."""
    monkeypatch.setattr(command, "measure", None)
    _give(_source("trispike"), 0)
    document = house / "docs" / "results.md"
    text = document.read_text()
    document.write_text("nothing\n")
    with pytest.raises(BadInput, match="<!-- begin accuracy digits --> once, not 0 times"):
        _accuracy()
    document.write_text(text)
    (house / "docs" / "figures").write_text("a file where a folder should be")
    with pytest.raises(BadInput, match=r"cannot write .*accuracy-digits\.png"):
        _accuracy()
    assert document.read_text() == text


def test_unknown_option_and_missing_data(house, tmp_path):
    """The command line's own refusals, and MNIST's."""
    _give(_source("trispike"), 0)
    with pytest.raises(BadInput, match="accuracy takes no TRACED="):
        _accuracy("--traced", "7")
    _give(Source(layer="fc256", data="mnist", recipe="trispike"), 0)
    document = house / "docs" / "results.md"
    document.write_text("\n".join(markers("accuracy mnist")))
    with pytest.raises(BadInput, match=r"data folder \S+nowhere does not exist"):
        _accuracy("--data", "mnist", "--data-folder", str(tmp_path / "nowhere"))


def test_without_matplotlib(tmp_path):
    """One line that names the extra, status 2."""
    (tmp_path / "matplotlib.py").write_text(
        "raise ModuleNotFoundError('No module named matplotlib', name='matplotlib')\n"
    )
    search = os.pathsep.join([str(tmp_path), str(ROOT)])
    message = refused(trispike("accuracy", "--data", "digits", PYTHONPATH=search))
    assert message.endswith(" -m pip install 'trispike[plots]'")


def test_other_commands_do_without_it():
    """Nothing of matplotlib is imported until figures are drawn."""
    code = "import sys, trispike.sim.cli; sys.exit('matplotlib' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False).returncode == 0


@pytest.fixture
def house_alone(tmp_path):
    """A folder with random weights of fc256, for a process of its own."""
    (tmp_path / "docs").mkdir()
    begin, end = markers("accuracy digits")
    (tmp_path / "docs" / "results.md").write_text(f"{begin}\n{end}\n")
    network = random_network(TABLE_1["fc256"].sizes, 0, "fc256")
    card = card_of(network)
    (tmp_path / "weights").mkdir()
    weights.save(tmp_path / "weights" / "fc256-digits.npz", network, card)
    return tmp_path


_IN_THIS_FOLDER = """
import pathlib
from trispike.models.network import weights
from trispike.sim.accuracy import source
from trispike.sim.cli import main
from trispike.sim.tools import paths
from trispike.sim.training import tally
house = pathlib.Path.cwd()
weights._FOLDER = house / "weights"
paths.docs = lambda record: house / "docs"
paths.build_folder = source.build_folder = lambda: house / "build"
encode = tally.encode
def announced(*arguments):
    (house / "began").touch()
    return encode(*arguments)
tally.encode = announced
main()
"""


@needs_matplotlib
def test_whole_command(house_alone):
    """In a process of its own, with real figures."""
    options = ["accuracy", "--record", "--data", "digits", "--timesteps", "2", "--seeds", "2"]
    done = subprocess.run(
        [sys.executable, "-c", _IN_THIS_FOLDER, *options],
        cwd=house_alone,
        env={**os.environ, "COLUMNS": "100"},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    table = done.stdout.split("absent")[0].splitlines()
    assert "fc256" in table[-1]
    assert max(map(len, table)) <= 100
    docs = house_alone / "docs"
    files = sorted(file.name for file in docs.rglob("*") if file.is_file())
    assert files == ["accuracy-digits.png", "accuracy.json", "results.md"]
    assert "written: docs/results.md" in done.stdout


@needs_matplotlib
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=lambda n: n.name)
def test_interrupt(house_alone, number):
    """Interrupted while it measures: one word, status 130, nothing written."""
    document = house_alone / "docs" / "results.md"
    before = document.read_text()
    options = ["--record", "--data", "digits", "--timesteps", "255", "--seeds", "1000"]
    command = [sys.executable, "-c", _IN_THIS_FOLDER, "accuracy", *options]
    process = started(command, house_alone)
    deadline = time.monotonic() + 60
    while not (house_alone / "began").exists() and process.poll() is None:
        assert time.monotonic() < deadline
        time.sleep(0.02)
    process.send_signal(number)
    output, errors = process.communicate(timeout=30)
    assert (process.returncode, output, errors.strip()) == (130, "", "interrupted")
    assert document.read_text() == before
    assert not (house_alone / "docs" / "figures").exists()
    assert not (house_alone / "docs" / "accuracy.json").exists()
