"""A chip on the FPGA as lines for a terminal, and all of the record as Markdown."""

from collections.abc import Sequence

from trispike.sim.report.markdown import markdown_table
from trispike.sim.synthesis.ecp5 import RESOURCES, Fpga

_CONDITIONS = (
    "`make synth TARGET=ecp5 LAYER=...`: mapped by Yosys, placed and routed by nextpnr, all "
    "figures measured. The chip's ports go to shift registers, as no device has so many pins; they "
    "are counted. Weight memories are block RAM."
)


def _share(used: int, there: int) -> str:
    return f"{used:,} of {there:,} ({used / there:.0%})"


def lines(fpga: Fpga) -> list[str]:
    """Utilisation, clock, critical path."""
    sizes = "-".join(map(str, fpga.sizes))
    return [
        f"{fpga.network} ({sizes}), lanes: {fpga.lanes}, on {fpga.device}",
        *(f"{title}: {_share(*fpga.used[name])}" for name, title in RESOURCES.items()),
        f"Fmax {fpga.fmax:.1f} MHz, routed",
        f"critical path: {fpga.start} to {fpga.end}",
    ]


def markdown(entries: Sequence[Fpga]) -> str:
    """The section of docs/results.md."""
    head = ["network", "lanes", "device", *RESOURCES.values(), "Fmax, MHz", "tools"]
    body = [
        [
            each.network,
            str(each.lanes),
            each.device,
            *(_share(*each.used[name]) for name in RESOURCES),
            f"{each.fmax:.1f}",
            f"Yosys {each.yosys}, nextpnr {each.nextpnr}",
        ]
        for each in entries
    ]
    return f"{_CONDITIONS}\n\n{markdown_table(head, body)}"
