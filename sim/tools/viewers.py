"""What waveform viewers show of a file as they open it: command files for Surfer and GTKWave.

Beside ``NAME.fst`` stand ``NAME.sucl``, ``NAME.gtkw`` and, in ``.surfer/mappings``, where Surfer
looks for them, the names of states, a file for each enumeration, and the flits of ``NAME`` in
words. GTKWave reads these too. All paths are relative to the folder of the waveform.
"""

import io
import shlex
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from amaranth import Shape
from vcd.gtkw import GTKWSave

from trispike.models.files import write_atomically
from trispike.models.mesh import flits
from trispike.rtl.view import Radix, View
from trispike.sim.terminal.console import relative
from trispike.sim.tools.waveform import NONE

_MAPPINGS = Path(".surfer", "mappings")

_SURFER = {
    Radix.HEXADECIMAL: "Hexadecimal",
    Radix.UNSIGNED: "Unsigned",
    Radix.SIGNED: "Signed",
}
_GTKWAVE = {Radix.HEXADECIMAL: "hex", Radix.UNSIGNED: "dec", Radix.SIGNED: "signed"}

Groups = Mapping[str, Sequence[View]]
"""Lines of a viewer, under the headings that they stand below."""


def write(wave: Path, groups: Groups, seen: Iterable[int] = ()) -> None:
    """Write the files that open ``wave`` with the signals in ``groups``.

    ``seen``: the flits in it, which are shown in words where a view is of flits.
    """
    reads = {view.reads for group in groups.values() for view in group}
    for names in reads - set(Radix):
        values = {member.value: member.name for member in names}
        _write_mapping(wave, names.__name__, Shape.cast(names).width, values)
    if Radix.FLIT in reads:
        words = {flit: flits.text(flit) for flit in sorted({0, *seen})}
        _write_mapping(wave, _flits(wave), flits.FLIT_BITS, words)
    write_atomically(wave.with_suffix(".sucl"), surfer(wave, groups).encode())
    write_atomically(wave.with_suffix(".gtkw"), gtkwave(wave, groups).encode())


def announce(wave: Path | None, groups: Groups, seen: Iterable[int] = ()) -> None:
    """Say where ``wave`` is, if there is one, and `write` what opens it."""
    print(f"waveform: {relative(wave) if wave else NONE}")
    if wave:
        write(wave, groups, seen)


def commands(wave: Path) -> str:
    """The shell commands that open ``wave`` in either viewer."""
    name = shlex.quote(wave.name)
    surfer, gtkwave = (shlex.quote(wave.with_suffix(s).name) for s in (".sucl", ".gtkw"))
    enter = f"cd {shlex.quote(relative(wave.parent))}"
    return (
        f"Surfer:  ({enter} && surfer -c {surfer} {name})\n"
        f"GTKWave: ({enter} && gtkwave {name} {gtkwave})"
    )


def surfer(wave: Path, groups: Groups) -> str:
    """Commands for Surfer: what ``surfer -c`` runs."""
    lines, item = [], 0
    for heading, views in groups.items():
        lines.append(f"divider_add {heading}")
        item += 1
        for view in views:
            lines.append(f"variable_add {view.signal}")
            if view.bits > 1:
                name = _translation(wave, view) or _SURFER[view.reads]
                # Only what has the focus gets a format, and new lines come after that.
                lines += [f"item_focus {_letters(item)}_", f"item_set_format {name}"]
                lines.append("item_unfocus")
            item += 1
    return "\n".join([*lines, "zoom_fit", ""])


def gtkwave(wave: Path, groups: Groups) -> str:
    """A save file of GTKWave for the file ``wave``."""
    file = io.StringIO()
    save = GTKWSave(file)
    save.dumpfile(wave.name, abspath=False)
    for heading, views in groups.items():
        save.blank(heading)
        for view in views:
            signal = view.signal.replace(".[", "[")
            signal += f"[{view.bits - 1}:0]" if view.bits > 1 else ""
            name = _translation(wave, view)
            if name:
                save.trace(signal, datafmt="dec", translate_filter_file=str(_mapping(name)))
            else:
                save.trace(signal, datafmt=_GTKWAVE[view.reads] if view.bits > 1 else "bin")
    return file.getvalue()


def _translation(wave: Path, view: View) -> str | None:
    """Name of the mapping that says the values of ``view`` in words; None if they are numbers."""
    if view.reads is Radix.FLIT:
        return _flits(wave)
    return None if isinstance(view.reads, Radix) else view.reads.__name__


def _flits(wave: Path) -> str:
    return f"{wave.stem}-flits"


def _mapping(name: str) -> Path:
    return _MAPPINGS / f"{name}.txt"


def _write_mapping(wave: Path, name: str, bits: int, words: Mapping[int, str]) -> None:
    """What values of so many ``bits`` mean, in decimal: both viewers read that."""
    lines = [f"Bits = {bits}", *(f"{value} {text}" for value, text in words.items()), ""]
    write_atomically(wave.parent / _mapping(name), "\n".join(lines).encode())


def _letters(item: int) -> str:
    """Surfer's name of the line ``item``, from 0: hexadecimal, with the letters a to p."""
    return f"{item:x}".translate(str.maketrans("0123456789abcdef", "abcdefghijklmnop"))
