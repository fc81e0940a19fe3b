# amaranth: UnusedElaboratable=no
"""The waveform of a network on nodes: how large it will be, and what viewers show of it."""

import dataclasses
from collections.abc import Iterator

import numpy as np

from trispike.golden.mesh import links
from trispike.rtl.noc.mesh import node_name
from trispike.rtl.node.backbone import Backbone
from trispike.rtl.node.node import Node
from trispike.rtl.view import View, below, flit_stream
from trispike.sim.cost.operations import effective_operations
from trispike.sim.node.formats import Kind
from trispike.sim.node.harness import block_of
from trispike.sim.node.results import NodesRun
from trispike.sim.node.setting import Setting
from trispike.sim.tools import toolchain, waveform
from trispike.sim.tools.build import missing_for_fst
from trispike.sim.tools.waveform import Plan

_NEURONS = 4
"""Neurons of each node that a waveform viewer shows first."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Format:
    """The bytes that a format of waveforms takes, fitted to measured files.

    - ``router``: for each router of the mesh.
    - ``operation``: for each effective synaptic operation.
    - ``flit``: for each flit and router that it passes.
    """

    router: float
    operation: float
    flit: float


VCD = Format(router=650_000.0, operation=86.0, flit=1770.0)
FST = Format(router=74_000.0, operation=8.7, flit=74.0)


def plan(setting: Setting, images: range, limit: int) -> Plan:
    """How many of ``images``, from 0, fit ``limit`` megabytes, see `sim.tools.waveform.plan`."""
    missing = missing_for_fst(toolchain.find().cxx)
    mapping, form = setting.mapping, VCD if missing else FST
    head = form.router * mapping.mesh.nodes
    sizes = _sizes(setting, images, form)
    return waveform.plan("images", len(images), head, sizes, limit, missing)


def _sizes(setting: Setting, images: range, form: Format) -> Iterator[float]:
    """Estimated bytes that each image adds; the mean of all for what is of flits."""
    hops = links.run_links(setting.exchange, setting.routes).sum() / setting.images
    for image in images:
        steps = slice(image * setting.timesteps, (image + 1) * setting.timesteps)
        counts = [each[steps].sum(axis=0) for each in setting.exchange.spikes[:-1]]
        yield form.operation * sum(effective_operations(setting.network, counts)) + (
            form.flit * float(hops)
        )


def views(setting: Setting, *, stalls: bool) -> dict[str, tuple[View, ...]]:
    """What a viewer should show: the host's port, and the blocks of each node in use."""
    mapping = setting.mapping
    backbone = Backbone(shape=mapping.mesh, router=setting.router, stalls=stalls)
    host = *flit_stream("host_i"), *flit_stream("host_o")
    groups = {"host": below(f"backbone.{block_of(backbone.module_name)}", host)}
    inside = block_of(Node(shape=mapping.node).module_name)
    blocks = Node.views(mapping.node, _NEURONS)
    for place in sorted(mapping.places, key=mapping.mesh.number):
        name = f"node_{node_name(place)}"
        for block, its_views in blocks.items():
            groups[f"{name}_{block}"] = below(f"{name}.{inside}", its_views)
    return groups


def flits(done: NodesRun) -> list[int]:
    """The flits that came in a run, or were sent while it was logged."""
    sent = done.log["value"][done.log["kind"] == Kind.SENT]
    return np.union1d(done.flits, sent).tolist()
