"""When a task is due, late and to be reminded of."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

REMIND_FROM = time(9)
"""What is due on a day, at no hour, is reminded of as if it were due when the working day begins."""
LONGEST_REMINDER_MINUTES = 28 * 24 * 60


@dataclass(frozen=True, slots=True)
class Due:
    """A day of the utility's zone and, where there is an hour, the instant; that lies on the day."""

    on: date
    at: datetime | None = None

    def is_late(self, now: datetime, today: date) -> bool:
        """A day is late when it is over, an instant when it has passed."""
        return self.at < now if self.at is not None else self.on < today


def due_of(due: date | datetime, zone: ZoneInfo) -> Due:
    """A day or an aware instant as what is kept. Raises ValueError for an instant without zone."""
    if not isinstance(due, datetime):
        return Due(due)
    if due.tzinfo is None:
        raise ValueError("an instant without its zone")
    return Due(due.astimezone(zone).date(), due.astimezone(UTC))


def moved(due: Due, day: date, zone: ZoneInfo) -> Due:
    """The same hour on the wall clock of another day. An hour that the clocks skip is had after the gap."""
    if due.at is None:
        return Due(day)
    wall = due.at.astimezone(zone).time()
    at = datetime.combine(day, wall, zone).astimezone(UTC)
    local = at.astimezone(zone)
    return Due(local.date(), at)


def remind_at(due: Due, minutes_before: int | None, zone: ZoneInfo) -> datetime | None:
    """When to remind of it; None: not at all."""
    if minutes_before is None:
        return None
    from_when = due.at or datetime.combine(due.on, REMIND_FROM, zone).astimezone(UTC)
    return from_when - timedelta(minutes=minutes_before)
