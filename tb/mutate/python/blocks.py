"""Blocks of Python: which files have mutants, and which tests must notice them."""

from collections.abc import Iterator, Sequence

from tb.kit.command import ROOT
from tb.mutate.block import Block
from tb.mutate.outcome import Outcome
from tb.mutate.python.judge import Court, Stage
from tb.mutate.python.mutants import SourceMutant, mutants_of, sample
from tb.mutate.python.reasons import settled


def files(pattern: str) -> tuple[str, ...]:
    """Paths of Python files of the checkout."""
    return tuple(sorted(str(path.relative_to(ROOT)) for path in ROOT.glob(pattern)))


def python_block(name: str, court: Court, usual: int = 250) -> Block:
    """The block ``name`` whose mutants ``court`` judges, ``usual`` of them unless told else."""

    def mutants(count: int | None, seed: int) -> Sequence[SourceMutant]:
        return sample(mutants_of(court.paths), count or usual, seed)

    def judged(mutants: Sequence[SourceMutant], seed: int) -> Iterator[Outcome]:
        return court.judged(mutants)

    return Block(name=name, mutants=mutants, judged=judged, key=court.key, settled=settled)


GOLDEN = Court(
    paths=files("golden/**/*.py"),
    stages=(
        Stage(
            killer="oracles",
            tests=("tb/golden", "tb/sim/mapping/test_mapping.py", "-knot test_command"),
        ),
        Stage(
            killer="block tests",
            tests=(
                "tb/rtl/test_blocks.py",
                "-ktest_in_amaranth and (router_1x1 or router_2x3 or mesh_1x2)",
            ),
        ),
    ),
)
JUDGES = Court(
    paths=(
        "sim/cosim/judge.py",
        "sim/cosim/captures.py",
        "sim/cosim/decision.py",
        "sim/node/judge.py",
        "sim/noc/judge.py",
        "sim/noc/compare.py",
    ),
    stages=(
        Stage(
            killer="oracles",
            tests=(
                "tb/sim/cosim/test_judge.py",
                "tb/sim/cosim/test_decision.py",
                "tb/sim/node/test_judge.py",
                "tb/sim/noc/test_judge.py",
                "tb/sim/noc/test_compare.py",
                "tb/sim/noc/test_noc.py",
                "-kjudge or decision or compare or sees or right or wrong",
            ),
        ),
    ),
)
CYCLES = Court(
    paths=("sim/cosim/cycles.py", "sim/cosim/occupancy.py"),
    stages=(
        Stage(
            killer="oracles",
            tests=("tb/sim/cosim/test_cycles.py", "tb/sim/cosim/test_window_cycles.py"),
        ),
    ),
)

HARDWARE = {
    "pe": (("rtl/neuron/pe.py", "rtl/neuron/scale.py"), "pe_", "pe_1"),
    "encoder": (("rtl/layers/aer.py", "rtl/priority.py"), "aer_", "aer_256"),
    "lanes": (("rtl/layers/lanes.py",), "lanes_", "lanes_21_8"),
    "flow": (("rtl/layers/flow.py",), "flow_", "flow_1"),
    "layer": (
        (
            "rtl/layers/configuration.py",
            "rtl/layers/dense.py",
            "rtl/layers/layer.py",
            "rtl/layers/sram.py",
            "rtl/layers/weight_memory.py",
        ),
        "layer_ or sram_",
        "layer_5x3",
    ),
    "router": (
        (
            "rtl/noc/arbiter.py",
            "rtl/noc/buffer.py",
            "rtl/noc/input_unit.py",
            "rtl/noc/output_unit.py",
            "rtl/noc/route.py",
            "rtl/noc/router.py",
        ),
        "router_",
        "router_2x3x2",
    ),
    "node": (files("rtl/node/*.py"), "node_ or host_port", "host_port"),
}
"""Blocks of the hardware: their Amaranth sources, and which cases of tb/rtl/test_blocks.py run in
Amaranth's simulator and in Verilator."""


def _hardware(paths: tuple[str, ...], amaranth: str, verilator: str) -> Court:
    """Mutants of start values and of what is elaborated, in both simulators."""
    stages = (
        Stage(
            killer="block tests",
            tests=("tb/rtl/test_blocks.py", "--all", f"-k{test} and ({cases})"),
        )
        for test, cases in (("test_in_amaranth", amaranth), ("test_verilated", verilator))
    )
    return Court(paths=paths, stages=tuple(stages), anew=True)


PYTHON_BLOCKS = (
    *(python_block(f"{name}-source", _hardware(*how), usual=100) for name, how in HARDWARE.items()),
    python_block("golden", GOLDEN),
    python_block("judges", JUDGES),
    python_block("cycles", CYCLES),
)
