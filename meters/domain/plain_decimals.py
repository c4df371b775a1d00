"""Decimals as they stand in a file's bytes, many at a time, to exact millionths.

A plain decimal is digits with at most one point, at most 16 characters, nothing around it. Its characters
are worked on eight at a time, as the bytes of one machine word (the first character is the lowest byte), so
that a reading costs some twenty operations on arrays and no Python object. Everything is integer arithmetic:
the result is `meters.domain.decimals.micro_of`'s, to the last digit. What is not plain is left to that
function.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from meters.domain.decimals import LIMIT, IntArray

BoolArray = npt.NDArray[np.bool_]
Words = npt.NDArray[np.uint64]

LEAD = 16
"""Bytes that must stand before the first decimal of a buffer, whatever they are."""
_AT_ONCE = 16_384
"""Decimals worked on together: their words stay in the processor's cache."""
_LIMIT_MICRO = LIMIT * 10**6


def _word(byte: int) -> np.uint64:
    return np.uint64(int.from_bytes(bytes([byte]) * 8, "little"))


_ZEROS, _TENS, _HIGH, _SIXTEENS = _word(0x30), _word(0x76), _word(0x80), _word(0x10)
_POINT = np.uint64(0x1E)  # "." once every character had the bits of "0" taken out
_LAST = np.array([(2**64 - 1) ^ (2 ** (8 * (8 - kept)) - 1) for kept in range(9)], dtype=np.uint64)
_PLACE = np.uint64(0x0706050403020100)
_U1, _U4, _U8, _U16, _U32, _U56, _U255 = (np.uint64(n) for n in (1, 4, 8, 16, 32, 56, 255))
_PAIRS, _FOURS, _EIGHTS = np.uint64(2561), np.uint64(6553601), np.uint64(42949672960001)
_EVEN_BYTES, _EVEN_PAIRS = np.uint64(0x00FF00FF00FF00FF), np.uint64(0x0000FFFF0000FFFF)


def plain_micro(buffer: bytes, starts: IntArray, ends: IntArray, exponent: int) -> tuple[IntArray, BoolArray]:
    """Millionths of the base unit of the decimals at [starts, ends) of the buffer, in a unit of 10**exponent,
    and which of them were plain and below the limit; the others are 0.

    starts, ends: int64 of any one shape; both results have it. Every start is at least LEAD, every end at
    least its start.
    """
    if not -3 <= exponent <= 12:  # no unit of a meter; the tables of powers end there
        return np.zeros(ends.shape, dtype=np.int64), np.zeros(ends.shape, dtype=np.bool_)
    words = np.ndarray((len(buffer) - 7,), dtype="<u8", buffer=buffer, strides=(1,))
    micro = np.zeros(ends.size, dtype=np.int64)
    sound = np.zeros(ends.size, dtype=np.bool_)
    flat_starts, flat_ends = starts.reshape(-1), ends.reshape(-1)
    for first in range(0, ends.size, _AT_ONCE):
        part = slice(first, first + _AT_ONCE)
        micro[part], sound[part] = _parsed(words, flat_starts[part], flat_ends[part], 6 + exponent)
    return micro.reshape(ends.shape), sound.reshape(ends.shape)


def _parsed(words: Words, starts: IntArray, ends: IntArray, places: int) -> tuple[IntArray, BoolArray]:
    width = ends - starts
    digits, point, sound = _eight(words[ends - 8], np.minimum(width, 8))
    sound &= width > (point != 0)  # a blank has no digit, and a lone point neither
    number = digits.astype(np.int64)
    decimals = _decimals(point)
    rows = np.flatnonzero(width > 8)
    if rows.size:
        before, earlier, fine = _eight(words[ends[rows] - 16], np.minimum(width[rows] - 8, 8))
        later = point[rows] != 0
        number[rows] += before.astype(np.int64) * np.where(later, 10**7, 10**8)
        decimals[rows] += np.where(earlier != 0, _decimals(earlier) + 8, 0)
        sound[rows] &= fine & (width[rows] <= 16) & ~(later & (earlier != 0))
    return _scaled(number, decimals, sound, places)


def _decimals(point: Words) -> IntArray:
    """How many of eight characters stand behind a point in that byte."""
    return ((point * _PLACE) >> _U56).astype(np.int64)


def _eight(word: Words, kept: IntArray) -> tuple[Words, Words, BoolArray]:
    """The number that the last `kept` characters of each word make without their point; 256**place of the
    point's byte, 0 where there is none; and whether there is nothing but digits and at most one point."""
    word = (word ^ _ZEROS) & _LAST[kept]
    point = (word & _SIXTEENS) >> _U4
    word ^= point * _POINT
    odd = ((word + _TENS) | word) & _HIGH  # above 9, so neither digit nor point
    odd |= word & (point * _U255)  # like a point in one bit only
    odd |= point & (point - _U1)  # two points
    before = word & (point - (point != 0))
    word += before * _U255  # what stands before the point moves up over it
    word = (word * _PAIRS) >> _U8
    word = ((word & _EVEN_BYTES) * _FOURS) >> _U16
    word = ((word & _EVEN_PAIRS) * _EIGHTS) >> _U32
    return word, point, odd == 0


def _scaled(
    number: IntArray, decimals: IntArray, sound: BoolArray, places: int
) -> tuple[IntArray, BoolArray]:
    """The number of 10**-decimals as one of 10**-places, half to even."""
    shift = places - decimals
    up = np.maximum(shift, 0)
    # 10**15 millionths are the limit: what could reach it is left to the slow way.
    sound &= number < _MOST[up]
    micro = np.where(sound, number, 0) * _POWERS[up]
    if int(shift.min(initial=0)) < 0:
        rows = np.flatnonzero((shift < 0) & sound)
        divisor = _POWERS[-shift[rows]]
        whole, rest = np.divmod(micro[rows], divisor)
        twice = 2 * rest
        whole += (twice > divisor) | ((twice == divisor) & (whole % 2 == 1))
        micro[rows] = whole
    return micro, sound


_POWERS = np.array([10**power for power in range(19)], dtype=np.int64)
_MOST = np.array([_LIMIT_MICRO // 10**power for power in range(16)] + [0, 0, 0], dtype=np.int64)
