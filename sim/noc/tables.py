"""Tables of `make noc`, for the terminal and for docs/results.md."""

from collections.abc import Sequence

from rich.table import Table

from trispike.sim.noc.figures import Point
from trispike.sim.noc.saturation import Curve
from trispike.sim.report import published
from trispike.sim.report.markdown import markdown_table
from trispike.sim.terminal.console import quantity_table


def terminal(one: Point) -> Table:
    """Everything about one run."""
    return quantity_table(f"mesh {one.mesh}, {one.pattern}", _rows(one))


def _cycles(value: float | None) -> str:
    return "-" if value is None else f"{value:,.1f}"


def _rows(one: Point) -> list[tuple[str, str, str]]:
    latency, network = one.latency, one.network_latency
    longest = "-" if latency.longest is None else f"{latency.longest:,}"
    return [
        ("router", one.router, "given"),
        ("flits given to nodes", f"{one.flits:,}", "measured"),
        ("  lost, altered, repeated, out of order", "0", "measured"),
        ("  dropped by routers", f"{one.drops:,}", "measured"),
        ("offered load, flits/node/cycle", f"{one.offered:.4f}", "measured"),
        ("accepted load, flits/node/cycle", f"{one.accepted:.4f}", "measured"),
        ("  bound: a link or port always busy", f"{one.bound:.4f}", "derived"),
        ("  waiting to enter at the end", f"{one.waiting:,}", "measured"),
        ("hops: mean", f"{one.hops:.4f}", "measured"),
        ("latency from offer: mean, cycles", _cycles(latency.mean), "measured"),
        (
            "  median, 99%, longest",
            f"{_cycles(latency.median)}, {_cycles(latency.percentile_99)}, {longest}",
            "",
        ),
        ("latency in the network: mean", _cycles(network.mean), "measured"),
        ("  without other flits: hops + 1", f"{one.zero_load:.2f}", "derived"),
        ("longest wait to enter, cycles", f"{one.longest_wait:,}", "measured"),
        ("link load, flits/cycle: mean", f"{one.mean_link:.4f}", "measured"),
        *_by_port(one),
        (f"  busiest ({one.busiest or 'none'})", f"{one.busiest_link:.4f}", "measured"),
        (
            "simulated cycles, cycles/s",
            f"{one.run_cycles:,}, {one.run_cycles / one.seconds:,.0f}",
            "measured",
        ),
    ]


def _by_port(one: Point) -> list[tuple[str, str, str]]:
    """A line for each axis of the mesh: the means of its two directions."""
    loads: dict[str, list[float]] = {}
    for link, load in one.links.items():
        loads.setdefault(link.split()[1], []).append(load)
    means = {port: f"{sum(found) / len(found):.4f}" for port, found in loads.items()}
    pairs = (("east", "west"), ("north", "south"), ("up", "down"))
    return [
        (f"  {first}, {second}", f"{means[first]}, {means[second]}", "measured")
        for first, second in pairs
        if first in means
    ]


def sweep(curves: Sequence[Curve]) -> Table:
    """A line for each curve."""
    made = Table(title="load and latency")
    for name in _HEAD:
        made.add_column(name, justify="left" if name in ("mesh", "traffic") else "right")
    for curve in curves:
        made.add_row(*_line(curve))
    return made


_HEAD = (
    "mesh",
    "traffic",
    "hops",
    "latency",
    "hops + 1",
    "saturates",
    "accepted",
    "bound",
    "bisection",
)


def _line(curve: Curve) -> tuple[str, ...]:
    saturation = curve.saturation
    return (
        curve.mesh,
        curve.pattern,
        f"{curve.lowest.hops:.3f}",
        _cycles(curve.lowest.network_latency.mean),
        f"{curve.lowest.zero_load:.2f}",
        "none" if saturation is None else f"{saturation:.3f}",
        f"{curve.most_accepted:.3f}",
        f"{curve.bound:.3f}",
        "" if curve.bisection is None else f"{curve.bisection:.3f}",
    )


def markdown(curves: Sequence[Curve]) -> str:
    """The section of docs/results.md."""
    head = (
        "All measured in the RTL (`make noc SWEEP=1`), every flit compared with the golden model, "
        "except hops + 1, what latency would be if no flit met another, and the two bounds, which "
        "are derived. Loads are in flits per node and cycle. hops: mean; latency: mean of the "
        "cycles in the network, at the lowest load; saturates: the lowest offered load of which "
        "less than 95% is accepted; accepted: the most, at any load; bound: beyond it not all that "
        "is offered can be accepted, as some link or node's port would need more than a flit a "
        "cycle; bisection: the same of the cut through the middle, for uniform traffic. Beyond the "
        "bound nodes whose way is free still get theirs, so more may be accepted in all."
    )
    parts = [head, markdown_table(_HEAD, [_line(curve) for curve in curves])]
    reference = [curve for curve in curves if (curve.mesh, curve.pattern) == ("4x4x4", "uniform")]
    for curve in reference:
        parts += ["BookSim2's mesh with the same buffers, 4x4x4, uniform:", _booksim(curve)]
    routers = sorted({point.router for curve in curves for point in curve.points})
    parts.append(f"Routers: {', '.join(f'`{router}`' for router in routers)}.")
    return "\n\n".join(parts)


def _booksim(curve: Curve) -> str:
    """Ours beside BookSim2's, load by load."""
    body = []
    for theirs in published.BOOKSIM:
        ours = min(curve.points, key=lambda each: abs(each.rate - theirs.rate))
        if abs(ours.rate - theirs.rate) > 1e-6:
            continue
        routers = theirs.routers
        body.append(
            (
                f"{theirs.rate:g}",
                f"{ours.hops:.3f}",
                f"{routers - 1:.3f}" if routers else "",
                _cycles(ours.latency.mean),
                f"{theirs.latency:.1f}" + (" (unstable)" if theirs.unstable else ""),
                f"{ours.accepted:.4f}",
            )
        )
    head = (
        "offered load",
        "hops, measured",
        "hops, BookSim2 (published)",
        "latency, measured",
        "latency, BookSim2 (published)",
        "accepted, measured",
    )
    return markdown_table(head, body)
