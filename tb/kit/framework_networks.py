"""Small networks of other frameworks, run and exported by themselves.

A framework is imported when one of its networks is made.
"""

import copy
import dataclasses
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

Make = Callable[..., Any]
"""A spiking module of a framework from the shape of its neurons."""

_EXACT = -1 / math.log(0.75)


def _vectors(shape, **values) -> dict[str, Any]:
    import torch

    return {name: torch.full(shape, float(value)) for name, value in values.items()}


def snntorch(kind: str, threshold: float = 1.0, beta: float = 0.75, **options) -> Make:
    def make(shape):
        import snntorch

        decays = {"alpha": 0.5, "beta": beta} if kind == "Synaptic" else {"beta": beta}
        vectors = _vectors(shape, threshold=threshold, **decays)
        return getattr(snntorch, kind)(**vectors, init_hidden=True, **options)

    return make


def norse(kind: str, threshold: float, reset_method: str = "") -> Make:
    def make(shape):
        from norse import torch

        taus = {
            "LIFBoxCell": {"tau_mem_inv": 250},
            "LIFCell": {"tau_mem_inv": 250, "tau_syn_inv": 500},
            "IAFCell": {},
        }[kind]
        leak = {"v_leak": 0} if taus else {}
        reset = {"reset_method": getattr(torch, reset_method)} if reset_method else {}
        parameters = getattr(torch, kind.replace("Cell", "Parameters"))(
            **_vectors(shape, v_th=threshold, v_reset=0, **taus, **leak), **reset
        )
        return getattr(torch, kind)(parameters)

    return make


def sinabs(kind: str, spike_fn: str = "SingleSpike", **options) -> Make:
    """A threshold that no potential hits exactly: its decays are those of float32."""

    def make(shape):
        from sinabs import activation, layers

        vectors = _vectors(shape, tau_mem=_EXACT, spike_threshold=1.01) if kind == "LIF" else {}
        spikes = getattr(activation, spike_fn)
        return getattr(layers, f"{kind}Squeeze")(
            **vectors, **options, spike_fn=spikes, batch_size=1
        )

    return make


def spikingjelly(kind: str, threshold: float = 1.0, **options) -> Make:
    def make(shape):
        from spikingjelly.activation_based import neuron

        return getattr(neuron, kind)(v_threshold=threshold, **options)

    return make


def _batched(net, given) -> None:
    for values in given:
        net(values[None])


def _snntorch_graph(net, shape):
    import torch
    from snntorch.export_nir import export_to_nir

    return export_to_nir(net, torch.zeros(1, *shape), ignore_dims=[0])


def _run_norse(net, given) -> None:
    state = None
    for values in given:
        _, state = net(values, state)


def _norse_graph(net, shape):
    import nir
    import torch
    from norse.torch import to_nir

    graph = to_nir(net, torch.zeros(shape), dt=1)
    for name, node in graph.nodes.items():
        if node is None:  # Norse leaves a Flatten out
            graph.nodes[name] = nir.Flatten({"input": np.array([3, 2, 2])}, 0, -1)
    return graph


def _run_sinabs(net, given) -> None:
    net(given)  # one sample, whose timesteps stand where a batch would


def _sinabs_graph(net, shape):
    import torch
    from sinabs.nir import to_nir

    return to_nir(net, torch.zeros(1, *shape))


def _spikingjelly_graph(net, shape):
    import torch
    from spikingjelly.activation_based.nir_exchange import export_to_nir

    return export_to_nir(net, torch.zeros(1, *shape))


_WAYS = {
    "snntorch": (_batched, _snntorch_graph),
    "norse": (_run_norse, _norse_graph),
    "sinabs": (_run_sinabs, _sinabs_graph),
    "spikingjelly": (_batched, _spikingjelly_graph),
}
"""How a network runs on spikes of (timesteps, ...), and what its NIR graph is."""


@dataclasses.dataclass(frozen=True, kw_only=True, eq=False)
class Ran:
    """What a framework's network did, and the file that it wrote.

    - ``path``: the NIR file.
    - ``given``: input spikes: bool, (1, timesteps, inputs).
    - ``spikes``: of each layer: (timesteps, neurons).
    """

    path: Path
    given: np.ndarray
    spikes: list[np.ndarray]


def ran(
    framework: str,
    make: Make,
    folder: Path,
    *,
    maps: bool = False,
    bias: bool = True,
    scale: float = 0.25,
    timesteps: int = 50,
) -> Ran:
    """A network of 12-8-4, or of two convolutions and a dense layer, on random spikes.

    ``scale``: magnitude of its ternary weights, and twice that of its biases. Potentials hit
    thresholds exactly now and then.
    """
    import nir
    import torch

    rng = np.random.default_rng(0)
    layers = _of_maps(make, framework, bias) if maps else _dense(make, bias)
    spikes = []
    for layer in layers:
        if isinstance(layer, torch.nn.Linear | torch.nn.Conv2d):
            for name, values in layer.named_parameters():
                choices = [-1, 0, 1, 1, 1] if name == "weight" else [-0.5, 0, 0.5]
                values.data = torch.tensor(rng.choice(choices, values.shape) * scale).float()
        elif not isinstance(layer, torch.nn.Flatten):
            spikes.append([])
            layer.register_forward_hook(lambda *seen, to=spikes[-1]: to.append(seen[-1]))
    net = torch.nn.Sequential(*layers)
    if framework == "norse":
        from norse.torch import SequentialState

        net = SequentialState(*layers)
    shape = (1, 6, 6) if maps else (12,)
    given = rng.random((timesteps, *shape)) < 0.4
    run, graph_of = _WAYS[framework]
    graph = graph_of(copy.deepcopy(net), shape)
    graph.infer_types()
    path = folder / f"{framework}.nir"
    nir.write(path, graph)
    for each in spikes:
        each.clear()
    with torch.no_grad():
        run(net, torch.tensor(given).float())
    return Ran(
        path=path,
        given=given.reshape(1, timesteps, -1),
        spikes=[_stacked(each, timesteps) for each in spikes],
    )


def _stacked(outputs: list, timesteps: int) -> np.ndarray:
    values = [each[0] if isinstance(each, tuple) else each for each in outputs]
    return np.concatenate([each.numpy() for each in values], axis=None).reshape(timesteps, -1)


def _dense(make: Make, bias: bool) -> list:
    from torch.nn import Linear

    return [Linear(12, 8, bias=bias), make((8,)), Linear(8, 4, bias=bias), make((4,))]


def _of_maps(make: Make, framework: str, bias: bool) -> list:
    from torch.nn import Conv2d, Flatten, Linear

    return [
        Conv2d(1, 2, 3, padding=1, bias=bias),
        make((2, 6, 6)),
        Conv2d(2, 3, 3, stride=2, bias=bias),
        make((3, 2, 2)),
        Flatten(0 if framework == "norse" else 1),
        Linear(12, 4, bias=bias),
        make((4,)),
    ]
