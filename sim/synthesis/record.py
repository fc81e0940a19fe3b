"""Records of what was synthesised: the newest figures of each chip, router and node."""

import dataclasses

from trispike.models.network.presets import PRESETS
from trispike.sim.report.records import Records
from trispike.sim.synthesis.ecp5 import Fpga
from trispike.sim.synthesis.figures import Synthesis
from trispike.sim.synthesis.node import NodeSynthesis
from trispike.sim.synthesis.router import RouterSynthesis

Entry = Synthesis | Fpga | RouterSynthesis | NodeSynthesis


def _chip(entry: Synthesis | Fpga) -> tuple:
    place = entry.library if isinstance(entry, Synthesis) else entry.device
    return place, list(PRESETS).index(entry.network), entry.lanes


def _router(entry: RouterSynthesis) -> tuple:
    shape = entry.shape
    return entry.library, shape.dead_links, shape.routing.value, shape.depth


def _node(entry: NodeSynthesis) -> tuple:
    return entry.library, *dataclasses.astuple(entry.shape), *_router(entry.router)


WHAT = "syntheses"
CELLS = Records(format="trispike-synthesis-1", entry=Synthesis, what=WHAT, key=_chip)
ROUTER = Records(format="trispike-router-1", entry=RouterSynthesis, what=WHAT, key=_router)
NODE = Records(format="trispike-node-1", entry=NodeSynthesis, what=WHAT, key=_node)
ECP5 = Records(format="trispike-ecp5-1", entry=Fpga, what=WHAT, key=_chip)
