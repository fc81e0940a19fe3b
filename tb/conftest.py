"""Options of the test suite, what all its processes share, and what it says at its end."""

import os

import pytest

from tb.kit.traces import state, traces
from tb.kit.untested import THOROUGH, untested
from trispike.sim.tools.paths import build_folder

_STATE = pytest.StashKey()
_TRACES = pytest.StashKey()

if os.environ.pop("PYTHONDONTWRITEBYTECODE", None):
    # Hundreds of processes would compile the same modules; no file appears beside the sources.
    os.environ.setdefault("PYTHONPYCACHEPREFIX", str(build_folder() / "bytecode"))


def pytest_addoption(parser):
    """``--all``: thorough tests, too; ``--seeds N``: how many random networks each test tries."""
    parser.addoption("--all", action="store_true", help="run the tests marked thorough, too")
    seeds = "random networks to try, four a shape; otherwise 4, or 12 with --all"
    parser.addoption("--seeds", type=int, help=seeds)


def pytest_generate_tests(metafunc):
    """A seed for each shape of random networks, of which a test takes four each."""
    if "shape_seed" in metafunc.fixturenames:
        asked = metafunc.config.getoption
        seeds = asked("seeds") or (12 if asked("all") else 4)
        metafunc.parametrize("shape_seed", range(max(1, seeds // 4)))


def pytest_collection_modifyitems(config, items):
    """Leave out what is thorough, unless all is asked for."""
    if not config.getoption("all"):
        for item in items:
            if item.get_closest_marker("thorough"):
                item.add_marker(pytest.mark.skip(reason=THOROUGH))


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
