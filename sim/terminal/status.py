"""Exit statuses of the command line besides 0."""

MISMATCH, BAD_INPUT, BREAKDOWN, INTERRUPTED = 1, 2, 3, 130
