"""Options of the test suite, and what all its processes share."""

import os

from trispike.sim.tools.paths import build_folder

if os.environ.pop("PYTHONDONTWRITEBYTECODE", None):
    # Hundreds of processes would compile the same modules; no file appears beside the sources.
    os.environ.setdefault("PYTHONPYCACHEPREFIX", str(build_folder() / "bytecode"))


def pytest_addoption(parser):
    """``--seeds N``: how many random networks `tb/sim/cosim/test_random.py` tries."""
    parser.addoption("--seeds", type=int, default=12, help="random networks to try, four a shape")
