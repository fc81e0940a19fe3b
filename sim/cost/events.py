"""Energy of a prediction from what happened in it: events, each times its energy."""

import dataclasses
import math
from collections.abc import Sequence

from trispike.models.network.layers import BankShape, Layer
from trispike.models.network.numbers import PIXEL_BITS, POTENTIAL_BITS
from trispike.models.network.shape import NetworkShape
from trispike.sim.cost import constants
from trispike.sim.cost.constants import TARGET, Constant
from trispike.sim.cost.registers import Registers
from trispike.sim.cost.scaling import scaled

_NJ_OF_PJ = 1e-3


@dataclasses.dataclass(frozen=True, kw_only=True)
class Counts:
    """Events of a prediction, means over images.

    cycles: Between two predictions.
    reads, operations, spiking_cycles, tap_reads: For each layer: rows of weights read, one for each
        input spike, at each window that it is in; of the weights in them those that are not 0, see
        `sim.cost.operations`; cycles in which any lane has a spike; words of line buffers read.
    registers: Of the chip.
    """

    shape: NetworkShape
    timesteps: float
    cycles: float
    reads: tuple[float, ...]
    operations: tuple[float, ...]
    spiking_cycles: tuple[float, ...]
    tap_reads: tuple[float, ...]
    registers: Registers


def _pj(constant: Constant) -> float:
    return scaled(constant.value, constant.technology, TARGET)


def addition(bits: float) -> float:
    """Energy in pJ of an addition of ``bits``, on the line through the two that are published."""
    low, high = _pj(constants.ADD_8), _pj(constants.ADD_32)
    return low + (high - low) * (bits - 8) / (32 - 8)


def sram_read(bank: BankShape) -> float:
    """Energy in pJ of one read of ``bank``, all of whose rows are at work.

    On a line between the widths and, in the logarithm of rows, between the sizes of the table;
    beyond its ends as at them, but for narrow banks, which pay in proportion to their width.
    """

    def at(width: int) -> float:
        sizes = sorted(size for wide, size in constants.SRAM_READ if wide == width)
        here = min(max(bank.rows, sizes[0]), sizes[-1])  # one of several banks, if it has more rows
        above = next(size for size in sizes if size >= here)
        below = max(size for size in sizes if size <= here)
        low, high = (constants.SRAM_READ[width, size].value for size in (below, above))
        part = 0.0 if above == below else math.log2(here / below) / math.log2(above / below)
        return low + (high - low) * part

    if bank.width <= 32:
        return at(32) * bank.width / 32
    return at(32) + (at(128) - at(32)) * (bank.width - 32) / (128 - 32)


def weight_read(bank: BankShape) -> float:
    """The same of a bank of weights, which wakes one of its parts: the mean over its rows."""
    return sum(sram_read(part) * part.rows for part in bank.parts) / bank.rows


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


def _moved(layer: Layer, reads: float, operations: float, cycles: float) -> float:
    """PEs that add something, summed over the ``cycles`` with a spike.

    With several lanes those of the spikes of a cycle are taken for independent of each other.
    """
    if not reads:
        return 0.0
    zero = 1 - operations / (reads * layer.neurons)
    return cycles * layer.neurons * (1 - zero ** (reads / cycles))


def _additions(layer: Layer, reads: float, operations: float, moved: float) -> float:
    """Energy in pJ of what PEs do in their ``moved`` cycles.

    A multiple is chosen and added; unless the next weight is not 0 either, the same nets go back;
    the comparator follows; a quarter of the register's bits change. The choice is taken for an
    8-bit addition, and so is each further ternary digit of a sum of several lanes.
    """
    if not reads:
        return 0.0
    ways = 2 - operations / (reads * layer.neurons)
    add = ways * (layer.lanes * addition(8) + addition(POTENTIAL_BITS))
    compare = addition(POTENTIAL_BITS) if layer.fires else 0.0
    return moved * (add + compare + POTENTIAL_BITS / 4 * _pj(constants.FLIP_FLOP_CHANGE))


def _passed(counts: Counts, k: int, moved: float) -> float:
    """Flip-flops of layer ``k`` behind gates that pass the clock, summed over the cycles.

    An addition moves a PE's current or its potential, and firing both. An encoder takes its input,
    of a convolution the words of its taps, and then the square root of it at a time.
    """
    layer, flip_flops = counts.shape.layers[k], counts.registers.elements[k]
    channels, bits = layer.volume.channels, PIXEL_BITS if layer.pixels else 1
    firings = counts.timesteps * layer.firings * layer.neurons
    elements = flip_flops * (moved / (2 if layer.neuron.synapse else 1) + firings)
    taken = counts.tap_reads[k] / layer.lanes if layer.maps else counts.timesteps
    return elements + (taken * channels + counts.reads[k] * math.sqrt(channels)) * bits


def _clocks(counts: Counts, moved: Sequence[float], *, gated: bool, latches: bool) -> float:
    """Energy in pJ of the clock at all registers."""
    registers = counts.registers
    if not gated:
        return registers.flip_flops * counts.cycles * _pj(constants.FLIP_FLOP_CLOCK)
    always = registers.narrow * _pj(constants.FLIP_FLOP_CLOCK)
    gate = constants.CLOCK_GATE_WITH_LATCH if latches else constants.CLOCK_GATE
    always += registers.wide * _pj(gate)
    passed = sum(_passed(counts, k, each) for k, each in enumerate(moved))
    return counts.cycles * always + passed * _pj(constants.FLIP_FLOP_PASSED)


def needs_latches(shape: NetworkShape) -> bool:
    """Whether the clock gates of a chip of ``shape`` are taken to have latches.

    All chips of dense layers and neurons without a state that were mapped do without
    (`sim.synthesis.early`); of others some do.
    """
    return any(layer.maps or layer.neuron.has_state for layer in shape.layers)


def energies(
    counts: Counts, clock_mhz: float, *, gated: bool = True, latches: bool = False
) -> dict[str, float]:
    """Energy of a prediction in nJ, for `sim.cost.constants.TARGET`, by kind of event.

    ``gated``: clocks are; ``latches``: by gates that have one, see `sim.synthesis.early`.

    An encoder's step is taken for a 32-bit addition: both are a prefix network over about as many
    bits. Wires, the clock's tree and the leakage of logic are not in it, nor are registers that
    seldom change, if clocks are ``gated``: those of the configuration, the read-out and control.
    """
    add = addition(POTENTIAL_BITS)
    reads = steps = additions = fires = buffers = 0.0
    moved = []
    for layer, rows, operations, cycles, taps in zip(
        counts.shape.layers,
        counts.reads,
        counts.operations,
        counts.spiking_cycles,
        counts.tap_reads,
        strict=True,
    ):
        moved.append(_moved(layer, rows, operations, cycles))
        reads += rows * sum(map(weight_read, layer.banks))
        buffers += _buffer_accesses(layer, counts.timesteps, taps)
        steps += rows * addition(32)
        additions += _additions(layer, rows, operations, moved[-1])
        fires += counts.timesteps * layer.firings * layer.neurons * _at_the_end(layer) * add
    kilobytes = counts.shape.memory_bits / 8 / 1024
    seconds = counts.cycles / (clock_mhz * 1e6)
    return {
        "SRAM reads": reads * _NJ_OF_PJ,
        **({"line buffers, pools, states": buffers * _NJ_OF_PJ} if counts.shape.has_maps else {}),
        "synaptic additions": additions * _NJ_OF_PJ,
        "biases and thresholds": fires * _NJ_OF_PJ,
        "encoder steps": steps * _NJ_OF_PJ,
        "register clocks": _clocks(counts, moved, gated=gated, latches=latches) * _NJ_OF_PJ,
        "SRAM leakage": kilobytes * constants.SRAM_LEAKAGE.value * seconds,
    }
