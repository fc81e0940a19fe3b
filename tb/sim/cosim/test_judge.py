"""What is read of captures, and what the judge of the fixed chip says if they are wrong."""

import dataclasses
import functools
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from tb.kit.early import early_network
from tb.kit.networks import random_network, random_network_of
from trispike import golden
from trispike.models.network.layers import Convolution, Dense, Threshold
from trispike.models.network.maps import Maps
from trispike.models.network.neuron import Neuron
from trispike.models.network.parameters import Network
from trispike.models.network.shape import NetworkShape, ReadOut
from trispike.models.network.volume import Volume
from trispike.rtl.chip.readout import SCORES, result_layout
from trispike.sim.cosim.captures import Captures, Run
from trispike.sim.cosim.cycles import Schedule, schedule, spiking_cycles
from trispike.sim.cosim.harness import probes
from trispike.sim.cosim.judge import Verdict, judge

FIRST, IMAGES, TIMESTEPS = 20, 4, 3


def _maps() -> Network:
    maps = Maps(volume=Volume(channels=2, height=5, width=5), kernel=(2, 2), pool=2)
    first = Convolution(maps=maps, channels=3, threshold=Threshold.EACH)
    second = Convolution(maps=Maps.whole(first.output), channels=4)
    return random_network_of(NetworkShape.of("maps", (first, second)), 3)


def _two_positions() -> Network:
    maps = Maps(volume=Volume(channels=1, height=3, width=2), kernel=(2, 2))
    first = Convolution(maps=maps, channels=2, threshold=Threshold.EACH)
    second = Convolution(maps=Maps.whole(first.output), channels=1)
    return random_network_of(NetworkShape.of("two_positions", (first, second)), 3)


def _potentials() -> Network:
    layers = (
        Dense(inputs=9, neurons=6, neuron=Neuron(carries=True), threshold=Threshold.EACH),
        Dense(inputs=6, neurons=3, threshold=Threshold.NONE),
    )
    return random_network_of(NetworkShape.of("potentials", layers, ReadOut.POTENTIAL), 5)


NETWORKS = {
    "dense": lambda: random_network((9, 6, 3), 2),
    "maps": _maps,
    "two positions": _two_positions,  # and one output, so that labels are of no bits
    "two outputs": lambda: random_network((9, 6, 2), 2),
    "potentials": _potentials,
    "first": lambda: early_network(ReadOut.FIRST, Neuron(), (9, 6, 4)),
    "stops": lambda: dataclasses.replace(
        early_network(ReadOut.COUNT, Neuron(), (9, 6, 4)), skip=0, stability=1
    ),
}


@dataclasses.dataclass(frozen=True, eq=False)
class _Chip:
    """A chip that does as the models say: their values and cycles."""

    network: Network
    result: golden.Result
    schedule: Schedule

    @property
    def shape(self) -> NetworkShape:
        return self.network.shape

    def judge(self, run: Run) -> Verdict:
        return judge(
            self.result,
            self.schedule,
            run,
            shape=self.shape,
            timesteps=TIMESTEPS,
            first_image=FIRST,
        )

    def written(self, folder: Path) -> None:
        """Write what the harness would."""
        for k, probe in probes(self.shape):
            spikes = probe.name == "spike"
            values = (self.result.spikes if spikes else self.result.potentials)[k]
            cycles = self.schedule.fire if probe.name == "potential" else self.schedule.taken
            lines = _lines(values.reshape(IMAGES * TIMESTEPS, -1), cycles[k], probe)
            (folder / f"layer_{k}.{probe.name}").write_text("".join(lines))
        lines = [f"{cycle} {self._answer(k):x}\n" for k, cycle in enumerate(self.schedule.result)]
        (folder / "results").write_text("".join(lines))

    def _answer(self, k: int) -> int:
        shape = self.shape
        layout = dict(
            result_layout(shape.sizes[-1], shape.read_out, shape.groups, stops=shape.stops)
        )
        scores = layout[SCORES[shape.read_out]]
        width = scores.width // shape.sizes[-1]
        word = _word(self.result.scores[k], width) << scores.offset
        word |= int(self.result.labels[k]) << layout["label"].offset
        if shape.stops:
            word |= int(self.result.decided[k]) << layout["timesteps"].offset
        return word


def _word(values, bits: int) -> int:
    return sum((int(value) & ((1 << bits) - 1)) << bits * k for k, value in enumerate(values))


def _lines(values, cycles, probe) -> list[str]:
    """A line for each position of each step, if anything happens there."""
    positions = values.shape[1] // probe.count
    lines = []
    for step, row in enumerate(values):
        for place in range(positions):
            cycle = cycles[step * positions + place]
            those = [row[channel * positions + place] for channel in range(probe.count)]
            lines += [f"{cycle} {_word(those, probe.bits):x}\n"] * int(cycle >= 0)
    return lines


@functools.cache
def _chip(name: str) -> _Chip:
    network = NETWORKS[name]()
    rng = np.random.default_rng(7)
    spikes = rng.random((IMAGES, TIMESTEPS, network.shape.sizes[0])) < 0.5
    result = golden.run(network, spikes)
    counts = spiking_cycles(network.shape, (spikes, *result.spikes[:-1]))
    return _Chip(network, result, schedule(network.shape, counts, TIMESTEPS, result.decided))


def _run(name: str, folder: Path) -> tuple[_Chip, Run]:
    chip = _chip(name)
    chip.written(folder)
    return chip, Captures(folder, chip.shape, costly=True).take(None)


@pytest.mark.parametrize("name", NETWORKS)
def test_right(name, tmp_path):
    """Everything is compared, and nothing differs; the files are gone."""
    chip, run = _run(name, tmp_path)
    verdict = chip.judge(run)
    assert verdict.first is None
    kinds = {"potential", "fire cycle", "output cycle", "label", "prediction cycle"}
    kinds |= {"spike"} if chip.shape.layers[0].fires else set()
    kinds |= {"result"} if not chip.shape.layers[-1].fires else set()
    kinds |= {"timesteps taken"} if chip.shape.stops else set()
    scores = {"count": "spike count", "potential": "potential sum", "first": "first spike"}
    kinds.add(scores[chip.shape.read_out.value])
    assert verdict.mismatches == dict.fromkeys(kinds, 0)
    assert list(tmp_path.iterdir()) == []
    kinds = {name: values.dtype for (_, name), (values, _) in run.probed.items()}
    assert kinds == {name: bool if name == "spike" else np.int32 for name in kinds}


@pytest.mark.parametrize("name", NETWORKS)
def test_chunk_by_chunk(name, tmp_path):
    """What is ahead of a chunk waits for the next; costly probes may be left out."""
    chip, whole = _run(name, tmp_path)
    captures = Captures(tmp_path, chip.shape, costly=False)
    chip.written(tmp_path)
    files = [path for path in tmp_path.iterdir() if path.suffix != ".potential"]
    first = captures.take(lambda k, name: k + 1)
    for path in files:
        path.write_text("7 0\n" if path.name == "results" else "")
    assert list(tmp_path.glob("*.potential"))  # nobody took it
    second = captures.take(None)
    costly = {key for key in whole.probed if key[1] == "potential"}
    assert first.probed.keys() == second.probed.keys() == whole.probed.keys() - costly
    for (k, each), (values, cycles) in first.probed.items():
        assert len(values) == len(cycles) == k + 1
        joined = [
            np.concatenate(pair)
            for pair in zip((values, cycles), second.probed[k, each], strict=True)
        ]
        for got, expected in zip(joined, whole.probed[k, each], strict=True):
            assert np.array_equal(got, expected)
    assert second.result_cycles.tolist() == [7]


def test_more_chunks(tmp_path):
    """Of three, the second adds to what is ahead, and its files are read in their order."""
    chip = _chip("dense")
    captures = Captures(tmp_path, chip.shape, costly=False)
    seen = []
    for chunk in range(3):
        (tmp_path / "results").write_text("")
        for k in range(2):
            (tmp_path / f"layer_{k}.spike").write_text(f"{2 * chunk} 1\n{2 * chunk + 1} 2\n")
        run = captures.take((lambda k, name: 1) if chunk < 2 else None)
        seen.append(run.probed[0, "spike"][1].tolist())
    assert seen == [[0], [1], [2, 3, 4, 5]]


def _event(run: Run, k: int, name: str, event: int, change: Callable[[np.ndarray], None]) -> Run:
    """``run`` after a ``change`` of the values and cycle of an event."""
    values, cycles = (each.copy() for each in run.probed[k, name])
    change(values[event], cycles[event : event + 1])
    return dataclasses.replace(run, probed={**run.probed, (k, name): (values, cycles)})


def _flip(neuron):
    def change(values, cycle):
        values[neuron] = not values[neuron]

    return change


def _add(neuron):
    def change(values, cycle):
        values[neuron] += 1

    return change


def _late(values, cycle):
    cycle += 1


def _told(verdict: Verdict) -> tuple:
    first = verdict.first
    assert first.where is None
    place = first.image, first.timestep, first.layer, first.position, first.neuron
    return first.what, *place, first.cycle, first.expected, first.got


def _wrong(verdict: Verdict) -> dict[str, int]:
    return {what: count for what, count in verdict.mismatches.items() if count}


def test_values_and_cycles(tmp_path):
    """A value or a cycle that is another: where, when, and what it should be."""
    chip, run = _run("dense", tmp_path)
    step = 1 * TIMESTEPS + 2  # image 21, its third timestep
    taken, fire = (int(each[1][step]) for each in (chip.schedule.taken, chip.schedule.fire))
    spike = bool(chip.result.spikes[1][1, 2, 2])
    potential = int(chip.result.potentials[1][1, 2, 2])

    verdict = chip.judge(_event(run, 1, "spike", step, _flip(2)))
    assert _told(verdict) == ("spike", 21, 3, 2, None, 2, taken, spike, not spike)
    assert _wrong(verdict) == {"spike": 1}
    verdict = chip.judge(_event(run, 1, "potential", step, _add(2)))
    assert _told(verdict) == ("potential", 21, 3, 2, None, 2, fire, potential, potential + 1)
    assert _wrong(verdict) == {"potential": 1}
    verdict = chip.judge(_event(run, 1, "spike", step, _late))
    assert _told(verdict) == ("output cycle", 21, 3, 2, None, None, taken + 1, taken, taken + 1)
    assert _wrong(verdict) == {"output cycle": 1}
    verdict = chip.judge(_event(run, 1, "potential", step, _late))
    assert _told(verdict) == ("fire cycle", 21, 3, 2, None, None, fire + 1, fire, fire + 1)
    assert _wrong(verdict) == {"fire cycle": 1}


def test_which_is_first(tmp_path):
    """The earliest timestep; in it the layer nearest to the input; there a value, then a cycle."""
    chip, run = _run("dense", tmp_path)
    both = _event(_event(run, 0, "spike", 4, _flip(0)), 1, "spike", 3, _flip(0))
    assert _told(chip.judge(both))[:4] == ("spike", 21, 1, 2)
    both = _event(_event(run, 0, "spike", 4, _flip(5)), 1, "spike", 4, _flip(0))
    assert _told(chip.judge(both))[:6] == ("spike", 21, 2, 1, None, 5)
    assert _wrong(chip.judge(both)) == {"spike": 2}
    both = _event(_event(run, 0, "spike", 4, _late), 0, "spike", 4, _flip(0))
    assert _told(chip.judge(both))[0] == "spike"
    both = _event(_event(run, 0, "spike", 4, _flip(0)), 0, "potential", 4, _add(0))
    assert _told(chip.judge(both))[0] == "potential"
    both = _event(_event(run, 0, "potential", 4, _late), 1, "spike", 3, _flip(1))
    assert _told(chip.judge(both))[0] == "spike"
    twice = _event(_event(run, 0, "spike", 4, _flip(3)), 0, "spike", 4, _flip(1))
    assert _told(chip.judge(twice))[:6] == ("spike", 21, 2, 1, None, 1)


def _cut(run: Run, k: int, name: str, count: int) -> Run:
    values, cycles = (each[:count] for each in run.probed[k, name])
    return dataclasses.replace(run, probed={**run.probed, (k, name): (values, cycles)})


def _more(run: Run, k: int, name: str) -> Run:
    values, cycles = (np.concatenate([each, each[-1:]]) for each in run.probed[k, name])
    return dataclasses.replace(run, probed={**run.probed, (k, name): (values, cycles)})


def test_missing_and_too_many(tmp_path):
    """Vectors that did not come, or came once more than they had to; each value counts."""
    chip, run = _run("dense", tmp_path)
    steps = IMAGES * TIMESTEPS
    verdict = chip.judge(_cut(run, 0, "spike", steps - 2))
    lost = ("spike: number of vectors", 23, 2, 1, None, None, None, steps, steps - 2)
    assert _told(verdict) == lost
    assert _wrong(verdict) == {"spike": 2 * 6, "output cycle": 2}
    verdict = chip.judge(_more(run, 1, "potential"))
    surplus = ("potential: number of vectors", 24, 1, 2, None, None, None, steps, steps + 1)
    assert _told(verdict) == surplus
    assert _wrong(verdict) == {"potential": 3, "fire cycle": 1}
    verdict = chip.judge(_cut(_event(run, 0, "spike", 1, _flip(0)), 0, "spike", steps - 2))
    assert _told(verdict)[:3] == ("spike", 20, 2)
    assert _wrong(verdict) == {"spike": 1 + 2 * 6, "output cycle": 2}


def test_positions_of_maps(tmp_path):
    """Windows and pooled positions: each timestep has several."""
    chip, run = _run("maps", tmp_path)
    assert chip.shape.layers[0].firings == 16
    step = 2 * TIMESTEPS + 1
    verdict = chip.judge(_event(run, 0, "potential", 16 * step + 7, _add(2)))
    told = _told(verdict)
    assert told[:7] == ("potential", 22, 2, 1, 7, 2, int(chip.schedule.fire[0][16 * step + 7]))
    assert told[7] == chip.result.potentials[0][2, 1, 2 * 16 + 7]
    verdict = chip.judge(_event(run, 0, "spike", 4 * step + 1, _flip(0)))
    told = _told(verdict)
    assert told[:7] == ("spike", 22, 2, 1, 1, 0, int(chip.schedule.taken[0][4 * step + 1]))
    verdict = chip.judge(_event(run, 0, "spike", 4 * step + 1, _late))
    assert _told(verdict)[:6] == ("output cycle", 22, 2, 1, 1, None)
    verdict = chip.judge(_event(run, 1, "spike", step, _flip(3)))
    assert _told(verdict)[:6] == ("spike", 22, 2, 2, None, 3)
    verdict = chip.judge(_cut(run, 0, "potential", 16 * step + 5))
    assert _told(verdict)[:6] == ("potential: number of vectors", 22, 2, 1, 5, None)
    both = _event(_event(run, 0, "spike", 4 * step + 1, _flip(0)), 0, "spike", 4 * step, _flip(2))
    assert _told(chip.judge(both))[:6] == ("spike", 22, 2, 1, 0, 2)


def test_two_positions(tmp_path):
    chip, run = _run("two positions", tmp_path)
    verdict = chip.judge(_event(run, 0, "spike", 2 * 4 + 1, _flip(0)))
    assert _told(verdict)[:6] == ("spike", 21, 2, 1, 1, 0)


def test_many_timesteps(tmp_path):
    """As many as an image may have."""
    chip = _chip("first")
    result = dataclasses.replace(chip.result, decided=np.array([255, 128, 3, 1]))
    dataclasses.replace(chip, result=result).written(tmp_path)
    run = Captures(tmp_path, chip.shape, costly=True).take(None)
    assert run.decided.tolist() == [[255], [128], [3], [1]]


def test_predictions(tmp_path):
    """Scores, labels and their cycles: of which image, at its last timestep."""
    chip, run = _run("dense", tmp_path)
    cycles, scores, labels = run.result_cycles, run.scores, run.labels
    third = int(cycles[2])

    def changed(**fields):
        arrays = {}
        for name, (at, more) in fields.items():
            arrays[name] = getattr(run, name).copy()
            arrays[name][at] += more
        return chip.judge(dataclasses.replace(run, **arrays))

    verdict = changed(labels=(2, 1))
    label = int(labels[2])
    assert _told(verdict) == ("label", 22, 3, None, None, None, third, label, label + 1)
    assert _wrong(verdict) == {"label": 1}
    verdict = changed(scores=((2, 1), 1), labels=(2, 1))
    score = int(scores[2, 1])
    assert _told(verdict) == ("spike count", 22, 3, None, None, 1, third, score, score + 1)
    assert _wrong(verdict) == {"spike count": 1, "label": 1}
    verdict = changed(result_cycles=(2, 5))
    told = ("prediction cycle", 22, 3, None, None, None, third + 5, third, third + 5)
    assert _told(verdict) == told
    assert _wrong(verdict) == {"prediction cycle": 1}
    lost = dataclasses.replace(run, labels=labels[:3], scores=scores[:3], result_cycles=cycles[:3])
    assert _told(chip.judge(lost))[:2] == ("spike count: number of vectors", 23)
    extra = dataclasses.replace(run, labels=np.append(labels, 0))
    assert _told(chip.judge(extra))[:3] == ("label: number of vectors", 24, 3)
    assert _told(
        chip.judge(_event(dataclasses.replace(run, labels=labels + 1), 0, "spike", 11, _flip(0)))
    )[:2] == ("label", 20)
    same = np.array(labels)
    same[3] += 1
    verdict = chip.judge(_event(dataclasses.replace(run, labels=same), 0, "spike", 11, _flip(0)))
    assert _told(verdict)[:2] == ("spike", 23)


def test_potentials_as_results(tmp_path):
    """A layer that never fires shows its potentials as they are taken, and so do the scores."""
    chip, run = _run("potentials", tmp_path)
    verdict = chip.judge(_event(run, 1, "result", 4, _add(1)))
    value = int(chip.result.potentials[1][1, 1, 1])
    cycle = int(chip.schedule.taken[1][4])
    assert _told(verdict) == ("result", 21, 2, 2, None, 1, cycle, value, value + 1)
    assert (run.scores == chip.result.potentials[1].sum(axis=1)).all()
    assert (run.scores < 0).any()


@pytest.mark.parametrize(("image", "took", "told"), [(2, 3, 2), (3, 1, 3)])
def test_images_that_end_early(tmp_path, image, took, told):
    """It is told where one of the two ended, before all that follows from it."""
    chip, run = _run("first", tmp_path)
    assert chip.result.decided.tolist() == [1, 1, 3, 1]
    wrong = run.decided.copy()
    wrong[image, 0] = told
    verdict = chip.judge(dataclasses.replace(run, decided=wrong))
    where = ("timesteps taken", FIRST + image, min(took, told), None, None, None)
    assert _told(verdict) == (*where, int(run.result_cycles[image]), took, told)
    assert _wrong(verdict) == {"timesteps taken": 1}
    labels = run.labels.copy()
    labels[image] += 1
    verdict = chip.judge(dataclasses.replace(run, labels=labels))
    assert _told(verdict)[:3] == ("label", FIRST + image, took)
    both = dataclasses.replace(run, decided=wrong, labels=labels)
    assert _told(chip.judge(both))[0] == "timesteps taken"
    before = _event(both, 0, "spike", 0, _flip(0))
    assert _told(chip.judge(before))[:3] == ("spike", FIRST, 1)
    lost = dataclasses.replace(run, decided=run.decided[:-1])
    assert _wrong(chip.judge(lost)) == {}
