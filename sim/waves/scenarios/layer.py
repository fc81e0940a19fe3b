"""Scenario of a layer whose output has to wait."""

import numpy as np

from trispike.models.network.parameters import LayerParameters
from trispike.rtl.chip.program import layer_writes
from trispike.rtl.layers.dense import DenseLayer
from trispike.rtl.neuron.pe import PEState
from trispike.sim.waves.probe import bits, names, signed
from trispike.sim.waves.scenario import Scenario
from trispike.sim.waves.scenarios.encoder import spikes
from trispike.sim.waves.stimulus import Stimulus

_INPUTS, _NEURONS = 12, 5


def pattern(inputs: int, neurons: int, *, threshold: int) -> LayerParameters:
    """A layer with weights of every value in a pattern that no two neurons share."""
    row, neuron = np.ogrid[:inputs, :neurons]
    return LayerParameters(
        weights=((row * (neuron + 2) + neuron) % 5 % 3 - 1).astype(np.int8),
        bias=(np.arange(neurons) % 3 - 1).astype(np.int8),
        a=10,
        b=3,
        threshold=threshold,
    )


_LAYER = pattern(_INPUTS, _NEURONS, threshold=5)
_VECTORS = (0x113, 0x824, 0x000, 0xFFF, 0x042)
_WAITS = (0, 12, 0, 3, 0)


async def _drive(stimulus: Stimulus) -> None:
    await stimulus.send("configuration", layer_writes(_LAYER))
    stimulus.record()
    taking = stimulus.start(stimulus.receive("o", _WAITS))
    await stimulus.send("i", _VECTORS)
    await taking
    await stimulus.cycles(2)


SCENARIOS = (
    Scenario(
        name="layer_back_pressure",
        about="12 inputs, 5 neurons; the second output vector is taken so late that firing waits",
        block=lambda: DenseLayer(shape=_LAYER.shape),
        drive=_drive,
        signals={
            "configuration.ready": bits,
            "i.valid": bits,
            "i.ready": bits,
            "i.payload": bits,
            "encoder.o.valid": bits,
            "encoder.o.ready": bits,
            "encoder.o.payload": spikes(_INPUTS, 1),
            "flow.read": bits,
            "flow.state": names(PEState),
            "pe_0.potential": signed,
            "pe_4.potential": signed,
            "o.valid": bits,
            "o.ready": bits,
            "o.payload": bits,
        },
    ),
)
