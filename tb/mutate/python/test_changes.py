"""Which changes are made of a text, and which are not."""

import pytest

from tb.mutate.imports import module_of
from tb.mutate.python.changes import Source, changes
from tb.mutate.python.mutants import mutants_of, sample


def _texts(text: str) -> list[str]:
    source = Source(text.encode())
    return [source.changed(each).decode() for each in changes(source)]


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("x = y + 1", ["x = y - 1", "x = y + 2", "x = y + 0"]),
        ("x = -1", ["x = 0", "x = -2"]),
        ("x = 0", ["x = 1", "x = (-1)"]),
        ("x = True", ["x = False"]),
        ("x = a < b", ["x = a <= b"]),
        ("x = a is not b", ["x = a is b"]),
        ("x = a not in b", ["x = a in b"]),
        ("x = (a + b) * c", ["x = (a - b) * c", "x = (a + b) // c"]),
        ("x = a << b | c", ["x = a >> b | c", "x = a << b & c"]),
        ("x = a and b or c", ["x = a or b or c", "x = a and b and c"]),
        ("x = not a", ["x = (a)"]),
        ("x = ~a", ["x = (a)"]),
        ("x = a if b else c", ["x = a if not (b) else c"]),
        ("x = [a for a in b if a == c]", ["x = [a for a in b if a != c]"]),
        ("x = a[b:]", ["x = a[:]", "x = a[(b) + 1:]"]),
        ("x = a[0:b]", ["x = a[1:b]", "x = a[(-1):b]", "x = a[0:]", "x = a[0:(b) + 1]"]),
        ("x = min(a.any(), b)", ["x = max(a.any(), b)", "x = min(a.all(), b)"]),
        ("with m.If(a):\n    b", ["with m.If(~(a)):\n    b"]),
        ("x = Mux(a, b, c)", ["x = Mux(a, c, b)"]),
        ("m.d.comb += a", ["pass"]),
        ("x += a", ["pass", "x -= a"]),
        ("f(x)", ["pass"]),
        ("def f(a=1):\n    b", ["def f(a=2):\n    b", "def f(a=0):\n    b"]),
        ("def f(a):\n    return a", ["def f(a):\n    return None"]),
        ("def f(a):\n    b = a\n    b = a", ["def f(a):\n    b = a\n    pass"]),
        ("def f(a):\n    a.b = a", ["def f(a):\n    pass"]),
    ],
)  # fmt: skip
def test_made(text, wanted):
    """Every one of them, and no other."""
    assert sorted(_texts(text)) == sorted(wanted)


@pytest.mark.parametrize(
    "text",
    [
        '"""A docstring with 1 and a < b."""',
        "x: Literal[1] = a",
        "def f(a: 1) -> 2:\n    pass",
        "raise ValueError(f'{a + 1} must be 1')",
        "assert a < 1, b + 1",
        "class A:\n    def __repr__(self):\n        return 1 + a",
        "warn(a + 1)",
        "log.info(a + 1)",
        "x = f'{a + 1}'",
        "@d(1)\ndef f():\n    pass",
        "from a import b",
        "x = zip(a, b, strict=True)",
        "x = a.reshape(-1)",
    ],
)
def test_left_as_it_is(text):
    assert _texts(text) == []


def test_mutants_of_a_file():
    """Each stands where it says, on lines of a statement, and differs from the file."""
    path = "golden/decision.py"
    found = mutants_of([path])
    assert len({each.text for each in found}) == len(found) > 40
    each = next(each for each in found if each.now.startswith("if stability != 0"))
    assert each.place == "golden/decision.py:19:18"
    assert each.was == "if stability == 0:"
    assert each.lines == {19}
    assert (each.path, each.module) == (path, "trispike.golden.decision")
    dropped = next(each for each in found if each.now == "pass")
    assert dropped.change == f"without {dropped.was}"
    assert module_of("golden/layers/__init__.py") == "trispike.golden.layers"


def test_sample():
    """In order, the same for the same seed."""
    items = list(range(100))
    some = sample(items, 10, 1)
    assert some == sorted(some) == sample(items, 10, 1) != sample(items, 10, 2)
    assert len(set(some)) == 10
    assert sample(items, None, 1) == sample(items, 200, 1) == items
