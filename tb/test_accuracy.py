"""`make accuracy`: what it measures, keeps, writes and refuses."""

import dataclasses
import importlib.util
import io
import itertools
import json
import os
import random
import re
import signal
import statistics
import subprocess
import sys
import threading
import time
import types

import click
import numpy as np
import pytest
from rich.console import Console

from golden import Measurement, Spread, accuracy_by_timestep, accuracy_over_seeds, run_real
from models import real_weights, weights
from models.card import Card
from models.errors import BadInput
from models.network import Network
from models.presets import PRESETS
from models.real_network import RealLayer, RealNetwork
from models.spikes import encode
from sim.accuracy import command, measure, record, tables
from sim.accuracy.cost import costs
from sim.accuracy.record import Entry
from sim.accuracy.source import DRAWN, Source, sources
from sim.cli import cli
from sim.document import markers, read_section, replace_section
from tb.command import ROOT, copy_of_checkout, refused, trispike
from tb.networks import random_network, save

needs_matplotlib = pytest.mark.skipif(
    importlib.util.find_spec("matplotlib") is None,
    reason="matplotlib, the plots extra, is not installed: pip install '.[plots]'",
)


# What is measured


def _real(sizes, seed: int, name: str = "real") -> RealNetwork:
    """Weights in eighths, whose sums float32 holds exactly in any order."""
    rng = np.random.default_rng(seed)
    layers = tuple(
        RealLayer(
            weights=rng.integers(-9, 10, (inputs, neurons)) / 8.0,
            bias=rng.integers(-9, 10, neurons) / 8.0,
            threshold=float(rng.integers(-3, 4)),
        )
        for inputs, neurons in itertools.pairwise(sizes)
    )
    return RealNetwork(name=name, layers=layers)


def _images(count: int, pixels: int, classes: int, seed: int = 1):
    rng = np.random.default_rng(seed)
    images = rng.integers(0, 256, (count, pixels), dtype=np.uint8)
    return images, rng.integers(0, classes, count, dtype=np.uint8)


def _oracle(network, images, labels, timesteps, seed):
    """Accuracy, spikes and operations, one weight at a time."""
    right = [0] * timesteps
    fired = [0] * (len(network.layers) + 1)
    operations = 0
    for n, image in enumerate(images):
        counts = [0] * network.layers[-1].weights.shape[1]
        spikes = encode(image[np.newaxis], timesteps, seed, n)[0].tolist()
        for t, active in enumerate(spikes):
            fired[0] += sum(active)
            for k, layer in enumerate(network.layers):
                a, b = (layer.a, layer.b) if isinstance(network, Network) else (1, 1)
                values = [b * float(x) for x in layer.bias]
                for i, spike in enumerate(active):
                    for j in range(len(values)):
                        weight = float(layer.weights[i, j])
                        if spike and weight != 0:
                            values[j] += a * weight
                            operations += 1
                active = [value > layer.threshold for value in values]
                fired[k + 1] += sum(active)
            counts = [count + spike for count, spike in zip(counts, active, strict=True)]
            right[t] += counts.index(max(counts)) == labels[n]
    steps = len(images) * timesteps
    return [x / len(images) for x in right], [x / steps for x in fired], operations / steps


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("kind", [random_network, _real])
def test_against_the_oracle(kind, seed):
    """Accuracy of every length, spikes and operations of ternary and of real networks."""
    network = kind((12, 9, 7, 4), seed)
    images, labels = _images(15, 12, 4, seed)
    measured = accuracy_by_timestep(network, images, labels, timesteps=5, seed=seed)
    accuracy, spikes, operations = _oracle(network, images, labels, 5, seed)
    assert measured.accuracy == pytest.approx(accuracy)
    assert measured.spikes == pytest.approx(spikes)
    assert measured.operations == pytest.approx(operations)
    assert operations > 0


def test_real_network_fires_strictly_above():
    """Sums from zero each timestep, and potentials in float32."""
    layer = RealLayer(weights=np.array([[0.5], [0.25]]), bias=np.array([0.25]), threshold=0.75)
    spikes = np.array([[[True, False], [True, True], [True, False]]])
    result = run_real(RealNetwork(name="edge", layers=(layer,)), spikes)
    assert result.potentials[0].dtype == np.float32
    assert result.potentials[0].tolist() == [[[0.75], [1.0], [0.75]]]
    assert result.spikes[0].tolist() == [[[False], [True], [False]]]
    assert result.counts.tolist() == [[1]]


def test_seeds_and_their_spread():
    """Each seed is a measurement of its own; mean and sample deviation are over them."""
    network = random_network((12, 9, 4), 5)
    images, labels = _images(30, 12, 4)
    seeds = (3, 0, 8)
    spread = accuracy_over_seeds(network, images, labels, timesteps=3, seeds=seeds)
    assert spread.seeds == seeds
    for seed, measured in zip(seeds, spread.measurements, strict=True):
        alone = accuracy_by_timestep(network, images, labels, timesteps=3, seed=seed)
        assert measured == alone
    for t in range(3):
        values = [one.accuracy[t] for one in spread.measurements]
        mean = sum(values) / 3
        assert spread.mean[t] == pytest.approx(mean)
        square = sum((value - mean) ** 2 for value in values) / 2
        assert spread.deviation[t] == pytest.approx(square**0.5)
    assert len({one.accuracy for one in spread.measurements}) > 1
    assert spread.operations == pytest.approx(
        statistics.fmean(one.operations for one in spread.measurements)
    )
    single = accuracy_over_seeds(network, images, labels, timesteps=3, seeds=[3])
    assert single.deviation is None


@pytest.mark.parametrize("seeds", [[], [1, 1], [-1], [0.5]])
def test_bad_seeds(seeds):
    images, labels = _images(3, 12, 4)
    with pytest.raises(BadInput, match=r"seeds? must be"):
        accuracy_over_seeds(random_network((12, 4), 0), images, labels, timesteps=1, seeds=seeds)


@pytest.mark.parametrize("jobs", [1, 3])
def test_measured_together_as_alone(monkeypatch, jobs):
    """Encoded once for all networks, shared out among threads: the same as each for itself."""
    monkeypatch.setattr("golden.accuracy._BATCH_BYTES", 4 * 4 * 1024 * 7)  # 7 images
    networks = [random_network((12, 9, 4), 1), _real((12, 6, 4), 2), random_network((12, 4), 3)]
    images, labels = _images(40, 12, 4)
    settings = {"timesteps": 4, "seeds": (0, 1)}
    encoded, done = [], []

    def counting(*arguments):
        encoded.append(arguments)
        return encode(*arguments)

    alone = [accuracy_over_seeds(network, images, labels, **settings) for network in networks]
    monkeypatch.setattr("golden.accuracy.encode", counting)
    together = measure.measure(
        networks, images, labels, jobs=jobs, progress=done.append, **settings
    )
    assert together == alone
    assert len(encoded) == measure.batches(40, 4, 2) == 12
    assert done == list(range(1, 13))


def test_interrupted_measurement_stops(monkeypatch):
    """What was not begun is not done, and no thread goes on."""
    monkeypatch.setattr("golden.accuracy._BATCH_BYTES", 1)
    images, labels = _images(5000, 12, 4)

    def stop(_):
        raise KeyboardInterrupt

    ran = []
    monkeypatch.setattr("golden.accuracy.encode", lambda *a: ran.append(a) or encode(*a))
    with pytest.raises(KeyboardInterrupt):
        measure.measure(
            [random_network((12, 4), 0)],
            images,
            labels,
            timesteps=2,
            seeds=(0,),
            jobs=2,
            progress=stop,
        )
    for thread in threading.enumerate():
        if thread.name.startswith("ThreadPoolExecutor"):
            thread.join(timeout=10)
            assert not thread.is_alive()
    assert len(ran) < 5000


# Real networks and their files


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"weights": np.zeros(3)}, "weights must be a 2-dimensional array of real numbers"),
        ({"weights": np.zeros((3, 2), int)}, "weights must be a 2-dimensional array of real"),
        ({"weights": np.full((3, 2), np.nan)}, "weights must be finite"),
        ({"weights": np.full((3, 2), 1e39)}, "weights must be finite"),
        ({"weights": np.zeros((1025, 2))}, "layer inputs must be an integer from 1 to 1024"),
        ({"bias": np.array([0.0, np.inf])}, "bias must be finite"),
        ({"bias": np.zeros(3)}, "bias must have 2 values, not 3"),
        ({"threshold": np.nan}, "threshold must be finite"),
        ({"threshold": 1e39}, "threshold must be finite"),
        ({"threshold": True}, "threshold must be a number, not True"),
        ({"threshold": "1"}, "threshold must be a number, not '1'"),
    ],
)
def test_bad_real_layer(change, message):
    good = {"weights": np.zeros((3, 2)), "bias": np.zeros(2), "threshold": 1.0}
    RealLayer(**good)
    with pytest.raises(BadInput, match=message):
        RealLayer(**{**good, **change})


def test_real_network_is_a_chain():
    network = _real((5, 3, 2), 0)
    assert network.shape.sizes == (5, 3, 2)
    assert network.layers[0].weights.dtype == np.float32
    with pytest.raises(ValueError, match="read-only"):
        network.layers[0].weights[0, 0] = 1
    with pytest.raises(BadInput, match="layer 2 must take 3 inputs as layer 1 has as many"):
        RealNetwork(name="x", layers=(network.layers[0], network.layers[0]))
    with pytest.raises(BadInput, match="one layer or more"):
        RealNetwork(name="x", layers=())


def _card(network, folder, data="digits") -> Card:
    """A card for ``network`` that claims nothing but its data set."""
    save(random_network((1, 1), 0), folder)
    _, card = weights.load(folder / "random.npz")
    for suffix in (".npz", ".json"):
        (folder / f"random{suffix}").unlink()
    return dataclasses.replace(card, name=network.name, sizes=network.shape.sizes, data=data)


def test_real_weights_come_back(tmp_path):
    """Bit for bit, with the digest; the same network gives the same bytes."""
    rng = np.random.default_rng(0)
    layers = (
        RealLayer(weights=rng.normal(size=(5, 3)), bias=rng.normal(size=3), threshold=0.3),
        RealLayer(weights=rng.normal(size=(3, 2)), bias=rng.normal(size=2), threshold=1),
    )
    network = RealNetwork(name="tiny", layers=layers)
    path, card = tmp_path / "tiny.npz", _card(network, tmp_path)
    real_weights.save(path, network, card)
    found, found_card = real_weights.load(path)
    assert found_card == dataclasses.replace(card, digest=real_weights.digest(network))
    assert found.name == "tiny"
    for one, other in zip(found.layers, layers, strict=True):
        assert np.array_equal(one.weights, other.weights)
        assert np.array_equal(one.bias, other.bias)
        assert one.threshold == other.threshold == float(np.float32(other.threshold))
    first = path.read_bytes()
    real_weights.save(path, network, card)
    assert path.read_bytes() == first
    with pytest.raises(BadInput, match="must be of tiny 5-3-2, not of other 5-3-2"):
        real_weights.save(path, network, dataclasses.replace(card, name="other"))


def test_damaged_real_weights(tmp_path):
    """A flipped bit anywhere is refused in one line that names the file, or changes nothing."""
    network = _real((5, 3, 2), 0, "tiny")
    path = tmp_path / "tiny.npz"
    real_weights.save(path, network, _card(network, tmp_path))
    whole, messages = path.read_bytes(), []
    rng = random.Random(3)
    for k in range(0, len(whole), 3):
        damaged = bytearray(whole)
        damaged[k] ^= 1 << rng.randrange(8)
        path.write_bytes(damaged)
        try:
            assert real_weights.digest(real_weights.load(path)[0]) == real_weights.digest(network)
        except BadInput as error:
            messages.append(str(error))
    assert all(str(path) in message and "\n" not in message for message in messages)
    assert len(messages) > len(whole) // 3 // 4
    path.write_bytes(whole[:-9])
    with pytest.raises(BadInput, match="damaged or cut short"):
        real_weights.load(path)
    other = _real((5, 3, 2), 1, "tiny")
    real_weights.save(tmp_path / "other.npz", other, _card(other, tmp_path))
    path.write_bytes((tmp_path / "other.npz").read_bytes())
    with pytest.raises(BadInput, match=r"tiny\.npz does not belong to tiny\.json: digest"):
        real_weights.load(path)


def test_ternary_file_is_no_real_one(tmp_path):
    """Nor the other way round."""
    path = save(random_network((5, 3), 0), tmp_path)
    with pytest.raises(BadInput, match=r"random\.npz"):
        real_weights.load(path)
    network = _real((5, 3), 0, "tiny")
    real_weights.save(tmp_path / "tiny.npz", network, _card(network, tmp_path))
    with pytest.raises(BadInput, match=r"tiny\.npz"):
        weights.load(tmp_path / "tiny.npz")


# Costs, record, tables, document


def _measurement(accuracy, layers: int) -> Measurement:
    spikes = tuple(10.0 / (k + 1) for k in range(layers + 1))
    return Measurement(accuracy=tuple(accuracy), spikes=spikes, operations=1234.5)


def _made(layer: str, recipe: str, rows: dict[int, list[float]], data: str = "mnist") -> Entry:
    """An entry with accuracies ``rows`` by seed."""
    layers = len(PRESETS[layer].layers)
    measurements = tuple(_measurement(row, layers) for row in rows.values())
    return Entry(
        source=Source(layer=layer, data=data, recipe=recipe),
        digest=f"{layer}{recipe}",
        images=10000,
        zeros=tuple(0.25 * (k + 1) for k in range(layers)),
        spread=Spread(seeds=tuple(rows), measurements=measurements),
    )


def test_costs_by_hand():
    """Seed by seed, of the lengths and seeds that both have; other networks are left alone."""
    ternary = _made("fc256", "trispike", {0: [0.90, 0.95, 0.97], 1: [0.91, 0.94, 0.96]})
    other = _made("fc256", "tw-snn", {7: [0.5, 0.5, 0.5]})
    real = _made("fc256", "tw-snn-32bit", {1: [0.93, 0.95], 2: [0.1, 0.1], 0: [0.91, 0.98]})
    (cost,) = costs([ternary, other, real, _made("fc1024", "trispike", {0: [1.0]})])
    assert (cost.layer, cost.recipe, cost.baseline) == ("fc256", "trispike", "tw-snn-32bit")
    assert cost.seeds == (0, 1)
    assert cost.timesteps == 2
    assert cost.points[0] == pytest.approx((1.0, 3.0))
    assert cost.points[1] == pytest.approx((2.0, 1.0))
    assert cost.mean(1) == pytest.approx(1.5)
    assert cost.mean(2) == pytest.approx(2.0)
    assert cost.deviation(2) == pytest.approx(2**0.5)
    assert costs([ternary, other]) == []


def _entries(data: str = "mnist", timesteps: int = 12) -> list[Entry]:
    """Every network of every recipe, with three seeds."""
    made = []
    for k, source in enumerate(sources(data)):
        start = 0.90 + 0.005 * k  # 1.5 points from trispike to its 32-bit baseline
        rows = {
            seed: [start + 0.001 * seed + 0.002 * t for t in range(timesteps)] for seed in (0, 1, 2)
        }
        made.append(_made(source.layer, source.recipe, rows, data))
    return made


def test_record_comes_back(tmp_path):
    """In a fixed order, the same bytes for the same entries."""
    path = tmp_path / "accuracy.json"
    entries = [*_entries("mnist"), *_entries("digits", 3)]
    record.write(path, reversed(entries))
    first = path.read_bytes()
    found = record.read(path)
    assert found == {entry.source: entry for entry in entries}
    record.write(path, found.values())
    assert path.read_bytes() == first
    fields = json.loads(first)["entries"][0]
    assert (fields["data"], fields["layer"], fields["recipe"]) == ("digits", "fc256", "trispike")
    assert len(fields["accuracy"]) == 3
    assert record.read(tmp_path / "missing.json") == {}
    sizes = (784 * 256, 256 * 10)
    expected = (0.25 * sizes[0] + 0.5 * sizes[1]) / sum(sizes)
    assert entries[0].zero_fraction == pytest.approx(expected)


@pytest.mark.parametrize(
    "change",
    [
        {"layer": "fc257"},
        {"recipe": "paper"},
        {"recipe": []},
        {"weight_bits": 32},
        {"seeds": [0, 1]},
        {"seeds": [0, 1, 1]},
        {"seeds": [], "accuracy": [], "spikes": [], "operations": []},
        {"accuracy": [[0.5], [0.5], [0.5, 0.5]]},
        {"accuracy": [[], [], []]},
        {"accuracy": [[0.5], [0.5], [1.5]]},
        {"accuracy": [[0.5], [0.5], [float("nan")]]},
        {"accuracy": [["x"], [0.5], [0.5]]},
        {"spikes": [[1.0, 1.0], [1.0, 1.0], [1.0, 1.0]]},
        {"operations": [1.0, 1.0, None]},
        {"zeros": [0.5]},
        {"images": None},
    ],
    ids=str,
)
def test_damaged_record(tmp_path, change):
    """One line that names the file."""
    path = tmp_path / "accuracy.json"
    record.write(path, _entries(timesteps=1)[:1])
    whole = json.loads(path.read_text())
    whole["entries"][0].update(change)
    path.write_text(json.dumps(whole))
    with pytest.raises(BadInput) as caught:
        record.read(path)
    expected = f"{path} is not a record of accuracies; restore it or remove it"
    assert str(caught.value) == expected


@pytest.mark.parametrize(
    "text", ["", "[]", "7", '{"format": "x", "entries": []}', "[" * 100_000, "\xff"]
)
def test_no_record(tmp_path, text):
    path = tmp_path / "accuracy.json"
    path.write_text(text, encoding="latin-1")
    with pytest.raises(BadInput, match="is not a record of accuracies"):
        record.read(path)


def test_terminal_table_fits_80_columns():
    """A narrow terminal gets the means alone, whole."""
    entries = _entries(timesteps=35)
    console = Console(width=80, record=True, file=io.StringIO())
    console.print(tables.terminal("mnist", entries, set(), 80))
    text = console.export_text()
    assert max(map(len, text.splitlines())) <= 80
    assert "…" not in text
    assert "±" not in text
    (ours,) = (
        line for line in text.splitlines() if re.match(r"fc1024_1024 trispike-sparse ", line)
    )
    assert len(ours.split()) == 9


def test_terminal_table_fits():
    """100 columns hold every cell whole."""
    entries = _entries(timesteps=35)
    entries[0] = _made("fc256", "trispike", {0: [1.0] * 35, 1: [0.9999] * 35})
    console = Console(width=100, record=True, file=io.StringIO())
    console.print(tables.terminal("mnist", entries, {entries[0].source}))
    lines = console.export_text().splitlines()
    assert max(map(len, lines)) <= 100
    assert "…" not in "".join(lines)
    (ours,) = (line for line in lines if line.startswith("fc256 ") and " trispike " in line)
    assert ours.split() == [
        *["fc256", "trispike", *["100.00±0.01"] * 4, "25%", "1,234", "measured"]
    ]
    assert sum("recorded" in line for line in lines) == 15
    assert any(re.search(r"TW-SNN 2-bit +96\.7 +97\.0 +published", line) for line in lines)


def _cells(line: str) -> list[str]:
    return [cell.strip() for cell in line.strip("|").split("|")]


def test_markdown_table():
    """Ours beside the paper's figures, each row told apart as measured or published."""
    entries = _entries(timesteps=35)
    text = tables.markdown("mnist", entries, costs(entries), ["a.png", "b.png"])
    rows = [_cells(line) for line in text.splitlines() if line.startswith("|")]
    first, second = rows[:19], rows[19:]
    assert {len(row) for row in first} == {13}
    ours = next(row for row in first if row[:2] == ["fc256_256", "`tw-snn`"])
    assert ours[2:7] == ["2-bit", *[f"{93.1 + x:.2f} ± 0.10" for x in (0, 0.4, 1.8, 6.8)]]
    assert ours[7:] == [
        "0 to 2",
        "0.32",
        "1,234",
        "10.0; 5.0, 3.3, 2.5",
        "TW-SNN: 96.7% at T = 1; 97%, saturated after T = 3",
        "measured here",
    ]
    real = next(row for row in first if row[:2] == ["fc256_256", "`tw-snn-32bit`"])
    assert real[11:] == ["not printed", "measured here"]
    assert first[-1][:3] == ["fc256_256", "Yin 2017", "7-bit"]
    assert first[-1][3:5] == ["98.0", "not printed"]
    assert first[-1][-1] == "published"
    assert second[2][:3] == ["fc256", "`trispike`", "+1.50 ± 0.00"]
    assert second[2][-2:] == ["0.2 to 1.05, T not printed", "measured here"]
    assert len(second) == 2 + 12
    assert "![Accuracy against timesteps on mnist](a.png)" in text
    assert "(b.png)" in text
    plain = tables.markdown("digits", _entries("digits", 3)[:1], [], ["a.png", "b.png"])
    assert "b.png" not in plain
    assert "no 32-bit weights were at hand" in plain
    assert "| T = 1 | T = 3 | spike seeds |" in plain


def test_section_is_replaced(tmp_path):
    """Nothing else of the document changes, and once more changes nothing."""
    path = tmp_path / "results.md"
    begin, end = markers("x")
    head, tail = "# Title\n\nä\n", "\ntext after\n<!-- begin other -->\n"
    path.write_text(f"{head}{begin}\nold\n{end}{tail}", encoding="utf-8")
    assert read_section(path, "x") == "old"
    replace_section(path, "x", "new\n\n| a |\n")
    whole = path.read_text(encoding="utf-8")
    assert whole == f"{head}{begin}\n\nnew\n\n| a |\n\n{end}{tail}"
    replace_section(path, "x", "new\n\n| a |\n")
    assert path.read_text(encoding="utf-8") == whole
    assert read_section(path, "x") == "new\n\n| a |"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "must have the line <!-- begin x --> once, not 0 times"),
        ("<!-- begin x -->", "must have the line <!-- end x --> once, not 0 times"),
        ("<!-- begin x --><!-- begin x --><!-- end x -->", "<!-- begin x --> once, not 2 times"),
        ("<!-- end x --><!-- begin x -->", "must have <!-- begin x --> before <!-- end x -->"),
        (None, r"cannot read .*results\.md"),
    ],
)
def test_missing_marker(tmp_path, text, message):
    path = tmp_path / "results.md"
    if text is not None:
        path.write_text(text)
    for use in (lambda: read_section(path, "x"), lambda: replace_section(path, "x", "new")):
        with pytest.raises(BadInput, match=message):
            use()
    assert not path.exists() or path.read_text() == text


def test_committed_document_has_the_sections():
    for data in ("mnist", "digits", "fashion"):
        read_section(ROOT / "docs" / "results.md", f"accuracy {data}")


# The figures


def _chunks(png: bytes) -> list[str]:
    """Kinds of the chunks of a PNG."""
    assert png[:8] == b"\x89PNG\r\n\x1a\n"
    kinds, place = [], 8
    while place < len(png):
        length = int.from_bytes(png[place : place + 4], "big")
        kinds.append(png[place + 4 : place + 8].decode())
        place += 12 + length
    return kinds


@needs_matplotlib
def test_figures_repeat(monkeypatch):
    """Bytes that depend on nothing but the entries, not even on a user's style or the clock."""
    import matplotlib

    from sim.accuracy import plots

    entries = _entries(timesteps=4)
    drawn = plots.accuracy("mnist", entries), plots.quantisation("mnist", costs(entries))
    monkeypatch.setitem(matplotlib.rcParams, "lines.linewidth", 7)
    monkeypatch.setitem(matplotlib.rcParams, "savefig.transparent", True)
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1")
    again = plots.accuracy("mnist", entries), plots.quantisation("mnist", costs(entries))
    assert drawn == again
    for png in drawn:
        assert set(_chunks(png)) <= {"IHDR", "pHYs", "IDAT", "IEND"}
        assert 10_000 < len(png) < 300_000
    less = plots.accuracy("mnist", entries[:-1])
    assert less != drawn[0]
    plots.accuracy("fashion", [_made("fc256", "trispike", {0: [0.5]}, "fashion")])


# The command


@pytest.fixture
def house(tmp_path, monkeypatch):
    """A house of its own for the command: weights, build and docs folders; figures are words."""
    (tmp_path / "docs").mkdir()
    begin, end = markers("accuracy digits")
    (tmp_path / "docs" / "results.md").write_text(f"before\n{begin}\n{end}\nafter\n")
    monkeypatch.setattr(weights, "_FOLDER", tmp_path / "weights")
    monkeypatch.setattr("sim.accuracy.source.build_folder", lambda: tmp_path / "build")
    monkeypatch.setattr(command, "build_folder", lambda: tmp_path / "build")
    monkeypatch.setattr(command, "ROOT", tmp_path)
    plots = types.SimpleNamespace(
        accuracy=lambda data, entries: f"accuracy {len(entries)}".encode(),
        quantisation=lambda data, prices: f"cost {len(prices)}".encode(),
    )
    monkeypatch.setattr(command, "_plots", lambda: plots)
    return tmp_path


def _give(source: Source, seed: int, data: str | None = None) -> None:
    """Put random weights where those of ``source`` belong."""
    sizes = PRESETS[source.layer].sizes
    source.path.parent.mkdir(parents=True, exist_ok=True)
    make, store = (random_network, weights) if source.bits == 2 else (_real, real_weights)
    network = make(sizes, seed, source.layer)
    card = _card(network, source.path.parent, data or source.data)
    store.save(source.path, network, card)


def _accuracy(*options: str) -> None:
    arguments = ["accuracy", "--data", "digits", "--timesteps", "2", "--seeds", "2", *options]
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
    assert document.count("| measured here |") == 4 + 3
    images = {"accuracy-digits.png": b"accuracy 4", "quantisation-digits.png": b"cost 3"}
    for name, image in images.items():
        assert (docs / "figures" / name).read_bytes() == image
    assert (house / "build" / "accuracy" / "fig10-digits.png").read_bytes() == b"accuracy 4"
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
        "absent, no weights and no record: trispike-sparse of fc256, tw-snn of fc256; "
        "make train LAYER=fc256" in capsys.readouterr().out
    )
    assert record.read(path)[real].digest != kept.digest


def test_other_data_sets_are_kept(house):
    """The record of one data set is no concern of another."""
    path = house / "docs" / "accuracy.json"
    others = _entries("mnist", 2)
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
            "RECIPE must be one of trispike, trispike-sparse, tw-snn, tw-snn-32bit, not 'paper'",
        ),
        (["--data", "cifar"], "DATA must be one of digits, mnist, fashion, not 'cifar'"),
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
    weights.save(_source("trispike").path, network, _card(network, house))
    with pytest.raises(BadInput, match="takes 12 inputs, but digits's images have 784 pixels"):
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
    with pytest.raises(click.UsageError, match="No such option"):
        _accuracy("--images", "7")
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
    assert message.endswith("the figures need matplotlib; install it with pip install '.[plots]'")


def test_other_commands_do_without_it():
    """Nothing of matplotlib is imported until figures are drawn."""
    code = "import sys, sim.cli; sys.exit('matplotlib' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False).returncode == 0


@pytest.fixture
def checkout(tmp_path):
    """A copy of the checkout with random weights of fc256, for a process of its own."""
    root = copy_of_checkout(tmp_path / "copy")
    (root / "docs").mkdir()
    begin, end = markers("accuracy digits")
    (root / "docs" / "results.md").write_text(f"{begin}\n{end}\n")
    network = random_network(PRESETS["fc256"].sizes, 0, "fc256")
    card = _card(network, tmp_path)
    weights.save(root / "models" / "weights" / "fc256-digits.npz", network, card)
    return root


@needs_matplotlib
def test_whole_command(checkout):
    """In a process of its own, with real figures."""
    options = ["accuracy", "--data", "digits", "--timesteps", "2", "--seeds", "2"]
    done = trispike(*options, root=checkout)
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    table = done.stdout.split("absent")[0].splitlines()
    assert "fc256" in table[-1]
    assert max(map(len, table)) <= 100
    files = sorted(file.name for file in (checkout / "docs").rglob("*") if file.is_file())
    assert files == ["accuracy-digits.png", "accuracy.json", "results.md"]
    assert "written: docs/results.md" in done.stdout


_ANNOUNCED = """
import pathlib
import golden.accuracy
from sim.cli import main
encode = golden.accuracy.encode
def announced(*arguments):
    pathlib.Path("began").touch()
    return encode(*arguments)
golden.accuracy.encode = announced
main()
"""


@needs_matplotlib
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=lambda n: n.name)
def test_interrupt(checkout, number):
    """Interrupted while it measures: one word, status 130, nothing written."""
    document = checkout / "docs" / "results.md"
    before = document.read_text()
    options = ["--data", "digits", "--timesteps", "255", "--seeds", "1000"]
    process = subprocess.Popen(
        [sys.executable, "-c", _ANNOUNCED, "accuracy", *options],
        cwd=checkout,
        env={**os.environ, "PYTHONPATH": str(checkout)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        # A shell that runs the tests in the background has them ignore SIGINT, children too.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    deadline = time.monotonic() + 60
    while not (checkout / "began").exists() and process.poll() is None:
        assert time.monotonic() < deadline
        time.sleep(0.02)
    process.send_signal(number)
    output, errors = process.communicate(timeout=30)
    assert (process.returncode, output, errors.strip()) == (130, "", "interrupted")
    assert document.read_text() == before
    assert list((checkout / "docs" / "figures").iterdir()) == []
    assert not (checkout / "docs" / "accuracy.json").exists()


def test_make_accuracy():
    """Every option reaches the command line; none is passed that was not given."""

    def dry(*options):
        done = subprocess.run(
            ["make", "-n", "-o", ".venv/.ready", "accuracy", *options],
            cwd=ROOT,
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    wanted = {
        "LAYER": "--layer",
        "RECIPE": "--recipe",
        "DATA": "--data",
        "T": "--timesteps",
        "SEEDS": "--seeds",
        "JOBS": "--jobs",
        "DATA_FOLDER": "--data-folder",
    }
    said = dry(*(f"{name}=x{name}" for name in wanted))
    for name, option in wanted.items():
        assert f'{option} "x{name}"' in said
    assert "--" not in dry().split("-m sim accuracy")[1]
    listed = subprocess.run(["make"], cwd=ROOT, capture_output=True, text=True)
    assert any(line.startswith("make accuracy ") for line in listed.stdout.splitlines())
