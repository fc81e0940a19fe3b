"""The folder of one run."""

import contextlib
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from trispike.models.errors import BadInput
from trispike.sim.tools.paths import build_folder
from trispike.sim.tools.simulator import SimulationError, is_full, no_space


@contextlib.contextmanager
def run_folder(name: str) -> Iterator[Path]:
    """A folder for one run, removed when all went well: its captures are large."""
    runs = build_folder() / "runs"
    runs.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix=f"{name}-", dir=runs))
    try:
        yield folder
    except SimulationError:
        with contextlib.suppress(OSError):
            folder.rmdir()  # nothing ran yet
        raise  # else the message names a log in there
    except OSError:
        full = is_full(folder)
        shutil.rmtree(folder, ignore_errors=True)
        if full:  # not every writer says so
            raise BadInput(no_space(runs)) from None
        raise
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    shutil.rmtree(folder, ignore_errors=True)
