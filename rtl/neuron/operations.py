"""What a PE does whose neuron carries something on to the next timestep, and in what order."""

from amaranth.lib import enum

from trispike.models.network.layers import Layer
from trispike.models.network.neuron import Order, Reset
from trispike.rtl.neuron.pe import PEState


class Operation(enum.Enum, shape=3):
    """What a `rtl.neuron.carrying.CarryingElement` does at the next clock edge."""

    HOLD = 0
    BIAS = 1
    """Add the bias to the potential."""
    INTEGRATE = 2
    """Add the weights of this cycle's spikes."""
    FIRE = 3
    """Compare the potential with the threshold; it leaks, and so does the current."""
    CURRENT = 4
    """Add the synaptic current to the potential."""
    RESET = 5
    """What a spike does to the potential."""
    LEAK = 6
    """The potential leaks, after it was reset."""
    BEGIN = 7
    """As INTEGRATE, for the first spikes of a timestep."""


def states(shape: Layer) -> type[PEState] | type[Operation]:
    """What the PEs of a layer of ``shape`` can be told to do."""
    return Operation if shape.neuron.has_state else PEState


def sequence(shape: Layer) -> tuple[Operation, ...]:
    """Operations that end a timestep in a layer of ``shape``.

    None, if a PE needs `Operation.FIRE` alone. Each takes a cycle. In the last one of a layer that
    keeps states in memory these are exchanged.
    """
    neuron = shape.neuron
    if not neuron.has_state:
        return ()
    resets = neuron.carries and shape.fires
    leaks_late = resets and leaks_after_reset(shape)
    return (
        *([Operation.CURRENT] if neuron.synapse else []),
        Operation.BIAS,
        Operation.FIRE,
        *([Operation.RESET] if resets else []),
        *([Operation.LEAK] if leaks_late else []),
        *([Operation.HOLD] if shape.kept_bits else []),
    )


def leaks_after_reset(shape: Layer) -> bool:
    """A potential leaks when a spike has been subtracted from it, not as it is compared."""
    neuron = shape.neuron
    late = neuron.order is Order.RESET_FIRST and neuron.reset is Reset.SUBTRACT
    return bool(neuron.leak) and late and shape.fires
