"""Waveforms: how large one will be, how much of a run fits, where it is kept."""

import dataclasses
import re
from collections.abc import Iterable, Mapping
from pathlib import Path

from trispike.models.errors import BadInput

WAVES = "waves"
"""File of the waveform in the folder of a run."""

GRACE = 5.0
"""Seconds in which a program that is interrupted closes its waveform."""

NONE = "none; the run ended before the first image, or a simulator was killed with it unwritten"
"""What is said of a waveform that is not there."""

_NAMELESS = re.compile(r"(wire|reg) (\[\d+:0\] )?\\\$\d+ ;")
"""Declaration of an intermediate value that Amaranth's export has no name for."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Plan:
    """What will be traced of a run.

    - ``traced``: of the run's ``count`` ``things``, the first ones.
    - ``size``, ``whole``: estimated bytes of their waveform, and of that of all.
    - ``format``: name of the waveform's.
    - ``missing``: Debian's packages that would make it FST.
    """

    traced: int
    count: int
    things: str
    size: float
    whole: float
    format: str
    missing: list[str]

    def __str__(self):
        what = "all" if self.traced == self.count else f"the first {self.traced:,} of"
        size = f"about {_text(self.size)} of {self.format}"
        parts = [f"waves: {what} {self.count:,} {self.things}, {size}"]
        if self.traced < self.count:
            parts.append(f"all would take {_text(self.whole)}: WAVES_MB={_megabytes(self.whole)}")
        if self.missing:
            parts.append(f"FST is a tenth of VCD: sudo apt install {' '.join(self.missing)}")
        return "; ".join(parts)


def plan(
    things: str,
    count: int,
    head: float,
    sizes: Iterable[float],
    limit: int,
    missing: list[str],
) -> Plan:
    """How many of ``count`` ``things`` fit ``limit`` megabytes; `BadInput` if not even one does.

    - ``things``: images, or cycles; what the run has of them.
    - ``head``, ``sizes``: bytes before the first, and that each adds.
    - ``missing``: from `sim.tools.build.missing_for_fst`.
    """
    size = whole = head
    looked_at = 0
    for each in sizes:
        looked_at += 1
        whole = size + each
        if whole > limit * 1e6:
            break
        size = whole
    traced = looked_at if size == whole else looked_at - 1
    if traced == 0:
        fewer = " take fewer timesteps by T=, or" if things == "images" else ""
        raise BadInput(
            f"the waveform of one {things.removesuffix('s')} would take {_text(whole)}, and "
            f"WAVES_MB is {limit}:{fewer} WAVES_MB={_megabytes(whole)}"
        )
    whole *= count / looked_at  # those that were not looked at are as the others
    return Plan(
        traced=traced,
        count=count,
        things=things,
        size=size,
        whole=whole,
        format="VCD" if missing else "FST",
        missing=missing,
    )


def _megabytes(size: float) -> int:
    """``size`` with a tenth more, as the argument of WAVES_MB."""
    return int(size * 1.1 / 1e6) + 1


def _text(size: float) -> str:
    return f"{size / 1e9:.1f} GB" if size >= 1e9 else f"{max(size / 1e6, 0.1):.3g} MB"


def untraced(sources: Mapping[str, str]) -> str:
    """Verilator's directives that leave nameless wires, a quarter of it all, out of a waveform."""
    lines = ["`verilator_config"]
    for name, source in sources.items():
        for k, line in enumerate(source.splitlines(), start=1):
            if _NAMELESS.search(line):
                lines.append(f'tracing_off -file "*/{name}" -lines {k}')
    return "\n".join([*lines, ""])


def keep(raw: Path, place: Path) -> Path | None:
    """Move the waveform ``raw`` to ``place`` with the suffix of its format.

    None if it cannot be read: it is not there, or its writer died by SIGKILL or a crash with an
    FST file open, which holds next to nothing until it is closed.
    """
    if not raw.exists():
        return None
    with raw.open("rb") as file:
        head = file.read(16)
    if not any(head):
        return None
    place.parent.mkdir(parents=True, exist_ok=True)
    return raw.replace(place.with_suffix(".vcd" if head.startswith(b"$") else ".fst"))
