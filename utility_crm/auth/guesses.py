"""Slowing down those who guess passwords: five tries, then a pause."""

from __future__ import annotations

from collections import OrderedDict
from datetime import datetime, timedelta
from threading import Lock

TRIES = 5
PAUSE = timedelta(minutes=15)
REMEMBERED = 10_000


class Guesses:
    """Failed tries by key (a login, an address), kept in this process's memory and bounded in number."""

    def __init__(self, tries: int = TRIES, pause: timedelta = PAUSE) -> None:
        self.tries, self.pause = tries, pause
        self._failed: OrderedDict[str, tuple[int, datetime]] = OrderedDict()
        self._lock = Lock()

    def left(self, key: str, now: datetime) -> int:
        """How many tries this key still has."""
        with self._lock:
            return max(0, self.tries - self._count(key, now))

    def until(self, key: str, now: datetime) -> datetime | None:
        """When the pause of a key without tries ends; None while it has some."""
        with self._lock:
            return self._failed[key][1] + self.pause if self._count(key, now) >= self.tries else None

    def failed(self, key: str, now: datetime) -> int:
        """Counts a failed try; how many are left."""
        with self._lock:
            count = self._count(key, now) + 1
            self._failed[key] = (count, now)
            self._failed.move_to_end(key)
            while len(self._failed) > REMEMBERED:
                self._failed.popitem(last=False)
            return max(0, self.tries - count)

    def forget(self, key: str) -> None:
        """The right password clears the slate."""
        with self._lock:
            self._failed.pop(key, None)

    def _count(self, key: str, now: datetime) -> int:
        count, last = self._failed.get(key, (0, now))
        if count and now - last >= self.pause:
            del self._failed[key]
            return 0
        return count
