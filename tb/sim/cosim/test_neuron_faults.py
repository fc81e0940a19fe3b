"""Faults of neurons that carry something on are caught, and named where they show first."""

import dataclasses

import numpy as np
import pytest
from amaranth import *

from tb.kit.mutants import export_anew
from tb.kit.networks import save
from trispike import golden
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
from trispike.models.network.parameters import LayerParameters, Network
from trispike.rtl.layers import layer
from trispike.rtl.layers.flow import FlowController
from trispike.rtl.layers.timestep_counter import PhaseCounter
from trispike.rtl.neuron import carrying
from trispike.rtl.neuron.carrying import CarryingElement
from trispike.rtl.neuron.operations import Operation
from trispike.sim.cosim import cosimulation
from trispike.sim.cosim.stimulus import Given

HALF_AFTER = Neuron(carries=True, leak=(1,), order=Order.RESET_FIRST)
ZERO = Neuron(carries=True, leak=(2,), reset=Reset.ZERO)


def other(**fields):
    """The PE of another neuron than the layer's, for the layer's sequence of operations."""

    def element(*, shape):
        neuron = dataclasses.replace(shape.neuron, **fields)
        return CarryingElement(shape=dataclasses.replace(shape, neuron=neuron))

    return element


class LateReset(CarryingElement):
    """Resets for the spike of the timestep before."""

    def elaborate(self, platform):
        spike = self.spike
        m = super().elaborate(platform)
        self.spike = spike
        return m

    def _fire(self, m, cut):
        super()._fire(m, cut)
        late = Signal()
        with m.If(self.state == Operation.FIRE):
            m.d.sync += late.eq(self.spike)
        self.spike = late


class NextPhase(PhaseCounter):
    """Is a phase ahead."""

    def elaborate(self, platform):
        m = super().elaborate(platform)
        shift = Signal.like(self.shift)
        m.d.comb += self.shift.eq(shift)
        before, at = self.phases - 1, Signal.like(self.shift)
        with m.If(self.advance):
            m.d.sync += at.eq(Mux(self.last | (at == before), 0, at + 1))
        m.d.comb += shift.eq(Mux(at == before, before, before - 1 - at))
        return m


class Forgetless(FlowController):
    """Never has the PEs forget what they carry."""

    def elaborate(self, platform):
        m = super().elaborate(platform)
        m.d.comb += self.clear.eq(self.first & ~self.first)
        return m


def _wrapped(m, total, name):
    """A sum of 19 bits as the lower 18."""
    cut = Signal(signed(18), name=name)
    m.d.comb += cut.eq(total)
    return cut


FAULTS = {
    "leak before the reset, not after": (HALF_AFTER, layer, other(order=Order.LEAK_FIRST)),
    "no leak": (LEAKY, layer, other(leak=())),
    "reset a timestep late": (CONTINUOUS, layer, LateReset),
    "reset to zero a timestep late": (ZERO, layer, LateReset),
    "saturation dropped": (CONTINUOUS, carrying, _wrapped),
    "phase off by one": (WEIGHTED, layer, NextPhase),
    "spikes more than once": (FIRST_SPIKE, layer, other(once=False)),
    "decay of another current": (FIRST_SPIKE, layer, other(synapse=(4,))),
    "state of the image before": (CONTINUOUS, layer, Forgetless),
}
_NAMES = {
    _wrapped: "_saturated",
    NextPhase: "PhaseCounter",
    Forgetless: "FlowController",
}


def _network(neuron: Neuron, *, high: bool) -> Network:
    """Two inputs, two neurons: one adds both, the other takes the second from the first."""
    threshold = 1000 >> (neuron.phases - 1) if neuron.phases > 1 else 300
    return Network(
        name="faulty",
        layers=(
            LayerParameters(
                weights=np.array([[1, 1], [1, -1]], dtype=np.int8),
                bias=np.array([100_000, -100_000] if high else [5, 0], dtype=np.int32),
                a=127,
                b=None,
                threshold=POTENTIAL_MAX if high else threshold,
                neuron=neuron,
            ),
        ),
    )


@pytest.mark.parametrize(
    "fault",
    [
        pytest.param(fault, marks=[] if fault == "no leak" else pytest.mark.thorough)
        for fault in FAULTS
    ],
)
def test_caught_and_named(fault, monkeypatch, tmp_path):
    """What differs first is a value, in the image and timestep in which a fault can show."""
    neuron, room, broken = FAULTS[fault]
    network = _network(neuron, high=broken is _wrapped)
    spikes = np.ones((3, 12, 2), dtype=bool)
    spikes[:, ::3, 1] = False
    weight_file = save(network, tmp_path)
    export_anew(monkeypatch)
    monkeypatch.setattr(room, _NAMES.get(broken, "CarryingElement"), broken)
    model = cosimulation.chip_model(network, optimise=False)
    found = cosimulation.run(
        weight_file, Given(spikes), range(3), tmp_path / "run", model=model
    ).outcomes[0]
    assert found.first.what in ("potential", "spike")
    assert (found.first.layer, found.first.neuron) in ((1, 0), (1, 1))
    behaviour = golden.run_layer(network.layers[0], spikes)
    image, timestep = found.first.image, found.first.timestep - 1
    values = {"potential": behaviour.potentials, "spike": behaviour.spikes}[found.first.what]
    assert found.first.expected == values[image, timestep, found.first.neuron]
    assert found.first.got != found.first.expected
    assert (image, timestep > 0) == (
        (1, False) if broken is Forgetless else (0, broken is not NextPhase)
    )
