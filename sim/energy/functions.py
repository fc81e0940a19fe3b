"""Boolean functions in Liberty's syntax, on arrays."""

import re
from collections.abc import Callable, Mapping

import numpy as np

Function = Callable[[Mapping[str, np.ndarray]], np.ndarray]

_TOKEN = re.compile(r"\s*([A-Za-z_][A-Za-z0-9_\[\]]*|[01]|[()!'*&+|^])")


def parse(text: str) -> Function:
    """The function that ``text`` describes, of bool arrays by pin.

    Operators, highest precedence first: ``!A`` and ``A'``: not; ``A ^ B``: exclusive or; ``A B``,
    ``A * B`` and ``A & B``: and; ``A + B`` and ``A | B``: or. `ValueError` for anything else.
    """
    tokens = _TOKEN.findall(text)
    if "".join(tokens) != re.sub(r"\s", "", text):
        raise ValueError(f"not a Boolean function: {text!r}")
    parser = _Parser(tokens)
    function = parser.alternatives()
    if parser.tokens:
        raise ValueError(f"not a Boolean function: {text!r}")
    return function


class _Parser:
    """Recursive descent over ``tokens``, which it consumes."""

    def __init__(self, tokens: list[str]):
        self.tokens = tokens

    def _next(self, *expected: str) -> bool:
        if self.tokens and self.tokens[0] in expected:
            del self.tokens[0]
            return True
        return False

    def alternatives(self) -> Function:
        """Terms of an or."""
        left = self._conjunction()
        while self._next("+", "|"):
            left = _either(left, self._conjunction())
        return left

    def _conjunction(self) -> Function:
        left = self._difference()
        while self._next("*", "&") or (self.tokens and self.tokens[0] not in ")+|^*&'"):
            left = _both(left, self._difference())
        return left

    def _difference(self) -> Function:
        left = self._factor()
        while self._next("^"):
            left = _unlike(left, self._factor())
        return left

    def _factor(self) -> Function:
        if self._next("!"):
            return _inverse(self._factor())
        if self._next("("):
            inner = self.alternatives()
            if not self._next(")"):
                raise ValueError("a parenthesis is open")
        elif self.tokens and (self.tokens[0].isalnum() or self.tokens[0][0].isidentifier()):
            inner = _pin(self.tokens.pop(0))
        else:
            raise ValueError("a pin is missing")
        while self._next("'"):
            inner = _inverse(inner)
        return inner


def _pin(name: str) -> Function:
    if name in "01":
        return lambda values: np.bool_(name == "1")
    return lambda values: values[name]


def _inverse(one: Function) -> Function:
    return lambda values: ~one(values)


def _both(one: Function, other: Function) -> Function:
    return lambda values: one(values) & other(values)


def _either(one: Function, other: Function) -> Function:
    return lambda values: one(values) | other(values)


def _unlike(one: Function, other: Function) -> Function:
    return lambda values: one(values) ^ other(values)
