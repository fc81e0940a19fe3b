"""The exception for bad input, shown to a user as one line."""


class BadInput(ValueError):
    """Bad input: what is wrong, where, and how to mend it, in one line.

    The command line prints the message after ``error:`` and exits with status 2. Anything else
    that escapes is a defect of Trispike and keeps its traceback.
    """
