"""Flits of a small run on a mesh, and what may be done to them; what is said of it."""

import numpy as np

from tb.kit.mapped import Arrivals, flit
from tb.kit.networks import random_network
from trispike import golden
from trispike.golden.mesh.nodes import exchange
from trispike.models.mesh.mapping import Mapping, Part
from trispike.models.mesh.node_shape import NodeShape
from trispike.models.mesh.topology import MeshShape

HERE, PASSED, THERE = (1, 0, 0), (2, 0, 0), (2, 1, 0)
HERE_CODE, PASSED_CODE, THERE_CODE = 0o001, 0o002, 0o012
HERE_NUMBER, PASSED_NUMBER, THERE_NUMBER, IDLE_NUMBER, HOST_NUMBER = 1, 2, 5, 3, 6


def chosen():
    """Layers of 40 and 4 neurons, the first on two nodes, whose spikes are chosen by hand.

    In each timestep `HERE` sends spikes of its neurons 1, 3 and 7, which are 33, 35 and 39 of
    layer 1, to `THERE`, and that one of its neuron 1 to the host. Timestep 3 is image 11's first.
    """
    return _sent((300, 40, 4), (HERE, THERE), [1])


def with_copies():
    """The same but that layer 2 is on two nodes, `THERE` and 2.0.0 on the way there from `HERE`.

    So what `HERE` sends are multicasts of which 2.0.0 gets copies, whose neuron 1 spikes too.
    """
    return _sent((300, 40, 40), (HERE, PASSED, THERE), [1, 33])


def _sent(sizes, places, outputs):
    """A network of these ``sizes``, layer by layer, whose ``outputs`` spike in every timestep.

    Its parts stand at 0.0.0 and then at ``places``.
    """
    shape = random_network(sizes, 0).shape
    mapping = Mapping(
        shape=shape,
        mesh=MeshShape(x=3, y=2, z=1),
        places=((0, 0, 0), *places),
        node=NodeShape(inputs=512, neurons=32),
    )
    assert mapping.parts[1] == Part(layer=0, first=32, neurons=8)
    given, first, second = (np.zeros((2, 3, size), dtype=bool) for size in shape.sizes)
    given[:, :, [2, 260]] = first[:, :, [33, 35, 39]] = second[:, :, outputs] = True
    scores = second.cumsum(axis=1)
    result = golden.Result(spikes=(first, second), potentials=(), running_scores=scores)
    run = exchange(mapping, given, result, first_image=10)
    return run, Arrivals.of(run)


def copied(step, neuron):
    return flit(THERE_CODE, HERE_CODE, step, word=neuron, to_host=1)


def copied_end(step):
    return flit(THERE_CODE, HERE_CODE, step, control=1, word=0, to_host=1)


def spike(step, neuron, to=THERE_CODE):
    return flit(to, HERE_CODE, step, word=neuron)


def end(step):
    return flit(THERE_CODE, HERE_CODE, step, control=1, word=0)


def credit(step):
    """From `THERE` to `HERE`."""
    return flit(HERE_CODE, THERE_CODE, step, control=1, word=1)


def for_host(step):
    """A credit from `HERE` for the host."""
    return flit(0, HERE_CODE, step, control=1, word=1, to_host=1)


def of_host(step):
    """A credit from the host for `THERE`."""
    return flit(THERE_CODE, 0, step, control=1, word=1, from_host=1)


def strange(source, **fields):
    """A spike of timestep 1 for `THERE` from nobody."""
    return flit(THERE_CODE, source, 1, word=3, **fields)


def remove(receiver, lost):
    return lambda arrivals: arrivals.remove(arrivals.find(receiver, lost))


def insert(receiver, extra, *, before=None):
    def change(arrivals):
        at = len(arrivals.flits) if before is None else arrivals.find(receiver, before)
        arrivals.insert(at, receiver, extra)

    return change


def replace(receiver, one, other):
    def change(arrivals):
        arrivals.flits[arrivals.find(receiver, one)] = other

    return change


def swap(receiver, one, other):
    def change(arrivals):
        here, there = arrivals.find(receiver, one), arrivals.find(receiver, other)
        arrivals.flits[here], arrivals.flits[there] = other, one

    return change


def cut(receiver, first):
    """Nothing comes to the receiver from this source from ``first`` on."""

    def change(arrivals):
        start, source = arrivals.find(receiver, first), first >> 13 & 0x1FF
        for at in reversed(range(start, len(arrivals.flits))):
            if arrivals.receivers[at] == receiver and arrivals.flits[at] >> 13 & 0x1FF == source:
                arrivals.remove(at)

    return change


def last(receiver, one, *others):
    """The last of the flits like ``one`` becomes the ``others``."""

    def change(arrivals):
        pairs = list(zip(arrivals.receivers, arrivals.flits, strict=True))
        at = len(pairs) - 1 - pairs[::-1].index((receiver, one))
        arrivals.remove(at)
        for k, other in enumerate(others):
            arrivals.insert(at + k, receiver, other)

    return change


def late(receiver, one, before):
    """The last of the flits like ``one`` comes only before the last like ``before``."""

    def change(arrivals):
        last(receiver, one)(arrivals)
        last(receiver, before, one, before)(arrivals)

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
        remove(THERE_NUMBER, spike(1, 3)),
        f"missing spike: {A}, neuron 35, {A_TO}",
        f"{A_FLIT} 1 neuron 3",
        f"{A_FLIT} 1 neuron 7",
    ),
    "missing last spike": (
        remove(THERE_NUMBER, spike(1, 7)),
        f"missing spike: {A}, neuron 39, {A_TO}",
        f"{A_FLIT} 1 neuron 7",
        f"{A_FLIT} 1 end",
    ),
    "extra spike": (
        insert(THERE_NUMBER, spike(1, 2), before=spike(1, 3)),
        f"extra spike: {A}, neuron 34, {A_TO}",
        f"{A_FLIT} 1 neuron 3",
        f"{A_FLIT} 1 neuron 2",
    ),
    "extra first spike": (
        insert(THERE_NUMBER, spike(0, 0), before=spike(0, 1)),
        f"extra spike: image 10, timestep 1, layer 1, neuron 32, {A_TO}",
        f"{A_FLIT} 0 neuron 1",
        f"{A_FLIT} 0 neuron 0",
    ),
    "spike of no neuron": (
        insert(THERE_NUMBER, spike(1, 200), before=end(1)),
        f"extra spike: {A}, neuron 232, {A_TO}",
        f"{A_FLIT} 1 end",
        f"{A_FLIT} 1 neuron 200",
    ),
    "wrong neuron": (
        replace(THERE_NUMBER, spike(1, 3), spike(1, 4)),
        f"spike with a wrong neuron: {A}, neuron 35, {A_TO}",
        f"{A_FLIT} 1 neuron 3",
        f"{A_FLIT} 1 neuron 4",
    ),
    "spike moved after its end": (
        swap(THERE_NUMBER, spike(1, 7), end(1)),
        f"spike after its end: {A}, neuron 39, {A_TO}",
        f"{A_FLIT} 1 neuron 7",
        f"{A_FLIT} 1 end",
    ),
    "spike added after its end": (
        insert(THERE_NUMBER, spike(1, 4), before=spike(2, 1)),
        f"spike after its end: {A}, neuron 36, {A_TO}",
        f"{A_FLIT} 2 neuron 1",
        f"{A_FLIT} 1 neuron 4",
    ),
    "first spike duplicated later": (
        insert(THERE_NUMBER, spike(0, 1), before=end(0)),
        f"duplicated spike: image 10, timestep 1, layer 1, neuron 33, {A_TO}",
        f"{A_FLIT} 0 end",
        f"{A_FLIT} 0 neuron 1",
    ),
    "spike of a later timestep": (
        insert(THERE_NUMBER, spike(2, 0), before=spike(0, 1)),
        f"extra spike: image 10, timestep 3, layer 1, neuron 32, {A_TO}",
        f"{A_FLIT} 0 neuron 1",
        f"{A_FLIT} 2 neuron 0",
    ),
    "spike two timesteps late": (
        late(THERE_NUMBER, spike(2, 3), end(0)),
        f"missing spike: image 10, timestep 3, layer 1, neuron 35, {A_TO}",
        f"{A_FLIT} 2 neuron 3",
        f"{A_FLIT} 2 neuron 7",
    ),
    "wrong last end": (
        last(THERE_NUMBER, end(1), end(2)),
        f"end with a wrong step: image 11, timestep 3, layer 1, {A_TO}",
        f"{A_FLIT} 1 end",
        f"{A_FLIT} 2 end",
    ),
    "two for the last end": (
        last(THERE_NUMBER, end(1), spike(1, 0), spike(1, 2)),
        f"extra spike: image 11, timestep 3, layer 1, neuron 32, {A_TO}",
        f"{A_FLIT} 1 end",
        f"{A_FLIT} 1 neuron 0",
    ),
    "swapped spikes": (
        swap(THERE_NUMBER, spike(1, 3), spike(1, 7)),
        f"spike out of order: {A}, neuron 35, {A_TO}",
        f"{A_FLIT} 1 neuron 3",
        f"{A_FLIT} 1 neuron 7",
    ),
    "duplicated spike": (
        insert(THERE_NUMBER, spike(1, 3), before=spike(1, 7)),
        f"duplicated spike: {A}, neuron 35, {A_TO}",
        f"{A_FLIT} 1 neuron 7",
        f"{A_FLIT} 1 neuron 3",
    ),
    "spike duplicated later": (
        insert(THERE_NUMBER, spike(1, 3), before=end(1)),
        f"duplicated spike: {A}, neuron 35, {A_TO}",
        f"{A_FLIT} 1 end",
        f"{A_FLIT} 1 neuron 3",
    ),
    "wrong step": (
        replace(THERE_NUMBER, spike(1, 3), spike(3, 3)),
        f"spike with a wrong step: {A}, neuron 35, {A_TO}",
        f"{A_FLIT} 1 neuron 3",
        f"{A_FLIT} 3 neuron 3",
    ),
    "wrong step of an end": (
        replace(THERE_NUMBER, end(1), end(2)),
        f"end with a wrong step: {A}, {A_TO}",
        f"{A_FLIT} 1 end",
        f"{A_FLIT} 2 end",
    ),
    "missing end": (
        remove(THERE_NUMBER, end(1)),
        f"missing end: {A}, {A_TO}",
        f"{A_FLIT} 1 end",
        f"{A_FLIT} 2 neuron 1",
    ),
    "duplicated end": (
        insert(THERE_NUMBER, end(1), before=spike(2, 1)),
        f"duplicated end: {A}, {A_TO}",
        f"{A_FLIT} 2 neuron 1",
        f"{A_FLIT} 1 end",
    ),
    "end too late": (
        swap(THERE_NUMBER, end(1), spike(2, 1)),
        f"end out of order: {A}, {A_TO}",
        f"{A_FLIT} 1 end",
        f"{A_FLIT} 2 neuron 1",
    ),
    "end after the last": (
        insert(THERE_NUMBER, end(2)),
        f"extra end: image 12, timestep 1, layer 1, {A_TO}",
        "no more than 24 flits",
        f"{A_FLIT} 2 end",
    ),
    "altered word": (
        replace(THERE_NUMBER, spike(1, 3), flit(THERE_CODE, HERE_CODE, 1, control=1, word=3)),
        f"altered spike: {A}, neuron 35, {A_TO}",
        f"{A_FLIT} 1 neuron 3",
        f"{A_FLIT} 1 control 3",
    ),
    "altered destination": (
        replace(THERE_NUMBER, spike(1, 3), spike(1, 3, to=3)),
        f"altered spike: {A}, neuron 35, {A_TO}",
        f"{A_FLIT} 1 neuron 3",
        "spike 1.0.0 -> 3.0.0 step 1 neuron 3",
    ),
    "unknown source": (
        insert(THERE_NUMBER, strange(3), before=spike(1, 3)),
        STRANGE,
        "none",
        "spike 3.0.0 -> 2.1.0 step 1 neuron 3",
    ),
    "altered source": (
        replace(THERE_NUMBER, spike(1, 3), strange(3)),
        STRANGE,
        "none",
        "spike 3.0.0 -> 2.1.0 step 1 neuron 3",
    ),
    "unknown virtual node": (
        insert(THERE_NUMBER, strange(0, from_host=1), before=spike(1, 3)),
        STRANGE,
        "none",
        "spike host's 0.0.0 -> 2.1.0 step 1 neuron 3",
    ),
    "memory flit": (
        insert(THERE_NUMBER, 1 | THERE_CODE << 1, before=spike(0, 1)),
        "memory flit: image 10, timestep 1, to node 2.1.0",
        "none",
        "memory -> 2.1.0 single read done 0x00000",
    ),
    "node not in use": (
        insert(IDLE_NUMBER, spike(0, 1)),
        "flit to a node not in use: to node 0.1.0",
        "none",
        f"{A_FLIT} 0 neuron 1",
    ),
    "missing credit": (
        remove(HERE_NUMBER, credit(1)),
        f"missing credit: {BACK}",
        f"{BACK_FLIT} 1 credit",
        f"{BACK_FLIT} 2 credit",
    ),
    "extra credit": (
        insert(HERE_NUMBER, credit(1), before=credit(2)),
        f"extra credit: {BACK}",
        f"{BACK_FLIT} 2 credit",
        f"{BACK_FLIT} 1 credit",
    ),
    "swapped credits": (
        swap(HERE_NUMBER, credit(1), credit(2)),
        f"credit out of order: {BACK}",
        f"{BACK_FLIT} 1 credit",
        f"{BACK_FLIT} 2 credit",
    ),
    "wrong step of a credit": (
        replace(HERE_NUMBER, credit(1), credit(0)),
        f"credit with a wrong step: {BACK}",
        f"{BACK_FLIT} 1 credit",
        f"{BACK_FLIT} 0 credit",
    ),
    "missing credit of two": (
        remove(HOST_NUMBER, for_host(1)),
        f"missing credit: {TO_HOST}",
        f"{TO_HOST_FLIT} 1 credit",
        f"{TO_HOST_FLIT} 2 credit",
    ),
    "extra credit of two": (
        insert(HOST_NUMBER, for_host(1), before=for_host(2)),
        f"extra credit: {TO_HOST}",
        f"{TO_HOST_FLIT} 2 credit",
        f"{TO_HOST_FLIT} 1 credit",
    ),
    "late credit of two": (
        late(HOST_NUMBER, for_host(2), for_host(0)),
        "credit out of order: image 10, timestep 3, layer 1, node 1.0.0 to host",
        f"{TO_HOST_FLIT} 2 credit",
        f"{TO_HOST_FLIT} 3 credit",
    ),
    "credit of the host": (
        remove(THERE_NUMBER, of_host(3)),
        "missing credit: image 11, timestep 1, host to node 2.1.0",
        f"{FROM_HOST_FLIT} 3 credit",
        f"{FROM_HOST_FLIT} 0 credit",
    ),
    "input": (
        remove(HERE_NUMBER, flit(HERE_CODE, 1, 3, word=4, from_host=1)),
        f"missing spike: image 11, timestep 1, input, neuron 260, {VIRTUAL_TO}",
        "spike host's 1.0.0 -> 1.0.0 step 3 neuron 4",
        "spike host's 1.0.0 -> 1.0.0 step 3 end",
    ),
    "output": (
        remove(HOST_NUMBER, flit(0, THERE_CODE, 2, word=1, to_host=1)),
        "missing spike: image 10, timestep 3, layer 2, neuron 1, node 2.1.0 to host",
        f"{OUTPUT_FLIT} 2 neuron 1",
        f"{OUTPUT_FLIT} 2 end",
    ),
    "stopped early": (
        cut(THERE_NUMBER, spike(3, 3)),
        f"missing spike: image 11, timestep 1, layer 1, neuron 35, {A_TO}",
        f"{A_FLIT} 3 neuron 3",
        "only 13 of 24 flits",
    ),
}
"""What is done to the flits, and what is said of it: what and where, expected, got."""

PASSED_TO = "node 1.0.0 to node 2.0.0"
COPY = "spike 1.0.0 ->> 2.1.0 step"

COPIES = {
    "copy lost": (
        remove(PASSED_NUMBER, copied(1, 3)),
        f"missing spike: {A}, neuron 35, {PASSED_TO}",
        f"{COPY} 1 neuron 3",
        f"{COPY} 1 neuron 7",
    ),
    "lost after the copy": (
        remove(THERE_NUMBER, copied(1, 3)),
        f"missing spike: {A}, neuron 35, {A_TO}",
        f"{COPY} 1 neuron 3",
        f"{COPY} 1 neuron 7",
    ),
    "copy doubled": (
        insert(PASSED_NUMBER, copied(1, 3), before=copied(1, 7)),
        f"duplicated spike: {A}, neuron 35, {PASSED_TO}",
        f"{COPY} 1 neuron 7",
        f"{COPY} 1 neuron 3",
    ),
    "doubled after the copy": (
        insert(THERE_NUMBER, copied(1, 3), before=copied(1, 7)),
        f"duplicated spike: {A}, neuron 35, {A_TO}",
        f"{COPY} 1 neuron 7",
        f"{COPY} 1 neuron 3",
    ),
    "sent to, besides the copy": (
        insert(PASSED_NUMBER, spike(1, 3, to=PASSED_CODE), before=copied(1, 3)),
        f"extra spike: {A}, neuron 35, {PASSED_TO}",
        f"{COPY} 1 neuron 3",
        "spike 1.0.0 -> 2.0.0 step 1 neuron 3",
    ),
    "sent to, no copy": (
        replace(PASSED_NUMBER, copied(1, 3), spike(1, 3, to=PASSED_CODE)),
        f"altered spike: {A}, neuron 35, {PASSED_TO}",
        f"{COPY} 1 neuron 3",
        "spike 1.0.0 -> 2.0.0 step 1 neuron 3",
    ),
    "not sent on as a multicast": (
        replace(THERE_NUMBER, copied(1, 3), spike(1, 3)),
        f"altered spike: {A}, neuron 35, {A_TO}",
        f"{COPY} 1 neuron 3",
        f"{A_FLIT} 1 neuron 3",
    ),
    "copy after its end": (
        swap(PASSED_NUMBER, copied(1, 7), copied_end(1)),
        f"spike after its end: {A}, neuron 39, {PASSED_TO}",
        f"{COPY} 1 neuron 7",
        f"{COPY} 1 end",
    ),
    "no copy of an end": (
        remove(PASSED_NUMBER, copied_end(1)),
        f"missing end: {A}, {PASSED_TO}",
        f"{COPY} 1 end",
        f"{COPY} 2 neuron 1",
    ),
    "copy where nobody receives": (
        insert(IDLE_NUMBER, copied(0, 1)),
        "flit to a node not in use: to node 0.1.0",
        "none",
        f"{COPY} 0 neuron 1",
    ),
    "copy to its sender": (
        insert(HERE_NUMBER, copied(1, 3), before=credit(1)),
        f"flit of an unknown source: {SECOND}, to node 1.0.0",
        "none",
        f"{COPY} 1 neuron 3",
    ),
    "no credit for copies": (
        remove(HERE_NUMBER, flit(HERE_CODE, PASSED_CODE, 1, control=1, word=1)),
        f"missing credit: {SECOND}, layer 2, node 2.0.0 to node 1.0.0",
        "spike 2.0.0 -> 1.0.0 step 1 credit",
        "spike 2.0.0 -> 1.0.0 step 2 credit",
    ),
}
"""The same of `with_copies`."""
