"""Scenario of the weight memory's bank."""

from trispike.models.network.layers import BankShape
from trispike.rtl.layers.sram import SRAMBank
from trispike.sim.waves.probe import bits
from trispike.sim.waves.scenario import Scenario
from trispike.sim.waves.stimulus import Stimulus

_ROWS = {0: 0x5A, 1: 0xC3, 7: 0x0F, 15: 0xFF}


async def _drive(stimulus: Stimulus) -> None:
    async def write(address: int, data: int) -> None:
        stimulus.set(address=address, read=0, write=1, write_data=data)
        await stimulus.cycles()

    async def read(address: int) -> None:
        stimulus.set(address=address, read=1, write=0, write_data=0)
        await stimulus.cycles()

    for address, data in _ROWS.items():
        await write(address, data)
    for address in reversed(_ROWS):
        await read(address)
    await write(7, 0x81)  # what was read stands meanwhile
    await read(7)
    stimulus.set(address=1, read=0)
    await stimulus.cycles(2)


SCENARIOS = (
    Scenario(
        name="sram_write_read",
        about="four rows are written and read back, one is written anew and read at once",
        block=lambda: SRAMBank(shape=BankShape(rows=16, width=8, neurons=4)),
        drive=_drive,
        signals=dict.fromkeys(("address", "read", "write", "write_data", "read_data"), bits),
    ),
)
