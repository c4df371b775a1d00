"""Fields of many rows as places in one array of bytes, so that a column is read without an object a row."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from meters.domain.decimals import IntArray

Bytes = npt.NDArray[np.uint8]
BoolArray = npt.NDArray[np.bool_]

PAD = bytes(64)
"""Stands before and after the bytes of `Cells`, so that a window of up to its length never leaves them."""

_BLANKS = b" \t\r"
_TURNS = 8


@dataclass(frozen=True, slots=True, eq=False)
class Cells:
    """A column: row i is the UTF-8 text in `content[starts[i]:ends[i]]`. The content begins and ends with
    PAD."""

    content: bytes
    starts: IntArray
    ends: IntArray

    @classmethod
    def of(cls, texts: Sequence[str]) -> Cells:
        """A column of these texts."""
        encoded = [text.encode() for text in texts]
        ends = len(PAD) + np.cumsum([len(each) for each in encoded], dtype=np.int64)
        starts = np.concatenate([[len(PAD)], ends[:-1]]) if encoded else ends
        return cls(PAD + b"".join(encoded) + PAD, starts, ends)

    def __len__(self) -> int:
        return int(self.starts.size)

    @property
    def data(self) -> Bytes:
        """The content as an array."""
        return np.frombuffer(self.content, dtype=np.uint8)

    @property
    def lengths(self) -> IntArray:
        """Bytes of each."""
        return self.ends - self.starts

    def text(self, row: int) -> str:
        """One field as text."""
        return self.content[self.starts[row] : self.ends[row]].decode()

    def texts(self) -> list[str]:
        """All fields as text, for what is too odd to be read as bytes."""
        bounds = zip(self.starts.tolist(), self.ends.tolist(), strict=True)
        return [self.content[start:end].decode() for start, end in bounds]

    def chosen(self, rows: npt.NDArray[np.intp] | BoolArray) -> Cells:
        """Some of its rows."""
        return Cells(self.content, self.starts[rows], self.ends[rows])

    def stripped(self) -> Cells:
        """Without blanks around them: a few go from all at once, more from their own field alone."""
        data, starts, ends = self.data, self.starts, self.ends
        fat = np.zeros(0, dtype=np.bool_)
        for _turn in range(_TURNS):
            long = ends > starts
            lead, trail = _blank(data[starts]) & long, _blank(data[ends - 1]) & long
            fat = lead | trail
            if not fat.any():
                return Cells(self.content, starts, ends)
            starts = starts + lead
            ends = np.maximum(ends - trail, starts)
        starts, ends = starts.copy(), ends.copy()
        for row in np.flatnonzero(fat).tolist():
            field = self.content[starts[row] : ends[row]]
            starts[row] += len(field) - len(field.lstrip(_BLANKS))
            ends[row] = starts[row] + len(field.strip(_BLANKS))
        return Cells(self.content, starts, ends)

    def heads(self, width: int) -> Bytes:
        """The first bytes of each, (n, width), whatever follows its end; at most as wide as PAD."""
        return self._windows(self.starts, width)

    def tails(self, width: int) -> Bytes:
        """The last bytes of each, (n, width), whatever comes before its start."""
        return self._windows(self.ends - width, width)

    def distinct(self) -> tuple[IntArray, list[str]]:
        """The texts that occur, and for every row the number of its own among them."""
        keys, place = self.keys()
        known = {key: number for number, key in enumerate(dict.fromkeys(keys))}
        numbers = np.fromiter(map(known.__getitem__, keys), dtype=np.int64, count=len(keys))
        return numbers[place], [key.decode() for key in known]

    def keys(self) -> tuple[list[bytes], npt.NDArray[np.intp]]:
        """Texts as bytes, and for every row the place of its own among them. One may stand there more than
        once, but not for every row where rows say the same as those before, or all again in the same
        order."""
        lengths = self.lengths
        width = -(-int(lengths.max(initial=0)) // 8) * 8
        if not 0 < width <= len(PAD):
            bounds = zip(self.starts.tolist(), self.ends.tolist(), strict=True)
            return [self.content[start:end] for start, end in bounds], np.arange(len(self))
        heads = self.heads(width)
        if int(lengths.min()) != width:
            heads[np.arange(width) >= lengths[:, None]] = 0
        words = heads.view(np.int64)
        fresh = np.ones(len(self), dtype=np.bool_)
        fresh[1:] = words[1:, 0] != words[:-1, 0]
        for column in range(1, words.shape[1]):
            fresh[1:] |= words[1:, column] != words[:-1, column]
        places = np.flatnonzero(fresh)
        keys = heads.view(f"S{width}").ravel()
        if places.size <= len(self) // 2:
            return keys[places].tolist(), np.cumsum(fresh) - 1
        if period := _period(words):
            return keys[:period].tolist(), np.resize(np.arange(period), len(self))
        return keys.tolist(), np.arange(len(self))

    def _windows(self, starts: IntArray, width: int) -> Bytes:
        count = len(self.content) - width + 1
        windows = np.ndarray(shape=(count,), dtype=f"V{width}", buffer=self.content, strides=(1,))
        return windows[starts].view(np.uint8).reshape(-1, width)


def _blank(data: Bytes) -> BoolArray:
    found: BoolArray = data == _BLANKS[0]
    for other in _BLANKS[1:]:
        found |= data == other
    return found


def _period(words: npt.NDArray[np.int64]) -> int:
    """After how many rows all come again in the same order, as meters do every half-hour; 0 for never."""
    again = np.flatnonzero((words[1:] == words[0]).all(axis=1))
    period = int(again[0]) + 1 if again.size else 0
    return period if period and (words[period:] == words[:-period]).all() else 0
