"""A bench, and what moved since another, as tables for a terminal."""

from rich.table import Table

from trispike.sim.bench.compare import Move
from trispike.sim.bench.record import TITLES, Record


def rates(record: Record) -> Table:
    """Every row of ``record``, those that were skipped too, and what the columns mean below."""
    run = record.run
    table = Table(
        title=f"{run.network} ({'-'.join(map(str, run.sizes))}) on {run.data}, T={run.timesteps}",
        caption="ratio: cycles/s over the ceiling's; derived: images/s x its cycles per image",
    )
    table.add_column("what ran", no_wrap=True)
    for title in ("images", "cycles", "seconds", "cycles/s", "images/s", "ratio"):
        table.add_column(title, justify="right")
    table.add_column("how", style="dim")
    for name, title in TITLES.items():
        if name in record.rows:
            row = record.rows[name]
            table.add_row(
                title,
                f"{row.images:,}",
                f"{row.cycles:,}",
                _significant(row.best),
                f"{row.cycles_per_second:,.0f}",
                _significant(row.images_per_second),
                _significant(record.ratio(name)),
                "measured" if row.simulated else "derived",
            )
        elif name in record.skipped:
            table.add_row(title, *["-"] * 6, "[bold red]skipped[/]")
    return table


def notes(record: Record) -> list[str]:
    """One line each on what was checked, on skipped rows, remarks and the machine."""
    lines = ["labels equal the golden model's; cycles too in C++ and cocotb, counts in snnTorch"]
    lines += [f"{TITLES[name]}: {row.note}" for name, row in record.rows.items() if row.note]
    lines += [f"{TITLES[name]}: SKIPPED: {why}" for name, why in record.skipped.items()]
    facts = record.machine
    lines.append(
        f"{facts['processor']}, {facts['cores']} cores, load {facts['load']} before; Python "
        f"{facts['python']}, Verilator {facts['verilator']}, {facts['compiler']}"
    )
    return lines


def moved(changes: dict[str, Move], old_name: str) -> Table:
    """How each row of ``changes`` moved since the record ``old_name``."""
    table = Table(title=f"since {old_name}")
    table.add_column("what ran")
    for title in ("cycles/s then", "now", "change", "ratio then", "now", "change"):
        table.add_column(title, justify="right")
    for name, move in changes.items():
        table.add_row(
            TITLES[name],
            f"{move.old:,.0f}",
            f"{move.new:,.0f}",
            f"x {move.change:.2f}",
            _significant(move.old_ratio),
            _significant(move.new_ratio),
            f"x {move.normalised:.2f}",
        )
    return table


def _significant(value: float) -> str:
    """``value`` with three digits that matter, whatever its size."""
    if value >= 100:
        return f"{value:,.0f}"
    return f"{value:.1e}" if 0 < value < 1e-4 else f"{value:.3g}"
