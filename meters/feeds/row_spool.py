"""Rows that come in any order, given back by key in bounded memory: what does not fit waits on disk.

Rows are numpy records with a field `key`, a dense number from 0 (of a service point, say). They are held up
to a budget; what is above goes, sorted by key, to a temporary file without a name, as one run. In the end any
range of keys is found in every run by a few short reads, so there is no index, and nothing grows with the
file but a count a key.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import IO, Any

import numpy as np
import numpy.typing as npt

from meters.domain.decimals import IntArray
from meters.domain.problems import refusal
from meters.feeds.lines import Unreadable

BUDGET_BYTES = 2**25
"""Of rows in memory. Sorting them takes as much again."""

Records = npt.NDArray[Any]
"""A structured array with an integer field `key`."""


@dataclass(frozen=True, slots=True)
class KeyRange:
    """Keys [first, end) and how many rows they have together."""

    first: int
    end: int
    rows: int


@dataclass(slots=True)
class RowSpool:
    """`add` any number of times, then read. Raises Unreadable where the disk has no room.

    Leaving it as a context gives memory and disk back.
    """

    fields: np.dtype[Any]
    budget_bytes: int = BUDGET_BYTES
    rows: int = 0
    _held: list[Records] = field(default_factory=list)
    _held_rows: int = 0
    _sorted_of: int = -1
    _counts: IntArray = field(default_factory=lambda: np.zeros(0, dtype=np.int64))
    _file: IO[bytes] | None = None
    _runs: list[tuple[int, int]] = field(default_factory=list)

    def __enter__(self) -> RowSpool:
        return self

    def __exit__(self, *_error: object) -> None:
        self._held.clear()
        if self._file is not None:
            self._file.close()
            self._file = None

    def add(self, rows: Records) -> None:
        """Keep rows, of `fields`."""
        self._held.append(rows)
        self._held_rows += rows.size
        self.rows += rows.size
        counts = np.bincount(rows["key"], minlength=self._counts.size)
        counts[: self._counts.size] += self._counts
        self._counts = counts
        if self._held_rows * self.fields.itemsize >= self.budget_bytes:
            self._spill()

    def ranges(self, most_rows: int) -> Iterator[KeyRange]:
        """All keys with rows, in order, in ranges of at most that many rows; a key with more stands alone."""
        ends = np.cumsum(self._counts)
        before = 0
        while before < self.rows:
            first = int(np.searchsorted(ends, before, side="right"))
            end = max(first + 1, int(np.searchsorted(ends, before + most_rows, side="right")))
            yield KeyRange(first, end, int(ends[end - 1]) - before)
            before = int(ends[end - 1])

    def taken(self, keys: KeyRange) -> Records:
        """The rows of these keys, by key, and of one key in the order in which they came."""
        pieces = list(self.pieces(keys))
        rows = pieces[0] if len(pieces) == 1 else np.concatenate(pieces)
        return _by_key(rows)

    def pieces(self, keys: KeyRange) -> Iterator[Records]:
        """The rows of these keys a run at a time, in the order in which the runs came, each by key."""
        for start, count in self._runs:
            first, end = (self._place(start, count, key) for key in (keys.first, keys.end))
            if end > first:
                yield np.frombuffer(self._read(start + first, end - first), dtype=self.fields)
        rest = self._rest()
        first, end = np.searchsorted(rest["key"], [keys.first, keys.end]).tolist()
        if end > first:
            yield rest[first:end]

    def _rest(self) -> Records:
        """What never went to disk, by key; sorted when first asked for."""
        if self._sorted_of != self.rows or len(self._held) != 1:
            held = self._held or [np.zeros(0, dtype=self.fields)]
            self._held = [_by_key(np.concatenate(held))]
            self._sorted_of = self.rows
        return self._held[0]

    def _spill(self) -> None:
        rows = _by_key(np.concatenate(self._held))
        self._held.clear()
        self._held_rows = 0
        try:
            if self._file is None:
                self._file = tempfile.TemporaryFile(prefix="utility-crm-rows-", buffering=0)  # noqa: SIM115
            left = memoryview(rows.view(np.uint8).data)
            while left:
                left = left[self._file.write(left) :]
        except OSError as error:
            raise _without_room(error) from error
        before = sum(self._runs[-1]) if self._runs else 0
        self._runs.append((before, rows.size))

    def _place(self, start: int, count: int, key: int) -> int:
        """How many rows of a run have lesser keys."""
        low, high = 0, count
        while low < high:
            middle = (low + high) // 2
            row = np.frombuffer(self._read(start + middle, 1), dtype=self.fields)
            if row["key"][0] < key:
                low = middle + 1
            else:
                high = middle
        return low

    def _read(self, row: int, count: int) -> bytes:
        assert self._file is not None, "runs are on disk"
        size = self.fields.itemsize
        try:
            return os.pread(self._file.fileno(), count * size, row * size)
        except OSError as error:
            raise _without_room(error) from error


def _without_room(error: OSError) -> Unreadable:
    folder = tempfile.gettempdir()
    words = f"The rows of this file could not be kept for a while below {folder}: {error.strerror}."
    return Unreadable(refusal("no_room", words))


def _by_key(rows: Records) -> Records:
    keys = rows["key"]
    if keys.size < 2 or (keys[1:] >= keys[:-1]).all():
        return rows
    plain = rows.view(f"V{rows.itemsize}")  # whole rows move faster than rows of fields
    return plain[np.argsort(keys, kind="stable")].view(rows.dtype)
