"""The same chip in Amaranth's own simulator, for as long as its budget lasts."""

import time

import numpy as np
from amaranth.hdl import Value
from amaranth.sim import Simulator

from trispike.rtl.chip.fixed_chip import Chip
from trispike.sim.bench.sample import Sample
from trispike.sim.bench.work import Work

_PERIOD_SECONDS = 6e-9


class AmaranthChip:
    """Loads the network through the configuration port, then runs images until ``budget`` is spent.

    ``budget`` is in seconds of simulation, loading among them, making the simulator not. The
    sample is of the cycles after loading; if the budget ends sooner, it is of loading alone and
    says so. Nothing is extrapolated.
    """

    what = "Amaranth's own simulator"
    once = True

    def __init__(self, work: Work, budget: float):
        self._work, self._budget = work, budget

    def measure(self) -> dict[str, Sample]:
        """One run."""
        chip = Chip(shape=self._work.network.shape)
        simulator = Simulator(chip)
        simulator.add_clock(_PERIOD_SECONDS)
        results: list[int] = []
        samples: list[Sample] = []

        async def testbench(ctx):
            samples.append(await self._run(ctx, chip, results))

        simulator.add_testbench(testbench)
        simulator.run()
        labels = np.array(results, dtype=np.int64)
        self._work.check_labels("amaranth", labels, first=len(labels))
        return {"amaranth": samples[0]}

    async def _run(self, ctx, chip: Chip, labels: list[int]) -> Sample:
        begun = time.perf_counter()
        deadline = begun + self._budget
        ctx.set(chip.result.ready, 1)
        writes = self._work.writes()
        ctx.set(chip.configuration.valid, 1)
        for loaded, write in enumerate(writes):
            now = time.perf_counter()
            if now > deadline and loaded:
                note = f"budget spent after {loaded} of {len(writes)} configuration writes"
                return Sample(images=0, cycles=loaded, seconds=now - begun, note=note)
            ctx.set(Value.cast(chip.configuration.payload), write)
            await ctx.tick().until(chip.configuration.ready)
        ctx.set(chip.configuration.valid, 0)

        begun = time.perf_counter()
        cycles, at = 0, 0
        vectors = self._work.spikes.reshape(-1, self._work.spikes.shape[2])
        while len(labels) < self._work.images:
            if time.perf_counter() > deadline and cycles:
                break
            ctx.set(chip.i.valid, at < len(vectors))
            if at < len(vectors):
                ctx.set(chip.i.payload, _number(vectors[at]))
                at += ctx.get(chip.i.ready)
            if ctx.get(chip.result.valid):
                labels.append(ctx.get(chip.result.payload.label))
            await ctx.tick()
            cycles += 1
        seconds = time.perf_counter() - begun
        note = f"after {len(writes):,} cycles of loading"
        if len(labels) < self._work.images:
            note += f"; budget of {self._budget:g} s spent"
        return Sample(images=len(labels), cycles=cycles, seconds=seconds, note=note)


def _number(vector: np.ndarray) -> int:
    return int.from_bytes(np.packbits(vector, bitorder="little").tobytes(), "little")
