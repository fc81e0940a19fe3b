"""What the suite says that it did not test."""

from types import SimpleNamespace

from tb.kit.untested import BEYOND, untested


def _report(reason):
    return SimpleNamespace(longrepr=("tb/test_a.py", 3, f"Skipped: {reason}"))


def test_untested():
    """Each reason once, with how many tests; what is beyond the suite only after all of it."""
    reports = [_report("no A: get A"), _report("no B: get B"), _report("no B: get B")]
    lines = ["2 tests: no B: get B", "1 test: no A: get A"]
    assert untested(reports, whole=False) == lines
    assert untested(reports, whole=True) == [*lines, *BEYOND]
    assert untested([], whole=False) == []
