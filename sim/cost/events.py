"""Energy of a prediction from what happened in it: events, each times its energy."""

import dataclasses
import math

from trispike.models.network.layers import BankShape, Layer
from trispike.models.network.numbers import POTENTIAL_BITS
from trispike.models.network.shape import NetworkShape
from trispike.sim.cost import constants
from trispike.sim.cost.constants import TARGET, Constant
from trispike.sim.cost.scaling import scaled

_NJ_OF_PJ = 1e-3


@dataclasses.dataclass(frozen=True, kw_only=True)
class Counts:
    """Events of a prediction, means over images.

    cycles: Between two predictions.
    reads, spiking_cycles, tap_reads: For each layer: rows of weights read, one for each input
        spike, at each window that it is in; cycles in which any lane has a spike; words of line
        buffers read.
    flip_flops: Of the chip; all are clocked in every cycle.
    """

    shape: NetworkShape
    timesteps: float
    cycles: float
    reads: tuple[float, ...]
    spiking_cycles: tuple[float, ...]
    tap_reads: tuple[float, ...]
    flip_flops: int


def _pj(constant: Constant) -> float:
    return scaled(constant.value, constant.technology, TARGET)


def addition(bits: float) -> float:
    """Energy in pJ of an addition of ``bits``, on the line through the two that are published."""
    low, high = _pj(constants.ADD_8), _pj(constants.ADD_32)
    return low + (high - low) * (bits - 8) / (32 - 8)


def sram_read(bank: BankShape) -> float:
    """Energy in pJ of one read of ``bank``.

    On a line between the widths and, in the logarithm of rows, between the sizes of the table;
    beyond its ends as at them, but for narrow banks, which pay in proportion to their width.
    """

    def at(width: int) -> float:
        rows = sorted(size for wide, size in constants.SRAM_READ if wide == width)
        here = min(max(bank.rows, rows[0]), rows[-1])  # one of several banks, if it has more rows
        above = next(size for size in rows if size >= here)
        below = max(size for size in rows if size <= here)
        low, high = (constants.SRAM_READ[width, size].value for size in (below, above))
        part = 0.0 if above == below else math.log2(here / below) / math.log2(above / below)
        return low + (high - low) * part

    if bank.width <= 32:
        return at(32) * bank.width / 32
    return at(32) + (at(128) - at(32)) * (bank.width - 32) / (128 - 32)


def _at_the_end(layer: Layer) -> int:
    """Additions of a neuron at a timestep's end: its bias and threshold, and what it carries on.

    These are a step, the shifts of a leak, and of a current its addition and the shifts of its
    decay.
    """
    neuron = layer.neuron
    current = (1 + len(neuron.synapse)) if neuron.synapse else 0
    return 2 + layer.subtracts + len(neuron.leak) + current


def _buffer_accesses(layer: Layer, timesteps: float, tap_reads: float) -> float:
    """Energy in pJ of line buffers, pool and kept states; a write is taken for a read."""
    if not layer.maps:
        return 0.0
    line, pool, kept = (
        sum(map(sram_read, banks))
        for banks in (layer.line_banks, layer.pool_banks, layer.kept_banks)
    )
    squares = layer.output.width * layer.output.height * layer.maps.pool  # a read and a write each
    return (
        line * (tap_reads + timesteps * layer.volume.positions * layer.lanes)
        + pool * timesteps * squares * 2
        + kept * timesteps * layer.firings * 2
    )


def energies(counts: Counts, clock_mhz: float) -> dict[str, float]:
    """Energy of a prediction in nJ, for `sim.cost.constants.TARGET`, by kind of event.

    An encoder's step is taken for a 32-bit addition: both are a prefix network over about as many
    bits. With several lanes the sum of a PE's ternary digits is taken for an 8-bit addition a lane
    beyond the first. Wires, the clock's tree and the leakage of logic are not in it.
    """
    add = addition(POTENTIAL_BITS)
    reads = steps = integrations = digits = fires = buffers = 0.0
    for layer, rows, cycles, taps in zip(
        counts.shape.layers, counts.reads, counts.spiking_cycles, counts.tap_reads, strict=True
    ):
        reads += rows * sum(sram_read(bank) for bank in layer.banks)
        buffers += _buffer_accesses(layer, counts.timesteps, taps)
        steps += rows * addition(32)
        integrations += cycles * layer.neurons * add
        digits += cycles * layer.neurons * (layer.lanes - 1) * addition(8)
        fires += counts.timesteps * layer.firings * layer.neurons * _at_the_end(layer) * add
    kilobytes = counts.shape.memory_bits / 8 / 1024
    seconds = counts.cycles / (clock_mhz * 1e6)
    return {
        "SRAM reads": reads * _NJ_OF_PJ,
        **({"line buffers, pools, states": buffers * _NJ_OF_PJ} if counts.shape.has_maps else {}),
        "synaptic additions": (integrations + digits) * _NJ_OF_PJ,
        "biases and thresholds": fires * _NJ_OF_PJ,
        "encoder steps": steps * _NJ_OF_PJ,
        "register clocks": counts.flip_flops
        * counts.cycles
        * _pj(constants.FLIP_FLOP_CLOCK)
        * _NJ_OF_PJ,
        "SRAM leakage": kilobytes * constants.SRAM_LEAKAGE.value * seconds,
    }
