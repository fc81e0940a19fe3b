"""The border: where a command has read what it was given, and its work would begin."""

import contextlib
import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from unittest import mock

from trispike.rtl.hierarchy import Block, leave_out
from trispike.sim.cli import cli
from trispike.sim.tools import paths, toolchain

_WORK = (
    "subprocess.Popen",
    "trispike.golden.run",
    "trispike.models.data.mnist.download",
    "trispike.rtl.verilog.rtlil.convert",
    "trispike.sim.accuracy.command.measure",
    "trispike.sim.accuracy.command.points",
    "trispike.sim.neurons.jitter.measure",
    "trispike.sim.nir.importing.Import.calibrated",
    "trispike.sim.nir.importing.Import.drift",
    "trispike.sim.node.command.setting",
    "trispike.sim.noc.command.program",
    "trispike.sim.order.command._ordering",
    "trispike.sim.prune.command.find",
    "trispike.sim.synthesis.command._mapped",
)
"""Functions by which commands begin to work."""


class Reached(BaseException):
    """A command went on to its work: its input is taken."""


def _reached(*arguments, **options):
    for block in (each for each in arguments if isinstance(each, Block)):
        leave_out(block)  # which Amaranth else says is never elaborated
    raise Reached


def _named(name: str) -> tuple[object, str] | None:
    """What holds the function ``name``, and its name there; None if nobody has imported it."""
    holder, _, last = name.rpartition(".")
    if holder in sys.modules:
        return sys.modules[holder], last
    module, _, kind = holder.rpartition(".")
    kept = getattr(sys.modules.get(module), kind, None)
    return None if kept is None else (kept, last)


@contextlib.contextmanager
def closed(
    folder: Path,
    patches: Mapping[str, object] = MappingProxyType({}),
    commands: Iterable[str] = cli.commands,
) -> Iterator[None]:
    """None of the ``commands`` does any work: `Reached`. What they leave behind is in ``folder``.

    Nothing in the checkout can be written: it is as if Trispike were installed. ``patches``: what
    stands in for something else meanwhile, by dotted name.
    """
    toolchain.find()
    for name in commands:  # none is imported first beyond the border, where it might keep it
        _ = cli.commands.get(name)
    environment = {"XDG_CACHE_HOME": str(folder / "cache"), "TMPDIR": str(folder / "tmp")}
    with contextlib.ExitStack() as stack:
        for name, stands_in in (dict.fromkeys(_WORK, _reached) | dict(patches)).items():
            if place := _named(name):
                stack.enter_context(mock.patch.object(*place, stands_in))
        stack.enter_context(mock.patch.object(paths, "in_checkout", return_value=False))
        stack.enter_context(mock.patch.dict("os.environ", environment))
        yield
