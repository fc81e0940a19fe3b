"""Flits as Amaranth layouts: `models.mesh.flits` says what their bits are."""

from amaranth import *
from amaranth.lib import data, stream

from trispike.models.mesh import flits
from trispike.models.mesh.flits import Command, FlitType

FlitStream = stream.Signature(flits.FLIT_BITS)
"""A link of the network: ``valid``, ``ready`` and a flit of either type."""

SpikeFlit = data.StructLayout({name: field.width for name, field in flits.SPIKE.items()})
MemoryFlit = data.StructLayout({name: field.width for name, field in flits.MEMORY.items()})

Node = data.StructLayout({axis: flits.COORDINATE_BITS for axis in "xyz"})
"""Coordinates of a node."""


def destination(flit: Value) -> data.View:
    """Destination node of ``flit``; its bits are the same in both types."""
    first, last = flits.SPIKE["x"], flits.SPIKE["z"]
    return data.View(Node, flit[first.lowest : last.lowest + last.width])


def is_multicast(flit: Value) -> Value:
    """1 if nodes on the way of ``flit`` get a copy."""
    spike = data.View(SpikeFlit, flit)
    return (spike.type == FlitType.SPIKE) & spike.to_host & destination(flit).as_value().any()


def ends_packet(flit: Value) -> Value:
    """1 unless more flits of the transaction follow ``flit``."""
    memory = data.View(MemoryFlit, flit)
    return (memory.type == FlitType.SPIKE) | (memory.command != Command.KEPT)


def assemble(layout: data.StructLayout, **values) -> Value:
    """The bits of a value of ``layout`` with these fields; other fields are 0.

    A single expression: with assignments field by field, constant fields would get processes of
    their own, which Verilog never runs.
    """
    assert set(values) <= {name for name, _ in layout}
    fields = []
    for name, field in layout:
        bits = Value.cast(values.get(name, 0))[: field.width]
        missing = field.width - len(bits)
        fields.append(Cat(bits, C(0, missing)) if missing else bits)
    return Cat(fields)


def apart(code: Value, prefix: str = "") -> dict[str, Value]:
    """The fields ``prefix`` x, y, z of a flit, from the node coordinates ``code``, x lowest."""
    bits = flits.COORDINATE_BITS
    return {f"{prefix}{axis}": code[bits * k : bits * (k + 1)] for k, axis in enumerate("xyz")}
