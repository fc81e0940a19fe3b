"""Energies: arithmetic by hand, switching against counting by hand, the command end to end."""

import dataclasses
import json

import numpy as np
import pytest

from tb.kit.networks import random_network, random_network_of, save
from tb.kit.silicon import needs_synthesis
from trispike.models.errors import BadInput
from trispike.models.network.layers import BankShape, Bias, Convolution, Dense, Threshold
from trispike.models.network.maps import Maps
from trispike.models.network.neuron import LEAKY
from trispike.models.network.presets import preset
from trispike.models.network.shape import Encoder, NetworkShape
from trispike.models.network.volume import Volume
from trispike.rtl.chip.fixed_chip import Chip
from trispike.rtl.neuron.pe import PEState
from trispike.rtl.verilog import export
from trispike.sim.cosim import cosimulation, waveform
from trispike.sim.cosim.stimulus import Given
from trispike.sim.cost import constants
from trispike.sim.cost.constants import TARGET
from trispike.sim.cost.events import (
    Counts,
    addition,
    energies,
    needs_latches,
    sram_read,
    weight_read,
)
from trispike.sim.cost.registers import Registers, registers
from trispike.sim.cost.scaling import (
    OSU_180,
    Technology,
    delay_factor,
    energy_factor,
    scaled,
    scaled_delay,
    shrunk,
)
from trispike.sim.energy import record, silicon, tables
from trispike.sim.energy.functions import parse
from trispike.sim.energy.record import Energy, Told
from trispike.sim.energy.switching import Switching, switching
from trispike.sim.energy.toggles import Toggles
from trispike.sim.energy.trace import Trace
from trispike.sim.report.mismatch import MismatchFound
from trispike.sim.synthesis import liberty
from trispike.sim.synthesis.early import synthesised_chip
from trispike.sim.synthesis.tools import LIBERTY

pytestmark = pytest.mark.xdist_group("energy")


def test_scaling_as_published():
    """The worked example in the erratum of Stillmaker and Baas: 65 nm at 1.3 V."""
    assert energy_factor(Technology(65, 1.3)) == pytest.approx(2.604, abs=1e-3)
    assert scaled(1.0, TARGET, TARGET) == 1.0
    assert scaled(2.0, OSU_180, TARGET) == pytest.approx(2 * 2.1046 / 26.372, rel=1e-3)


def test_delay_and_area_scaled():
    """180 nm at 1.8 V to 65 nm at 1.2 V: 4.49 times as fast, 7.67 times as small."""
    assert delay_factor(Technology(45, 1.0)) == pytest.approx(12.5)
    assert scaled_delay(4.49, OSU_180, TARGET) == pytest.approx(1.0, rel=1e-3)
    assert scaled_delay(1.0, TARGET, TARGET) == 1.0
    assert shrunk(7.67, OSU_180, TARGET) == pytest.approx(1.0, rel=1e-3)


def test_addition_between_the_published():
    """On the line through 8 and 32 bits, both scaled from 45 nm."""
    low = scaled(0.03, Technology(45, 0.9), TARGET)
    high = scaled(0.1, Technology(45, 0.9), TARGET)
    assert addition(8) == pytest.approx(low)
    assert addition(32) == pytest.approx(high)
    assert addition(20) == pytest.approx((low + high) / 2)


@pytest.mark.parametrize(
    ("rows", "width", "expected"),
    [
        (1024, 128, 19.30),
        (256, 32, 1.811),
        (2048, 128, 19.30),  # beyond the table as at its end
        (2, 32, 1.182),
        (256, 80, (1.811 + 8.156) / 2),
        (256, 8, 1.811 / 4),
    ],
)
def test_sram_read(rows, width, expected):
    bank = BankShape(rows=rows, width=width, neurons=width // 2)
    assert sram_read(bank) == pytest.approx(expected)


def test_weight_read():
    """A read wakes one part: the mean over the rows, of which the last part has few."""
    bank = Dense(inputs=784, neurons=64).banks[0]
    assert [part.rows for part in bank.parts] == [256, 256, 256, 16]
    assert weight_read(bank) == pytest.approx((768 * 8.156 + 16 * 6.102) / 784)


_COUNTS = Counts(
    shape=NetworkShape.dense(name="two", sizes=(256, 128, 10)),
    timesteps=3,
    cycles=100.0,
    reads=(40.0, 7.0),
    operations=(1024.0, 28.0),
    spiking_cycles=(40.0, 7.0),
    tap_reads=(0.0, 0.0),
    registers=Registers(flip_flops=1000, narrow=20, wide=30, elements=(19, 19)),
)


def test_events_by_hand():
    """Two layers, counted by hand: a fifth of the weights read are not 0, then 2 in 5."""
    made = energies(_COUNTS, 100.0)
    bank = constants.SRAM_READ[128, 256].value
    narrow = constants.SRAM_READ[32, 128].value
    assert made["SRAM reads"] == pytest.approx((40 * 2 * bank + 7 * narrow) / 1000)
    change = scaled(constants.FLIP_FLOP_CHANGE.value, OSU_180, TARGET)
    ways = 1024 * (2 - 0.2) + 28 * (2 - 0.4)
    adds = ways * (addition(8) + addition(18)) + 1052 * (addition(18) + 4.5 * change)
    assert made["synaptic additions"] == pytest.approx(adds / 1000)
    fires = 3 * (128 + 10) * 2
    assert made["biases and thresholds"] == pytest.approx(fires * addition(18) / 1000)
    assert made["encoder steps"] == pytest.approx(47 * addition(32) / 1000)
    elements = 19 * (1024 + 28 + 3 * (128 + 10))
    encoders = 3 * (256 + 128) + 40 * 16 + 7 * 128**0.5
    gates = 20 * constants.FLIP_FLOP_CLOCK.value + 30 * constants.CLOCK_GATE.value
    clock = (elements + encoders) * constants.FLIP_FLOP_PASSED.value + 100 * gates
    assert made["register clocks"] == pytest.approx(scaled(clock, OSU_180, TARGET) / 1000)
    more = constants.CLOCK_GATE_WITH_LATCH.value - constants.CLOCK_GATE.value
    latches = energies(_COUNTS, 100.0, latches=True)["register clocks"]
    assert latches - made["register clocks"] == pytest.approx(
        scaled(100 * 30 * more, OSU_180, TARGET) / 1000
    )
    # 2 banks of 4 kB and one of half a kB for 1 us.
    assert made["SRAM leakage"] == pytest.approx(8.5 * constants.SRAM_LEAKAGE.value * 1e-6)


def test_events_without_clock_gates():
    """Every flip-flop in every cycle; all else is the same."""
    gated, made = (energies(_COUNTS, 100.0, gated=each) for each in (True, False))
    clock = scaled(constants.FLIP_FLOP_CLOCK.value, OSU_180, TARGET)
    assert made.pop("register clocks") == pytest.approx(1000 * 100 * clock / 1000)
    del gated["register clocks"]
    assert made == gated


def test_lanes_add_digits():
    """Four lanes with a spike each: a PE moves unless all four weights are 0, a sum for each."""
    shape = NetworkShape.dense(name="one", sizes=(64, 32)).with_lanes(4)
    counts = dataclasses.replace(
        _COUNTS,
        shape=shape,
        reads=(16.0,),
        operations=(256.0,),
        spiking_cycles=(4.0,),
        tap_reads=(0.0,),
        registers=Registers(flip_flops=0, narrow=0, wide=0, elements=(19,)),
    )
    moved = 4 * 32 * (1 - 0.5**4)
    change = 4.5 * scaled(constants.FLIP_FLOP_CHANGE.value, OSU_180, TARGET)
    pj = moved * (1.5 * (4 * addition(8) + addition(18)) + addition(18) + change)
    assert energies(counts, 1.0)["synaptic additions"] == pytest.approx(pj / 1000)


def test_flip_flops_by_hand():
    """A PE has 18 bits of potential and its spike; a small chip as many as its blocks."""
    chip = Chip(shape=NetworkShape.dense(name="small", sizes=(5, 3, 2)))
    texts, layers = export(chip), ("layer_5x3", "layer_3x2")
    found = {name: registers(texts, name) for name in (*layers, "readout_2", chip.module_name)}
    assert registers(texts, "processing_element") == Registers(19, 0, 1)
    assert registers(texts, "sram_8x8") == Registers(0, 0, 0)
    below = sum(found[name].flip_flops for name in (*layers, "readout_2"))
    whole = found[chip.module_name]
    assert whole.flip_flops == below + 8  # the number of timesteps
    assert whole.elements == (19, 19)
    assert whole.wide == sum(found[name].wide for name in (*layers, "readout_2")) + 1


@pytest.mark.parametrize(
    ("text", "python"),
    [
        ("(!((A B)+C))", lambda a, b, c: not ((a and b) or c)),
        ("A'*B + !C", lambda a, b, c: (not a and b) or not c),
        ("((A^B)^C)", lambda a, b, c: a ^ b ^ c),
        ("(!((C A) + (!C B)))", lambda a, b, c: not (a if c else b)),
        ("A | B & C", lambda a, b, c: a or (b and c)),
        ("(A + 1) B", lambda a, b, c: b),
    ],
)
def test_functions(text, python):
    """Every input of three pins, and what is left of precedence in Liberty's ways to write."""
    inputs = np.array(np.meshgrid(*[[False, True]] * 3)).reshape(3, -1)
    got = parse(text)(dict(zip("ABC", inputs, strict=True)))
    assert got.tolist() == [bool(python(*map(bool, row))) for row in inputs.T]


@pytest.mark.parametrize("text", ["", "(A", "A +", "A ? B", "A)"])
def test_functions_refused(text):
    with pytest.raises(ValueError, match=r"not a Boolean function|open|missing"):
        parse(text)


def _told(clocks: float, clock: float) -> Told:
    memories = {"SRAM reads": 4.0, "SRAM leakage": 0.25}
    adds = {"synaptic additions": 2.0, "biases and thresholds": 1.0, "encoder steps": 0.5}
    return Told(
        events={"SRAM reads": 8.0, "register clocks": 2 * clocks},
        traced_events={**memories, **adds, "register clocks": clocks},
        switching=Switching(
            clock=clock, registers=100.0, logic={"encoders": 300.0}, leakage=7000.0
        ),
    )


ENTRY = Energy(
    network="fc256_256",
    recipe="trispike",
    data="mnist",
    timesteps=1,
    lanes=1,
    accuracy=0.98,
    images=10,
    cycles=100.0,
    traced_images=2,
    traced_cycles=50.0,
    gated=_told(10.0, 2000.0),
    ungated=_told(30.0, 4000.0),
    library="cells",
)


def test_tables_add_up():
    """Sums of the parts, and the first way over the second."""
    logic = [scaled((clock + 100 + 300) * 50 / 1000, OSU_180, TARGET) for clock in (2000, 4000)]
    gated, ungated = (each + 4.0 + 0.25 for each in logic)
    assert tables.netlist_nj(ENTRY, ENTRY.gated) == pytest.approx(gated)
    sums = ("sum", "17.75", f"{gated:.2f}", "37.75", f"{ungated:.2f}")
    assert tables.rows(ENTRY)[-1] == sums
    ratios = f"{17.75 / gated:.2f}, without clock gates {37.75 / ungated:.2f}"
    remarks = tables.remarks(ENTRY)
    assert f"events over switching: {ratios}" in remarks
    wires = f"wires and the clock's tree, not in the sums: at most {logic[0]:.1f} nJ, estimated"
    assert wires in remarks  # half of the dynamic power
    text = tables.markdown([ENTRY])
    assert f"| {silicon.prediction(100.0):.1f} | derived: TW-SNN's power" in text
    assert "| 74 | published, table 4 |" in text
    for constant in constants.ALL:
        assert constant.source in text


def test_tw_snn_in_its_own_cycles():
    """86 mW for 138.4 cycles at 167 MHz: 71 nJ; the paper has 74."""
    assert silicon.prediction(138.4) == pytest.approx(71.3, abs=0.1)


def test_record(tmp_path):
    """What is written is read again, sorted; damage is one line."""
    path = tmp_path / "energy.json"
    other = dataclasses.replace(ENTRY, network="fc256")
    record.ENERGIES.write(path, [ENTRY, other])
    assert record.ENERGIES.read(path) == [other, ENTRY]
    sparse = dataclasses.replace(ENTRY, recipe="trispike-sparse")
    assert record.ENERGIES.renewed([ENTRY], sparse) == [ENTRY, sparse]
    assert "| Trispike fc256_256 trispike-sparse, T = 1, lanes: 1 |" in tables.markdown([sparse])
    assert record.ENERGIES.read(tmp_path / "none.json") == []
    whole = json.loads(path.read_text())
    for broken in ({**whole, "format": "x"}, {**whole, "entries": [{}]}, []):
        path.write_text(json.dumps(broken))
        with pytest.raises(BadInput, match=r"is not a record of energies \(.+\); restore it"):
            record.ENERGIES.read(path)


def test_every_preset_has_an_energy():
    """Every preset with every number of lanes: finite and positive."""
    for lanes in (1, 2, 4, 8):
        shape = preset("fc1024_1024").with_lanes(lanes)
        ones = tuple(1.0 for _ in shape.layers)
        counts = Counts(
            shape=shape,
            timesteps=1,
            cycles=9.0,
            reads=ones,
            spiking_cycles=ones,
            tap_reads=ones,
            registers=Registers(flip_flops=1, narrow=1, wide=1, elements=(1,) * len(ones)),
            operations=ones,
        )
        assert all(0 < nj < 10 for nj in energies(counts, 167.0).values())


def _mapped(network, folder, *, gated=True):
    chip, library = Chip(shape=network.shape), liberty.read(LIBERTY)
    made, _ = synthesised_chip(chip, library, folder / f"cells-{gated}", gated=gated)
    return made


def _traced(network, inputs, folder):
    """A small chip mapped to cells, and a trace of it at work on ``inputs``."""
    mapped = _mapped(network, folder)
    model = cosimulation.chip_model(network, waves=True, optimise=False)
    path, images = save(network, folder), len(inputs)
    options = {"waves": images, "model": model}
    cosimulation.run(path, Given(inputs), range(images), folder / "run", **options)
    return mapped, Trace(waveform.keep(folder / "run", folder / "wave"))


@pytest.fixture(scope="module")
def traced(tmp_path_factory):
    """A small chip on random images."""
    network = random_network((40, 12, 5), 3, name="small")
    inputs = np.random.default_rng(3).random((6, 2, 40)) < 0.3
    return _traced(network, inputs, tmp_path_factory.mktemp("energy"))


@needs_synthesis
def test_toggles(traced):
    """Registers switch as in the trace, an inverter as what it inverts, nothing twice a cycle."""
    mapped, trace = traced
    activities = {each.path: each for each in Toggles(mapped, trace).activities()}
    rates = {path: each.switches for path, each in activities.items()}
    assert len(rates) == sum(
        count * len(list(mapped.netlist.cells(name)))
        for name, count in mapped.netlist.instances().items()
        if not mapped.netlist.modules[name].macro
    )
    potential = trace.bits("layer_0.pe_3.potential")
    state = trace.bits("layer_0.pe_3.state").T @ [1, 2]
    weight = trace.bits("layer_0.pe_3.weights")[0]
    moves = (state % 2 == 1) | ((state == PEState.INTEGRATE.value) & weight)
    assert activities["layer_0/pe_3/spike_reg"].clocked == moves.mean()
    for bit in range(18):
        changes = np.count_nonzero(potential[bit, 1:] != potential[bit, :-1])
        assert rates[f"layer_0/pe_3/potential_reg[{bit}]"] == changes / (trace.cycles - 1)
        assert activities[f"layer_0/pe_3/potential_reg[{bit}]"].clocked == moves.mean() < 0.6
    taken = trace.bits("layer_0.encoder.i__valid") & trace.bits("layer_0.encoder.i__ready")
    assert activities["layer_0/encoder/lane_0/waiting_0_reg[0]"].clocked == taken.mean() < 0.2
    assert all(0 <= rate <= 1 for rate in rates.values())
    assert sum(rate > 0 for rate in rates.values()) > len(rates) / 2


@needs_synthesis
@pytest.mark.thorough
def test_toggles_of_pixels_and_leaks(tmp_path):
    """A chip whose neurons leak, as others' networks do: it takes what its netlist does, too."""
    kind = {"bias": Bias.EACH, "threshold": Threshold.EACH, "neuron": LEAKY}
    layers = Dense(inputs=20, neurons=4, pixels=True, **kind), Dense(inputs=4, neurons=2, **kind)
    network = random_network_of(NetworkShape.of("leaky", layers, encoder=Encoder.DIRECT), 1)
    pixels = np.random.default_rng(1).integers(0, 256, (2, 3, 20), dtype=np.uint8)
    mapped, trace = _traced(network, pixels, tmp_path)
    rates = [each.switches for each in Toggles(mapped, trace).activities()]
    assert sum(rate > 0 for rate in rates) > len(rates) / 4


@needs_synthesis
@pytest.mark.thorough
def test_toggles_of_a_convolution(tmp_path):
    """Windows, a pool, and what neurons carry on, in memory."""
    maps = Maps(volume=Volume(channels=2, height=4, width=5), kernel=(3, 3), padding=1, pool=2)
    layer = Convolution(maps=maps, channels=3, neuron=LEAKY)
    last = Convolution(maps=Maps.whole(layer.output), channels=2, neuron=LEAKY)
    network = random_network_of(NetworkShape.of("maps", (layer, last)), 1)
    spikes = np.random.default_rng(1).random((2, 3, maps.volume.size)) < 0.4
    mapped, trace = _traced(network, spikes, tmp_path)
    rates = [each.switches for each in Toggles(mapped, trace).activities()]
    assert sum(rate > 0 for rate in rates) > len(rates) / 4


@needs_synthesis
def test_netlist_unlike_rtl(traced):
    """A cell of another function is found by what the flip-flops would hold."""
    mapped, trace = traced
    module = mapped.netlist.modules["processing_element"]
    cell = next(cell for cell in module.cells if cell.kind.startswith("FAX"))
    sum_, carry = cell.pins["YS"], cell.pins["YC"]
    cell.pins.update(YS=carry, YC=sum_)
    try:
        with pytest.raises(
            MismatchFound, match=r"netlist and RTL differ: layer_\d/pe_\d+/potential_reg"
        ):
            list(Toggles(mapped, trace).activities())
    finally:
        cell.pins.update(YS=sum_, YC=carry)


@needs_synthesis
@pytest.mark.thorough
def test_switching_priced(traced, tmp_path):
    """Clocks cost by the flip-flop, about as much as the constant says; all parts are there."""
    gated, trace = traced
    mapped = _mapped(random_network((40, 12, 5), 3, name="small"), tmp_path, gated=False)
    made = switching(mapped, Toggles(mapped, trace))
    activities = list(Toggles(mapped, trace).activities())
    flops = sum(mapped.library.cells[each.kind].stores for each in activities)
    assert made.clock / flops == pytest.approx(constants.FLIP_FLOP_CLOCK.value, rel=0.15)
    assert {each.clocked for each in activities} == {1.0}
    assert switching(gated, Toggles(gated, trace)).clock < 0.8 * made.clock
    assert set(made.logic) >= {"processing elements", "encoders", "read-out"}
    assert all(pj > 0 for pj in made.logic.values())
    assert made.total == pytest.approx(made.clock + made.registers + sum(made.logic.values()))


def test_who_has_latches():
    """Chips of maps and of neurons with a state are priced with them, others without."""
    assert not needs_latches(preset("fc256_256"))
    assert needs_latches(preset("diet256_256"))
    assert needs_latches(preset("vgg7s"))
