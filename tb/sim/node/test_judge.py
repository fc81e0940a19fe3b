"""What is said of a network on a mesh that exchanged other flits than it had to."""

import random
import re

import numpy as np
import pytest

from tb.kit.mapped import Arrivals, flit, mapped
from tb.kit.networks import random_network
from trispike import golden
from trispike.golden.mesh.nodes import exchange, host_receiver, named_source
from trispike.models.mesh import flits
from trispike.models.mesh.flits import SPIKE
from trispike.models.mesh.mapping import Mapping, Part
from trispike.models.mesh.node_shape import NodeShape
from trispike.models.mesh.topology import MeshShape
from trispike.sim.node.judge import judge


def _divergence(run, arrivals):
    text = str(judge(run, *arrivals.arrays))
    assert "\n" not in text
    return text


HERE, THERE = (1, 0, 0), (2, 1, 0)
HERE_CODE, THERE_CODE = 0o001, 0o012
HERE_NUMBER, THERE_NUMBER, IDLE_NUMBER, HOST_NUMBER = 1, 5, 3, 6


def _chosen():
    """Layers of 40 and 4 neurons, the first on two nodes, whose spikes are chosen by hand.

    In each timestep `HERE` sends spikes of its neurons 1, 3 and 7, which are 33, 35 and 39 of
    layer 1, to `THERE`, and that one of its neuron 1 to the host. Timestep 3 is image 11's first.
    """
    shape = random_network((300, 40, 4), 0).shape
    mapping = Mapping(
        shape=shape,
        mesh=MeshShape(x=3, y=2, z=1),
        places=((0, 0, 0), HERE, THERE),
        node=NodeShape(inputs=512, neurons=32),
    )
    assert mapping.parts[1] == Part(layer=0, first=32, neurons=8)
    given, first, second = (np.zeros((2, 3, size), dtype=bool) for size in shape.sizes)
    given[:, :, [2, 260]] = first[:, :, [33, 35, 39]] = second[:, :, 1] = True
    scores = second.cumsum(axis=1)
    result = golden.Result(spikes=(first, second), potentials=(), running_scores=scores)
    run = exchange(mapping, given, result, first_image=10)
    return run, Arrivals.of(run)


def test_potentials():
    """A part of a potential that is another, missing, or too many: whose it is, is told."""
    run = mapped("potentials").run
    flow = next(flow for flow in run.flows if flow.potentials and flow.neurons == range(32, 40))

    def told(tamper, timestep=1):
        arrivals = Arrivals.of(run)
        receivers, received = arrivals.arrays
        mine = (receivers == flow.receiver) & (named_source(received) == named_source(flow.address))
        at = np.flatnonzero(mine).tolist()
        tamper(arrivals, at[25 * timestep + 3 * 5 + 1], at[25 * timestep + 24])
        found = judge(run, *arrivals.arrays)
        assert (" eight bits " in found.expected) is (found.what != "missing end")
        return found.what, found.image, found.timestep, found.layer, found.neuron

    def alter(arrivals, part, end):
        arrivals.flits[part] ^= 1 << 29

    def late(arrivals, part, end):
        arrivals.insert(end, *arrivals.remove(part))

    assert judge(run, *Arrivals.of(run).arrays) is None
    assert told(alter) == ("wrong potential", 7, 2, 2, 37)
    assert told(lambda arrivals, part, end: arrivals.remove(part))[1:] == (7, 2, 2, 37)
    assert told(late)[0] == "potential after its end"
    missing_end = ("missing end", 7, 2, 2, None)
    assert told(lambda arrivals, part, end: arrivals.remove(end)) == missing_end
    assert told(alter, timestep=3) == ("wrong potential", 7, 4, 2, 37)
    assert told(alter, timestep=0) == ("wrong potential", 7, 1, 2, 37)


def _spike(step, neuron, to=THERE_CODE):
    return flit(to, HERE_CODE, step, word=neuron)


def _end(step):
    return flit(THERE_CODE, HERE_CODE, step, control=1, word=0)


def _credit(step):
    """From `THERE` to `HERE`."""
    return flit(HERE_CODE, THERE_CODE, step, control=1, word=1)


def _for_host(step):
    """A credit from `HERE` for the host."""
    return flit(0, HERE_CODE, step, control=1, word=1, to_host=1)


def _of_host(step):
    """A credit from the host for `THERE`."""
    return flit(THERE_CODE, 0, step, control=1, word=1, from_host=1)


def _strange(source, **fields):
    """A spike of timestep 1 for `THERE` from nobody."""
    return flit(THERE_CODE, source, 1, word=3, **fields)


def _remove(receiver, lost):
    return lambda arrivals: arrivals.remove(arrivals.find(receiver, lost))


def _insert(receiver, extra, *, before=None):
    def change(arrivals):
        at = len(arrivals.flits) if before is None else arrivals.find(receiver, before)
        arrivals.insert(at, receiver, extra)

    return change


def _replace(receiver, one, other):
    def change(arrivals):
        arrivals.flits[arrivals.find(receiver, one)] = other

    return change


def _swap(receiver, one, other):
    def change(arrivals):
        here, there = arrivals.find(receiver, one), arrivals.find(receiver, other)
        arrivals.flits[here], arrivals.flits[there] = other, one

    return change


def _cut(receiver, first):
    """Nothing comes to the receiver from this source from ``first`` on."""

    def change(arrivals):
        start, source = arrivals.find(receiver, first), first >> 13 & 0x1FF
        for at in reversed(range(start, len(arrivals.flits))):
            if arrivals.receivers[at] == receiver and arrivals.flits[at] >> 13 & 0x1FF == source:
                arrivals.remove(at)

    return change


def _last(receiver, one, *others):
    """The last of the flits like ``one`` becomes the ``others``."""

    def change(arrivals):
        pairs = list(zip(arrivals.receivers, arrivals.flits, strict=True))
        at = len(pairs) - 1 - pairs[::-1].index((receiver, one))
        arrivals.remove(at)
        for k, other in enumerate(others):
            arrivals.insert(at + k, receiver, other)

    return change


def _late(receiver, one, before):
    """The last of the flits like ``one`` comes only before the last like ``before``."""

    def change(arrivals):
        _last(receiver, one)(arrivals)
        _last(receiver, before, one, before)(arrivals)

    return change


SECOND = "image 10, timestep 2"
A = f"{SECOND}, layer 1"
A_TO = "node 1.0.0 to node 2.1.0"
A_FLIT = "spike 1.0.0 -> 2.1.0 step"
BACK = f"{SECOND}, layer 2, node 2.1.0 to node 1.0.0"
BACK_FLIT = "spike 2.1.0 -> 1.0.0 step"
TO_HOST = f"{SECOND}, layer 1, node 1.0.0 to host"
TO_HOST_FLIT = "spike 1.0.0 -> host at 0.0.0 step"
FROM_HOST_FLIT = "spike host's 0.0.0 -> 2.1.0 step"
OUTPUT_FLIT = "spike 2.1.0 -> host at 0.0.0 step"
VIRTUAL_TO = "host's virtual node 1 to node 1.0.0"
STRANGE = f"flit of an unknown source: {SECOND}, to node 2.1.0"

TAMPERED = {
    "missing spike": (
        _remove(THERE_NUMBER, _spike(1, 3)),
        f"missing spike: {A}, neuron 35, {A_TO}",
        f"{A_FLIT} 1 neuron 3",
        f"{A_FLIT} 1 neuron 7",
    ),
    "missing last spike": (
        _remove(THERE_NUMBER, _spike(1, 7)),
        f"missing spike: {A}, neuron 39, {A_TO}",
        f"{A_FLIT} 1 neuron 7",
        f"{A_FLIT} 1 end",
    ),
    "extra spike": (
        _insert(THERE_NUMBER, _spike(1, 2), before=_spike(1, 3)),
        f"extra spike: {A}, neuron 34, {A_TO}",
        f"{A_FLIT} 1 neuron 3",
        f"{A_FLIT} 1 neuron 2",
    ),
    "extra first spike": (
        _insert(THERE_NUMBER, _spike(0, 0), before=_spike(0, 1)),
        f"extra spike: image 10, timestep 1, layer 1, neuron 32, {A_TO}",
        f"{A_FLIT} 0 neuron 1",
        f"{A_FLIT} 0 neuron 0",
    ),
    "spike of no neuron": (
        _insert(THERE_NUMBER, _spike(1, 200), before=_end(1)),
        f"extra spike: {A}, neuron 232, {A_TO}",
        f"{A_FLIT} 1 end",
        f"{A_FLIT} 1 neuron 200",
    ),
    "wrong neuron": (
        _replace(THERE_NUMBER, _spike(1, 3), _spike(1, 4)),
        f"spike with a wrong neuron: {A}, neuron 35, {A_TO}",
        f"{A_FLIT} 1 neuron 3",
        f"{A_FLIT} 1 neuron 4",
    ),
    "spike moved after its end": (
        _swap(THERE_NUMBER, _spike(1, 7), _end(1)),
        f"spike after its end: {A}, neuron 39, {A_TO}",
        f"{A_FLIT} 1 neuron 7",
        f"{A_FLIT} 1 end",
    ),
    "spike added after its end": (
        _insert(THERE_NUMBER, _spike(1, 4), before=_spike(2, 1)),
        f"spike after its end: {A}, neuron 36, {A_TO}",
        f"{A_FLIT} 2 neuron 1",
        f"{A_FLIT} 1 neuron 4",
    ),
    "first spike duplicated later": (
        _insert(THERE_NUMBER, _spike(0, 1), before=_end(0)),
        f"duplicated spike: image 10, timestep 1, layer 1, neuron 33, {A_TO}",
        f"{A_FLIT} 0 end",
        f"{A_FLIT} 0 neuron 1",
    ),
    "spike of a later timestep": (
        _insert(THERE_NUMBER, _spike(2, 0), before=_spike(0, 1)),
        f"extra spike: image 10, timestep 3, layer 1, neuron 32, {A_TO}",
        f"{A_FLIT} 0 neuron 1",
        f"{A_FLIT} 2 neuron 0",
    ),
    "spike two timesteps late": (
        _late(THERE_NUMBER, _spike(2, 3), _end(0)),
        f"missing spike: image 10, timestep 3, layer 1, neuron 35, {A_TO}",
        f"{A_FLIT} 2 neuron 3",
        f"{A_FLIT} 2 neuron 7",
    ),
    "wrong last end": (
        _last(THERE_NUMBER, _end(1), _end(2)),
        f"end with a wrong step: image 11, timestep 3, layer 1, {A_TO}",
        f"{A_FLIT} 1 end",
        f"{A_FLIT} 2 end",
    ),
    "two for the last end": (
        _last(THERE_NUMBER, _end(1), _spike(1, 0), _spike(1, 2)),
        f"extra spike: image 11, timestep 3, layer 1, neuron 32, {A_TO}",
        f"{A_FLIT} 1 end",
        f"{A_FLIT} 1 neuron 0",
    ),
    "swapped spikes": (
        _swap(THERE_NUMBER, _spike(1, 3), _spike(1, 7)),
        f"spike out of order: {A}, neuron 35, {A_TO}",
        f"{A_FLIT} 1 neuron 3",
        f"{A_FLIT} 1 neuron 7",
    ),
    "duplicated spike": (
        _insert(THERE_NUMBER, _spike(1, 3), before=_spike(1, 7)),
        f"duplicated spike: {A}, neuron 35, {A_TO}",
        f"{A_FLIT} 1 neuron 7",
        f"{A_FLIT} 1 neuron 3",
    ),
    "spike duplicated later": (
        _insert(THERE_NUMBER, _spike(1, 3), before=_end(1)),
        f"duplicated spike: {A}, neuron 35, {A_TO}",
        f"{A_FLIT} 1 end",
        f"{A_FLIT} 1 neuron 3",
    ),
    "wrong step": (
        _replace(THERE_NUMBER, _spike(1, 3), _spike(3, 3)),
        f"spike with a wrong step: {A}, neuron 35, {A_TO}",
        f"{A_FLIT} 1 neuron 3",
        f"{A_FLIT} 3 neuron 3",
    ),
    "wrong step of an end": (
        _replace(THERE_NUMBER, _end(1), _end(2)),
        f"end with a wrong step: {A}, {A_TO}",
        f"{A_FLIT} 1 end",
        f"{A_FLIT} 2 end",
    ),
    "missing end": (
        _remove(THERE_NUMBER, _end(1)),
        f"missing end: {A}, {A_TO}",
        f"{A_FLIT} 1 end",
        f"{A_FLIT} 2 neuron 1",
    ),
    "duplicated end": (
        _insert(THERE_NUMBER, _end(1), before=_spike(2, 1)),
        f"duplicated end: {A}, {A_TO}",
        f"{A_FLIT} 2 neuron 1",
        f"{A_FLIT} 1 end",
    ),
    "end too late": (
        _swap(THERE_NUMBER, _end(1), _spike(2, 1)),
        f"end out of order: {A}, {A_TO}",
        f"{A_FLIT} 1 end",
        f"{A_FLIT} 2 neuron 1",
    ),
    "end after the last": (
        _insert(THERE_NUMBER, _end(2)),
        f"extra end: image 12, timestep 1, layer 1, {A_TO}",
        "no more than 24 flits",
        f"{A_FLIT} 2 end",
    ),
    "altered word": (
        _replace(THERE_NUMBER, _spike(1, 3), flit(THERE_CODE, HERE_CODE, 1, control=1, word=3)),
        f"altered spike: {A}, neuron 35, {A_TO}",
        f"{A_FLIT} 1 neuron 3",
        f"{A_FLIT} 1 control 3",
    ),
    "altered destination": (
        _replace(THERE_NUMBER, _spike(1, 3), _spike(1, 3, to=3)),
        f"altered spike: {A}, neuron 35, {A_TO}",
        f"{A_FLIT} 1 neuron 3",
        "spike 1.0.0 -> 3.0.0 step 1 neuron 3",
    ),
    "unknown source": (
        _insert(THERE_NUMBER, _strange(3), before=_spike(1, 3)),
        STRANGE,
        "none",
        "spike 3.0.0 -> 2.1.0 step 1 neuron 3",
    ),
    "altered source": (
        _replace(THERE_NUMBER, _spike(1, 3), _strange(3)),
        STRANGE,
        "none",
        "spike 3.0.0 -> 2.1.0 step 1 neuron 3",
    ),
    "unknown virtual node": (
        _insert(THERE_NUMBER, _strange(0, from_host=1), before=_spike(1, 3)),
        STRANGE,
        "none",
        "spike host's 0.0.0 -> 2.1.0 step 1 neuron 3",
    ),
    "memory flit": (
        _insert(THERE_NUMBER, 1 | THERE_CODE << 1, before=_spike(0, 1)),
        "memory flit: image 10, timestep 1, to node 2.1.0",
        "none",
        "memory -> 2.1.0 single read done 0x00000",
    ),
    "node not in use": (
        _insert(IDLE_NUMBER, _spike(0, 1)),
        "flit to a node not in use: to node 0.1.0",
        "none",
        f"{A_FLIT} 0 neuron 1",
    ),
    "missing credit": (
        _remove(HERE_NUMBER, _credit(1)),
        f"missing credit: {BACK}",
        f"{BACK_FLIT} 1 credit",
        f"{BACK_FLIT} 2 credit",
    ),
    "extra credit": (
        _insert(HERE_NUMBER, _credit(1), before=_credit(2)),
        f"extra credit: {BACK}",
        f"{BACK_FLIT} 2 credit",
        f"{BACK_FLIT} 1 credit",
    ),
    "swapped credits": (
        _swap(HERE_NUMBER, _credit(1), _credit(2)),
        f"credit out of order: {BACK}",
        f"{BACK_FLIT} 1 credit",
        f"{BACK_FLIT} 2 credit",
    ),
    "wrong step of a credit": (
        _replace(HERE_NUMBER, _credit(1), _credit(0)),
        f"credit with a wrong step: {BACK}",
        f"{BACK_FLIT} 1 credit",
        f"{BACK_FLIT} 0 credit",
    ),
    "missing credit of two": (
        _remove(HOST_NUMBER, _for_host(1)),
        f"missing credit: {TO_HOST}",
        f"{TO_HOST_FLIT} 1 credit",
        f"{TO_HOST_FLIT} 2 credit",
    ),
    "extra credit of two": (
        _insert(HOST_NUMBER, _for_host(1), before=_for_host(2)),
        f"extra credit: {TO_HOST}",
        f"{TO_HOST_FLIT} 2 credit",
        f"{TO_HOST_FLIT} 1 credit",
    ),
    "late credit of two": (
        _late(HOST_NUMBER, _for_host(2), _for_host(0)),
        "credit out of order: image 10, timestep 3, layer 1, node 1.0.0 to host",
        f"{TO_HOST_FLIT} 2 credit",
        f"{TO_HOST_FLIT} 3 credit",
    ),
    "credit of the host": (
        _remove(THERE_NUMBER, _of_host(3)),
        "missing credit: image 11, timestep 1, host to node 2.1.0",
        f"{FROM_HOST_FLIT} 3 credit",
        f"{FROM_HOST_FLIT} 0 credit",
    ),
    "input": (
        _remove(HERE_NUMBER, flit(HERE_CODE, 1, 3, word=4, from_host=1)),
        f"missing spike: image 11, timestep 1, input, neuron 260, {VIRTUAL_TO}",
        "spike host's 1.0.0 -> 1.0.0 step 3 neuron 4",
        "spike host's 1.0.0 -> 1.0.0 step 3 end",
    ),
    "output": (
        _remove(HOST_NUMBER, flit(0, THERE_CODE, 2, word=1, to_host=1)),
        "missing spike: image 10, timestep 3, layer 2, neuron 1, node 2.1.0 to host",
        f"{OUTPUT_FLIT} 2 neuron 1",
        f"{OUTPUT_FLIT} 2 end",
    ),
    "stopped early": (
        _cut(THERE_NUMBER, _spike(3, 3)),
        f"missing spike: image 11, timestep 1, layer 1, neuron 35, {A_TO}",
        f"{A_FLIT} 3 neuron 3",
        "only 13 of 24 flits",
    ),
}
"""What is done to the flits, and what is said of it: what and where, expected, got."""


def _said(name):
    _, where, expected, got = TAMPERED[name]
    return f"{where}: expected {expected}, got {got}"


@pytest.mark.parametrize("name", TAMPERED)
def test_tampered(name):
    """One line for every kind of divergence."""
    run, arrivals = _chosen()
    assert judge(run, *arrivals.arrays) is None
    TAMPERED[name][0](arrivals)
    assert _divergence(run, arrivals) == _said(name)


def test_nothing_came():
    """The first flit of all: the host's first spike."""
    run, _ = _chosen()
    text = _divergence(run, Arrivals([], []))
    assert text.startswith("missing spike: image 10, timestep 1, input, neuron 2, host's virtual")
    assert text.endswith("got only 0 of 12 flits")


@pytest.mark.parametrize(
    ("names", "first"),
    [
        (["input", "stopped early", "output"], "output"),
        (
            ["missing spike", "extra credit", "missing credit of two", "input"],
            "missing credit of two",
        ),
        (["extra credit", "missing spike", "output"], "missing spike"),
        (["credit of the host", "stopped early", "input"], "input"),
        (["output", "node not in use"], "output"),
        (["missing credit", "memory flit"], "memory flit"),
        (["missing credit of two", "unknown source"], "missing credit of two"),
    ],
)
def test_first_of_several(names, first):
    """The earliest timestep, then the layer nearest to the input, then credits."""
    for order in (names, names[::-1]):
        run, arrivals = _chosen()
        for name in order:
            TAMPERED[name][0](arrivals)
        assert _divergence(run, arrivals) == _said(first)


def test_timestep_of_an_unknown_flit():
    """The first that it can mean and whose ends have not all come, of any source."""
    run, arrivals = _chosen()
    late = _insert(THERE_NUMBER, flit(THERE_CODE, 3, 3, word=3))
    late(arrivals)
    text = _divergence(run, arrivals)
    assert text.startswith("flit of an unknown source: image 12, timestep 2, to node 2.1.0: ")
    _cut(THERE_NUMBER, _spike(3, 3))(arrivals)
    text = _divergence(run, arrivals)
    assert text.startswith("flit of an unknown source: image 11, timestep 1, to node 2.1.0: ")


@pytest.mark.parametrize("what", ["remove", "repeat", "flip"])
def test_any_flit(what):
    """Whatever flit is lost, comes twice or has a bit changed, its sender or receiver is named."""
    case = mapped("small nodes")
    run, rng, mesh = case.run, random.Random(what), case.mapping.mesh
    for _ in range(60):
        arrivals = Arrivals.of(run)
        at = rng.randrange(len(arrivals.flits))
        receiver, chosen = arrivals.receivers[at], arrivals.flits[at]
        if what == "remove":
            arrivals.remove(at)
        elif what == "repeat":
            arrivals.insert(at, receiver, chosen)
        else:
            arrivals.flits[at] ^= 1 << rng.randrange(flits.FLIT_BITS)
        text = _divergence(run, arrivals)
        to_host = receiver == host_receiver(mesh)
        name = "host" if to_host else f"node {'.'.join(map(str, mesh.node(receiver)))}"
        assert f"to {name}: expected" in text
        if what != "flip":
            kind = flits.text(chosen).split()[-1]
            kind = kind if kind in ("end", "credit") else "spike"
            said = {"remove": "missing", "repeat": "extra" if kind == "credit" else "duplicated"}
            assert re.match(f"{said[what]} {kind}: image [789], timestep [1-4], ", text), text
            assert f"step {SPIKE['step'].get(chosen)} " in text
