"""Options of the test suite, what all its processes share, and what it says at its end."""

import os

import pytest

from tb.kit.traces import state, traces
from tb.kit.untested import untested
from trispike.sim.tools.paths import build_folder

_STATE = pytest.StashKey()
_TRACES = pytest.StashKey()

if os.environ.pop("PYTHONDONTWRITEBYTECODE", None):
    # Hundreds of processes would compile the same modules; no file appears beside the sources.
    os.environ.setdefault("PYTHONPYCACHEPREFIX", str(build_folder() / "bytecode"))


def pytest_addoption(parser):
    """``--seeds N``: how many random networks each test of them tries."""
    parser.addoption("--seeds", type=int, default=12, help="random networks to try, four a shape")


def pytest_generate_tests(metafunc):
    """A seed for each shape of random networks, of which a test takes four each."""
    if "shape_seed" in metafunc.fixturenames:
        metafunc.parametrize("shape_seed", range(max(1, metafunc.config.getoption("seeds") // 4)))


def pytest_sessionstart(session):
    """Remember how the repository is."""
    session.config.stash[_STATE] = state()


def pytest_sessionfinish(session):
    """Fail if a test, or a goal of make in one, changed a file of the repository or left one."""
    before, after = session.config.stash[_STATE], state()
    found = traces(before, after) if None not in (before, after) else []
    session.config.stash[_TRACES] = found
    if found:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter, config):
    """What was left in the repository; what was not tested, and how to."""
    for name in config.stash[_TRACES]:
        terminalreporter.write_line(
            f"FAILED {name} changed while the tests ran, which write nothing"
        )
    skipped = terminalreporter.stats.get("skipped", ())
    lines = untested(skipped, whole=config.args == config.getini("testpaths"))
    if config.stash[_STATE] is None:
        lines.append("whether the tests leave the repository as it is: needs git")
    if lines:
        terminalreporter.section("not tested")
    for line in lines:
        terminalreporter.write_line(line)
