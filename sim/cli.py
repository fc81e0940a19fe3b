"""The command line: ``trispike``."""

import errno
import importlib
import os
import signal
import sys
from collections.abc import Iterator, Mapping

import click

from trispike.models.errors import BadInput, one_line
from trispike.sim.report.mismatch import MismatchFound
from trispike.sim.terminal.status import BAD_INPUT, BREAKDOWN, INTERRUPTED, MISMATCH
from trispike.sim.tools import processes
from trispike.sim.tools.simulator import NO_MEMORY, SimulationError

_ROOMS = {
    "sim": "node",
    "train": "training",
    "accuracy": "accuracy",
    "bench": "bench",
    "synth": "synthesis",
    "energy": "energy",
    "neurons": "neurons",
    "waves": "waves",
    "noc": "noc",
    "map": "mapping",
    "verilog": "export",
    "formal": "formal",
    "import": "nir",
    "export": "nir",
    "prune": "prune",
    "order": "order",
    "report": "page",
}
"""The room below `sim` of each command, which is in its module ``command``."""


class _Commands(Mapping):
    """The commands by name, each imported once it is wanted: all together take a second."""

    def __getitem__(self, name: str) -> click.Command:
        module = importlib.import_module(f"trispike.sim.{_ROOMS[name]}.command")
        return getattr(module, f"{name}_" if name in ("map", "import") else name)

    def __iter__(self) -> Iterator[str]:
        return iter(_ROOMS)

    def __len__(self) -> int:
        return len(_ROOMS)


@click.group(commands=_Commands(), context_settings={"help_option_names": ["-h", "--help"]})
def cli():
    """Trispike: ternary-weight spiking networks, from weights to RTL proved equal.

    Options are --layer fc256 or, as for make, LAYER=fc256; each command has its --help.

    Exit status: 0 all is well, 1 the RTL and the models differ or a proof fails, 2 bad input, 3 a
    tool broke down, 130 interrupted.
    """


SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT)
"""What `main` takes as an interruption."""


def _interrupt(signum, frame):
    """Interrupt what runs; a second Ctrl-C ends it at once.

    Other signals may come in pairs, to a process and again to its group.
    """
    for number in SIGNALS:
        signal.signal(number, signal.SIG_IGN)
    signal.signal(signal.SIGINT, _end)
    raise KeyboardInterrupt


def _end(signum, frame):
    processes.stop_all()
    os._exit(INTERRUPTED)


def main(command: click.Command = cli, name: str = "trispike") -> None:
    """Run the command line, of ``command``; every failure that is the user's to mend is one line.

    ``name``: what help calls the program.
    """
    for number in SIGNALS:
        if signal.getsignal(number) is not signal.SIG_IGN:  # as under nohup
            signal.signal(number, _interrupt)
    try:
        command.main(standalone_mode=False, prog_name=name)
    except click.exceptions.NoArgsIsHelpError as error:
        print(error.format_message(), file=sys.stderr)
        sys.exit(BAD_INPUT)
    except (BadInput, click.ClickException) as error:
        message = error.format_message() if isinstance(error, click.ClickException) else error
        print(f"error: {one_line(str(message))}", file=sys.stderr)
        sys.exit(BAD_INPUT)
    except MismatchFound as error:
        print(f"first divergence: {error}", file=sys.stderr)
        sys.exit(MISMATCH)
    except MemoryError:
        print(f"error: {NO_MEMORY}", file=sys.stderr)
        sys.exit(BAD_INPUT)
    except OSError as error:
        print(f"error: {_system_error(error)}", file=sys.stderr)
        sys.exit(BAD_INPUT)
    except SimulationError as error:
        for line in str(error).splitlines():  # one for each shard that died
            print(f"error: {line}", file=sys.stderr)
        sys.exit(BREAKDOWN)
    except (KeyboardInterrupt, click.Abort):
        processes.stop_all()
        print("interrupted", file=sys.stderr)
        sys.stderr.flush()
        os._exit(INTERRUPTED)


def _system_error(error: OSError) -> str:
    where = f": {one_line(str(error.filename))}" if error.filename else ""
    remedies = {errno.ENOEXEC: "; remove its folder, and it will be built again"}
    remedies |= {errno.ENOSPC: "; free some space", errno.EDQUOT: "; free some space"}
    for number in (errno.EACCES, errno.EPERM, errno.EROFS):
        remedies[number] = "; mend the permissions or work in another folder"
    return f"{error.strerror or error}{where}{remedies.get(error.errno, '')}"
