"""What the jobs that tell customers have in common."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from notifications.outbox.new_notice import NewNotice
from notifications.outbox.queueing import queue_all
from utility_crm.kit.database import unit_of_work
from utility_crm.kit.said import Said, said
from utility_crm.kit.settings import settings

MOST = 5000
"""Told in one call; the next goes on with the rest."""


def queued_in_words(session: Session, notices: Sequence[NewNotice], words: str, now: datetime) -> Said:
    """Queue them, and say in `words` how many were (`queued`) of how many (`found`)."""
    queued = queue_all(session, notices, now)
    return said(words, queued=sum(one.outcome == "queued" for one in queued), found=len(notices))


def day_is_over(day: date, today: date, now: datetime) -> datetime:
    """The midnight that ends a day, on the utility's clock, counted from now: where the calendar
    stands still (`as_of`), the clock goes on."""
    zone = ZoneInfo(settings().timezone)
    after = now.astimezone(zone).date() + timedelta(days=(day - today).days + 1)
    return datetime.combine(after, time(), zone).astimezone(UTC)


@dataclass(frozen=True, slots=True)
class Slice:
    """Some accounts that were gone through. last: the id of the last of them, None where there were none.

    late: the segment of each that hears of it too late.
    """

    last: int | None
    looked: int = 0
    queued: int = 0
    late: tuple[str, ...] = ()

    def then(self, other: Slice) -> Slice:
        """Both of them."""
        return Slice(
            other.last, self.looked + other.looked, self.queued + other.queued, self.late + other.late
        )


Step = Callable[[Session, int], Slice]
"""Goes through the next accounts after an id."""
Slices = Callable[[Session, Step], Slice]


def together(session: Session, step: Step) -> Slice:
    """Every slice, in the caller's unit of work."""
    done = Slice(0)
    while done.last is not None:
        done = done.then(step(session, done.last))
    return done


def apart(session: Session, step: Step) -> Slice:
    """Every slice, each in a unit of work of its own: what is cut short has told those it reached."""
    engine, done = session.get_bind().engine, Slice(0)
    while done.last is not None:
        with unit_of_work(engine) as own:
            done = done.then(step(own, done.last))
    return done
