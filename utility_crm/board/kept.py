"""Figures of the board, kept a moment: however many boards hang on walls, the database is asked once."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from datetime import datetime, timedelta
from threading import Lock
from typing import Generic, TypeVar

T = TypeVar("T")
KEPT_FOR = timedelta(seconds=10)
MOST_KEPT = 64


class Kept(Generic[T]):
    """What was made under a key within KEPT_FOR; one is made at a time, so that many who ask at once make
    one."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._made: dict[Hashable, tuple[datetime, T]] = {}

    def get(self, key: Hashable, now: datetime, make: Callable[[], T]) -> T:
        """What is kept under the key, else what `make` makes."""
        with self._lock:
            found = self._made.get(key)
            if found is not None and timedelta() <= now - found[0] < KEPT_FOR:
                return found[1]
            made = make()
            if len(self._made) >= MOST_KEPT:
                self._made.clear()
            self._made[key] = now, made
            return made
