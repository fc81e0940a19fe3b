"""The exception for bad input, shown to a user as one line."""

import numbers


class BadInput(ValueError):
    """Bad input: what is wrong, where, and how to mend it, in one line.

    The command line prints the message after ``error:`` and exits with status 2. Anything else
    that escapes is a defect of Trispike and keeps its traceback.
    """

    def __init__(self, message: object = ""):
        super().__init__(one_line(str(message)))


def one_line(text: str) -> str:
    """``text`` with escapes for what would end the line, or cannot be seen: names may have it."""
    escaped = (c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)
    return "".join(escaped)


def checked_integer(what: str, value: object, least: int, most: int) -> int:
    """``value`` as an int; `BadInput`, naming ``what``, unless from ``least`` to ``most``.

    NumPy's integers are integers too, bool is none.
    """
    if isinstance(value, bool) or not isinstance(value, numbers.Integral):
        raise BadInput(f"{what} must be an integer, not {value!r}")
    if not least <= value <= most:
        raise BadInput(f"{what} must be from {least} to {most}, not {value}")
    return int(value)
