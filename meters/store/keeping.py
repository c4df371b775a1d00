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
# The days of channels at the places of who is under a legal hold, while they lived there.
_LIVED = """
    from channels h join service_points s on s.id = h.service_point_id
    join occupancies o on o.premise_id = s.premise_id join accounts a on a.id = o.account_id
    where (a.customer_id in (select id from held_people) or a.payer_id in (select id from held_people))
      and h.id = t.channel_id and t.{last} >= o.starts_on
      and (o.ends_before is null or t.{first} < o.ends_before)
"""
_HELD_DAY = f"exists (select {_LIVED.format(first='day', last='day')})"
_HELD_SPAN = f"exists (select {_LIVED.format(first='first_day', last='last_day')})"
_HELD = text("select exists (select from held_people)")
_SET_ASIDE = text(f"""
    create temporary table kept_blocks on commit drop as
    select t.* from blocks t where t.day < :day and {_HELD_DAY}
""")
_OTHERS = text(f"select exists (select from blocks t where t.day < :day and not {_HELD_DAY})")
_ROOM_AGAIN = text("""
    select make_block_partitions(month, month)
    from (select distinct cast(date_trunc('month', day) as date) as month from kept_blocks) months
""")
_PUT_BACK = text("insert into blocks select * from kept_blocks on conflict do nothing")
_ASIDE_NO_MORE = text("drop table kept_blocks")
_FORGET = (
    f"delete from block_history t where day < :day and not {_HELD_DAY}",
    f"delete from block_remarks t where day < :day and not {_HELD_DAY}",
    f"delete from findings t where last_day < :day and not {_HELD_SPAN}",
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
    was made of is then no longer to be had. Those of who is under a legal hold stay, of the days they lived
    there; once the hold is lifted they go.
    """
    today = now.date()
    session.execute(_AHEAD, {"first": today, "last": months_from(today, MONTHS_AHEAD)})
    room = said(mark("room until %(day)s"), day=months_from(today, MONTHS_AHEAD + 1))
    kept = settings().readings_kept_months
    if kept is None:
        return together((room, said(mark("nothing is dropped"))))
    first_kept = months_from(today, -kept)
    dropped = _drop(session, first_kept)
    if dropped:
        for forget in _FORGET:
            session.execute(text(forget), {"day": first_kept})
        note(session, DROPPED, {"before": first_kept.isoformat(), "at": now.isoformat()})
    return together((room, said(mark("%(months)s months dropped"), months=int(dropped or 0))))


def _drop(session: Session, day: date) -> int:
    """How many months went. What a hold keeps is set aside meanwhile; months in which there is nothing else
    are left alone."""
    if not session.scalar(_HELD):
        return int(session.scalar(_DROP, {"day": day}) or 0)
    if not session.scalar(_OTHERS, {"day": day}):
        return 0
    session.execute(_SET_ASIDE, {"day": day})
    dropped = int(session.scalar(_DROP, {"day": day}) or 0)
    if dropped:
        session.execute(_ROOM_AGAIN)
        session.execute(_PUT_BACK)
    session.execute(_ASIDE_NO_MORE)
    return dropped
