"""Scenarios of the encoder, with one lane and with several."""

from collections.abc import Callable

from trispike.rtl.layers.lanes import LaneEncoder, spikes_layout
from trispike.sim.waves.probe import bits
from trispike.sim.waves.scenario import Scenario
from trispike.sim.waves.stimulus import Stimulus

_INPUTS = 20


def spikes(inputs: int, lanes: int) -> Callable[[int, int], str]:
    """Text of an encoder's output: the neuron of each lane's spike, ``-`` for none, or ``end``.

    The address of a lane without a spike must be 0; any other is shown, as ``-3``.
    """
    layout = spikes_layout(inputs, lanes)
    address_bits = layout["addresses"].width // lanes
    first, flags = layout["addresses"].offset, layout["spikes"].offset

    def show(value: int, width: int) -> str:
        texts = []
        for lane in range(lanes):
            address = value >> first + lane * address_bits & ((1 << address_bits) - 1)
            if value >> flags + lane & 1:
                texts.append(str(address * lanes + lane))
            else:
                texts.append(f"-{address or ''}")
        return "end" if set(texts) == {"-"} else ",".join(texts)

    return show


def _scenario(name: str, about: str, vectors: list[int], *, stalls: str = "", lanes: int = 1):
    """``stalls``: ``o.ready`` in each of the first cycles, 1 or 0; high after that."""

    async def ready(stimulus: Stimulus) -> None:
        for bit in stalls:
            stimulus.set(o__ready=int(bit))
            await stimulus.cycles()
        stimulus.set(o__ready=1)

    async def drive(stimulus: Stimulus) -> None:
        stimulus.start(ready(stimulus))
        await stimulus.send("i", vectors)
        await stimulus.cycles(_INPUTS + 4)

    return Scenario(
        name=name,
        about=about,
        block=lambda: LaneEncoder(inputs=_INPUTS, lanes=lanes),
        drive=drive,
        signals={
            "i.valid": bits,
            "i.ready": bits,
            "i.payload": bits,
            "o.valid": bits,
            "o.ready": bits,
            "o.payload": spikes(_INPUTS, lanes),
            "busy": bits,
        },
    )


_FULL = (1 << _INPUTS) - 1
_SPARSE = [1 << 7, 1 << 0 | 1 << 19, 1 << 4 | 1 << 6 | 1 << 13]

SCENARIOS = (
    _scenario("encoder_sparse", "vectors of one, two and three spikes, back to back", _SPARSE),
    _scenario(
        "encoder_dense",
        "two vectors of 20 spikes; the receiver stalls within the first",
        [_FULL, _FULL],
        stalls="111101100011111",
    ),
    _scenario(
        "encoder_empty",
        "vectors without spikes, back to back, one spike among them",
        [0, 0, 1 << 9, 0, 0],
    ),
    _scenario(
        "encoder_lanes",
        "4 lanes: full, sparse, one lane alone, empty; the receiver stalls once",
        [_FULL, 1 << 5 | 1 << 8 | 1 << 16, 0x88888, 0],
        stalls="1111011111111111001",
        lanes=4,
    ),
)
