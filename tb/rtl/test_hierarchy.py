"""What `rtl.hierarchy` takes from the inside of Amaranth, with the version that is pinned."""

import gc
import warnings

import pytest
from amaranth.hdl import Fragment, UnusedElaboratable

from trispike.rtl.hierarchy import leave_out
from trispike.rtl.priority import LowestOne


@pytest.mark.parametrize("left_out", [False, True])
def test_leave_out(left_out):
    """Amaranth warns of a component that is never elaborated, unless it was left out on purpose."""
    Fragment.get(LowestOne(width=2), None)  # Amaranth warns of nothing before it elaborates
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        component = LowestOne(width=2)
        if left_out:
            leave_out(component)
        del component
        gc.collect()
    assert [each.category for each in caught] == ([] if left_out else [UnusedElaboratable])
