"""What is in of what is due, as pages show it: by area, segment and day."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime

SEGMENTS = ("household", "small_business", "industry")
WHOLE = 0.99
"""From this share on a day counts as whole."""
NOTICED = 0.01
"""From this share on what was estimated or came late is shown."""


@dataclass(frozen=True, slots=True)
class Share:
    """Readings due and present, and the meters that lack some. Of those present, `late` were measured but
    came after the day's deadline, and `estimated` were not measured."""

    due: int
    present: int
    meters_late: int
    late: int = 0
    estimated: int = 0

    @property
    def share(self) -> float:
        """Of one; one where nothing is due."""
        return self.present / self.due if self.due else 1.0

    @property
    def lacking(self) -> int:
        return self.due - self.present

    @property
    def whole(self) -> bool:
        return self.share >= WHOLE

    @property
    def share_late(self) -> float:
        return self.late / self.due if self.due else 0.0

    @property
    def share_estimated(self) -> float:
        return self.estimated / self.due if self.due else 0.0

    @property
    def much_late(self) -> bool:
        """Whether enough came late to be shown."""
        return self.share_late >= NOTICED

    @property
    def much_estimated(self) -> bool:
        """Whether enough is estimated to be shown."""
        return self.share_estimated >= NOTICED


@dataclass(frozen=True, slots=True)
class AreaDays:
    """One area's meters of one segment; `days` runs along those of the whole, None where nothing is due.
    `area_id` is None, and `area` empty, for premises in no area."""

    area: str
    segment: str
    days: tuple[Share | None, ...]
    area_id: int | None = None

    @property
    def latest(self) -> Share:
        """Of the last day."""
        return self.days[-1] or Share(0, 0, 0)

    @property
    def silent_days(self) -> int:
        """How many of the last days brought nothing at all."""
        count = 0
        for one in reversed(self.days):
            if one is None or one.present:
                break
            count += 1
        return count


@dataclass(frozen=True, slots=True)
class Completeness:
    """`days` from first to last; `rows` in order of area; the last day's share is `latest`.

    `computed_at`: when the clock added it up; None where it never did. `silent` counts, by number of days,
    the service points from which nothing came for that long.
    """

    days: tuple[date, ...]
    rows: tuple[AreaDays, ...]
    computed_at: datetime | None = None
    silent: Mapping[int, int] = field(default_factory=dict)

    @property
    def latest(self) -> Share:
        """Of the last day."""
        last = [row.latest for row in self.rows]
        return Share(
            sum(one.due for one in last),
            sum(one.present for one in last),
            sum(one.meters_late for one in last),
            sum(one.late for one in last),
            sum(one.estimated for one in last),
        )

    @property
    def worst(self) -> AreaDays | None:
        """Who lacks most on the last day; None where all is whole."""
        late = [row for row in self.rows if not row.latest.whole]
        return max(late, key=lambda row: row.latest.lacking, default=None)

    @property
    def months(self) -> list[tuple[date, int]]:
        """The months of its days: a day of each, and how many of its days are here."""
        return months_of(self.days)

    @property
    def lacking(self) -> int:
        """Readings missing of all its days."""
        return sum(one.lacking for row in self.rows for one in row.days if one is not None)

    @property
    def gaps(self) -> int:
        """How many of its cells are not whole."""
        return sum(one is not None and not one.whole for row in self.rows for one in row.days)


def months_of(days: tuple[date, ...]) -> list[tuple[date, int]]:
    """Runs of days of one month: a day of each, and how many of the days are in it."""
    runs: list[tuple[date, int]] = []
    for day in days:
        if runs and runs[-1][0].month == day.month:
            runs[-1] = (runs[-1][0], runs[-1][1] + 1)
        else:
            runs.append((day, 1))
    return runs
