"""The cocotb side of a router under traffic: offers flits at its ports, takes all that leave.

It runs inside the simulator, in the run's folder.
"""

import json
from pathlib import Path

import cocotb

from trispike.sim.energy.router import CASE
from trispike.sim.waves.stimulus import WINDOW, Stimulus, now


@cocotb.test()
async def drive(dut):
    """Offer each flit from its cycle on, for as many cycles as the case has."""
    case = json.loads(Path(CASE).read_text())
    stimulus = Stimulus(dut, case["inputs"])
    await stimulus.reset()
    stimulus.set(here=case["here"], **dict.fromkeys(case["outputs"], 1))
    await stimulus.cycles(2)
    stimulus.record()

    async def offer(port: str, flits: list[tuple[int, int]]):
        at = 0
        for cycle, flit in flits:
            if cycle > at:
                await stimulus.cycles(cycle - at)
            begun = now()
            await stimulus.send(port, [flit])
            at = max(cycle, at) + (now() - begun) // case["period"]

    for port, flits in case["flits"].items():
        stimulus.start(offer(port, flits))
    await stimulus.cycles(case["cycles"])
    end = now()
    await stimulus.cycles(1)  # so that the edge that ends the last cycle is in the waveform
    Path(WINDOW).write_text(json.dumps({"begin": stimulus.begin, "end": end}))
