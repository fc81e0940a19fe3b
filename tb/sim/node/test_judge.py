"""What is said of a network on a mesh that exchanged other flits than it had to."""

import random
import re

import numpy as np
import pytest

from tb.kit.mapped import Arrivals, flit, mapped
from tb.sim.node.tampered import (
    COPIES,
    HOST_NUMBER,
    TAMPERED,
    THERE_CODE,
    THERE_NUMBER,
    chosen,
    cut,
    insert,
    spike,
    with_copies,
)
from trispike.golden.mesh.nodes import host_receiver, named_source
from trispike.models.mesh import flits
from trispike.models.mesh.flits import SPIKE
from trispike.sim.node.judge import judge


def _divergence(run, arrivals):
    text = str(judge(run, *arrivals.arrays))
    assert "\n" not in text
    return text


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


def _said(name, tampered=TAMPERED):
    _, where, expected, got = tampered[name]
    return f"{where}: expected {expected}, got {got}"


@pytest.mark.parametrize("name", TAMPERED)
def test_tampered(name):
    """One line for every kind of divergence."""
    run, arrivals = chosen()
    assert judge(run, *arrivals.arrays) is None
    TAMPERED[name][0](arrivals)
    assert _divergence(run, arrivals) == _said(name)


@pytest.mark.parametrize("name", COPIES)
def test_tampered_copies(name):
    """The same of multicasts, at the node that gets copies and at the one that they are for."""
    run, arrivals = with_copies()
    assert judge(run, *arrivals.arrays) is None
    COPIES[name][0](arrivals)
    assert _divergence(run, arrivals) == _said(name, COPIES)


def test_nothing_came():
    """The first flit of all: the host's first spike."""
    run, _ = chosen()
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
        run, arrivals = chosen()
        for name in order:
            TAMPERED[name][0](arrivals)
        assert _divergence(run, arrivals) == _said(first)


def test_timestep_of_an_unknown_flit():
    """The first that it can mean and whose ends have not all come, of any source."""
    run, arrivals = chosen()
    late = insert(THERE_NUMBER, flit(THERE_CODE, 3, 3, word=3))
    late(arrivals)
    text = _divergence(run, arrivals)
    assert text.startswith("flit of an unknown source: image 12, timestep 2, to node 2.1.0: ")
    cut(THERE_NUMBER, spike(3, 3))(arrivals)
    text = _divergence(run, arrivals)
    assert text.startswith("flit of an unknown source: image 11, timestep 1, to node 2.1.0: ")
    run, arrivals = chosen()
    insert(HOST_NUMBER, flit(0, 3, 3, word=3, to_host=1))(arrivals)  # one sends spikes to it
    text = _divergence(run, arrivals)
    assert text.startswith("flit of an unknown source: image 12, timestep 2, to host: ")


@pytest.mark.parametrize("what", ["remove", "repeat", "flip"])
@pytest.mark.parametrize("network", ["small nodes", "multicasts"])
def test_any_flit(what, network):
    """Whatever flit is lost, comes twice or has a bit changed, its sender or receiver is named."""
    case = mapped(network)
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
