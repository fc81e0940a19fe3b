"""Whether a run had a steady state, and that one without is told."""

import re

import numpy as np
import pytest

from tb.kit.command import trispike_here
from trispike.models.mesh.topology import MeshShape
from trispike.models.mesh.traffic import Traffic
from trispike.sim.noc.figures import longest_wait
from trispike.sim.noc.run import NEVER
from trispike.sim.noc.steadiness import Steadiness

NODES, WINDOW = 2, range(100, 300)


def _of(begins, ends, offered=1000, delivered=1000):
    waits = np.array(begins), np.array(ends)
    return Steadiness.of(offered, delivered, waits=waits, window=WINDOW, nodes=NODES)


def test_backlogs():
    """Means over the nodes and over each half of the window, of cycles in it alone."""
    found = _of([0, 150, 190, 290], [150, 160, 220, 900])
    assert found.backlogs == ((50 + 10 + 10) / 100 / NODES, (20 + 10) / 100 / NODES)
    assert found.steady


@pytest.mark.parametrize(
    ("offered", "delivered", "waiting", "steady"),
    [
        (1000, 950, 2, True),
        (1000, 949, 0, False),  # more than a twentieth is not delivered
        (1000, 1051, 0, False),  # a backlog of before the window is
        (3, 2, 0, True),  # one flit that is under way
        (1000, 1000, 3, False),  # flits that wait from the middle on: one of each node, and one
        (0, 0, 0, True),
    ],
)
def test_rule(offered, delivered, waiting, steady):
    """What is delivered against what is offered, and a backlog that grows."""
    middle, end = [200] * waiting, [300] * waiting
    assert _of(middle, end, offered, delivered).steady == steady
    assert _of([100] * waiting, middle, offered, delivered).steady == steady


def test_unsteady_run_is_told(tmp_path):
    """Twenty cycles of bursts: the warning, the line in the table, the marked means."""
    options = ("--rate", "0.9", "--bursts", "1", "--cycles", "20", "--warmup", "0")
    done = trispike_here("noc", "--mesh", "2x1x1", *options)
    assert done.returncode == 0, done.stderr
    assert re.match(r"warning: 2x1x1, uniform: the run was not steady \(", done.stderr)
    assert re.search(r"steady state *│ *NO │", done.stdout)
    assert re.search(r"their latency from offer: mean, cycles │ *[\d.]+ │ unsteady", done.stdout)


def test_link_loads_are_of_the_window():
    """A link that is always busy carries a flit a cycle, however long the mesh takes to drain."""
    options = ("--mesh", "2x1x1", "--traffic", "neighbour", "--rate", "1", "--cycles", "60")
    done = trispike_here("noc", *options, "--warmup", "20")
    assert re.search(r"busiest \(\d\.0\.0 \w+\) *│ *1\.0000 │ measured", done.stdout)
    assert not done.stderr


def test_longest_wait():
    """A flit that never enters waits until the end of the offers, and those behind it for it."""

    def waited(*taken):
        count = len(taken)
        traffic = Traffic(
            mesh=MeshShape(x=2, y=1, z=1),
            cycles=100,
            sources=np.zeros(count, dtype=np.int64),
            times=np.array([5, 6, 60])[:count],
            flits=np.zeros(count, dtype=np.uint32),
        )
        return longest_wait(traffic, np.array(taken))

    assert waited(9, 15, 60) == 5
    assert waited(9, NEVER, NEVER) == 90
    assert waited(NEVER) == 95
    assert waited() == 0
