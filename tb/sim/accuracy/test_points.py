"""`make accuracy ENERGY=1`: points, the Pareto line, what is written and what is refused."""

import dataclasses

import pytest

from tb.kit.extras import needs_matplotlib
from tb.kit.networks import card_of, random_network, random_network_of
from trispike.models.data import datasets
from trispike.models.errors import BadInput
from trispike.models.network import weights
from trispike.models.network.presets import preset
from trispike.sim.accuracy import command, point_tables
from trispike.sim.accuracy.points import POINTS, Point, pareto
from trispike.sim.accuracy.points import points as points_of
from trispike.sim.cli import cli
from trispike.sim.report.document import markers, read_section
from trispike.sim.report.published import RIVALS
from trispike.sim.tools import paths


def _point(nj: float, accuracy: float, network: str = "a", timesteps: int = 1) -> Point:
    return Point(
        network=network,
        recipe="trispike",
        data="mnist",
        digest="",
        timesteps=timesteps,
        images=10,
        accuracy=accuracy,
        cycles=100.0,
        spikes=(100.0, 40.0, 1.0),
        operations=1234.0,
        events={"SRAM reads": nj / 4, "register clocks": 3 * nj / 4},
    )


def test_pareto_line():
    """No dearer point that is as good, nor an equal one, nor a worse one for the same."""
    cheap, good, best = _point(1, 0.5), _point(2, 0.7), _point(5, 0.9)
    others = [_point(1, 0.4), _point(3, 0.7), _point(3, 0.6), _point(9, 0.9)]
    assert pareto([*others, best, good, cheap]) == [cheap, good, best]


def _committed(name: str, recipe: str, data: str = "digits") -> None:
    network = random_network_of(preset(name), 0)
    card = card_of(network, data)
    origin = dataclasses.replace(card.origin, recipe={"name": recipe})
    path = weights.committed(name, data, recipe)
    weights.save(path, network, dataclasses.replace(card, origin=origin))


@pytest.fixture
def house(tmp_path, monkeypatch):
    """Weights, documents and builds of its own: two networks, and two that are not measured."""
    (tmp_path / "docs").mkdir()
    begin, end = markers("accuracy energy digits")
    (tmp_path / "docs" / "results.md").write_text(f"{begin}\n{end}\n")
    monkeypatch.setattr(weights, "_FOLDER", tmp_path / "weights")
    monkeypatch.setattr(paths, "build_folder", lambda: tmp_path / "build")
    monkeypatch.setattr(paths, "docs", lambda record: tmp_path / "docs")
    _committed("dense_784_8_10", "trispike")
    _committed("dense_784_5_10", "trispike-energy")
    _committed("dense_784_5_10", "trispike", "mnist")
    _committed("first32_16", "trispike")
    return tmp_path


def _accuracy(*options: str) -> None:
    usual = ["--record", "--energy", "--data", "digits", "--images", "20", "--nj", "9"]
    cli.main(["accuracy", *usual, *options], standalone_mode=False)


@needs_matplotlib
def test_command(house, capsys):
    """Each network of dense layers, as long as its energy suffices; the same bytes again."""
    docs = house / "docs"
    other = _point(3, 0.9)
    POINTS.write(docs / "accuracy-energy.json", [other])
    _accuracy()
    said = capsys.readouterr().out
    found = POINTS.read(docs / "accuracy-energy.json")
    assert found[-1] == other
    *mine, _ = found
    assert {point.name for point in mine} == {
        "dense_784_5_10 trispike-energy",
        "dense_784_8_10 trispike",
    }
    for point in mine:
        assert point.nj <= 9
        assert said.count(f"{point.nj:.2f}") >= 1
    few = [point for point in mine if point.network == "dense_784_5_10"]
    assert [point.timesteps for point in few] == list(range(1, len(few) + 1))
    assert len(few) > 1
    assert (few[0].nj + few[-1].nj * (len(few) + 1) / len(few)) > 9
    section = read_section(docs / "results.md", "accuracy energy digits")
    text = point_tables.markdown("digits", mine, "figures/energy-accuracy-digits.png")
    assert section == text
    names = ["docs/figures", "build/accuracy"]
    images = [(house / name / "energy-accuracy-digits.png").read_bytes() for name in names]
    assert images[0] == images[1]
    before = (docs / "accuracy-energy.json").read_bytes()
    _accuracy()
    assert (docs / "accuracy-energy.json").read_bytes() == before


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--images", "0"], "IMAGES must be 1 or more, not 0"),
        (["--images", "360"], "IMAGES must be at most 359, digits's test images, not 360"),
        (["--nj", "0.001"], r"no committed network of digits takes 0\.001 nJ or less: raise NJ="),
        (["--seeds", "2"], "SEEDS= is for accuracy against T; leave it out"),
    ],
)
@needs_matplotlib
def test_refused(house, options, message):
    """One line each, and nothing is written."""
    with pytest.raises(BadInput, match=message):
        _accuracy(*options)
    files = [path.name for path in (house / "docs").rglob("*") if path.is_file()]
    assert files == ["results.md"]


@needs_matplotlib
def test_networks_of_maps_and_of_other_data_are_left_out(house, monkeypatch):
    """Dense ones of the data set are measured, in the order of their files."""
    measured = []
    monkeypatch.setattr(command, "points", lambda network, *_, **__: measured.append(network) or [])
    with pytest.raises(BadInput, match="no committed network"):
        _accuracy()
    assert [network.name for network in measured] == ["dense_784_5_10", "dense_784_8_10"]


def test_a_network_of_some_timesteps_has_one_point(tmp_path):
    """That of the number that it was trained for."""
    network = random_network((784, 5, 10), 0, "dense_784_5_10")
    card = card_of(network)
    origin = dataclasses.replace(card.origin, recipe={"name": "custom", "timesteps": 3})
    card = dataclasses.replace(card, origin=origin)
    images, labels = datasets.load_test("digits", None)
    few = images[:20], labels[:20]
    (point,) = points_of(network, card, *few, most=1000.0, folder=tmp_path)
    assert (point.timesteps, point.images, point.recipe) == (3, 20, "custom")
    assert list(points_of(network, card, *few, most=point.nj / 2, folder=tmp_path)) == []


def test_published_numbers():
    """Those of the rows as they are printed."""
    numbers = {rival.paper: (rival.percent, rival.nj) for rival in RIVALS}
    assert numbers["TW-SNN"] == (96.7, 74)
    assert numbers["Yin 2017"] == (98.0, 48.4)
    assert numbers["Chuang 2020"] == (98.01, 4991)


def test_tables():
    """The Pareto line is bold, chips are in the table of MNIST alone."""
    points = [_point(5.0, 0.97), _point(9.0, 0.96), _point(9.5, 0.98, timesteps=2)]
    text = point_tables.markdown("mnist", points, "figure.png")
    assert "| **a** | **`trispike`** | **1** | **97.00%** | **5.00** | **100.0** |" in text
    assert "| a | `trispike` | 1 | 96.00% | 9.00 | 100.0 | 1,234 | 100.0; 40.0, 1.0 |" in text
    assert "| Yin 2018 | 28 nm | 7 bits | 97.9% | 187 | scaled in TW-SNN's table 4 |" in text
    assert "Yin" not in point_tables.markdown("digits", points, "figure.png")


@needs_matplotlib
def test_figure():
    """A PNG, the same again, also of a network that knows every image."""
    points = [_point(5.0, 0.97), _point(9.5, 1.0, timesteps=2), _point(7.0, 0.9, "b")]
    from trispike.sim.accuracy import point_plots

    image = point_plots.energy("mnist", points)
    assert image.startswith(b"\x89PNG")
    assert image == point_plots.energy("mnist", points)
