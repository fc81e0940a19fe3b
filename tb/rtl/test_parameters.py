# amaranth: UnusedElaboratable=no
"""Constructor parameters of components: attributes, checked, read only."""

import importlib
import inspect
import re

import pytest
from amaranth import Shape
from amaranth.lib.wiring import Component

from tb.kit.command import ROOT
from trispike.models.errors import BadInput
from trispike.models.mesh.node_shape import NodeShape
from trispike.models.mesh.topology import MeshShape, Port, RouterShape
from trispike.models.network.layers import BankShape, Bias, Convolution, Dense, Layer
from trispike.models.network.maps import Maps
from trispike.models.network.neuron import CONTINUOUS
from trispike.models.network.shape import NetworkShape, ReadOut
from trispike.models.network.volume import Volume
from trispike.rtl.neuron.operations import Operation
from trispike.rtl.neuron.pe import ProcessingElement
from trispike.rtl.noc.buffer import FlitBuffer
from trispike.rtl.noc.router import Router
from trispike.rtl.node.memory_slave import MemorySlave
from trispike.rtl.node.steps import StepController

_EXAMPLES = {
    "count": 3,
    "depth": 3,
    "inputs": 64,
    "outputs": 3,
    "n": 3,
    "lanes": 2,
    "read_out": ReadOut.COUNT,
    "bias": Bias.EACH,
    "width": 3,
    "sources": 2,
    "groups": (1, 2),
    "sequence": (Operation.BIAS, Operation.FIRE),
    "phases": 3,
    "bits": 9,
    "ports": (Port.LOCAL, Port.UP),
    "mesh": MeshShape(x=2, y=1, z=1),
    "router": RouterShape(),
    "node": NodeShape(),
}
_LAYER = Dense(inputs=5, neurons=3)
_MAPS = Maps(volume=Volume(channels=2, height=4, width=4), kernel=(3, 3), padding=1, pool=2)
_CONVOLUTION = Convolution(maps=_MAPS, channels=3, neuron=CONTINUOUS)
_SHAPES = {
    MeshShape: _EXAMPLES["mesh"],
    RouterShape: RouterShape(),
    NodeShape: NodeShape(),
    Layer: _LAYER,
    Dense: _LAYER,
    Convolution: _CONVOLUTION,
    Maps: _MAPS,
    BankShape: _LAYER.banks[0],
    NetworkShape: NetworkShape.of("net", (_LAYER,)),
    Shape: Shape(4),
    bool: True,
}


def _components():
    for room in ("chip", "layers", "layers/windows", "neuron", "noc", "node"):
        for path in sorted((ROOT / "rtl" / room).glob("*.py")):
            module = importlib.import_module(f"trispike.rtl.{room.replace('/', '.')}.{path.stem}")
            for name, kind in vars(module).items():
                own = inspect.isclass(kind) and kind.__module__ == module.__name__
                own = own and "__init__" in vars(kind)
                # The parameters of a PE have the names of its ports.
                if own and issubclass(kind, Component) and kind is not ProcessingElement:
                    yield pytest.param(kind, id=name)


@pytest.mark.parametrize("kind", _components())
def test_parameters_are_attributes(kind):
    """Each is what it was given, and cannot be changed."""
    wanted = inspect.signature(kind).parameters.values()
    given = {p.name: _EXAMPLES.get(p.name) or _SHAPES[p.annotation] for p in wanted}
    made = kind(**given)
    for name, value in given.items():
        assert getattr(made, name) == value
        with pytest.raises(AttributeError, match=f"^{kind.__name__}'s {name} cannot be changed$"):
            setattr(made, name, value)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: FlitBuffer(depth=1), "FlitBuffer's depth must be 2 or more, not 1"),
        (lambda: FlitBuffer(depth=2.0), "FlitBuffer's depth must be of type int, not 2.0"),
        (lambda: StepController(sources=0), "StepController's sources must be 1 or more, not 0"),
        (lambda: StepController(sources=True), "StepController's sources must be of type int, not"),
        (lambda: MemorySlave(shape=3), "MemorySlave's shape must be of type NodeShape, not 3"),
        (lambda: Router(shape=None), "Router's shape must be of type RouterShape, not None"),
    ],
)
def test_refused(make, message):
    with pytest.raises(BadInput, match=f"^{re.escape(message)}"):
        make()
