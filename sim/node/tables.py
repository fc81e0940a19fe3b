"""The table of a network on a mesh."""

from rich.table import Table

from trispike.sim.cosim.figures import CLOCK_MHZ
from trispike.sim.cosim.table import operations, percent, undecided
from trispike.sim.node.figures import MeshFigures
from trispike.sim.terminal.console import quantity_table

_MEASURED, _DERIVED, _GIVEN = "measured", "derived", "given"


def table(f: MeshFigures) -> Table:
    """``f`` as a table that fits a terminal, each row marked given, measured or derived."""
    return quantity_table(title(f), rows(f))


def rows(f: MeshFigures) -> tuple[tuple[str, str, str], ...]:
    """The rows of `table`: quantity, value and how it is known."""
    return (*_subject(f), *_results(f), *_traffic(f), *_time(f), *_cost(f))


def title(f: MeshFigures) -> str:
    """What ran, on what."""
    sizes = [str(size) for size in f.sizes]
    if len(sizes) > 6:
        sizes = [*sizes[:2], "...", sizes[-1]]
    return f"{f.network} ({'-'.join(sizes)}) on {f.nodes} nodes of {f.mesh}, {f.data}"


def _subject(f: MeshFigures):
    first = f", from {f.first_image}" if f.first_image else ""
    yield "images x timesteps", f"{f.images} x {f.timesteps}{first}", _GIVEN
    if f.stall:
        yield "chance of a stall, each link and cycle", f"{f.stall:g}", _GIVEN
    if f.dead_links:
        yield "dead links", ", ".join(f.dead_links), _GIVEN
    why = ", as links are dead" if f.dead_links else ""
    yield "spikes are sent by", f"unicast{why}" if f.unicast else "multicast", _GIVEN


def _results(f: MeshFigures):
    yield from percent("accuracy, RTL", f.accuracy)
    yield from percent("accuracy, golden model", f.golden_accuracy)
    yield from undecided(f.decisions)
    yield "mismatches RTL / golden model", "[green]0[/]", _MEASURED
    yield "  flits compared one by one", f"{f.flits_compared:,}", _MEASURED
    yield "  compared", "spikes of all layers, ends, credits, labels, links", _GIVEN
    how = "at each node's port" if f.back_door else "through the mesh"
    yield f"loaded {how}", f"{f.words_loaded:,} words, {f.loading_cycles:,} cycles", _MEASURED
    if f.words_read_back:
        yield "read back through the mesh, equal", f"{f.words_read_back:,} words", _MEASURED
    yield (
        "cycles/image: min, mean, max",
        f"{f.cycles_per_image_min}, {f.cycles_per_image_mean:.1f}, {f.cycles_per_image_max}",
        _MEASURED,
    )
    yield "cycles per timestep", f"{f.cycles_per_timestep:.1f}", _MEASURED
    yield "  fixed chip, cycles/image", f"{f.fixed_chip_cycles_per_image:.1f}", _DERIVED
    ratio = f.cycles_per_image_mean / f.fixed_chip_cycles_per_image
    yield "  scalable / fixed chip", f"{ratio:.2f}", _DERIVED
    yield "latency of first image", f"{f.latency_cycles} cycles", _MEASURED
    yield f"predictions/s at {CLOCK_MHZ} MHz", f"{f.predictions_per_second:,.0f}", _DERIVED


def _traffic(f: MeshFigures):
    yield "flits per timestep", f"{f.flits_per_timestep:,.1f}", _MEASURED
    yield "  of which the host sends", f"{f.host_flits_per_timestep:,.1f}", _MEASURED
    if not f.unicast:
        yield "  and copies of multicasts", f"{f.copies_per_timestep:,.1f}", _MEASURED
    yield "hops per flit", f"{f.hops_per_flit:.2f}", _MEASURED
    yield "link load, mean", f"{f.link_load:.3f} flits/cycle", _MEASURED
    busiest = f"{f.busiest_link_load:.3f} flits/cycle"
    yield f"  busiest: {f.busiest_link}", busiest, _MEASURED


def _time(f: MeshFigures):
    yield "a node's time: computing", f"{f.computing:.1%}", _MEASURED
    yield "  else sending", f"{f.sending:.1%}", _MEASURED
    yield "  else waiting for credits", f"{f.blocked:.1%}", _MEASURED
    yield "  else waiting for spikes", f"{f.waiting:.1%}", _MEASURED
    computing = f"{f.busiest_node_computing:.1%}"
    yield f"  computing, busiest: {f.busiest_node}", computing, _MEASURED


def _cost(f: MeshFigures):
    names = ["input", *(f"layer {k}" for k in range(1, len(f.sizes)))]
    for name, spikes in list(zip(names, f.spikes, strict=True))[:5]:
        yield f"spikes/image, {name}", f"{spikes:.1f}", _MEASURED
    if len(f.spikes) > 5:
        yield f"spikes/image, layer {len(f.spikes) - 1}", f"{f.spikes[-1]:.1f}", _MEASURED
    yield from operations(f.synaptic_operations, f.effective_operations, f.timesteps)
    yield "SRAM reads/image", f"{f.sram_reads:,.1f}", _DERIVED
    kinds = {kind: sum(each.values()) for kind, each in f.energy_nj.items()}
    whole = sum(kinds.values())
    yield "energy/image at 65 nm", f"{whole:.1f} nJ", _DERIVED
    for kind, energy in kinds.items():
        yield f"  {kind}", f"{energy:.1f} nJ, {energy / whole:.1%}", _DERIVED
        for name, nj in f.energy_nj[kind].items():
            yield f"    {name}", f"{nj:.2f} nJ", _DERIVED
    yield "wall time", f"{f.wall_seconds:.1f} s", _MEASURED
    rate = f"{f.simulated_cycles:,}, {f.simulated_cycles_per_second:,.0f}"
    yield "simulated cycles, cycles/s", rate, _MEASURED
