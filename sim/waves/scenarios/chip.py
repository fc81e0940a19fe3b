"""Scenarios of a whole chip: two images back to back, and a trained network on a digit."""

import dataclasses
from collections.abc import Callable, Sequence

from trispike.models.data import datasets
from trispike.models.data.encoders import encode
from trispike.models.network import weights
from trispike.models.network.parameters import Network
from trispike.models.network.presets import preset
from trispike.rtl.chip.fixed_chip import Chip
from trispike.rtl.chip.program import network_writes
from trispike.rtl.chip.readout import result_layout
from trispike.rtl.neuron.pe import PEState
from trispike.sim.waves.probe import bits, fields, names, signed
from trispike.sim.waves.scenario import Scenario
from trispike.sim.waves.scenarios.encoder import spikes
from trispike.sim.waves.scenarios.layer import pattern
from trispike.sim.waves.stimulus import Stimulus

_SMALL = Network(name="waves", layers=(pattern(8, 6, threshold=-15), pattern(6, 3, threshold=-5)))
_SMALL_VECTORS = (0x2D, 0x91, 0xFF, 0x00)  # two images of two timesteps

_STOPPING = dataclasses.replace(_SMALL, name="stops", stability=2)
_STOPPING_VECTORS = (0x9E, 0x46, 0xEB, 0x01, 0xD6, 0xA5, 0x40, 0xB8, 0x69, 0xD5)  # of five


async def _run(
    stimulus: Stimulus, network: Network, vectors: Sequence[int], timesteps: int
) -> None:
    """Images of so many ``timesteps``, one after the other, whose results are taken at once."""
    await stimulus.send("configuration", network_writes(network, timesteps))
    stimulus.record()
    waits = (0,) * (len(vectors) // timesteps)
    taking = stimulus.start(stimulus.receive("result", waits))
    await stimulus.send("i", vectors)
    await taking
    await stimulus.cycles(2)


async def _two_images(stimulus: Stimulus) -> None:
    await _run(stimulus, _SMALL, _SMALL_VECTORS, timesteps=2)


async def _early_decision(stimulus: Stimulus) -> None:
    await _run(stimulus, _STOPPING, _STOPPING_VECTORS, timesteps=5)


async def _digit(stimulus: Stimulus) -> None:
    network, _ = weights.load(weights.committed("fc256", "digits"))
    images, _ = datasets.load_test("digits")
    (steps,) = encode(network.shape, images[:1], timesteps=1, seed=0)
    vectors = [sum(1 << k for k in step.nonzero()[0].tolist()) for step in steps]
    await _run(stimulus, network, vectors, timesteps=1)


def _layer_signals(k: int, inputs: int) -> dict[str, Callable[[int, int], str]]:
    return {
        f"layer_{k}.encoder.o.valid": bits,
        f"layer_{k}.encoder.o.payload": spikes(inputs, 1),
        f"layer_{k}.flow.state": names(PEState),
        f"layer_{k}.pe_0.potential": signed,
        f"layer_{k}.o.valid": bits,
        f"layer_{k}.o.ready": bits,
        f"layer_{k}.o.payload": bits,
    }


def _signals(sizes: tuple[int, ...]) -> dict[str, Callable[[int, int], str]]:
    """Handshakes, states and one potential of each layer; not the images of 784 pixels."""
    signals = {"i.valid": bits, "i.ready": bits}
    for k, inputs in enumerate(sizes[:-1]):
        signals |= _layer_signals(k, inputs)
    return signals | {
        "result.valid": bits,
        "result.ready": bits,
        "result.payload": fields(result_layout(sizes[-1])),
    }


SCENARIOS = (
    Scenario(
        name="chip_two_images",
        about="8-6-3, two images of two timesteps back to back, the last vector without spikes",
        block=lambda: Chip(shape=_SMALL.shape),
        drive=_two_images,
        signals=_signals(_SMALL.shape.sizes),
    ),
    Scenario(
        name="chip_early_decision",
        about="8-6-3, two images of five timesteps, the first decided after four (theta 2)",
        block=lambda: Chip(shape=_STOPPING.shape),
        drive=_early_decision,
        signals=_signals(_STOPPING.shape.sizes)
        | {
            "gate.o.valid": bits,
            "readout.stop": bits,
            "readout.decision.done": bits,
            "readout.decision.stable": bits,
            "readout.decision.label": bits,
            "readout.decision.average": bits,
            "readout.decision.count": bits,
            "result.payload": fields(result_layout(3, stops=True)),
        },
    ),
    Scenario(
        name="chip_fc256_digit",
        about="the trained fc256 on the first test image of digits, one timestep",
        block=lambda: Chip(shape=preset("fc256")),
        drive=_digit,
        signals=_signals(preset("fc256").sizes),
        limit=10_000,
    ),
)
