"""What waveform viewers show of a file as they open it: command files for Surfer and GTKWave.

Beside ``NAME.fst`` stand ``NAME.sucl``, ``NAME.gtkw`` and, in ``.surfer/mappings``, where Surfer
looks for them, the names of states, a file for each enumeration, which GTKWave reads too. All paths
are relative to the folder of the waveform.
"""

import enum
import io
import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path

from amaranth import Shape
from vcd.gtkw import GTKWSave

from trispike.models.files import write_atomically
from trispike.rtl.view import Radix, View
from trispike.sim.terminal.console import relative

_MAPPINGS = Path(".surfer", "mappings")

_SURFER = {
    Radix.HEXADECIMAL: "Hexadecimal",
    Radix.UNSIGNED: "Unsigned",
    Radix.SIGNED: "Signed",
}
_GTKWAVE = {Radix.HEXADECIMAL: "hex", Radix.UNSIGNED: "dec", Radix.SIGNED: "signed"}

Groups = Mapping[str, Sequence[View]]
"""Lines of a viewer, under the headings that they stand below."""


def write(wave: Path, groups: Groups) -> None:
    """Write the files that open ``wave`` with the signals in ``groups``."""
    views = [view for group in groups.values() for view in group]
    for names in {view.reads for view in views if not isinstance(view.reads, Radix)}:
        write_atomically(wave.parent / _mapping(names), _values(names).encode())
    write_atomically(wave.with_suffix(".sucl"), surfer(groups).encode())
    write_atomically(wave.with_suffix(".gtkw"), gtkwave(wave.name, groups).encode())


def commands(wave: Path) -> str:
    """The shell commands that open ``wave`` in either viewer."""
    name = shlex.quote(wave.name)
    surfer, gtkwave = (shlex.quote(wave.with_suffix(s).name) for s in (".sucl", ".gtkw"))
    enter = f"cd {shlex.quote(relative(wave.parent))}"
    return (
        f"Surfer:  ({enter} && surfer -c {surfer} {name})\n"
        f"GTKWave: ({enter} && gtkwave {name} {gtkwave})"
    )


def surfer(groups: Groups) -> str:
    """Commands for Surfer: what ``surfer -c`` runs."""
    lines, item = [], 0
    for heading, views in groups.items():
        lines.append(f"divider_add {heading}")
        item += 1
        for view in views:
            lines.append(f"variable_add {view.signal}")
            if view.bits > 1:
                reads = view.reads
                name = _SURFER[reads] if isinstance(reads, Radix) else reads.__name__
                # Only what has the focus gets a format, and new lines come after that.
                lines += [f"item_focus {_letters(item)}_", f"item_set_format {name}"]
                lines.append("item_unfocus")
            item += 1
    return "\n".join([*lines, "zoom_fit", ""])


def gtkwave(wave: str, groups: Groups) -> str:
    """A save file of GTKWave for the file named ``wave``."""
    file = io.StringIO()
    save = GTKWSave(file)
    save.dumpfile(wave, abspath=False)
    for heading, views in groups.items():
        save.blank(heading)
        for view in views:
            signal = view.signal.replace(".[", "[")
            signal += f"[{view.bits - 1}:0]" if view.bits > 1 else ""
            if isinstance(view.reads, Radix):
                save.trace(signal, datafmt=_GTKWAVE[view.reads] if view.bits > 1 else "bin")
            else:
                save.trace(signal, translate_filter_file=str(_mapping(view.reads)))
    return file.getvalue()


def _mapping(names: type[enum.Enum]) -> Path:
    return _MAPPINGS / f"{names.__name__}.txt"


def _values(names: type[enum.Enum]) -> str:
    """The members of ``names``, in a form that both viewers read."""
    bits = Shape.cast(names).width
    lines = [f"{member.value:x} {member.name}" for member in names]
    return "\n".join([f"Bits = {bits}", *lines, ""])


def _letters(item: int) -> str:
    """Surfer's name of the line ``item``, from 0: hexadecimal, with the letters a to p."""
    return f"{item:x}".translate(str.maketrans("0123456789abcdef", "abcdefghijklmnop"))
