"""Blocks of the hardware whose exported Verilog is mutated."""

import itertools
from collections.abc import Iterator, Sequence

from tb.mutate.block import Block
from tb.mutate.outcome import Mutant, Outcome
from tb.mutate.python.reasons import settled
from tb.mutate.verilog.netlist import Mutation
from tb.mutate.verilog.trials import Geometry
from tb.rtl.cases import CASES
from trispike.models.network.shape import NetworkShape

_COUNT = 160
"""Mutants of a block: more than 100 are not equivalent, and ten minutes on two cores do."""


def _chip(*sizes: int, lanes: int = 1) -> NetworkShape:
    return NetworkShape.dense(name="mutants", sizes=sizes, lanes=lanes)


_CHIPS = {
    "pe": {"pe_1": _chip(12, 5, 3), "pe_2": _chip(12, 5, 3, lanes=2)},
    "encoder": {"aer_10": _chip(10, 5, 3)},
    "lanes": {"lanes_21_8": _chip(21, 5, 3, lanes=8)},
    "flow": {"flow_1": _chip(10, 5, 3), "flow_4": _chip(10, 5, 3, lanes=4)},
    "sram": {"sram_1024x128": None},
    "layer": {"layer_5x3_2": _chip(5, 3, 3, lanes=2), "layer_11x6_2_thresholds_biases": None},
    "chip": {"chip_13_9_4_2_stops": None},
    "router": {
        "router_3x3x3_1_1_1_depth4_xyz": None,
        "router_2x3x2_0_1_1_depth3_xyz_dead1": None,
    },
    "host_port": {"host_port": None},
    "node": {"node_32x32_2_2": None},
}
"""Of each block the cases that are mutated, and a chip that has such a block."""

_CASES = {case.name: case for case in CASES}


def _block(name: str, chips: dict[str, NetworkShape | None]) -> Block:
    """The block ``name``: as many mutants of each of its cases."""
    geometries = [Geometry(case=_CASES[case], chip=chip) for case, chip in chips.items()]
    known: dict[Mutant, tuple[int, Mutation]] = {}

    def mutants(count: int | None, seed: int) -> list[Mutant]:
        each = -(-(count or _COUNT) // len(geometries))
        drawn = [geometry.mutations(each, seed) for geometry in geometries]
        known.update((m, (k, drawn[k][m])) for k in range(len(drawn)) for m in drawn[k])
        return [mutant for those in drawn for mutant in those]

    def judged(chosen: Sequence[Mutant], seed: int) -> Iterator[Outcome]:
        for k, group in itertools.groupby(chosen, lambda mutant: known[mutant][0]):
            yield from geometries[k].judged([known[mutant][1] for mutant in group])

    return Block(name=name, mutants=mutants, judged=judged, settled=settled)


VERILOG_BLOCKS = tuple(_block(name, chips) for name, chips in _CHIPS.items())
