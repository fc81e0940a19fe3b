"""Blocks of the hardware whose exported Verilog is mutated."""

import hashlib
import itertools
from collections.abc import Iterator, Sequence

from tb.mutate.block import Block
from tb.mutate.outcome import Mutant, Outcome
from tb.mutate.verilog import equivalence
from tb.mutate.verilog.netlist import Mutation
from tb.mutate.verilog.trials import Geometry
from tb.rtl.cases import CASES
from trispike.models.network.shape import NetworkShape

_COUNT = 160
"""Mutants of a block: more than 100 are not equivalent, and ten minutes on two cores do."""


def _geometry(
    case: str, *modules: str, around: str = "", chip: tuple[int, ...] = (), lanes: int = 1
) -> Geometry:
    """The case of that name; others as for `Geometry`, but a ``chip`` as sizes of its layers."""
    found = next(each for each in CASES if each.name == case)
    shape = NetworkShape.dense(name="mutants", sizes=chip, lanes=lanes) if chip else None
    return Geometry(case=found, modules=modules, around=around, chip=shape)


_LAYER = ("layer_*", "weight_memory_*")
_CHIP = ("image_gate_*", "readout_*", "trispike_*")

_NEURON = ("processing_element_*", "flow_controller_*", "layer_registers_*", "kept_state_*")
_WINDOWS = ("spike_pool_*", "line_buffer_*", "tap_encoder_*", "window_*", "convolution_*")
_INTERFACE = ("aer_table_*", "step_*", "pending_*", "spike_*", "address_*", "credit_*", "network_*")

GEOMETRIES = {
    "pe": [
        _geometry("pe_1", chip=(12, 5, 3)),
        _geometry("pe_2", chip=(12, 5, 3), lanes=2),
    ],
    "encoder": [_geometry("aer_10", chip=(10, 5, 3))],
    "lanes": [_geometry("lanes_21_8", chip=(21, 5, 3), lanes=8)],
    "flow": [
        _geometry("flow_1", chip=(10, 5, 3)),
        _geometry("flow_4", chip=(10, 5, 3), lanes=4),
    ],
    "sram": [_geometry("sram_8x16")],
    "layer": [
        _geometry("layer_5x3_2", *_LAYER, chip=(5, 3, 4), lanes=2),
        _geometry("layer_11x6_2_thresholds_biases", *_LAYER),
    ],
    "chip": [
        _geometry("chip_13_9_4_2_stops", *_CHIP),
        _geometry("chip_21_12_3_4_4", *_CHIP, chip=(21, 12, 3, 4), lanes=4),
    ],
    "neuron": [
        _geometry("neuron_3_1", *_NEURON),
        _geometry("neuron_17_4_maps", *_NEURON),
    ],
    "convolution": [
        _geometry("neuron_17_4_maps", *_WINDOWS),
        _geometry("neuron_12_1_maps_memoryless", *_WINDOWS),
    ],
    "router": [
        _geometry("router_3x3x3_1_1_1_depth4_xyz", "*"),
        _geometry("router_3x3x3_2_1_1_depth4_detour_dead2", "input_unit_*", "router_*"),
    ],
    "host_port": [_geometry("host_port")],
    "node": [
        _geometry("node_64x32_2_2", *_INTERFACE, around="network_interface_*"),
        _geometry("node_64x96_8_3", "memory_slave_*", "node_*", around="memory_slave_*"),
    ],
}
"""Of each block the geometries that have mutants."""


def _key(geometries: Sequence[Geometry]) -> str:
    whole = [each.key() for each in geometries]
    return hashlib.sha256(" ".join(whole).encode()).hexdigest()[:20]


def _block(name: str, geometries: Sequence[Geometry]) -> Block:
    """The block ``name``: as many mutants of each of its geometries."""
    known: dict[Mutant, tuple[int, Mutation]] = {}

    def mutants(count: int | None, seed: int) -> list[Mutant]:
        equivalence.check()
        each = -(-(count or _COUNT) // len(geometries))
        drawn = [geometry.mutations(each, seed) for geometry in geometries]
        known.update((m, (k, drawn[k][m])) for k in range(len(drawn)) for m in drawn[k])
        return [mutant for those in drawn for mutant in those]

    def judged(chosen: Sequence[Mutant], seed: int) -> Iterator[Outcome]:
        for k, group in itertools.groupby(chosen, lambda mutant: known[mutant][0]):
            yield from geometries[k].judged([known[mutant][1] for mutant in group])

    return Block(name=name, mutants=mutants, judged=judged, key=lambda: _key(geometries))


VERILOG_BLOCKS = tuple(_block(name, geometries) for name, geometries in GEOMETRIES.items())
