"""Records of the files of `sim/node/drive.cpp` and `sim/node/flat.cpp`; C++ is given them too."""

import enum

import numpy as np

from trispike.sim.noc.cpp import record
from trispike.sim.noc.harness import DONE

STATES = 8
"""States of a node: computing + 2 * sending + 4 * blocked."""


class Ending(enum.IntEnum):
    """How a phase ended."""

    FINISHED = 0
    STILL = 1
    """No flit moved for a long time."""

    DROPPED = 2
    """A router dropped a flit."""

    LATE = 3
    """It took more cycles than allowed."""

    SKIPPED = 4
    """It never began, as one before did not finish."""


class Kind(enum.IntEnum):
    """What a `HAPPENING` is."""

    SENT = 0
    """The mesh takes the flit ``value`` from a node, or from the host."""

    STATE = 1
    """From this cycle on a node's state is ``value``, one of `STATES`; 0 before the first."""


SETTINGS = record(
    "gated",
    "record",
    "until_drop",
    "stall",
    "seed",
    "dead",
    "still",
    "limit",
    "logged",
    "traced",
    "wave_first",
    "wave_last",
)
"""How a run goes: see `sim.node.work.Conditions`; ``dead`` is the value of the port dead_links."""

TRANSACTIONS = record("back_door", "limit", "count")
"""Begins a list of transactions: most cycles that they may take, and how many they are."""

PHASE = record("ending", "cycles", "nanoseconds", "evaluations", "strays")

NODE = record("quiet", "computing", "sending", "blocked", "status", "dropped", "dropped_ports")
"""A node and its router at the end."""

EXCHANGE = record("begun", "ended", "flits")
"""A transaction: cycles in which it began and in which its answer ended, or -1; the answer's flits
follow."""

ARRIVAL = record(cycle=np.int64, flit=np.uint32, receiver=np.uint32)
"""A flit that a node or the host was given: the receiver is a node's number, nodes the host."""

HAPPENING = record(cycle=np.int64, kind=np.uint16, party=np.uint16, value=np.uint32)
"""Something for a timeline, of a `Kind`: the party is a node's number, nodes the host."""

HOST_PORTS = record(
    i_valid=np.uint8,
    i_ready=np.uint8,
    o_valid=np.uint8,
    o_ready=np.uint8,
    i_payload=np.uint32,
    o_payload=np.uint32,
)
"""The host's ports in a cycle."""

RECORDS = {
    "Settings": SETTINGS,
    "ListHead": TRANSACTIONS,
    "PhaseHead": PHASE,
    "NodeEnd": NODE,
    "ExchangeHead": EXCHANGE,
    "Arrival": ARRIVAL,
    "Happening": HAPPENING,
    "HostPorts": HOST_PORTS,
    "Done": DONE,
}
"""Names of the records in C++."""
