"""Scenarios of convolutions: windows at a map's corners, edges and inside, a pool, two layers."""

import numpy as np

from trispike.models.network.maps import Maps
from trispike.models.network.neuron import CONTINUOUS, INTEGRATE_AND_FIRE, Neuron
from trispike.models.network.parameters import LayerParameters, Network
from trispike.models.network.volume import Volume
from trispike.rtl.chip.fixed_chip import Chip
from trispike.rtl.chip.program import layer_writes, network_writes
from trispike.rtl.chip.readout import result_layout
from trispike.rtl.layers.convolution import ConvolutionLayer
from trispike.rtl.neuron.operations import states
from trispike.sim.waves.probe import bits, fields, names, signed
from trispike.sim.waves.scenario import Scenario
from trispike.sim.waves.scenarios.encoder import spikes
from trispike.sim.waves.stimulus import Stimulus


def convolution(
    maps: Maps, channels: int, *, threshold: int, neuron: Neuron = INTEGRATE_AND_FIRE
) -> LayerParameters:
    """A convolution with weights of every value in a pattern that no two channels share."""
    row, channel = np.ogrid[: maps.fan_in, :channels]
    return LayerParameters(
        weights=((row * (channel + 2) + channel) % 7 % 3 - 1).astype(np.int8),
        bias=(np.arange(channels) % 3 - 1).astype(np.int8),
        a=10,
        b=3,
        threshold=threshold,
        neuron=neuron,
        maps=maps,
    )


def positions(*rows: str) -> tuple[int, ...]:
    """Positions of a map, row by row, a hexadecimal digit each: the channels that spike."""
    return tuple(int(digit, 16) for row in rows for digit in row)


def _scenario(
    name: str,
    about: str,
    layer: LayerParameters,
    maps: tuple[int, ...],
    waits: tuple[int, ...],
    *more: str,
) -> Scenario:
    async def drive(stimulus: Stimulus) -> None:
        if layer.shape.counts_timesteps:
            stimulus.set(timesteps=2)
        await stimulus.send("configuration", layer_writes(layer))
        stimulus.record()
        taking = stimulus.start(stimulus.receive("o", waits))
        await stimulus.send("i", maps)
        await taking
        await stimulus.cycles(2)

    return Scenario(
        name=name,
        about=about,
        block=lambda: ConvolutionLayer(shape=layer.shape),
        drive=drive,
        signals={
            "i.valid": bits,
            "i.ready": bits,
            "i.payload": bits,
            **_events(layer, ""),
            "pe_0.potential": signed,
            **dict.fromkeys(more, bits),
            "o.valid": bits,
            "o.ready": bits,
            "o.payload": bits,
        },
    )


def _events(layer: LayerParameters, prefix: str) -> dict:
    return {
        f"{prefix}encoder.o.valid": bits,
        f"{prefix}encoder.o.ready": bits,
        f"{prefix}encoder.o.payload": spikes(layer.shape.inputs, 1),
        f"{prefix}flow.state": names(states(layer.shape)),
    }


_PADDED = convolution(
    Maps(volume=Volume(channels=2, height=3, width=3), kernel=(3, 3), padding=1), 2, threshold=5
)
_POOLED = convolution(
    Maps(volume=Volume(channels=1, height=4, width=5), kernel=(1, 1), pool=2), 1, threshold=5
)
_KEPT = convolution(
    Maps(volume=Volume(channels=1, height=2, width=3), kernel=(2, 2)),
    1,
    threshold=12,
    neuron=CONTINUOUS,
)

_FIRST = convolution(
    Maps(volume=Volume(channels=1, height=4, width=4), kernel=(3, 3), padding=1, pool=2),
    3,
    threshold=0,
)
_SECOND = convolution(Maps.whole(_FIRST.shape.output), 2, threshold=-5)
_NETWORK = Network(name="overlap", layers=(_FIRST, _SECOND))


async def _two_images(stimulus: Stimulus) -> None:
    await stimulus.send("configuration", network_writes(_NETWORK, 1))
    stimulus.record()
    taking = stimulus.start(stimulus.receive("result", (0, 0)))
    maps = ("1011", "0110", "1111", "0001"), ("0100", "1010", "0000", "1100")
    await stimulus.send("i", positions(*maps[0], *maps[1]))
    await taking
    await stimulus.cycles(2)


SCENARIOS = (
    _scenario(
        "convolution_windows",
        "two maps of 3 x 3, two channels, windows of 3 x 3 at corners, edges and inside; the "
        "second window's output waits, and the second map's third row for room",
        _PADDED,
        positions("103", "021", "310") + positions("111", "000", "222"),
        (0, 15, *(0,) * 16),
        "encoder.busy",
    ),
    _scenario(
        "convolution_pool",
        "a map of 4 x 5, pools of 2 x 2 windows, the last column in none; an output that waits",
        _POOLED,
        positions("10011", "00010", "00000", "01001"),
        (0, 20, 0, 0),
        "pool.i.valid",
        "pool.i.ready",
        "pool.i.payload",
    ),
    _scenario(
        "convolution_kept",
        "two windows of 2 x 2, two timesteps twice: what a window's neuron carries on stands in "
        "memory meanwhile",
        _KEPT,
        positions("111", "011") * 4,
        (0,) * 8,
        "state_memory.read",
        "state_memory.write",
    ),
    Scenario(
        name="chip_convolutions",
        about="4x4, three channels 3 x 3 pooled by 2, two outputs; two images that overlap",
        block=lambda: Chip(shape=_NETWORK.shape),
        drive=_two_images,
        signals={
            "i.valid": bits,
            "i.ready": bits,
            **_events(_FIRST, "layer_0."),
            "layer_0.o.valid": bits,
            "layer_0.o.ready": bits,
            "layer_0.o.payload": bits,
            **_events(_SECOND, "layer_1."),
            "layer_1.o.valid": bits,
            "layer_1.o.payload": bits,
            "result.valid": bits,
            "result.payload": fields(result_layout(2)),
        },
    ),
)
