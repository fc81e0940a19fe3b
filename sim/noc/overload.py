"""Where a mesh saturates: what it accepts while its nodes send all they can."""

import dataclasses

from trispike.sim.noc.setting import Setting

CYCLES, WARMUP = 3000, 1000
"""Length of the run that says so, and the cycle from which its flits are counted."""


def overload(setting: Setting) -> Setting:
    """The traffic of ``setting`` from nodes that send all they can."""
    return dataclasses.replace(setting, rate=1.0, cycles=CYCLES, warmup=WARMUP)
