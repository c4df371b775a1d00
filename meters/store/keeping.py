"""Room for readings to come, and readings let go of after the time they are kept."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import text
from sqlalchemy.orm import Session

from utility_crm.kit.installation import note
from utility_crm.kit.said import said, together
from utility_crm.kit.settings import settings
from utility_crm.web.words import mark

MONTHS_AHEAD = 3

_AHEAD = text("select make_block_partitions(:first, :last)")
_DROP = text("select drop_blocks_before(:day)")
_FORGET = (
    "delete from block_history where day < :day",
    "delete from block_remarks where day < :day",
    "delete from findings where last_day < :day",
)
DROPPED = "readings_dropped"
"""What is noted of the last drop: `before`, the first day kept, and `at`, when that was. A file taken before
then is read again when it is sent again: what it brought may be gone."""


def months_from(day: date, months: int) -> date:
    """The first day of the month that lies so many months from the day's own."""
    place = day.year * 12 + day.month - 1 + months
    return date(place // 12, place % 12 + 1, 1)


def keep_readings(session: Session, now: datetime) -> str:
    """What the clock calls each day: partitions of the months to come are made (TimescaleDB makes its chunks
    by itself), and whole months older than the setting `readings_kept_months` are dropped.

    A month is dropped with its readings, what they replaced and what was found of them, for good; what a bill
    was made of is then no longer to be had.
    """
    today = now.date()
    session.execute(_AHEAD, {"first": today, "last": months_from(today, MONTHS_AHEAD)})
    room = said(mark("room until %(day)s"), day=months_from(today, MONTHS_AHEAD + 1))
    kept = settings().readings_kept_months
    if kept is None:
        return together((room, said(mark("nothing is dropped"))))
    first_kept = months_from(today, -kept)
    dropped = session.scalar(_DROP, {"day": first_kept})
    if dropped:
        for forget in _FORGET:
            session.execute(text(forget), {"day": first_kept})
        note(session, DROPPED, {"before": first_kept.isoformat(), "at": now.isoformat()})
    return together((room, said(mark("%(months)s months dropped"), months=int(dropped or 0))))
