"""The cocotb side of a recording: runs the stimulus and writes when it began and ended.

It runs inside the simulator, in the scenario's folder.
"""

import json
from pathlib import Path

import cocotb
from cocotb.triggers import SimTimeoutError, with_timeout

from trispike.sim.waves.scenarios import find
from trispike.sim.waves.stimulus import CASE, PERIOD_NS, WINDOW, Stimulus, now


@cocotb.test()
async def drive(dut):
    """Run the scenario's stimulus, at most up to its limit."""
    case = json.loads(Path(CASE).read_text())
    scenario = find(case["scenario"])
    stimulus = Stimulus(dut, case["inputs"])
    await stimulus.reset()
    ended = True
    try:
        await with_timeout(scenario.drive(stimulus), scenario.limit * PERIOD_NS, "ns")
    except SimTimeoutError:
        # What was recorded tells more than a failure would: where it first went another way.
        ended = False
    window = {"begin": stimulus.begin, "end": now(), "ended": ended}
    await stimulus.cycles(1)  # so that the edge that ends the last cycle is in the waveform
    Path(WINDOW).write_text(json.dumps(window))
