"""When to try again, and when to give up. Pure; chance is passed in."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True, slots=True)
class Retry:
    """How patient we are: `tries` before a notice is dead, waiting twice as long each time, at most
    `longest`."""

    tries: int = 8
    first: timedelta = timedelta(seconds=30)
    longest: timedelta = timedelta(hours=6)

    def wait_after(self, attempts: int, chance: float) -> timedelta | None:
        """How long to wait after `attempts` failed tries (1 or more), None to give up.

        `chance` in [0, 1) spreads the waits over the upper half of the step, so that what failed together
        does not come back together.
        """
        if attempts >= self.tries:
            return None
        doublings: int = 2 ** min(attempts - 1, 30)
        step = min(self.longest, self.first * doublings)
        return step * (0.5 + chance / 2)
