"""When to try again, and when no more. Pure; chance is passed in.

The waits are those that the Standard Webhooks specification recommends: they begin with seconds, for a
restart on the other side, and end with a day, for a weekend.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Final

WAITS: Final = (
    timedelta(seconds=5),
    timedelta(minutes=5),
    timedelta(minutes=30),
    timedelta(hours=2),
    timedelta(hours=5),
    timedelta(hours=10),
    timedelta(hours=14),
    timedelta(hours=20),
    timedelta(hours=24),
)
TRIES: Final = len(WAITS) + 1
LONGEST_ASKED: Final = timedelta(hours=24)
"""No `Retry-After` is waited for longer."""
MANY: Final = 5
"""Failures one after another, whatever of, from which a listener is left alone for a while."""
_FIRST_REST, _LONGEST_REST = timedelta(seconds=30), timedelta(minutes=15)


def wait_after(attempts: int, chance: float, asked: timedelta | None = None) -> timedelta | None:
    """How long to wait after so many failed tries (1 or more); None: no more.

    chance in [0, 1) spreads the wait by a fifth to either side, so that what failed together does not come
    back together. asked: what the other side asked for (`Retry-After`), if it did.
    """
    if attempts >= TRIES:
        return None
    wait = WAITS[max(attempts, 1) - 1] * (0.8 + 0.4 * chance)
    return max(wait, min(asked, LONGEST_ASKED)) if asked is not None else wait


def rest_after(failures: int) -> timedelta | None:
    """How long a listener is left alone after so many failures in a row; None: not at all."""
    if failures < MANY:
        return None
    return min(_LONGEST_REST, _FIRST_REST * int(2 ** min(failures - MANY, 10)))
