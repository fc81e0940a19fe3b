"""`make report`: what is in the page is what the run found."""

import dataclasses
import json
import time
from pathlib import Path

import numpy as np
import pytest

from tb.kit.command import ROOT, refused, trispike_here
from tb.kit.extras import needs_report
from tb.kit.networks import random_convolutions, random_network_of, random_neurons
from tb.sim.page.pages import Written, modelled, plots, png, printed
from trispike import golden
from trispike.models.data import datasets
from trispike.models.data.encoders import encode
from trispike.models.network import weights
from trispike.models.network.volume import Volume
from trispike.sim.page import command
from trispike.sim.page.thumbnail import picture
from trispike.sim.report.mismatch import Mismatch, MismatchFound
from trispike.sim.synthesis.record import CELLS
from trispike.sim.terminal import extras

pytestmark = [needs_report, pytest.mark.xdist_group("nodes")]

IMAGES, TIMESTEPS = 60, 3


class _Report:
    """A run of fc256, as its page, table, JSON and trace tell it."""

    def __init__(self, folder: Path):
        self.options = ["LAYER=fc256", f"T={TIMESTEPS}", f"IMAGES={IMAGES}"]
        files = [f"OUTPUT={folder / 'a.html'}", f"JSON={folder / 'a.json'}"]
        self.done = trispike_here("report", *self.options, *files, f"TRACE={folder / 'a.npz'}")
        assert self.done.returncode == 0, self.done.stderr
        self.page = Written(folder / "a.html")
        self.json = json.loads((folder / "a.json").read_text())
        self.trace = np.load(folder / "a.npz")
        self.labels = datasets.load_test("digits")[1][:IMAGES]

    def data(self, plot: str) -> list[dict]:
        return self.page.data(plot)


@pytest.fixture(scope="module")
def report(tmp_path_factory) -> _Report:
    return _Report(tmp_path_factory.mktemp("report"))


def test_figures_are_those_of_the_json(report):
    assert report.page.figures == report.json
    assert report.json["command"] == " ".join(["make report", *report.options])
    assert f"<code>{report.json['command']}</code>" in report.page.path.read_text()


def test_figures_are_those_of_the_table(report):
    """Row by row, with how each is known."""
    rows = printed(report.done.stdout)
    assert len(rows) > 15
    assert [row for row in report.page.rows if row[0] != "quantity"] == rows


def test_the_file_needs_nothing_else(report):
    assert report.page.links
    assert all(link.startswith(("#section-", "data:")) for link in report.page.links)


def test_wrong_images_come_first(report):
    wrong = np.flatnonzero(report.labels != report.trace["labels"])
    assert 0 < len(wrong) < 20
    shown = [row["image"] for row in report.data("raster")]
    assert len(shown) == 20
    assert shown[: len(wrong)] == wrong.tolist()
    assert shown[len(wrong) :] == [k for k in range(20) if k not in wrong][: 20 - len(wrong)]


def test_spikes_are_those_of_the_rtl(report):
    names = ("input", "spikes_1", "spikes_2")
    for row in report.data("raster"):
        drawn = [np.zeros(report.trace[name].shape[1:], dtype=int) for name in names]
        for t, k, n, c in zip(row["t"], row["k"], row["n"], row["c"], strict=True):
            drawn[k][t - 1, n] = c
        for name, values in zip(names, drawn, strict=True):
            assert (report.trace[name][row["image"]] == values).all()


def test_potentials_are_those_of_the_rtl(report):
    network = weights.load(weights.committed("fc256", "digits"))[0]
    assert len(report.data("potential")) == 2 * 20
    for row in report.data("potential"):
        values = report.trace[f"potentials_{row['layer']}"][row["image"]]
        assert row["u"] == values.T.tolist()
        assert row["h"] == [[network.layers[row["layer"] - 1].threshold]]


def test_cycles_are_those_of_the_rtl(report):
    """Of each image: a timestep's bars end as the RTL fires."""
    begun = {}
    for row in report.data("timeline"):
        for k in (1, 2):
            places = zip(row["place"], row["t"], row["end"], strict=True)
            ends = {t: end for place, t, end in places if place == f"layer {k}"}
            fired = report.trace[f"fire_{k}"][row["image"]]
            begun.setdefault(row["image"], fired[0] - ends[1])
            assert [begun[row["image"]] + ends[t + 1] for t in range(TIMESTEPS)] == fired.tolist()
    assert len(begun) == 20


def test_sums_are_those_of_the_figures(report):
    def total(plot, **which):
        rows = report.data(plot)
        return sum(r["amount"] for r in rows if all(r[k] == v for k, v in which.items()))

    whole = int(report.trace["result_cycles"][-1])
    assert total("cycles", place="layer 1") * IMAGES == pytest.approx(whole)
    adding = total("cycles", place="layer 2", kind="adding")
    assert adding == pytest.approx(report.json["spikes"][1])
    assert total("skipped", kind="effective") == pytest.approx(report.json["effective_operations"])
    reads = total("skipped", kind="effective") + total("skipped", kind="weight is 0")
    assert reads == pytest.approx(report.json["synaptic_operations"])
    assert total("skipped") == pytest.approx(TIMESTEPS * (784 * 256 + 256 * 10))
    assert total("energy") == pytest.approx(sum(report.json["energy_nj"].values()))
    entries = CELLS.read(ROOT / "docs" / "synthesis.json")
    (chip,) = [e.total for e in entries if (e.network, e.lanes) == ("fc256", 1)]
    assert total("gates") == pytest.approx(chip.gates)
    assert [row["amount"] for row in report.data("activity")] == pytest.approx(
        [
            100 * spikes / size / TIMESTEPS
            for spikes, size in zip(report.json["spikes"], report.json["sizes"], strict=True)
        ]
    )
    between = np.diff(report.trace["result_cycles"])
    assert [row["value"] for row in report.data("intervals")] == between.tolist()


def test_confusion(report):
    counts = np.zeros((10, 10), dtype=int)
    np.add.at(counts, (report.labels, report.trace["labels"]), 1)
    drawn = {(row["label"], row["said"]): row["images"] for row in report.data("confusion")}
    assert drawn == {tuple(at): counts[tuple(at)] for at in np.argwhere(counts).tolist()}


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("random_shape", [random_neurons, random_convolutions])
def test_every_network_has_a_page(random_shape, seed, tmp_path):
    """Of any neurons, maps, lanes and read-out, with labels and without."""
    shape = random_shape(seed)
    network = random_network_of(shape.with_lanes(1), seed)
    page = modelled(network, tmp_path, shape=shape, labels=bool(seed % 2), timesteps=4)
    assert page.agreed
    drawn = plots(page)
    rows = drawn["cycles"].spec["datasets"]["rows"]
    assert len(rows) == 4 * len(shape.layers)
    assert min(row["amount"] for row in rows) >= 0
    answered = drawn["scores"].spec["datasets"]["rows"][0]["label"] is not None
    assert answered == (bool(seed % 2) and not shape.groups)
    effective = sum(
        row["amount"]
        for row in drawn["skipped"].spec["datasets"]["rows"]
        if row["kind"] == "effective"
    )
    assert effective == pytest.approx(page.figures["effective_operations"])
    from trispike.sim.page import document

    assert "<h1>random" in document.html(page)


def test_images_that_end_early(tmp_path):
    """Nothing is shown of timesteps that they do not take."""
    networks = (random_network_of(random_neurons(k).with_lanes(1), k) for k in range(0, 40, 2))
    for network in networks:
        page = plots(modelled(network, tmp_path, images=6, timesteps=4))
        spikes = encode(network.shape, np.load(tmp_path / "images.npy"), 4, 0)
        decided = golden.run(network, spikes).decided
        if len(np.unique(decided)) > 1:
            break
    for row in page["potential"].spec["datasets"]["rows"]:
        assert {len(values) for values in row["u"]} == {decided[row["image"]]}
    for row in page["raster"].spec["datasets"]["rows"]:
        assert max(row["t"]) <= decided[row["image"]]
    assert len(np.unique(decided)) > 1


def test_maps_are_shown_by_channel(tmp_path):
    """Spikes of a channel are counted; potentials are those of the middle window."""
    network = random_network_of(random_convolutions(3).with_lanes(1), 3)
    page = modelled(network, tmp_path)
    images = np.load(tmp_path / "images.npy")
    result = golden.run(network, encode(network.shape, images, 3, 0))
    counts = [np.zeros((3, 3, layer.output.channels), int) for layer in network.shape.layers]
    for row in plots(page)["raster"].spec["datasets"]["rows"]:
        for t, k, n, c in zip(row["t"], row["k"], row["n"], row["c"], strict=True):
            if k:
                counts[k - 1][row["image"], t - 1, n] = c
    for layer, spikes, count in zip(network.shape.layers, result.spikes, counts, strict=True):
        assert (spikes.reshape(3, 3, layer.output.channels, -1).sum(axis=3) == count).all()
    for row in plots(page)["potential"].spec["datasets"]["rows"]:
        layer, values = network.shape.layers[row["layer"] - 1], result.potentials[row["layer"] - 1]
        values = values[row["image"]].reshape(3, layer.neurons, -1)
        if layer.maps:
            values = values.reshape(3, layer.neurons, layer.maps.rows, layer.maps.columns)
            values = values[:, :, layer.maps.rows // 2, layer.maps.columns // 2]
        assert row["u"] == values.reshape(3, -1).T.tolist()
    assert any(layer.firings > 1 for layer in network.shape.layers)


def test_a_difference_is_told(tmp_path):
    network = random_network_of(random_neurons(1).with_lanes(1), 1)
    first = Mismatch(what="spike", image=1, timestep=2, layer=1, neuron=3)
    page = modelled(
        network,
        tmp_path,
        change=lambda outcome: dataclasses.replace(outcome, mismatches={"spike": 2}, first=first),
    )
    assert not page.agreed
    assert page.verdict == f"2 mismatches of RTL and models. First: {first}"
    assert plots(page)["raster"].how == "derived"


def test_without_labels(tmp_path):
    network = random_network_of(random_neurons(1).with_lanes(1), 1)
    page = modelled(network, tmp_path, labels=False)
    assert "confusion" not in plots(page)
    options = next(choice for choice in page.sections[1].choices if choice.name == "image").options
    assert options[0][1].startswith("0: told as ")


def test_pictures():
    """Grey and coloured images, counts of spikes, and what is no picture."""
    grey = np.arange(12, dtype=np.uint8)
    volume = Volume(channels=1, height=3, width=4)
    assert png(picture(grey, volume)).tolist() == grey.reshape(3, 4, 1).tolist()
    colours = np.arange(12, dtype=np.uint8)
    volume = Volume(channels=3, height=2, width=2)
    wanted = colours.reshape(3, 2, 2).transpose(1, 2, 0)
    assert png(picture(colours, volume)).tolist() == wanted.tolist()
    counts = np.array([0, 1, 2, 4])
    square = png(picture(counts, Volume(channels=4)))
    assert square[..., 0].tolist() == [[0, 63], [127, 255]]
    assert picture(np.zeros(5, np.uint8), Volume(channels=5)) is None


@pytest.mark.thorough
def test_large_runs_have_small_pages(tmp_path, monkeypatch):
    """1,000 images, most of them wrong: under 6 MB, made in under 10 s of processor time."""
    monkeypatch.setattr(time, "perf_counter", time.process_time)
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (1000, 784), dtype=np.uint8) * (rng.random((1000, 784)) < 0.1)
    np.savez(tmp_path / "mine.npz", images=images, labels=rng.integers(0, 10, 1000))
    path = tmp_path / "page.html"
    options = ["LAYER=fc256", f"INPUT={tmp_path / 'mine.npz'}", "T=4", f"OUTPUT={path}"]
    done = trispike_here("report", *options)
    assert done.returncode == 0, done.stderr
    assert path.stat().st_size < 6e6
    assert float(done.stdout.split("made in ")[1].split()[0]) < 10
    assert path.read_text().count('<img src="data:') == 60


def test_what_is_missing_is_named(monkeypatch):
    monkeypatch.setattr(extras, "find", lambda *names: None)
    message = refused(trispike_here("report", "LAYER=fc256"))
    assert "a page needs Altair, Jinja2 and vl-convert" in message
    assert "trispike[report]" in message


def test_a_place_that_cannot_be_written(tmp_path):
    (tmp_path / "file").write_text("")
    message = refused(trispike_here("report", f"OUTPUT={tmp_path / 'file' / 'a.html'}"))
    assert "cannot write" in message


def test_an_earlier_page_is_set_aside(tmp_path, monkeypatch):
    """It would be taken for that of the run that failed."""
    path = tmp_path / "a.html"
    path.write_text("old")
    import os

    os.utime(path, (1, 1))

    def fail(asked, look):
        raise MismatchFound(Mismatch(what="spike"))

    monkeypatch.setattr(command.chip, "execute", fail)
    done = trispike_here("report", "LAYER=fc256", f"OUTPUT={path}")
    assert done.returncode == 1
    assert not path.exists()
    assert (tmp_path / "a.html.old").read_text() == "old"
