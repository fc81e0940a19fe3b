"""Testbench of the SRAM bank."""

from tb.kit.bench import Bench, scenario


class SRAMBench(Bench):
    """Reads and writes; compares the read data in every cycle, as they hold until the next read."""

    def __init__(self, pins, rng, *, rows, width):
        super().__init__(pins, rng)
        self.rows, self.width = rows, width
        self.contents: dict[int, int] = {}
        self.shown: int | None = None

    def watch(self):
        got = self.pins.get("read_data")
        assert self.shown in (None, got), (
            f"cycle {self.cycle}: read {got:#x}, expected {self.shown:#x}"
        )

    async def _access(self, address, *, read=0, write=0, data=None):
        data = self.rng.getrandbits(self.width) if data is None else data
        for name, value in (
            ("address", address),
            ("read", read),
            ("write", write),
            ("write_data", data),
        ):
            self.pins.set(name, value)
        await self.step()
        if write:
            self.contents[address] = data
        if read:
            self.shown = self.contents[address]

    async def idle(self):
        """Access nothing, with noise on address and data."""
        await self._access(self.rng.randrange(self.rows))

    async def read(self, address):
        """Read a row that was written."""
        await self._access(address, read=1)

    async def write(self, address, data=None):
        """Write a row."""
        await self._access(address, write=1, data=data)

    async def fill(self):
        """Write every row, in any order."""
        for address in self.rng.sample(range(self.rows), self.rows):
            await self.write(address)

    async def check(self):
        """Read every row, in any order."""
        for address in self.rng.sample(range(self.rows), self.rows):
            await self.read(address)

    async def reset(self):
        self.shown = None  # only the contents survive for sure
        self.pins.set("read", 0)
        self.pins.set("write", 0)
        await super().reset()

    async def finish(self):
        for _ in range(3):
            await self.idle()


@scenario(SRAMBench)
async def every_row(bench):
    """Each row holds its own data, and still does after a reset."""
    await bench.fill()
    await bench.check()
    await bench.reset()
    await bench.check()


@scenario(SRAMBench)
async def bit_patterns(bench):
    """Every bit of the first and the last row goes both ways alone."""
    for address in (0, bench.rows - 1):
        for bit in range(bench.width):
            for data in (1 << bit, ~(1 << bit) & ((1 << bench.width) - 1)):
                await bench.write(address, data)
                await bench.read(address)


@scenario(SRAMBench)
async def random_accesses(bench):
    """Reads, writes and pauses in any order, often of the same few rows."""
    rng = bench.rng
    rows = [0, bench.rows - 1, *rng.sample(range(1, bench.rows - 1), 6)]
    for row in rows:
        await bench.write(row)
    for n in range(1500):
        await rng.choice((bench.read, bench.write))(rng.choice(rows))
        while rng.random() < 0.3:
            await bench.idle()
        if n % 400 == 399:
            await bench.reset()
