"""Scenarios of the neurons that carry something from one timestep to the next."""

import numpy as np

from trispike.models.network.neuron import (
    CONTINUOUS,
    FIRST_SPIKE,
    LEAKY,
    WEIGHTED,
    Neuron,
    Order,
    Reset,
)
from trispike.models.network.numbers import POTENTIAL_MAX
from trispike.models.network.parameters import LayerParameters
from trispike.rtl.chip.program import layer_writes
from trispike.rtl.layers.dense import DenseLayer
from trispike.rtl.neuron.operations import Operation
from trispike.sim.waves.probe import bits, names, signed
from trispike.sim.waves.scenario import Scenario
from trispike.sim.waves.stimulus import Stimulus

_TIMESTEPS = 5
_VECTORS = (0b11, 0b01, 0b00, 0b11, 0b10, 0b01, 0b11, 0b10, 0b01, 0b00)  # two images
_WAITS = (0, 0, 9, 0, 0, 0, 0, 0, 0, 0)


def _layer(neuron: Neuron, a: int, bias: int, **fields) -> LayerParameters:
    """Two inputs; one neuron adds both, the other takes the second from the first."""
    return LayerParameters(
        weights=np.array([[1, 1], [1, -1]], dtype=np.int8),
        bias=np.array([bias, -bias], dtype=np.int32),
        a=a,
        b=None,
        neuron=neuron,
        **fields,
    )


def _scenario(name: str, about: str, layer: LayerParameters) -> Scenario:
    async def drive(stimulus: Stimulus) -> None:
        stimulus.set(timesteps=_TIMESTEPS)
        await stimulus.send("configuration", layer_writes(layer))
        stimulus.record()
        taking = stimulus.start(stimulus.receive("o", _WAITS))
        await stimulus.send("i", _VECTORS)
        await taking
        await stimulus.cycles(2)

    return Scenario(
        name=f"neuron_{name}",
        about=f"{about}; two neurons, two images of {_TIMESTEPS} timesteps",
        block=lambda: DenseLayer(shape=layer.shape),
        drive=drive,
        signals={
            "i.valid": bits,
            "i.ready": bits,
            "i.payload": bits,
            "flow.state": names(Operation),
            "flow.clear": bits,
            "pe_0.potential": signed,
            "pe_1.potential": signed,
            "o.valid": bits,
            "o.ready": bits,
            "o.payload": bits,
        },
    )


SCENARIOS = (
    _scenario(
        "continuous",
        "a potential that is carried on and a threshold that is subtracted",
        _layer(CONTINUOUS, a=20, bias=2, threshold=25),
    ),
    _scenario(
        "saturated",
        "a potential that is carried on up to the ends of its range",
        _layer(CONTINUOUS, a=127, bias=POTENTIAL_MAX - 300, threshold=POTENTIAL_MAX),
    ),
    _scenario("leaky", "a leak of 1/16", _layer(LEAKY, a=100, bias=5, threshold=120)),
    _scenario(
        "reset_first",
        "a leak of 1/2 + 1/8 after a step is subtracted that is not the threshold",
        _layer(
            Neuron(carries=True, leak=(1, 3), order=Order.RESET_FIRST),
            a=100,
            bias=5,
            threshold=80,
            step=30,
        ),
    ),
    _scenario(
        "reset_to_zero",
        "a threshold for each neuron, a leak of 1/4, and zero after a spike",
        _layer(
            Neuron(carries=True, leak=(2,), reset=Reset.ZERO),
            a=100,
            bias=5,
            threshold=np.array([150, 20], dtype=np.int32),
        ),
    ),
    _scenario("weighted", "spikes of four phases", _layer(WEIGHTED, a=10, bias=1, threshold=12)),
    _scenario(
        "first_spike",
        "a synaptic current that decays by 1/8, and one spike an image",
        _layer(FIRST_SPIKE, a=100, bias=0, threshold=250),
    ),
)
