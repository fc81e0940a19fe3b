"""`make report MESH=`: what is in the page is what the run found."""

import json
import types

import numpy as np
import pytest

from tb.kit.extras import needs_report
from tb.kit.networks import random_network
from tb.kit.nodes import MESH, NODE, ON_THE_WAY, moved
from tb.sim.page.pages import Written, on_a_mesh, printed
from trispike.golden.mesh import links
from trispike.models.mesh.topology import MeshShape, Port, RouterShape, node_name
from trispike.sim.node.setting import setting

pytestmark = [needs_report, pytest.mark.xdist_group("nodes")]


@pytest.fixture(scope="module")
def report(tmp_path_factory):
    folder = tmp_path_factory.mktemp("mesh")
    done = on_a_mesh(folder, f"JSON={folder / 'a.json'}")
    assert done.returncode == 0, done.stderr
    return Written(folder / "page.html"), json.loads((folder / "a.json").read_text()), done.stdout


def test_figures_are_those_of_table_and_json(report):
    page, figures, told = report
    assert page.figures == figures
    rows = printed(told)
    assert len(rows) > 15
    assert [row for row in page.rows if row[0] != "quantity"] == rows


def test_links(report):
    """Flits of each, which arrivals add up to by the paths of their senders."""
    page, figures, _ = report
    drawn = {row["name"]: row for row in page.data("mesh")}
    arrived = {row["name"]: row["counts"] for row in page.data("arrivals")}
    assert set(drawn) == {
        f"{node_name(node)} {port.name.lower()}"
        for node in MESH.every()
        for port in MESH.ports(node)
        if port is not Port.LOCAL
    }
    assert {name: sum(counts) for name, counts in arrived.items()} == {
        name: row["flits"] for name, row in drawn.items()
    }
    busiest = page.data("mesh")[0]
    assert busiest["name"] == figures["busiest_link"]
    assert busiest["load"] == pytest.approx(figures["busiest_link_load"])
    assert np.count_nonzero(arrived[busiest["name"]]) > 30  # at all times
    assert drawn["0.0.0 up"]["flits"] == drawn["0.0.1 down"]["flits"] == 0
    loads = [row["load"] for row in drawn.values()]
    assert np.mean(loads) == pytest.approx(figures["link_load"])


def test_flits_of_all_virtual_nodes():
    """The host sends 784 inputs as four nodes, whose names are those of others in the mesh."""
    mesh, network = MeshShape(x=2, y=1, z=2), random_network((784, 300, 10), 0)
    spikes = np.random.default_rng(0).random((2, 3, 784)) < 0.2
    asked = setting(network, mesh, spikes, router=RouterShape())
    found = _found_over_links(asked)
    assert (found.sum(axis=2) == links.run_links(asked.exchange, asked.routes)).all()


def _found_over_links(asked):
    """What the page finds of a run in which a flit comes in each cycle."""
    flows = asked.exchange.flows
    flits = [asked.exchange.flits(flow) for flow in flows]
    receivers = np.repeat([flow.receiver for flow in flows], [len(each) for each in flits])
    run = types.SimpleNamespace(
        flits=np.concatenate(flits),
        receivers=receivers,
        times=np.arange(len(receivers)),
        running=types.SimpleNamespace(cycles=len(receivers)),
    )
    ran = types.SimpleNamespace(measured=types.SimpleNamespace(setting=asked, run=run))
    from trispike.sim.page.mesh import _over_links

    return _over_links(ran)


@pytest.mark.parametrize("unicast", [False, True])
def test_copies_over_links(unicast):
    """A multicast passes its links once, and leaves by LOCAL wherever there is a copy."""
    network = random_network((60, 64, 40, 64), 0)
    spikes = np.random.default_rng(0).random((2, 3, 60)) < 0.2
    asked = setting(network, MESH, spikes, router=RouterShape(), node=NODE, unicast=unicast)
    asked = moved(asked, ON_THE_WAY)
    assert any(flow.copies for flow in asked.exchange.flows) is not unicast
    found = _found_over_links(asked)
    assert (found.sum(axis=2) == links.run_links(asked.exchange, asked.routes)).all()


def test_links_are_drawn_apart(report):
    """Both ways of a link, and each beside its routers."""
    ends = {tuple(row[k] for k in ("x", "y", "x2", "y2")) for row in report[0].data("mesh")}
    assert len(ends) == len(report[0].data("mesh"))
    assert not ends & {(x2, y2, x, y) for x, y, x2, y2 in ends}


def test_nodes_and_energy(report):
    page, figures, _ = report
    rows = page.data("cycles")
    for kind in ("computing", "sending", "blocked", "waiting"):
        name = {"blocked": "waiting for credits", "waiting": "waiting for spikes"}.get(kind, kind)
        shares = [row["amount"] for row in rows if row["kind"] == name]
        assert len(shares) == figures["nodes"]
        assert np.mean(shares) == pytest.approx(100 * figures[kind])
    energy = sum(sum(parts.values()) for parts in figures["energy_nj"].values())
    assert sum(row["amount"] for row in page.data("energy")) == pytest.approx(energy)
    work = {"effective": 0.0, "weight is 0": 0.0}
    for row in page.data("skipped"):
        work[row["kind"]] = work.get(row["kind"], 0.0) + row["amount"]
    assert work["effective"] == pytest.approx(figures["effective_operations"])
    both = work["effective"] + work["weight is 0"]
    assert both == pytest.approx(figures["synaptic_operations"])
    assert sum(work.values()) == pytest.approx(4 * (60 * 64 + 64 * 40 + 40 * 5))


def test_spikes(report):
    """As many as the run had, of all images: all are shown."""
    page, figures, _ = report
    sums = np.zeros(4)
    for row in page.data("raster"):
        np.add.at(sums, row["k"], row["c"])
    assert (sums / 6).tolist() == pytest.approx(figures["spikes"])
