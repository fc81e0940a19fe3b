"""Networks that other frameworks run and export do by our rules what they did there."""

import dataclasses
import itertools
from typing import Any

import numpy as np
import pytest

from tb.kit.extras import needs_framework, needs_nir
from tb.kit.framework_networks import Make, Ran, norse, ran, sinabs, snntorch, spikingjelly
from trispike.models.errors import BadInput
from trispike.sim.nir import reference
from trispike.sim.nir.chain import read
from trispike.sim.nir.rules import rules

pytestmark = [needs_nir, pytest.mark.filterwarnings("ignore")]


@dataclasses.dataclass(frozen=True)
class Case:
    """Neurons of a framework, what `rules` is told of them besides, and the rest of `ran`."""

    framework: str
    make: Make
    told: dict[str, Any] = dataclasses.field(default_factory=dict)
    options: dict[str, Any] = dataclasses.field(default_factory=dict)

    def ran(self, folder) -> Ran:
        return ran(self.framework, self.make, folder, **self.options)

    def replayed(self, network: Ran, **told) -> list[np.ndarray]:
        """Spikes of each layer by our rules."""
        chain = read(network.path)
        use = rules(self.framework, **{**self.told, **told})
        seen = reference.run(chain, use, network.given, network.given.shape[1])
        return [spikes[0] for spikes in seen.spikes.values()]


ZERO = {"reset_mechanism": "zero"}
NOW = {"reset_delay": False}
SYNAPSE, MAPS = {"bias": False}, {"maps": True}

CASES = {
    "leaky": Case("snntorch", snntorch("Leaky")),
    "leaky-maps": Case("snntorch", snntorch("Leaky"), {}, MAPS),
    "leaky-zero": Case("snntorch", snntorch("Leaky", **ZERO), {"reset": "zero"}),
    "leaky-zero-now": Case("snntorch", snntorch("Leaky", **ZERO, **NOW), {"reset": "zero"}),
    "leaky-beta-1": Case("snntorch", snntorch("Leaky", beta=1.0)),
    "synaptic": Case("snntorch", snntorch("Synaptic", 1.5), {}, SYNAPSE),
    "synaptic-zero-now": Case(
        "snntorch", snntorch("Synaptic", 1.5, **ZERO, **NOW), {"reset": "zero"}, SYNAPSE
    ),
    "lifbox": Case("norse", norse("LIFBoxCell", 0.25)),
    "lifbox-maps": Case("norse", norse("LIFBoxCell", 0.25), {}, MAPS),
    "lifbox-subtract": Case(
        "norse", norse("LIFBoxCell", 0.25, "reset_subtract"), {"reset": "subtract"}
    ),
    "lif": Case("norse", norse("LIFCell", 0.375), {}, SYNAPSE),
    "iaf": Case("norse", norse("IAFCell", 1.0)),
    "iafsqueeze": Case("sinabs", sinabs("IAF")),
    "iafsqueeze-maps": Case("sinabs", sinabs("IAF"), {}, MAPS),
    "lifsqueeze": Case("sinabs", sinabs("LIF", norm_input=True), {}, {"scale": 1.0}),
    "lifsqueeze-full": Case("sinabs", sinabs("LIF", norm_input=False), {"gain": "full"}),
    "if": Case("spikingjelly", spikingjelly("IFNode")),
    "if-maps": Case("spikingjelly", spikingjelly("IFNode"), {}, MAPS),
    "lifnode": Case("spikingjelly", spikingjelly("LIFNode", 0.25, tau=4.0)),
    "lifnode-full": Case("spikingjelly", spikingjelly("LIFNode", tau=4.0, decay_input=False)),
    "cubalif": Case(
        "spikingjelly",
        spikingjelly("CUBALIFNode", 1.5, c_decay=0.5, v_decay=0.75, v_reset=0.0),
        {},
        SYNAPSE,
    ),
}


def _each(cases: dict[str, Case]):
    return [
        pytest.param(case, id=f"{case.framework}-{name}", marks=needs_framework[case.framework])
        for name, case in cases.items()
    ]


@pytest.mark.parametrize("case", _each(CASES))
def test_the_same_spikes(case, tmp_path):
    """Spike by spike, in every layer; by another rule of reset they are not."""
    network = case.ran(tmp_path)
    ours = case.replayed(network)
    assert len(ours) == len(network.spikes)
    for wanted, found in zip(network.spikes, ours, strict=True):
        assert 5 <= wanted.sum() < wanted.size
        assert np.array_equal(wanted, found)
    used = rules(case.framework, **case.told).reset.value
    other = "zero" if used == "subtract" else "subtract"
    wrong = case.replayed(network, reset=other)
    assert not all(itertools.starmap(np.array_equal, zip(network.spikes, wrong, strict=True)))


PARTING = {
    "leaky-now": Case("snntorch", snntorch("Leaky", **NOW), {"order": "reset-first"}),
    "synaptic-zero": Case(
        "snntorch", snntorch("Synaptic", 1.5, **ZERO), {"reset": "zero"}, SYNAPSE
    ),
    "iafsqueeze-several": Case("sinabs", sinabs("IAF", "MultiSpike"), {}, {"scale": 0.5}),
}


@pytest.mark.parametrize("case", _each(PARTING))
def test_what_parts(case, tmp_path):
    """Neurons that are not here: they begin as ours do, and then do something else."""
    network = case.ran(tmp_path)
    wanted, found = network.spikes[0], case.replayed(network)[0]
    differ = (wanted != found).any(axis=1)
    assert differ.any()
    assert wanted[: differ.argmax()].any()


@needs_framework["snntorch"]
def test_a_synapse_before_what_never_leaks(tmp_path):
    """A Synaptic of snnTorch with a beta of 1 has an infinite tau, and no node is like it."""
    case = Case("snntorch", snntorch("Synaptic", beta=1.0), {}, SYNAPSE)
    with pytest.raises(BadInput, match=r"tau_mem of .* infinite for 8 of 8 neurons.*below 1"):
        case.replayed(case.ran(tmp_path))


@needs_framework["spikingjelly"]
def test_spikingjelly_writes_no_reset_by_subtraction(tmp_path):
    case = Case("spikingjelly", spikingjelly("IFNode", v_reset=None))
    with pytest.raises(NotImplementedError, match="soft reset"):
        case.ran(tmp_path)
