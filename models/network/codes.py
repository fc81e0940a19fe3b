"""Ternary values as packed two-bit codes, four to a byte, as weight files store them."""

import numpy as np

from trispike.models.errors import BadInput
from trispike.models.network.numbers import WEIGHT_BITS, TernaryCode

_PER_BYTE = 8 // WEIGHT_BITS
_MASK = (1 << WEIGHT_BITS) - 1
_SHIFTS = np.arange(_PER_BYTE, dtype=np.uint8) * WEIGHT_BITS
_VALUES = np.zeros(1 << WEIGHT_BITS, dtype=np.int8)
_VALUES[TernaryCode.PLUS] = 1
_VALUES[TernaryCode.MINUS] = -1
_CODES = (np.arange(256, dtype=np.uint8)[:, np.newaxis] >> _SHIFTS) & _MASK
_BYTE_VALUES = _VALUES[_CODES]
"""The values in each byte."""
_BYTE_IS_WRONG = ~np.isin(_CODES, list(TernaryCode)).all(axis=1)


def packed_size(count: int) -> int:
    """Bytes that ``count`` ternary values take."""
    return -(-count // _PER_BYTE)


def pack(values: np.ndarray) -> np.ndarray:
    """Packed codes of ternary values, taken in C order: value k is in bits 2(k mod 4) of byte k/4.

    ``values`` is int8 of -1, 0 and +1; returns uint8, shape (packed_size(values.size),). Unused
    bits of the last byte are 0.
    """
    codes = np.zeros(packed_size(values.size) * _PER_BYTE, dtype=np.uint8)
    codes[: values.size] = values.reshape(-1).view(np.uint8) & _MASK  # two's complement
    return np.bitwise_or.reduce(codes.reshape(-1, _PER_BYTE) << _SHIFTS, axis=1)


def unpack(packed: np.ndarray, shape: tuple[int, ...], what: str) -> np.ndarray:
    """The ternary values that `pack` packed. int8 of ``shape``.

    `BadInput`, naming ``what``, for the code 0b10 and for bits set beyond the last value.
    """
    count = int(np.prod(shape))
    if _BYTE_IS_WRONG[packed].any():
        raise BadInput(f"{what} holds the code 0b10, which no ternary value has")
    values = _BYTE_VALUES[packed].reshape(-1)
    if values[count:].any():
        raise BadInput(f"{what} holds values beyond the last neuron")
    return values[:count].reshape(shape)
