"""What a node of the scalable chip is (docs/node.md)."""

import dataclasses

from trispike.models.errors import BadInput
from trispike.models.network.layers import Dense

MAX_NODE_NEURONS = 256
"""Most processing elements of a node: a spike flit has eight bits for the neuron."""

BLOCK_ROWS = 32
"""A source's neurons begin at a row that is a multiple of this."""

MAX_ENTRIES = 8
"""Most entries of either look-up table: each has one line."""

CREDITS = 2
"""Timesteps that a source may send which its receiver has not begun to work on."""

MAX_INPUTS = 1024
"""Most inputs of a node (TW-SNN sec. 4.3): the memory map has room for their weights."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class NodeShape:
    """What all nodes of a chip have in common.

    Parameters
    ----------
    inputs
        Weight rows, 32 to 1024, a multiple of 32.
    neurons
        Processing elements, 32 to 256, a multiple of 32.
    sources
        Entries of the AER look-up table, 1 to 8: nodes that a node can receive from.
    destinations
        Entries of the address look-up table, 1 to 8: nodes that a node can send to.
    """

    inputs: int = MAX_INPUTS
    neurons: int = MAX_NODE_NEURONS
    sources: int = MAX_ENTRIES
    destinations: int = MAX_ENTRIES

    def __post_init__(self):
        limits = {
            "inputs": (BLOCK_ROWS, MAX_INPUTS, BLOCK_ROWS),
            "neurons": (BLOCK_ROWS, MAX_NODE_NEURONS, BLOCK_ROWS),
            "sources": (1, MAX_ENTRIES, 1),
            "destinations": (1, MAX_ENTRIES, 1),
        }
        for what, (least, most, step) in limits.items():
            n = getattr(self, what)
            if (
                isinstance(n, bool)
                or not isinstance(n, int)
                or n not in range(least, most + 1, step)
            ):
                of = f" and a multiple of {step}" if step > 1 else ""
                raise BadInput(f"node {what} must be from {least} to {most}{of}, not {n!r}")

    @property
    def layer(self) -> Dense:
        """The neuron cluster."""
        return Dense(inputs=self.inputs, neurons=self.neurons)

    def __str__(self):
        return f"{self.inputs}x{self.neurons}_{self.sources}_{self.destinations}"
