"""The table of a co-simulation."""

from rich.table import Table

from trispike.sim.cosim.decision import Decisions
from trispike.sim.cosim.figures import CLOCK_MHZ, Figures
from trispike.sim.terminal.console import quantity_table

_MEASURED, _DERIVED, _GIVEN = "measured", "derived", "given"


def operations(every: float, effective: float, timesteps: float) -> list[tuple[str, str, str]]:
    """Rows on synaptic operations of an image: of all weights, and of those that are not 0."""
    return [
        ("synaptic operations/image", f"{every:,.0f}", _DERIVED),
        ("  effective: weight not 0", f"{effective:,.0f}", _DERIVED),
        ("  effective, per timestep", f"{effective / timesteps:,.0f}", _DERIVED),
    ]


def undecided(d: Decisions) -> list[tuple[str, str, str]]:
    """Rows on labels that stand for no decision; none if all stand for one."""
    if not d.silent and not d.tied:
        return []
    return [
        ("  without an output spike", f"{d.silent}", _MEASURED),
        ("  with outputs that tie", f"{d.tied}", _MEASURED),
        *percent("  accuracy, those wrong", d.accuracy),
    ]


def percent(name: str, accuracy: float | None) -> list[tuple[str, str, str]]:
    """The row of an ``accuracy``; none if there is none."""
    return [] if accuracy is None else [(name, f"{accuracy:.2%}", _MEASURED)]


def early(f: Figures) -> list[tuple[str, str, str]]:
    """Rows on images that end early; none if they cannot."""
    if f.cycles_without_stop is None:
        return []
    saved = 1 - f.cycles_per_image_mean / f.cycles_without_stop
    return [
        ("timesteps to a label, mean", f"{f.timesteps_taken:.2f} of {f.timesteps}", _MEASURED),
        ("  all timesteps, cycles/image", f"{f.cycles_without_stop:.1f}", _DERIVED),
        ("  cycles saved", f"{saved:.1%}", _DERIVED),
    ]


def table(f: Figures) -> Table:
    """``f`` as a table that fits a terminal, each row marked given, measured or derived."""
    return quantity_table(title(f), rows(f))


def title(f: Figures) -> str:
    """What ran, on what."""
    lanes = f", {f.lanes} lanes" if f.lanes > 1 else ""
    part = "" if f.complete else f": {f.images} of {f.images_asked} images"
    return f"{f.network} ({f.layers}){lanes} on {f.data}{part}"


def rows(f: Figures) -> list[tuple[str, str, str]]:
    """The rows of `table`: quantity, value and how it is known."""
    wrong = sum(f.mismatches.values())
    pipeline = _MEASURED if f.shards == 1 else _DERIVED
    layers = zip(["input", *(f"layer {k}" for k in range(1, len(f.sizes)))], f.spikes, strict=True)
    return [
        (
            "images x timesteps",
            f"{f.images} x {f.timesteps}" + (f", from {f.first_image}" if f.first_image else ""),
            _GIVEN,
        ),
        *percent("accuracy, RTL", f.accuracy),
        *percent("accuracy, golden model", f.golden_accuracy),
        *((f"  of part {k} of labels", f"{a:.2%}", _MEASURED) for k, a in enumerate(f.answers, 1)),
        *undecided(f.decisions),
        ("mismatches RTL / models", f"[{'red' if wrong else 'green'}]{wrong}[/]", _MEASURED),
        ("  compared", ", ".join(f.mismatches), _GIVEN),
        (
            "cycles/image: min, mean, max",
            f"{f.cycles_per_image_min}, {f.cycles_per_image_mean:.1f}, {f.cycles_per_image_max}",
            pipeline,
        ),
        *early(f),
        ("cycles per timestep", f"{f.cycles_per_timestep:.1f}", pipeline),
        ("cycles per input spike", f"{f.cycles_per_input_spike:.3f}", pipeline),
        *(
            [("spikes/step, busiest lane", f"{f.busiest_lane:.1f}", _MEASURED)]
            if f.lanes > 1
            else []
        ),
        *(
            (f"cycles/timestep alone, layer {k}", f"{cycles:,.1f}, floor {floor:,.1f}", _DERIVED)
            for k, (cycles, floor) in enumerate(zip(f.layer_cycles, f.layer_floors, strict=True), 1)
        ),
        ("latency of first image", f"{f.latency_cycles} cycles", pipeline),
        (f"predictions/s at {CLOCK_MHZ} MHz", f"{f.predictions_per_second:,.0f}", _DERIVED),
        *((f"spikes/image, {name}", f"{n:.1f}", _MEASURED) for name, n in layers),
        *(
            [("potentials cut to 18 bits/image", f"{f.saturations:,.1f}", _MEASURED)]
            if f.saturations
            else []
        ),
        *operations(f.synaptic_operations, f.effective_operations, f.timesteps_taken),
        ("SRAM reads/image", f"{f.sram_reads:,.1f}", _DERIVED),
        (f"SRAM, {'+'.join(map(str, f.banks))} banks", f"{f.memory_bytes / 1024:g} kB", _DERIVED),
        ("energy/image at 65 nm", f"{sum(f.energy_nj.values()):.1f} nJ", _DERIVED),
        ("wall time", f"{f.wall_seconds:.1f} s", _MEASURED),
        (
            "simulated cycles, cycles/s",
            f"{f.simulated_cycles:,}, {f.simulated_cycles_per_second:,.0f}",
            _MEASURED,
        ),
    ]
