"""Mutants of Python sources, judged by the tests of a block in forked processes."""
