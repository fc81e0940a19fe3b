"""The 32-bit flits of the network on chip: the one place where their bits are laid out.

TW-SNN's fig. 9 gives the spike flit: bit 0 the type, bits 1-9 the destination, bits 13-21 the
source node, bits 22-29 the neuron. What it leaves open is settled here: bits 10-12 and 30-31 of a
spike flit, and how a memory transaction is cut into flits (docs/node.md says what for).

Every flit carries its destination, so that each can be routed, or dropped, by itself. A transaction
is a run of memory flits to one destination, and its command (TW-SNN sec. 4.3) says how it goes on:
all but the last flit are KEPT; the last is DONE, or CORRUPTED or CANCELLED if it went wrong. A
router keeps a path together from the first KEPT flit to the flit that ends the transaction, so the
flits of two transactions never mix.
"""

import dataclasses
import enum
from collections.abc import Mapping

import numpy as np

FLIT_BITS = 32
"""Width of a flit."""

COORDINATE_BITS = 3
"""Width of one coordinate of a node: up to 8 x 8 x 8 nodes."""


class FlitType(enum.IntEnum):
    """Bit 0."""

    SPIKE = 0
    MEMORY = 1


class Control(enum.IntEnum):
    """What a spike flit says whose ``control`` is set (docs/node.md)."""

    END = 0
    """The source has sent all its spikes of the timestep."""

    CREDIT = 1
    """The source of this flit may be sent one more timestep."""


POTENTIAL_FLITS = 3
"""Flits of a potential: each has eight bits of it as its ``neuron``, the lowest bits first."""


class Command(enum.IntEnum):
    """State of a memory transaction after this flit."""

    DONE = 0
    KEPT = 1
    CORRUPTED = 2
    CANCELLED = 3


class Access(enum.IntEnum):
    """What a memory transaction asks for."""

    SINGLE_READ = 0
    BURST_READ = 1
    SINGLE_WRITE = 2
    BURST_WRITE = 3


@dataclasses.dataclass(frozen=True, kw_only=True)
class Field:
    """Bits ``lowest`` to ``lowest + width - 1`` of a flit."""

    lowest: int
    width: int

    @property
    def mask(self) -> int:
        """The largest value."""
        return (1 << self.width) - 1

    def put(self, value):
        """``value``, an integer or an array of them, in its place in a flit."""
        return (value & self.mask) << self.lowest

    def get(self, flit):
        """Value of this field in ``flit``, an integer or an array of them."""
        return flit >> self.lowest & self.mask


def stack(**widths: int) -> dict[str, Field]:
    """Fields of these widths, one above the other from bit 0."""
    fields, lowest = {}, 0
    for name, width in widths.items():
        fields[name] = Field(lowest=lowest, width=width)
        lowest += width
    return fields


_HEADER = {"type": 1, "x": COORDINATE_BITS, "y": COORDINATE_BITS, "z": COORDINATE_BITS}

SPIKE: Mapping[str, Field] = stack(
    **_HEADER,
    step=2,
    control=1,
    source_x=COORDINATE_BITS,
    source_y=COORDINATE_BITS,
    source_z=COORDINATE_BITS,
    neuron=8,
    from_host=1,
    to_host=1,
)
"""Spike flit. ``x``, ``y``, ``z``: destination node. ``step``: timestep modulo 4. ``control``: no
spike but a word about timesteps, and ``neuron`` is a `Control`. ``source_x``, ``source_y``,
``source_z``: source node. ``from_host``: the host has sent it, and ``source`` is one of the host's
virtual nodes. ``to_host``: at the destination 0.0.0, for the host, which stands beside it; at any
other a multicast, of which each node on the way to there gets a copy too (docs/noc.md)."""

MEMORY: Mapping[str, Field] = stack(**_HEADER, command=2, access=2, answer=1, content=17)
"""Memory flit. ``command``: a `Command`. ``access``: an `Access`. ``answer``: comes from a slave.
``content``: what a transaction carries, 17 bits a flit; the first flit of a transaction names in it
the node that it comes from, see `HEAD`."""

assert all(sum(f.width for f in fields.values()) == FLIT_BITS for fields in (SPIKE, MEMORY))

HEAD: Mapping[str, Field] = {
    f"source_{axis}": Field(
        lowest=MEMORY["content"].lowest + k * COORDINATE_BITS, width=COORDINATE_BITS
    )
    for k, axis in enumerate("xyz")
}
"""Source node in the content of a transaction's first flit."""


def node_code(node: tuple[int, int, int]) -> int:
    """Coordinates of ``node`` as they stand in a flit, x in the lowest bits."""
    x, y, z = node
    return x | y << COORDINATE_BITS | z << 2 * COORDINATE_BITS


def coordinates(code: int) -> tuple[int, int, int]:
    """The node whose `node_code` is ``code``."""
    mask = (1 << COORDINATE_BITS) - 1
    return code & mask, code >> COORDINATE_BITS & mask, code >> 2 * COORDINATE_BITS & mask


def to_node(node: tuple[int, int, int]) -> dict[str, int]:
    """The fields of either layout that address ``node``, for `pack`."""
    return dict(zip("xyz", node, strict=True))


def from_node(node: tuple[int, int, int]) -> dict[str, int]:
    """The fields of `SPIKE`, or of `HEAD`, that name ``node`` as the source, for `pack`."""
    return {f"source_{axis}": at for axis, at in zip("xyz", node, strict=True)}


def layout(flit: int) -> Mapping[str, Field]:
    """Fields of ``flit``, by its type."""
    return MEMORY if flit & 1 else SPIKE


def is_multicast(flit):
    """Whether nodes on the way of ``flit`` get a copy; of an integer or an array."""
    destination = flit >> SPIKE["x"].lowest & (1 << 3 * COORDINATE_BITS) - 1
    spike = SPIKE["type"].get(flit) == FlitType.SPIKE
    return spike & (SPIKE["to_host"].get(flit) == 1) & (destination != 0)


def ends_packet(flit):
    """Whether no flit has to follow ``flit`` on its path; of an integer or an array."""
    spike = SPIKE["type"].get(flit) == FlitType.SPIKE
    return spike | (MEMORY["command"].get(flit) != Command.KEPT)


def destinations(flits: np.ndarray) -> np.ndarray:
    """Destination coordinates x, y, z of ``flits``, shape (n,); returns int64, shape (n, 3)."""
    return np.stack([SPIKE[axis].get(flits.astype(np.int64)) for axis in "xyz"], axis=1)


def pack(fields: Mapping[str, Field], **values):
    """The flit, or the array of flits, with these ``values``; fields that are not named are 0."""
    flit = 0
    for name, value in values.items():
        flit = flit | fields[name].put(value)
    return flit


def text(flit: int) -> str:
    """``flit`` in words, for logs: ``spike 0.0.2 -> 3.1.0 step 1 neuron 17``.

    The arrow of a multicast is ``->>``.
    """
    values = {name: field.get(flit) for name, field in layout(flit).items()}
    to = "{x}.{y}.{z}".format(**values)
    if values["type"] == FlitType.SPIKE:
        source = "{source_x}.{source_y}.{source_z}".format(**values)
        if values["control"]:
            names = {control: control.name.lower() for control in Control}
            what = names.get(values["neuron"], f"control {values['neuron']}")
        else:
            what = f"neuron {values['neuron']}"
        source = f"host's {source}" if values["from_host"] else source
        arrow = "->>" if is_multicast(flit) else "->"
        if values["to_host"] and not is_multicast(flit):
            to = f"host at {to}"
        return f"spike {source} {arrow} {to} step {values['step']} {what}"
    access = Access(values["access"]).name.lower().replace("_", " ")
    kind = f"answer to {access}" if values["answer"] else access
    command = Command(values["command"]).name.lower()
    return f"memory -> {to} {kind} {command} {values['content']:#07x}"
