"""Flits as Amaranth layouts: `models.flits` says what their bits are."""

from amaranth import *
from amaranth.lib import data, stream

from models import flits
from models.flits import Command, FlitType

FlitStream = stream.Signature(flits.FLIT_BITS)
"""A link of the network: ``valid``, ``ready`` and a flit of either type."""

SpikeFlit = data.StructLayout({name: field.width for name, field in flits.SPIKE.items()})
MemoryFlit = data.StructLayout({name: field.width for name, field in flits.MEMORY.items()})

Node = data.StructLayout({axis: flits.COORDINATE_BITS for axis in "xyz"})
"""Coordinates of a node."""


def destination(flit: Value) -> data.View:
    """Destination node of ``flit``, which is alike for both types."""
    first, last = flits.SPIKE["x"], flits.SPIKE["z"]
    return data.View(Node, flit[first.lowest : last.lowest + last.width])


def ends_packet(flit: Value) -> Value:
    """1 unless ``flit`` belongs to a transaction of which more flits have to follow."""
    memory = data.View(MemoryFlit, flit)
    return (memory.type == FlitType.SPIKE) | (memory.command != Command.KEPT)
