"""The waveform of traffic on a mesh: how large it will be, and what viewers show of it."""

import dataclasses
import itertools

import numpy as np

from trispike.golden.mesh.routes import expect
from trispike.models.mesh.topology import MeshShape
from trispike.rtl.noc.mesh import Mesh
from trispike.rtl.view import View, below
from trispike.sim.noc.harness import TOP
from trispike.sim.noc.run import TrafficRun
from trispike.sim.noc.setting import Setting
from trispike.sim.tools import toolchain, waveform
from trispike.sim.tools.build import missing_for_fst
from trispike.sim.tools.waveform import Plan


@dataclasses.dataclass(frozen=True, kw_only=True)
class Format:
    """The bytes that a format of waveforms takes for a mesh, fitted to measured files.

    - ``router``: for each router.
    - ``flit``: for each flit and router that it passes.
    """

    router: float
    flit: float


VCD = Format(router=20_000.0, flit=680.0)
FST = Format(router=4_000.0, flit=80.0)


def plan(setting: Setting, cycles: int, limit: int) -> Plan:
    """How many of so many ``cycles`` fit ``limit`` megabytes, see `sim.tools.waveform.plan`."""
    missing = missing_for_fst(toolchain.find().cxx)
    traffic, form = setting.traffic(), VCD if missing else FST
    links = expect(setting.routes, traffic.sources, traffic.flits).links
    hops = float(links.sum()) / max(traffic.cycles, links.max(initial=0))
    sizes = itertools.repeat(form.flit * hops, cycles)
    head = form.router * setting.mesh.nodes
    return waveform.plan("cycles", cycles, head, sizes, limit, missing)


def views(mesh: MeshShape) -> dict[str, tuple[View, ...]]:
    """What a viewer should show: what comes to each router, wants to go, and leaves."""
    return {name: below(f"{TOP}.mesh", each) for name, each in Mesh.views(mesh).items()}


def flits(run: TrafficRun) -> list[int]:
    """The flits that were offered or came in a run."""
    return np.union1d(run.traffic.flits, run.flits).tolist()
