"""Damage to valid inputs: to bytes as they lie in a file, and to what a JSON text says."""

import copy
import json
import random
from collections.abc import Callable
from typing import Any

STRANGERS = (
    b"",
    b"\0",
    b"<!DOCTYPE html><title>404</title>",
    b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 7\n",
    b"PK\x05\x06" + bytes(18),
    b"\x1f\x8b\x08\0\0\0\0\0\0\x03",
    b"\xfd7zXZ\0",
    b"\x93NUMPY\x01\0\xff\xff",
    b"\x89HDF\r\n\x1a\n",
    b"{}",
    b"null",
    b"[" * 100_000,
    b"\xff\xfe\0",
)
"""Files of other kinds, and no files at all."""

NUMBERS = (0, 1, -1, 2, 255, 256, 1 << 15, 1 << 31, (1 << 31) - 1, 1 << 32, 1 << 62, 1 << 63)

_WORDS = (b"\0\0\0\0", b"\xff\xff\xff\xff", b"\xff\xff\xff\x7f", b"\x7f\xff\xff\xff", b"\0\0\0\x80")


def _flip(rng: random.Random, data: bytearray) -> None:
    for _ in range(rng.choice([1, 1, 1, 2, 8])):
        data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)


def _overwrite(rng: random.Random, data: bytearray) -> None:
    word = rng.choice(_WORDS)
    start = rng.randrange(len(data))
    data[start : start + len(word)] = word


def _scribble(rng: random.Random, data: bytearray) -> None:
    start, length = rng.randrange(len(data)), rng.choice([1, 2, 8, 64])
    data[start : start + length] = rng.randbytes(length)


def _cut(rng: random.Random, data: bytearray) -> None:
    del data[rng.randrange(len(data)) :]


def _drop(rng: random.Random, data: bytearray) -> None:
    start = rng.randrange(len(data))
    del data[start : start + rng.choice([1, 4, 100])]


def _double(rng: random.Random, data: bytearray) -> None:
    start = rng.randrange(len(data))
    data[start:start] = data[start : start + rng.choice([1, 4, 100])]


def _append(rng: random.Random, data: bytearray) -> None:
    data += rng.choice([b"\0", rng.randbytes(40), bytes(data[:200])])


_KINDS: tuple[Callable[[random.Random, bytearray], None], ...] = (
    *(_flip, _flip, _overwrite, _scribble, _cut, _drop, _double, _append),
)


def bytes_of(rng: random.Random, data: bytes) -> bytes:
    """``data`` with one to three damages, or something else in its place."""
    if rng.random() < 0.02:
        return rng.choice(STRANGERS)
    damaged = bytearray(data)
    for _ in range(rng.choice([1, 1, 1, 2, 3])):
        if damaged:
            rng.choice(_KINDS)(rng, damaged)
    return bytes(damaged)


def value(rng: random.Random) -> Any:
    """Something that JSON can say, and that is hardly what anybody expects."""
    plain = [None, True, False, *NUMBERS, 1 << 64, 1 << 200, -(1 << 63), 0.5, -0.0, 1e308]
    texts = ["", " ", "é", "a\nb", "[bold]x[/]", "../../x", "0", "nan", "x" * 5000, "\0", "\ud800"]
    nests = [[], {}, [[]], [None] * 600, {"kind": "dense"}, [0, 0], list(range(20)), {"": {}}]
    return rng.choice([rng.choice(plain), rng.choice(texts), rng.choice(nests)])


def _holders(whole: Any) -> list[Any]:
    """Every object and array in ``whole`` that holds something."""
    inside = whole.values() if isinstance(whole, dict) else whole
    if not isinstance(whole, dict | list) or not whole:
        return []
    return [whole, *(each for part in inside for each in _holders(part))]


def _change(rng: random.Random, whole: Any) -> None:
    """One change of something in ``whole``."""
    holder = rng.choice(_holders(whole) or [[None]])
    key = rng.choice(list(holder) if isinstance(holder, dict) else range(len(holder)))
    kind = rng.random()
    if kind < 0.6:
        holder[key] = value(rng)
    elif kind < 0.75:
        del holder[key]
    elif kind < 0.85 and isinstance(holder, dict):
        holder[rng.choice(["", "kind", "name", "x\ny"])] = value(rng)
    elif isinstance(holder, list):
        holder *= rng.choice([2, 2, 50])
    else:
        other = rng.choice(list(holder))
        holder[key], holder[other] = holder[other], holder[key]


def said(rng: random.Random, whole: Any) -> Any:
    """``whole``, as JSON has it, with one to three things changed."""
    if rng.random() < 0.02:
        return value(rng)
    changed = copy.deepcopy(whole)
    for _ in range(rng.choice([1, 1, 2, 3])):
        if isinstance(changed, dict | list):
            _change(rng, changed)
    return changed


def json_of(rng: random.Random, text: bytes) -> bytes:
    """The JSON ``text`` damaged, in what it says or as bytes."""
    if rng.random() < 0.3:
        return bytes_of(rng, text)
    made = json.dumps(said(rng, json.loads(text)))
    if rng.random() < 0.1:  # what JSON does not have, and some readers do
        made = made.replace(
            rng.choice(["0", "1", "null"]), rng.choice(["NaN", "Infinity", "1e999"])
        )
    return made.encode()
