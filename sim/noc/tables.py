"""Tables of `make noc`, for the terminal and for docs/results.md."""

from collections.abc import Sequence

from rich.table import Table

from trispike.models.mesh.topology import MeshShape
from trispike.sim.noc.compare import Move
from trispike.sim.noc.fairness import STARVED_SHARE
from trispike.sim.noc.figures import Point
from trispike.sim.noc.saturation import Curve
from trispike.sim.report import published
from trispike.sim.report.markdown import markdown_table
from trispike.sim.terminal.console import quantity_table


def terminal(one: Point) -> Table:
    """Everything about one run."""
    return quantity_table(f"mesh {one.mesh}, {one.pattern}", _rows(one))


def warnings(one: Point) -> list[str]:
    """A line for each thing because of which the figures of ``one`` are not what they seem."""
    lines, found = [], one.steadiness
    if not found.steady:
        first, second = found.backlogs
        lines.append(
            f"the run was not steady ({found.delivered:,} flits were delivered in the window and "
            f"{found.offered:,} offered; {first:,.1f} and {second:,.1f} flits of a node waited in "
            "its halves), so its means are of this run alone: lower RATE=, or raise WARMUP= and "
            "CYCLES="
        )
    starved = one.fairness.starved
    if starved:
        lines.append(
            f"{len(starved)} of {MeshShape.parse(one.mesh).nodes} sources are starved, with "
            f"less than {STARVED_SHARE:.0%} of their fair share: {', '.join(starved)}"
        )
    return lines


def _cycles(value: float | None) -> str:
    return _number(value, ",.1f")


def _number(value: float | None, form: str) -> str:
    return "-" if value is None else format(value, form)


def _rows(one: Point) -> list[tuple[str, str, str]]:
    latency, network = one.latency, one.network_latency
    fairness, measured = one.fairness, "measured" if one.steady else "unsteady"
    percentiles = (_cycles(latency.median), _cycles(latency.percentile_99))
    rates = (fairness.least, fairness.mean, fairness.most)
    starved = "too few flits" if fairness.starved is None else f"{len(fairness.starved):,}"
    return [
        ("router", one.router, "given"),
        ("flits given to nodes", f"{one.flits:,}", "measured"),
        ("  copies of multicasts", f"{one.copies:,}", "measured"),
        ("  lost, altered, repeated, out of order", "0", "measured"),
        ("  dropped by routers", f"{one.drops:,}", "measured"),
        ("offered load, flits/node/cycle", f"{one.offered:.4f}", "measured"),
        ("accepted load, flits/node/cycle", f"{one.accepted:.4f}", measured),
        ("  bound: a link or port always busy", f"{one.bound:.4f}", "derived"),
        ("  waiting to enter at the end", f"{one.waiting:,}", "measured"),
        ("  steady state", "yes" if one.steady else "NO", "measured"),
        *_saturation(one),
        (
            "delivered of a source: least, mean, most",
            ", ".join(f"{rate:.4f}" for rate in rates),
            measured,
        ),
        ("  Jain's fairness index", _number(fairness.index, ".4f"), measured),
        ("  starved sources", starved, "measured"),
        ("flits offered in the window that came", _number(one.came, ".2%"), "measured"),
        ("  their hops: mean", _number(one.hops, ".4f"), measured),
        ("  their latency from offer: mean, cycles", _cycles(latency.mean), measured),
        (
            "    median, 99%, longest",
            ", ".join((*percentiles, _number(latency.longest, ",d"))),
            measured,
        ),
        ("  their latency in the network: mean", _cycles(network.mean), measured),
        ("    without other flits: hops + 1", _number(one.zero_load, ".2f"), "derived"),
        ("longest wait to enter, cycles", f"{one.longest_wait:,}", "measured"),
        ("link load, flits/cycle: mean", f"{one.mean_link:.4f}", measured),
        *_by_port(one, measured),
        (f"  busiest ({one.busiest or 'none'})", f"{one.busiest_link:.4f}", measured),
        (
            "simulated cycles, cycles/s",
            f"{one.run_cycles:,}, {one.run_cycles / one.seconds:,.0f}",
            "measured",
        ),
    ]


def _saturation(one: Point) -> list[tuple[str, str, str]]:
    """A line if that was measured."""
    if one.saturation is None:
        return []
    return [("saturation: nodes send all they can", f"{one.saturation:.4f}", "measured")]


def _by_port(one: Point, how: str) -> list[tuple[str, str, str]]:
    """A line for each axis of the mesh: the means of its two directions."""
    loads: dict[str, list[float]] = {}
    for link, load in one.links.items():
        loads.setdefault(link.split()[1], []).append(load)
    means = {port: f"{sum(found) / len(found):.4f}" for port, found in loads.items()}
    pairs = (("east", "west"), ("north", "south"), ("up", "down"))
    return [
        (f"  {first}, {second}", f"{means[first]}, {means[second]}", how)
        for first, second in pairs
        if first in means
    ]


def moved(changes: Sequence[Move], old_name: str) -> Table:
    """What moved since the run in ``old_name``."""
    made = Table(title=f"since {old_name}")
    made.add_column("quantity")
    for title in ("then", "now", "change"):
        made.add_column(title, justify="right")
    for move in changes:
        change = None if None in (move.old, move.new) else move.new - move.old
        values = (_number(move.old, move.form), _number(move.new, move.form))
        made.add_row(move.what, *values, _number(change, f"+{move.form}"))
    return made


def sweep(curves: Sequence[Curve]) -> Table:
    """A line for each curve."""
    made = Table(title="load and latency", padding=(0, 1, 0, 0))  # 100 columns are enough
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
    "starved",
)


def _line(curve: Curve) -> tuple[str, ...]:
    saturation = curve.saturation
    return (
        curve.mesh,
        curve.pattern,
        _number(curve.lowest.hops, ".3f"),
        _marked(_cycles(curve.lowest.network_latency.mean), curve.lowest),
        _number(curve.lowest.zero_load, ".2f"),
        "none" if saturation is None else f"{saturation:.3f}",
        f"{curve.most_accepted:.3f}",
        f"{curve.bound:.3f}",
        "" if curve.bisection is None else f"{curve.bisection:.3f}",
        _number(curve.most_starved, ",d"),
    )


def _marked(text: str, point: Point) -> str:
    """``text``, which is a mean of ``point``, with a word if that was not steady."""
    return text if point.steady else f"{text} (unsteady)"


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
        "bound nodes whose way is free still get theirs, so more may be accepted in all. starved: "
        "the most sources of a run that got less than a tenth of their fair share (noc.md), - "
        "where that was not measured. "
        "Latency of a run that is not steady grows with the run: it is marked here, and has no "
        "marker in the figure."
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
                _number(ours.hops, ".3f"),
                f"{routers - 1:.3f}" if routers else "",
                _marked(_cycles(ours.latency.mean), ours),
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
