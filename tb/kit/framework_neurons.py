"""A neuron of each kind that other frameworks have, at rest, with a threshold of 1.

A framework is imported when one of its neurons is made.
"""

import dataclasses
import functools
import itertools
import math
from collections.abc import Callable

Step = Callable[[float], tuple[float, float]]
"""Spikes and shown potential of a timestep, from its input."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class FrameworkNeuron:
    """A kind of neuron.

    - ``framework``: its package.
    - ``name``: how it is made, without the values of its decays.
    - ``decays``: what it is told for the decays of its potential and, if it has one, of its
      synaptic current: factors, or time constants in timesteps. Empty: it does not leak.
    - ``make``: makes one.
    """

    framework: str
    name: str
    decays: tuple[float, ...]
    make: Callable[[], Step]


def _numbers(make: Callable[..., Callable], *arguments, **options) -> Step:
    """What ``make`` makes, which takes and gives tensors of shape (1, 1)."""
    import torch

    step = make(*arguments, **options)

    def step_numbers(total: float) -> tuple[float, float]:
        with torch.no_grad():
            spikes, potential = step(torch.full((1, 1), total))
        return spikes.item(), potential.item()

    return step_numbers


def _snntorch(kind: str, **options):
    import snntorch

    neuron = getattr(snntorch, kind)(init_hidden=True, output=True, **options)

    def step(total):
        spikes, *_, potential = neuron(total)
        return spikes, potential

    return step


def _norse(kind: str, reset_method: str = "", **taus):
    from norse import torch

    parameters = {f"{name}_inv": 1 / tau for name, tau in taus.items()}
    if reset_method:
        parameters["reset_method"] = getattr(torch, reset_method)
    cell = getattr(torch, kind)(
        getattr(torch, kind.replace("Cell", "Parameters"))(**parameters), dt=1.0
    )
    state = None

    def step(total):
        nonlocal state
        spikes, state = cell(total, state)
        return spikes, state.v

    return step


def _sinabs(kind: str, spike_fn: str, reset_fn: str, **options):
    from sinabs import activation, layers

    layer = getattr(layers, kind)(
        spike_fn=getattr(activation, spike_fn), reset_fn=getattr(activation, reset_fn)(), **options
    )

    def step(total):
        return layer(total[None])[0], layer.v_mem

    return step


def _spikingjelly(kind: str, **options):
    from spikingjelly.activation_based import neuron

    node = getattr(neuron, kind)(v_threshold=1.0, **options)

    def step(total):
        return node(total), node.v

    return step


_MAKERS = {
    "snntorch": _snntorch,
    "norse": _norse,
    "sinabs": _sinabs,
    "spikingjelly": _spikingjelly,
}
FRAMEWORKS = tuple(_MAKERS)


def _kinds(framework: str, kind: str, decays: dict[str, float], **options: tuple):
    """A neuron for each mixture of the ``options``, each of which is one of some values."""
    for values in itertools.product(*options.values()):
        told = dict(zip(options, values, strict=True))
        spelt = ", ".join([*decays, *(f"{key}={value}" for key, value in told.items())])
        yield FrameworkNeuron(
            framework=framework,
            name=f"{kind}({spelt})",
            decays=tuple(decays.values()),
            make=functools.partial(_numbers, _MAKERS[framework], kind, **decays, **told),
        )


_KEPT, _CURRENT = 0.75, 0.5
_EULER, _EULER_CURRENT = 1 / (1 - _KEPT), 1 / (1 - _CURRENT)
_EXACT, _EXACT_CURRENT = -1 / math.log(_KEPT), -1 / math.log(_CURRENT)
_SNNTORCH = {"reset_mechanism": ("subtract", "zero", "none"), "reset_delay": (True, False)}
_SINABS = {
    "spike_fn": ("SingleSpike", "MultiSpike"),
    "reset_fn": ("MembraneSubtract", "MembraneReset"),
}
_RESETS = {"v_reset": (0.0, None)}

NEURONS = (
    *_kinds("snntorch", "Leaky", {"beta": _KEPT}, **_SNNTORCH),
    *_kinds("snntorch", "Synaptic", {"beta": _KEPT, "alpha": _CURRENT}, **_SNNTORCH),
    *_kinds(
        "norse", "LIFBoxCell", {"tau_mem": _EULER}, reset_method=("reset_value", "reset_subtract")
    ),
    *_kinds("norse", "LIFCell", {"tau_mem": _EULER, "tau_syn": _EULER_CURRENT}),
    *_kinds("norse", "IAFCell", {}),
    *_kinds("sinabs", "LIF", {"tau_mem": _EXACT}, norm_input=(True, False), **_SINABS),
    *_kinds(
        "sinabs",
        "LIF",
        {"tau_mem": _EXACT, "tau_syn": _EXACT_CURRENT},
        norm_input=(True, False),
        spike_fn=("SingleSpike",),
        reset_fn=("MembraneSubtract",),
    ),
    *_kinds("sinabs", "IAF", {}, **_SINABS),
    *_kinds("spikingjelly", "LIFNode", {"tau": _EULER}, decay_input=(True, False), **_RESETS),
    *_kinds("spikingjelly", "CUBALIFNode", {"v_decay": _KEPT, "c_decay": _CURRENT}, **_RESETS),
    *_kinds("spikingjelly", "IFNode", {}, **_RESETS),
)
"""Potentials keep 3/4 a timestep if they leak, and synaptic currents 1/2, but for rounding."""
