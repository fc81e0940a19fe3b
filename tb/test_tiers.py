"""What is thorough runs only if asked for."""

import pytest

pytest_plugins = "pytester"

TESTS = """
import pytest

def test_short():
    pass

@pytest.mark.thorough
def test_thorough():
    pass

def test_random(shape_seed):
    pass
"""


@pytest.mark.parametrize(
    ("options", "passed", "skipped"),
    [([], 2, 1), (["--all"], 5, 0), (["--seeds", "8"], 3, 1), (["--all", "--seeds", "4"], 3, 0)],
)
def test_all(pytester, options, passed, skipped):
    """Thorough tests and twelve random networks, or none and four; a number goes before both."""
    pytester.makepyfile(TESTS)
    pytester.makeini("[pytest]\nmarkers = thorough\n")
    done = pytester.runpytest_inprocess("-p", "tb.conftest", *options)
    done.assert_outcomes(passed=passed, skipped=skipped)
    told = "1 test: thorough, left out for its time: make test PYTEST=--all"
    assert (told in done.outlines) == (skipped > 0)
