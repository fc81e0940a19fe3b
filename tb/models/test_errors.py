"""Errors of users are one line."""

import pickle

import pytest

from trispike.models.errors import BadInput


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("a name, [b]é[/]", "a name, [b]é[/]"),
        ("two\nlines\r", r"two\nlines\r"),
        ("\x1b[31mred \u202eback \x00 \udcff", r"\x1b[31mred \u202eback \x00 \udcff"),
    ],
)
def test_one_line(said, shown):
    """Names of files and of what stands in them may have anything; a terminal shows what it is."""
    error = BadInput(said)
    assert str(error) == shown
    assert str(pickle.loads(pickle.dumps(error))) == shown
