"""The banks of a layer's weights: which of them an access wakes."""

import pytest
from amaranth.sim import Simulator

from trispike.models.network.layers import Dense
from trispike.rtl.layers import weight_memory
from trispike.rtl.layers.sram import SRAMBank
from trispike.rtl.layers.weight_memory import WeightMemory, parts


@pytest.mark.parametrize(("inputs", "lanes"), [(784, 1), (1024, 1), (525, 2), (40, 1)])
def test_an_access_wakes_one_part(inputs, lanes, monkeypatch):
    """Of each bank the part that has the row is read or written, the others are not."""
    made = []

    class Bank(SRAMBank):
        def __init__(self, **parameters):
            super().__init__(**parameters)
            made.append(self)

    monkeypatch.setattr(weight_memory, "SRAMBank", Bank)
    shape = Dense(inputs=inputs, neurons=70, lanes=lanes)
    memory = WeightMemory(shape=shape)
    simulator = Simulator(memory)
    simulator.add_clock(1e-6)
    every = list(parts(shape))
    rows = [0, *(part.rows.stop - 1 for part in every), *(part.rows.start for part in every)]

    async def look(ctx):
        for row in {row for row in rows if row * lanes < inputs}:
            for lane in range(lanes):
                here = [part.lane == lane and row in part.rows for part in every]
                ctx.set(memory.addresses[lane], row)
                ctx.set(memory.read, 1 << lane)
                assert [ctx.get(bank.read) for bank in made] == here
                ctx.set(memory.read, 0)
                assert not any(ctx.get(bank.read) for bank in made)
                ctx.set(memory.write_neuron, row * lanes + lane)
                ctx.set(memory.write, 0b10)
                mine = [woken and part.bank == 1 for woken, part in zip(here, every, strict=True)]
                assert [ctx.get(bank.write) for bank in made] == mine
                ctx.set(memory.write, 0)
                await ctx.tick()

    simulator.add_testbench(look)
    simulator.run()
    assert len(made) == len(every)
