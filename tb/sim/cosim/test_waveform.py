"""Waveforms of a run: what they hold, how large they will be, and what an interrupt leaves."""

import functools
import os
import re
import signal
import time
from pathlib import Path

import numpy as np
import pytest
import pywellen

from tb.kit.command import refused_here, trispike_here
from tb.kit.networks import random_network, random_network_of, save
from tb.kit.processes import simulators
from trispike.models.network.layers import Bias, Convolution, Dense, Threshold
from trispike.models.network.maps import Maps
from trispike.models.network.neuron import LEAKY
from trispike.models.network.shape import Encoder, NetworkShape, ReadOut
from trispike.models.network.volume import Volume
from trispike.rtl.neuron.operations import Operation
from trispike.rtl.neuron.pe import PEState
from trispike.rtl.view import Radix
from trispike.sim.cosim import command, cosimulation, harness, watchdog, waveform
from trispike.sim.cosim.pool import LocalPool
from trispike.sim.cosim.stimulus import Given
from trispike.sim.tools import viewers
from trispike.sim.tools.build import missing_for_fst

IMAGES = 6

NETWORK = random_network((40, 12, 5), 3, name="small")  # that of tb/sim/energy: one build for both

FEW = Given(np.random.default_rng(3).random((IMAGES, 2, 40)) < 0.3)

pytestmark = pytest.mark.xdist_group("energy")


@pytest.fixture
def run(tmp_path):
    """Runs images on a small network, so many of them traced; returns the waveform's path."""

    def traced(images, stimulus=FEW, pool=None, network=NETWORK, *, lanes=1, deaths=0):
        weight_file = save(network, tmp_path)
        model = cosimulation.chip_model(network, waves=True, optimise=False)
        count = len(stimulus.array)
        options = {"model": model, "waves": images, "pool": pool, "lanes": lanes}
        found = cosimulation.run(weight_file, stimulus, range(count), tmp_path, **options)
        assert len(found.deaths) == deaths
        assert all((outcome.first is None) == (lanes == 1) for outcome in found.outcomes)
        return waveform.keep(tmp_path, tmp_path / "wave")

    return traced


def _changes(path, signal):
    wave, seen = pywellen.Waveform(str(path)), []
    (var,) = (v for v in wave.all_vars() if v.full_name == f"{harness.TOP}.{signal}")
    wave.stream_changes(lambda time, _, value: seen.append((time, int(value))), [var])
    return seen


def test_begins_with_the_first_image(run):
    """Loading is not traced, and the first input vector is."""
    path = run(IMAGES)
    assert [value for _, value in _changes(path, "i_valid")][:2] == [0, 1]
    edges = [time for time, value in _changes(path, "clk") if value]
    first = _changes(path, "i_valid")[1][0]
    assert sum(edge < first for edge in edges) == 1
    assert [value for _, value in _changes(path, "configuration_valid")] == [0]


def test_ends_with_the_last_image_asked_for(run):
    """The waveform of two images has two predictions, and no cycle after them."""
    path = run(2)
    results = [time for time, value in _changes(path, "result_valid") if value]
    assert len(results) == 2
    clock = _changes(path, "clk")
    assert clock[-1][0] - results[-1] < 2 * (clock[2][0] - clock[0][0])


def test_has_no_nameless_signals(run):
    """Amaranth's intermediate values are left out, its registers are not."""
    names = [var.full_name for var in pywellen.Waveform(str(run(1))).all_vars()]
    assert f"{harness.TOP}.chip.layer_0.pe_3.potential" in names
    assert not [name for name in names if re.search(r"\.\$\d+$", name)]


@pytest.mark.thorough
def test_has_wide_signals(run):
    """More pixels than Verilator traces unless told to: 520 of 8 bits."""
    layer = Dense(inputs=520, neurons=3, bias=Bias.EACH, pixels=True)
    network = random_network_of(NetworkShape.of("wide", (layer,), encoder=Encoder.DIRECT), 0)
    pixels = np.random.default_rng(0).integers(0, 256, (1, 1, 520), dtype=np.uint8)
    values = [value for _, value in _changes(run(1, Given(pixels), network=network), "i_payload")]
    assert int.from_bytes(pixels.tobytes(), "little") in values


@pytest.mark.parametrize("traced", [1, 10_000])
def test_interrupted(run, tmp_path, traced):
    """The simulator ends by itself, its waveform closed, and what it holds can be read."""
    interrupted = []

    class Interrupted(LocalPool):
        def result(self, future):
            while not [*tmp_path.glob(f"shards/*/*/{harness.WAVES}")]:
                time.sleep(0.01)
            time.sleep(0.5)  # a few thousand cycles
            interrupted.append(time.monotonic())
            raise KeyboardInterrupt

    images = 10_000
    many = Given(np.random.default_rng(3).random((images, 2, 40)) < 0.3)
    with pytest.raises(cosimulation.Interrupted):
        run(traced, many, Interrupted(1))
    assert time.monotonic() - interrupted[0] < watchdog.CLOSE_SECONDS
    path = waveform.keep(tmp_path, tmp_path / "wave")
    results = [value for _, value in _changes(path, "result_valid") if value]
    assert len(results) == 1 if traced == 1 else len(results) < images


def test_simulator_told_to_end(run, tmp_path):
    """A time limit of a batch system reaches simulators too: the waveform is closed."""

    class Ended(LocalPool):
        def result(self, future):
            while not [*tmp_path.glob(f"shards/*/*/{harness.WAVES}")]:
                time.sleep(0.01)
            time.sleep(0.5)
            (pid,) = simulators(os.getpid())
            os.kill(pid, signal.SIGTERM)
            return super().result(future)

    many = Given(np.random.default_rng(3).random((10_000, 2, 40)) < 0.3)
    path = run(10_000, many, Ended(1), deaths=1)
    assert 1 < len(_changes(path, "clk")) < 400_000


def test_mismatch(run):
    """The waveform of a run whose RTL and models differ is closed too."""
    path = run(IMAGES, lanes=2)  # the model's: the RTL has one
    assert [value for _, value in _changes(path, "result_valid")].count(1) == IMAGES


def test_estimate(run):
    """The size told before a run is that of the file, as nearly as activity lets one know."""
    made = waveform.plan(NETWORK, NETWORK.shape, FEW, range(IMAGES), "c++", 500)
    assert (made.traced, made.size) == (IMAGES, made.whole)
    assert 0.5 < run(IMAGES).stat().st_size / made.size < 2


def test_what_fits():
    """As many images as fit are traced, and the line says what all would take."""

    def plan(limit, images=100):
        many = Given(np.tile(FEW.array[:1], (images, 50, 1)))
        return waveform.plan(NETWORK, NETWORK.shape, many, range(images), "false", limit)

    whole = plan(500)
    assert str(whole).startswith("waves: all 100 images, about ")
    limit = int(whole.size / 3e6)
    part = plan(limit)
    assert part.size <= limit * 1e6 < part.size * (part.traced + 1) / part.traced
    assert part.whole == pytest.approx(whole.whole, rel=0.05)
    found = re.match(r"waves: the first (\d+) of 100 images, .*: WAVES_MB=(\d+)", str(part))
    assert int(found[1]) == part.traced
    assert plan(int(found[2])).traced == 100


@pytest.mark.parametrize(
    ("options", "message"),
    [
        pytest.param(
            ["--waves", "--waves-mb", "1", "-t", "255"],
            r"take .*, and WAVES_MB is 1: .*_MB=\d+$",
            marks=pytest.mark.thorough,
        ),
        (["--waves", "--waves-mb", "0"], "WAVES_MB must be 1 or more"),
        (["--waves-mb", "5"], "WAVES_MB has no meaning without WAVES=1"),
    ],
)
def test_refused(options, message):
    """A limit that lets nothing through, or limits nothing."""
    assert re.search(message, refused_here("sim", *options))


@pytest.mark.thorough
def test_command(tmp_path, monkeypatch):
    """The size is told before the run, and the file after it."""
    quick = functools.partial(cosimulation.chip_model, optimise=False)
    monkeypatch.setattr(cosimulation, "chip_model", quick)
    monkeypatch.setattr(command, "build_folder", lambda: tmp_path)
    weight_file = save(random_network((784, 6, 3), 0), tmp_path)
    done = trispike_here("sim", "--weights", weight_file, "--images", "2", "--waves")
    assert done.returncode == 0, done.stderr
    first, second, *_ = done.stdout.splitlines()
    assert first.startswith("waves: all 2 images, about ")
    path = Path(second.removeprefix("waveform: "))
    assert path.parent == tmp_path / "waves"
    assert [value for _, value in _changes(path, "result_valid")].count(1) == 2
    surfer, gtkwave = done.stdout.splitlines()[-2:]
    assert surfer.endswith(f" && surfer -c {path.stem}.sucl {path.name})")
    assert gtkwave.endswith(f" && gtkwave {path.name} {path.stem}.gtkw)")
    assert str(tmp_path) not in path.with_suffix(".sucl").read_text()
    assert str(tmp_path) not in path.with_suffix(".gtkw").read_text()


def _surfer_lines(path):
    """Signals and their formats, as Surfer's commands in ``path`` set them."""
    shown, focused = [], None
    for line in path.read_text().splitlines():
        command, _, argument = line.partition(" ")
        match command:
            case "divider_add" | "variable_add":
                assert focused is None  # Surfer would put it below the line with the focus
                shown.append([argument, "Bit"])
            case "item_focus":
                letters = argument.removesuffix("_")
                focused = int(letters.translate(str.maketrans("abcdefghijklmnop", HEX)), 16)
            case "item_set_format":
                shown[focused][1] = argument
            case "item_unfocus":
                focused = None
            case _:
                assert line == "zoom_fit"
    return [tuple(each) for each in shown if "." in each[0]]


def _gtkwave_lines(path):
    """Signals, by the names that they have in the waveform, their bits, flags and translations."""
    lines, flags, names = [], None, None
    for line in path.read_text().splitlines():
        if line.startswith("@"):
            flags = int(line[1:], 16)
        elif re.match(r"\^\d ", line):
            names = line.split(" ", 1)[1]
        elif line.startswith("bench."):
            name, bits = re.fullmatch(r"(.*?)(?:\[(\d+):0\])?", line).groups()
            name = re.sub(r"\[(\d+)\]$", r".[\1]", name)
            lines.append((name, int(bits or 0) + 1, flags, names if flags & TRANSLATED else None))
        else:
            assert re.match(r"-|\[dumpfile\] \"wave.(fst|vcd)\"", line)
    return lines


HEX, SIGNED, TRANSLATED = "0123456789abcdef", 0x400, 0x2000


def _maps_shape():
    maps = Maps(volume=Volume(channels=2, height=4, width=4), kernel=(3, 3), padding=1, pool=2)
    layer = Convolution(maps=maps, channels=4, neuron=LEAKY)
    whole = Maps.whole(layer.output)
    last = Convolution(maps=whole, channels=17, threshold=Threshold.NONE, lanes=2)
    return NetworkShape.of("maps", (layer, last), ReadOut.POTENTIAL)


@pytest.mark.parametrize(
    "shape",
    [
        pytest.param(NETWORK.shape, id="dense"),
        pytest.param(_maps_shape(), id="maps", marks=pytest.mark.thorough),
    ],
)
def test_viewers_show_signals_of_the_wave(run, shape):
    """Surfer's and GTKWave's lines are signals of the waveform, states in words."""
    network = random_network_of(shape, 3)
    inputs = np.random.default_rng(3).random((1, 2, shape.layers[0].volume.size)) < 0.3
    path = run(1, Given(inputs), network=network)
    viewers.write(path, harness.views(network.shape))
    bits = {var.full_name: var.bitwidth for var in pywellen.Waveform(str(path)).all_vars()}
    lines = _gtkwave_lines(path.with_suffix(".gtkw"))
    assert [line[:2] for line in lines] == [(name, bits[name]) for name, *_ in lines]
    formats = dict(_surfer_lines(path.with_suffix(".sucl")))
    assert list(formats) == [name for name, *_ in lines]
    for name, width, flags, names in lines:
        assert (formats[name] == "Signed") == bool(flags & SIGNED)
        assert (formats[name] == "Bit") == (width == 1)
        if names:
            assert Path(names).stem == formats[name]
            assert "2 INTEGRATE\n3 FIRE\n" in (path.parent / names).read_text()


def test_viewers_read_as_numbers_are():
    """Potentials are signed, a state is its layer's, scores are those of the read-out."""
    groups = harness.views(_maps_shape())
    assert list(groups) == ["clock", "input", "layer_0", "layer_1", "readout"]
    reads = {view.signal: view.reads for views in groups.values() for view in views}
    layer_0, layer_1 = "bench.chip.layer_0", "bench.chip.layer_1"
    assert reads[f"{layer_0}.flow.state"] is Operation
    assert reads[f"{layer_1}.flow.state"] is PEState
    signed = [name for name, how in reads.items() if how is Radix.SIGNED]
    assert {f"{layer_0}.pe_0.potential", f"{layer_1}.pe_3.result"} < set(signed)
    assert f"{layer_1}.pe_3.spike" not in reads
    assert "bench.chip.readout.counts.[15]" in signed
    assert "bench.chip.readout.counts.[16]" not in reads


@pytest.mark.parametrize("lacking", [[], ["lz4"], ["zlib"], ["lz4", "zlib"]])
def test_packages_for_fst(tmp_path, lacking):
    """Each header that the compiler does not find is one of Debian's packages to install."""
    compiler = tmp_path / "c++"
    compiler.write_text(f"#!/bin/sh\n! grep -E '^#include <({'|'.join(lacking) or '-'})'\n")
    compiler.chmod(0o755)
    packages = {"lz4": "liblz4-dev", "zlib": "zlib1g-dev"}
    assert missing_for_fst(str(compiler)) == [packages[name] for name in lacking]
