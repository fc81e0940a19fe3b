"""Small changes of Python's text, found in its syntax tree.

No change is made in docstrings, strings and texts of errors, annotations, decorators, assertions,
``__repr__`` and ``__str__``, warnings and logs: what is wrong there makes no result wrong.
"""

import ast
import dataclasses
import re
from collections.abc import Callable, Iterator


@dataclasses.dataclass(frozen=True, kw_only=True)
class Change:
    """Bytes ``start`` to ``end`` of a source become ``text``."""

    start: int
    end: int
    text: bytes


class Source:
    """The text of a module, and where the nodes of its tree stand in it."""

    def __init__(self, text: bytes):
        self.text = text
        self.tree = ast.parse(text)
        lines = text.splitlines(keepends=True)
        self._starts = [0]
        for line in lines:
            self._starts.append(self._starts[-1] + len(line))
        statements = [each for each in ast.walk(self.tree) if _is_statement(each)]
        self._spans = [(each.lineno, _last(each)) for each in statements]

    def start(self, node: ast.AST) -> int:
        """Its first byte."""
        return self._starts[node.lineno - 1] + node.col_offset

    def end(self, node: ast.AST) -> int:
        """The byte behind it."""
        return self._starts[node.end_lineno - 1] + node.end_col_offset

    def of(self, node: ast.AST) -> bytes:
        """Its text."""
        return self.text[self.start(node) : self.end(node)]

    def line(self, offset: int) -> int:
        """Number of the line of a byte, from 1."""
        return self.text.count(b"\n", 0, offset) + 1

    def column(self, offset: int) -> int:
        """Number of a byte in its line, from 1."""
        return offset - self._starts[self.line(offset) - 1] + 1

    def statement(self, line: int) -> frozenset[int]:
        """Numbers of the lines of the innermost statement at ``line``, without those in it."""
        around = ((a, b) for a, b in self._spans if a <= line <= b)
        first, last = max(around, default=(line, line))
        return frozenset(range(first, last + 1))

    def replace(self, node: ast.AST, text: bytes) -> Change:
        """``text`` in its place."""
        return Change(start=self.start(node), end=self.end(node), text=text)

    def changed(self, change: Change) -> bytes:
        """The text after ``change``."""
        return self.text[: change.start] + change.text + self.text[change.end :]


def _is_statement(node: ast.AST) -> bool:
    return isinstance(node, ast.stmt)


def _last(node: ast.stmt) -> int:
    """Number of its last line, or the last before the statements in it."""
    body = getattr(node, "body", None) or getattr(node, "cases", None)
    if not body:
        return node.end_lineno
    first = body[0].pattern.lineno if isinstance(node, ast.Match) else body[0].lineno
    return max(node.lineno, first - 1)


_COMPARISONS = {
    ast.Lt: ("<", "<="),
    ast.LtE: ("<=", "<"),
    ast.Gt: (">", ">="),
    ast.GtE: (">=", ">"),
    ast.Eq: ("==", "!="),
    ast.NotEq: ("!=", "=="),
    ast.Is: ("is", "is not"),
    ast.IsNot: ("is not", "is"),
    ast.In: ("in", "not in"),
    ast.NotIn: ("not in", "in"),
}
_ARITHMETIC = {
    ast.Add: ("+", "-"),
    ast.Sub: ("-", "+"),
    ast.Mult: ("*", "//"),
    ast.Div: ("/", "*"),
    ast.FloorDiv: ("//", "*"),
    ast.Mod: ("%", "//"),
    ast.LShift: ("<<", ">>"),
    ast.RShift: (">>", "<<"),
    ast.BitAnd: ("&", "|"),
    ast.BitOr: ("|", "&"),
    ast.BitXor: ("^", "&"),
}
_CALLS = {
    b"min": b"max",
    b"max": b"min",
    b"minimum": b"maximum",
    b"maximum": b"minimum",
    b"any": b"all",
    b"all": b"any",
    b"argmin": b"argmax",
    b"argmax": b"argmin",
}
_QUIET_CALLS = {"warn", "log", "debug", "info", "warning", "error", "print", "TypeVar"}
_QUIET_KEYWORDS = {"strict", "repr"}
_UNNEGATED = (ast.Eq, ast.NotEq, ast.Is, ast.IsNot, ast.In, ast.NotIn)
_SKIPPED = (ast.JoinedStr, ast.Raise, ast.Assert, ast.Import, ast.ImportFrom, ast.Global)


def _between(source: Source, left: ast.AST, right: ast.AST, old: str, new: str) -> Change:
    """The operator ``old`` between two operands becomes ``new``."""
    start, end = source.end(left), source.start(right)
    words = [re.escape(word) for word in old.split()]
    found = re.search(r"\s+".join(words).encode(), source.text[start:end])
    return Change(start=start + found.start(), end=start + found.end(), text=new.encode())


def _number(source: Source, node: ast.Constant | ast.UnaryOp) -> Iterator[Change]:
    value = ast.literal_eval(source.of(node).decode())
    for near in (value + 1, value - 1):
        text = f"({near})" if near < 0 and value >= 0 else f"{near}"
        yield source.replace(node, text.encode())


def _constant(source: Source, node: ast.Constant) -> Iterator[Change]:
    if isinstance(node.value, bool):
        yield source.replace(node, str(not node.value).encode())
    elif isinstance(node.value, int | float):
        yield from _number(source, node)


def _compare(source: Source, node: ast.Compare) -> Iterator[Change]:
    operands = [node.left, *node.comparators]
    for k, operator in enumerate(node.ops):
        pair = _COMPARISONS[type(operator)]
        yield _between(source, operands[k], operands[k + 1], *pair)


def _binary(source: Source, node: ast.BinOp) -> Iterator[Change]:
    if type(node.op) in _ARITHMETIC:
        yield _between(source, node.left, node.right, *_ARITHMETIC[type(node.op)])


def _boolean(source: Source, node: ast.BoolOp) -> Iterator[Change]:
    pair = ("and", "or") if isinstance(node.op, ast.And) else ("or", "and")
    for left, right in zip(node.values, node.values[1:], strict=False):
        yield _between(source, left, right, *pair)


def _unary(source: Source, node: ast.UnaryOp) -> Iterator[Change]:
    if isinstance(node.op, ast.USub) and isinstance(node.operand, ast.Constant):
        yield from _number(source, node)
    else:
        yield source.replace(node, b"(" + source.of(node.operand) + b")")


def _negated(source: Source, test: ast.AST, word: bytes = b"not ") -> Iterator[Change]:
    already = isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not | ast.Invert)
    swapped = isinstance(test, ast.Compare) and isinstance(test.ops[0], _UNNEGATED)
    if not already and not (swapped and len(test.ops) == 1):
        yield source.replace(test, word + b"(" + source.of(test) + b")")


def _condition(source: Source, node: ast.If | ast.While | ast.IfExp) -> Iterator[Change]:
    yield from _negated(source, node.test)


def _comprehension(source: Source, node: ast.comprehension) -> Iterator[Change]:
    for test in node.ifs:
        yield from _negated(source, test)


def _augmented(source: Source, node: ast.AugAssign) -> Iterator[Change]:
    if type(node.op) in _ARITHMETIC:
        old, new = (f"{each}=" for each in _ARITHMETIC[type(node.op)])
        if not _drives(node):
            yield _between(source, node.target, node.value, old, new)
    yield source.replace(node, b"pass")


def _drives(node: ast.AugAssign) -> bool:
    """Whether this is Amaranth's ``m.d.comb +=``."""
    return re.fullmatch(r"\w+\.(d\.\w+|d\[.*\]|submodules)", ast.unparse(node.target)) is not None


def _assignment(source: Source, node: ast.Assign) -> Iterator[Change]:
    """Dropped, unless what it names has no other value, which every test would notice."""
    names = {each.id for target in node.targets for each in ast.walk(target) if _stored(each)}
    if names <= node.bound:
        yield source.replace(node, b"pass")


def _stored(node: ast.AST) -> bool:
    return isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)


def _statement(source: Source, node: ast.Expr) -> Iterator[Change]:
    if isinstance(node.value, ast.Call):
        yield source.replace(node, b"pass")


def _returned(source: Source, node: ast.Return) -> Iterator[Change]:
    if node.value is not None and source.of(node.value) != b"None":
        yield source.replace(node.value, b"None")


def _slice(source: Source, node: ast.Slice) -> Iterator[Change]:
    for bound in (node.lower, node.upper):
        number = isinstance(bound, ast.Constant | ast.UnaryOp)
        if bound is not None and not (bound is node.lower and source.of(bound) == b"0"):
            yield source.replace(bound, b"")
        if bound is not None and not number:
            yield source.replace(bound, b"(" + source.of(bound) + b") + 1")


def _call(source: Source, node: ast.Call) -> Iterator[Change]:
    function = node.func
    name = function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")
    if name.encode() in _CALLS:
        end = source.end(function)
        yield Change(start=end - len(name), end=end, text=_CALLS[name.encode()])
    if name in ("If", "Elif"):
        yield from _negated(source, node.args[0], b"~")
    if name == "Mux":
        one, other = node.args[1:]
        text = source.of(other) + b", " + source.of(one)
        yield Change(start=source.start(one), end=source.end(other), text=text)


_CHANGES: dict[type, Callable[[Source, ast.AST], Iterator[Change]]] = {
    ast.Constant: _constant,
    ast.Compare: _compare,
    ast.BinOp: _binary,
    ast.BoolOp: _boolean,
    ast.UnaryOp: _unary,
    ast.If: _condition,
    ast.While: _condition,
    ast.IfExp: _condition,
    ast.comprehension: _comprehension,
    ast.AugAssign: _augmented,
    ast.Assign: _assignment,
    ast.Expr: _statement,
    ast.Return: _returned,
    ast.Slice: _slice,
    ast.Call: _call,
}


def _children(node: ast.AST) -> Iterator[ast.AST]:
    """Those in which there may be changes."""
    left_out = [getattr(node, "annotation", None), getattr(node, "returns", None)]
    left_out += getattr(node, "decorator_list", [])
    if isinstance(node, ast.Call):
        left_out += [each for each in node.keywords if each.arg in _QUIET_KEYWORDS]
        if getattr(node.func, "attr", "") == "reshape":  # any negative length is found out
            left_out += [each for each in node.args if isinstance(each, ast.UnaryOp)]
    if isinstance(node, ast.UnaryOp) and isinstance(node.operand, ast.Constant):
        left_out.append(node.operand)
    return (each for each in ast.iter_child_nodes(node) if each not in left_out)


def _is_quiet(node: ast.AST) -> bool:
    """Whether nothing in it decides a result."""
    if isinstance(node, ast.FunctionDef):
        return node.name in ("__repr__", "__str__")
    if isinstance(node, ast.Call):
        function = node.func
        name = function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")
        return name in _QUIET_CALLS
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
        return _is_quiet(node.value)
    return isinstance(node, _SKIPPED)


def _mark_bound(function: ast.FunctionDef) -> None:
    """Tell each assignment below ``function`` what has had a value before it."""
    bound = {each.arg for each in ast.walk(function.args) if isinstance(each, ast.arg)}
    inside = [each for each in ast.walk(function) if hasattr(each, "lineno")]
    for node in sorted(inside, key=lambda each: (each.lineno, each.col_offset)):
        if isinstance(node, ast.Assign):
            node.bound = frozenset(bound)
        if _stored(node):
            bound.add(node.id)


def _walk(source: Source, node: ast.AST) -> Iterator[Change]:
    if _is_quiet(node):
        return
    if isinstance(node, ast.FunctionDef):
        _mark_bound(node)
    if type(node) in _CHANGES and (not isinstance(node, ast.Assign) or hasattr(node, "bound")):
        yield from _CHANGES[type(node)](source, node)
    for child in _children(node):
        yield from _walk(source, child)


def changes(source: Source) -> list[Change]:
    """All changes of ``source``, from its beginning to its end, none twice.

    Each leaves a module that can be compiled.
    """
    found = sorted(_walk(source, source.tree), key=lambda each: (each.start, each.end))
    return list({source.changed(each): each for each in reversed(found)}.values())[::-1]
