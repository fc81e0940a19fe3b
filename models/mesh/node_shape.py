"""What a node of the scalable chip is (docs/node.md)."""

import dataclasses

from trispike.models.errors import BadInput
from trispike.models.network.layers import Bias, Dense, Step, Threshold
from trispike.models.network.neuron import INTEGRATE_AND_FIRE, Neuron

MAX_NODE_NEURONS = 256
"""Most processing elements of a node: a spike flit has eight bits for the neuron."""

MAX_INPUTS = 1024
"""Most inputs of a node (TW-SNN sec. 4.3): the memory map has room for their weights."""

BLOCK_ROWS = 32
"""A source's neurons begin at a row that is a multiple of this."""

MAX_ENTRIES = 8
"""Most entries of either look-up table: each has one line."""

CREDITS = 2
"""Timesteps that a source may send which its receiver has not begun to work on."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class NodeShape:
    """What all nodes of a chip have in common.

    - ``inputs``: weight rows, 32 to 1024, a multiple of 32.
    - ``neurons``: processing elements, 32 to 256, a multiple of 32.
    - ``sources``: entries of the AER look-up table, 1 to 8: nodes that a node can receive from.
    - ``destinations``: entries of the address look-up table, 1 to 8: nodes that a node can send to.
    - ``thresholds``, ``biases``: each neuron has a threshold, or an 18-bit bias, of its own.
    - ``potentials``: a node can be told to send its neurons' potentials in place of spikes.
    - ``neuron``, ``step``: what its neurons are, and what their spikes subtract, as of a
      `models.network.layers.Dense`.
    - ``forgets``: a node can be told that its neurons carry nothing on: they are
      `models.network.neuron.Neuron.memoryless`.
    """

    inputs: int = MAX_INPUTS
    neurons: int = MAX_NODE_NEURONS
    sources: int = MAX_ENTRIES
    destinations: int = MAX_ENTRIES
    thresholds: bool = False
    biases: bool = False
    potentials: bool = False
    neuron: Neuron = INTEGRATE_AND_FIRE
    step: Step = Step.THRESHOLD
    forgets: bool = False

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
        for what in ("thresholds", "biases", "potentials", "forgets"):
            if not isinstance(getattr(self, what), bool):
                raise BadInput(f"node {what} must be True or False, not {getattr(self, what)!r}")
        if self.forgets and self.neuron == self.neuron.memoryless:
            raise BadInput("node forgets must be False, as its neurons carry nothing on")
        _ = self.layer

    @property
    def layer(self) -> Dense:
        """The neuron cluster."""
        return Dense(
            inputs=self.inputs,
            neurons=self.neurons,
            threshold=Threshold.EACH if self.thresholds else Threshold.ONE,
            bias=Bias.EACH if self.biases else Bias.TERNARY,
            neuron=self.neuron,
            step=self.step,
        )

    def __str__(self):
        own = "_thresholds" * self.thresholds + "_biases" * self.biases
        own += "_potentials" * self.potentials + "_forgets" * self.forgets
        own += {Step.ONE: "_step", Step.EACH: "_steps"}.get(self.step, "") + self.neuron.suffix
        return f"{self.inputs}x{self.neurons}_{self.sources}_{self.destinations}{own}"
