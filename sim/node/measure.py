"""A network loaded into the RTL of a mesh of nodes, run, compared with the golden model."""

import dataclasses
from pathlib import Path

import numpy as np

from golden import mapped, mapped_judge, mapped_links
from golden.mapped import Outputs
from models.flits import SPIKE, FlitType
from sim.node import memory, work
from sim.node.results import Run
from sim.node.run import run
from sim.node.setting import Setting
from sim.node.work import Conditions, Memory

READ_BACKS = ("none", "burst", "single", "both")
"""How a loaded network is read back after the run."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Measured:
    """A run that was found to be right.

    Parameters
    ----------
    setting, run
        What was asked, and what came.
    outputs
        What the host was told.
    loaded, read_back
        Words of the nodes' memories written, and read back and compared.
    """

    setting: Setting
    run: Run
    outputs: Outputs
    loaded: int
    read_back: int


def measure(
    program: Path,
    setting: Setting,
    folder: Path,
    *,
    stall: float = 0.0,
    seed: int = 0,
    back_door: bool = False,
    read_back: str = "none",
    gated: bool = True,
) -> Measured:
    """Load, run, read back, compare.

    Parameters
    ----------
    program
        From `sim.node.run.program`.
    setting
        What to run.
    folder
        Where the run leaves its files.
    stall, seed, gated
        See `sim.node.work.Conditions`.
    back_door
        Load at each node's own port, all at once, in place of through the mesh.
    read_back
        One of `READ_BACKS`, through the mesh.

    `golden.noc.Divergence` names the first difference of spikes, credits, labels or flits of a
    link; `SimulationError` tells of a run that did not end, of memory that is not as it was written.
    """
    mapping, network = setting.mapping, setting.network
    writes = memory.loading(mapping, network)
    bursts = memory.reading(mapping, network) if read_back in ("burst", "both") else []
    singles = memory.reading(mapping, network, burst=False) if read_back in ("single", "both") else []
    task = work.mapped(
        mapping,
        setting.exchange.spikes[0],
        before=Memory(transactions=writes, back_door=back_door),
        after=Memory(transactions=[*bursts, *singles]),
    )
    conditions = Conditions(dead_links=setting.dead_links, stall=stall, seed=seed, gated=gated)
    done = run(program, task, folder, conditions)
    judge(setting, done)
    memory.check_loaded(done.before)
    read = 0
    for some in (done.after[: len(bursts)], done.after[len(bursts) :]):
        if some:
            read += memory.compare(mapping, network, some)
    return Measured(
        setting=setting,
        run=done,
        outputs=host_outputs(setting, done),
        loaded=sum(len(each.request) - 2 for each in writes),
        read_back=read,
    )


def judge(setting: Setting, done: Run) -> None:
    """Compare spikes, credits and flits of links; then see that the run ended well.

    In this order: where a run has stopped, the first flit that is missing tells more.
    """
    spikes = SPIKE["type"].get(done.flits) == FlitType.SPIKE
    mapped_judge.judge(setting.exchange, done.receivers[spikes], done.flits[spikes])
    done.check()
    expected = mapped_links.run_links(setting.exchange, setting.routes)
    mapped_links.compare_links(setting.routes, expected, done.running.links)
    for phase, exchanges in ((done.loading, done.before), (done.reading, done.after)):
        if exchanges and phase.links.any():
            requests = np.concatenate([each.transaction.request for each in exchanges])
            answers = np.concatenate([each.answer for each in exchanges])
            wanted = mapped_links.transaction_links(setting.routes, requests, answers)
            mapped_links.compare_links(setting.routes, wanted, phase.links)


def host_outputs(setting: Setting, done: Run) -> Outputs:
    """Output spikes, counts and labels."""
    host = done.receivers == mapped.host_receiver(setting.mapping.mesh)
    return mapped.outputs(
        setting.mapping, done.flits[host], images=setting.images, timesteps=setting.timesteps
    )
