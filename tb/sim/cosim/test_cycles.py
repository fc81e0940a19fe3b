"""The cycle model against a slow, direct simulation of its own description."""

import collections

import numpy as np
import pytest

from tb.kit.networks import random_convolutions, random_neurons
from trispike.models.network.layers import Dense
from trispike.models.network.neuron import Neuron, Order, Reset
from trispike.models.network.shape import NetworkShape, ReadOut
from trispike.sim.cosim.cycles import NEVER, Pipeline, _Neurons, schedule, spiking_cycles
from trispike.sim.cosim.occupancy import occupancies


def _step_by_step(
    spikes: np.ndarray,
    timesteps: int,
    ends: list[str],
    decided: list[int] | None = None,
    thinks: int = 0,
    did: list[collections.Counter] | None = None,
) -> tuple[list[int], list[list[int]]]:
    """Cycles of each prediction, and in which each layer fires, by stepping every layer's pipeline.

    ``did`` counts for each layer the cycles that it was at a spike ("s"), at the end of a vector
    ("e"), and stalled ("stalled").

    A layer is a queue of tokens from its encoder ("s" a spike, "e" the end of a vector), a slot at
    the PEs, and an output register. For an end the PEs do what ``ends`` has for their layer, a
    letter a cycle, of which "f" fires. If images end early, after ``decided`` timesteps, what is
    at work is dropped then; the read-out ``thinks`` for some cycles after each vector.
    """
    layers, steps = spikes.shape
    tokens = [[] for _ in range(layers)]
    slot, full, position = [None] * layers, [False] * layers, [0] * layers
    arrived = [0] * layers
    counted, pause, results, pending, sent = 0, 0, [], set(), 0
    fires = [[] for _ in range(layers)]
    image, hold, limit = 0, 0, steps if decided is None else timesteps
    cycle = 0
    while len(results) < steps // timesteps:
        ready = [len(t) == 0 or t == ["e"] for t in tokens] + [pause == 0]
        offered = [sent < limit and hold == 0, *full]
        moves = [o and r for o, r in zip(offered, ready, strict=True)]
        doing = [ends[k][position[k]] if slot[k] == "e" else "" for k in range(layers)]
        stalled = [doing[k] == "f" and full[k] and not moves[k + 1] for k in range(layers)]
        for k, counts in enumerate(did or []):
            counts["stalled" if stalled[k] else slot[k]] += 1
        if cycle in pending:
            results.append(cycle)
        pause, hold = max(0, pause - 1), max(0, hold - 1)
        if moves[-1]:
            counted += 1
            last = counted == (timesteps if decided is None else decided[image])
            pause = thinks + last
            if last:
                counted = 0
                pending.add(cycle + 2 + thinks)
        for k in reversed(range(layers)):
            if moves[k + 1]:
                full[k] = False
            if not stalled[k]:
                full[k] |= doing[k] == "f"
                fires[k] += [cycle] if doing[k] == "f" else []
                position[k] += slot[k] == "e"
                if slot[k] != "e" or position[k] == len(ends[k]):
                    slot[k], position[k] = tokens[k].pop(0) if tokens[k] else None, 0
            if moves[k]:
                tokens[k] += ["s"] * int(spikes[k, arrived[k]]) + ["e"]
                arrived[k] += 1
        sent += moves[0]
        if decided is not None and cycle + 1 in pending:
            image, hold, sent = image + 1, limit - sent, limit
            limit = min(steps, limit + timesteps)
            tokens = [[] for _ in range(layers)]
            slot, full, position = [None] * layers, [False] * layers, [0] * layers
            arrived = [sent] * layers
        cycle += 1
        assert cycle < 100_000
    return results, fires


_ENDS = {
    "f": Neuron(),
    "bf": Neuron(phases=2),
    "bfr": Neuron(carries=True),
    "cbf": Neuron(synapse=(1,)),
    "cbfr": Neuron(carries=True, synapse=(1,), reset=Reset.ZERO),
    "bfrl": Neuron(carries=True, leak=(1,), order=Order.RESET_FIRST),
}
"""What neurons do at a timestep's end: current, bias, fire, reset, leak."""


def _shape(neurons: list[Neuron], **more) -> NetworkShape:
    layers = tuple(Dense(inputs=2, neurons=2, neuron=neuron) for neuron in neurons)
    return NetworkShape.of("lines", layers, **more)


@pytest.mark.parametrize("timesteps", [1, 3])
@pytest.mark.parametrize("layers", [1, 2, 4])
@pytest.mark.parametrize("largest", [0, 1, 3, 40])
def test_model_equals_stepping(layers, largest, timesteps):
    """Random spike counts, small ones above all: there the pipeline's corners show."""
    rng = np.random.default_rng([layers, largest, timesteps])
    spikes = rng.integers(0, largest + 1, (layers, 60))
    shape = _shape([Neuron()] * layers)
    made = schedule(shape, spikes, timesteps).result.tolist()
    assert made == _step_by_step(spikes, timesteps, ["f"] * layers)[0]


@pytest.mark.parametrize("seed", range(40))
def test_neurons_that_carry_something_on(seed):
    rng = np.random.default_rng(seed)
    layers = int(rng.integers(1, 5))
    ends = rng.choice(list(_ENDS), layers).tolist()
    spikes = rng.integers(0, rng.choice([1, 2, 4, 12]), (layers, 60))
    made = schedule(_shape([_ENDS[each] for each in ends]), spikes, 3).result.tolist()
    assert made == _step_by_step(spikes, 3, ends)[0]


@pytest.mark.parametrize("read_out", [ReadOut.COUNT, ReadOut.FIRST])
@pytest.mark.parametrize("seed", range(40))
def test_images_that_end_early(seed, read_out):
    """At any timestep: predictions, and each layer's fires up to the stop and no others."""
    rng = np.random.default_rng(seed)
    ends = rng.choice(list(_ENDS), rng.integers(1, 5)).tolist()
    spikes = rng.integers(0, rng.choice([1, 2, 4, 12]), (len(ends), 70))
    decided = rng.integers(1, 8, 10)
    shape = _shape([_ENDS[each] for each in ends], read_out=read_out, stops=True)
    made = schedule(shape, spikes, 7, decided)
    thinks = 0 if read_out is ReadOut.FIRST else 3
    results, fires = _step_by_step(spikes, 7, ends, decided.tolist(), thinks)
    assert made.result.tolist() == results
    assert [each[each != NEVER].tolist() for each in made.fire] == fires


@pytest.mark.parametrize("seed", range(40))
def test_where_cycles_go(seed):
    """Spikes, ends and stalls of each layer as stepping it counts them."""
    rng = np.random.default_rng(seed)
    ends = rng.choice(list(_ENDS), rng.integers(1, 5)).tolist()
    spikes = rng.integers(0, rng.choice([1, 2, 4, 12]), (len(ends), 60))
    shape = _shape([_ENDS[each] for each in ends])
    did = [collections.Counter() for _ in ends]
    _step_by_step(spikes, 3, ends, did=did)
    found = occupancies(shape, spikes, schedule(shape, spikes, 3))
    sums = [(o.adding.sum(), o.ending.sum(), o.stalled.sum()) for o in found]
    assert sums == [(each["s"], each["e"], each["stalled"]) for each in did]


@pytest.mark.parametrize("stops", [False, True])
@pytest.mark.parametrize("seed", range(12))
def test_windows_follow_each_other(seed, stops, monkeypatch):
    """They start when the cycle model has them start, and none before the last has ended."""
    starts = collections.defaultdict(list)
    integrate = _Neurons.integrate

    def noted(neurons, cycle):
        starts[neurons].append(integrate(neurons, cycle))
        return starts[neurons][-1]

    monkeypatch.setattr(_Neurons, "integrate", noted)
    shape = random_neurons(2 * seed) if stops else random_convolutions(seed)
    rng = np.random.default_rng(seed)
    steps = 12
    spikes = rng.integers(0, 5, (sum(layer.firings for layer in shape.layers), steps))
    decided = rng.integers(1, 4, steps // 3) if shape.stops else None
    pipeline = Pipeline(shape, 3)
    made = pipeline.advance(spikes, decided)
    found = occupancies(shape, spikes, made)
    for layer, each in enumerate(found):
        begun = each.start != NEVER
        assert begun.any()
        if not shape.stops:
            assert each.start.tolist() == starts[pipeline._neurons[layer]]
        assert min(each.adding.min(), each.ending.min(), each.stalled.min()) >= 0
        assert (np.diff(each.start[begun]) >= (each.stop - each.start)[begun][:-1]).all()
        assert each.stop[begun][-1] <= made.result[-1]


def test_spiking_cycles():
    """Counted in each lane by hand: the busiest one counts, in each layer by its own lanes."""
    shape = NetworkShape.dense(name="three", sizes=(9, 2, 3), lanes=4)
    first = np.zeros((1, 2, 9), dtype=bool)
    first[0, 0, [0, 4, 8, 1, 5, 2]] = True  # lane 0 has three
    first[0, 1, [7, 3, 2]] = True  # lane 3 has two
    second = np.array([[[True, False], [True, True]]])  # two inputs make two lanes
    counts = spiking_cycles(shape, [first, second])
    assert counts.tolist() == [[3, 2], [1, 1]]


def test_steady_state():
    """One layer with N spikes a timestep takes N + 1 cycles a timestep."""
    made = schedule(_shape([Neuron()]), np.full((1, 10), 100), 1)
    assert np.diff(made.result).tolist() == [101] * 9
    assert made.fire[0][0] == 102
