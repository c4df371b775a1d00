"""Counting the days that feeds brought: what is odd about them is kept, what is plain needs no row.

A channel with readings has a span (its first and last day) and a usual number of readings a day. Inside the
span a day without a row in `odd_days` is plain: whole, measured, in time, and of the usual length. So a base
where all is well costs a row a channel, and a feed is counted by its own days alone.

Counting is idempotent, reads blocks and their history, and is done by one at a time (an advisory lock),
outside of the ingest: feeds that are not counted yet carry no `counted_at`. Only the last `DAYS_KEPT` days
are told apart; older ones only stretch the span.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

DAYS_KEPT = 62
FEEDS_AT_ONCE = 500
_COUNTING = 7_302_006  # advisory lock

_WORKBENCH = (
    """
create temp table if not exists counted_blocks (
    channel_id bigint, day date, size smallint, missing smallint, guessed smallint, late smallint
) on commit delete rows
""",
    """
create temp table if not exists counted_spans (
    channel_id bigint, first_day date, last_day date, readings smallint,
    old_first date, old_last date, old_readings smallint
) on commit delete rows
""",
    "truncate counted_blocks, counted_spans",
)

MISSING = (
    "case when array_position({0}.micro, null) is null then 0 "
    "else cardinality(array_positions({0}.micro, null)) end"
)
GUESSED = (
    "case when {0}.quality is null then (select count(*) from unnest({0}.qualities, {0}.micro) as r(code, m) "
    "where r.code > 1 and r.m is not null) "
    "when {0}.quality > 1 then cardinality({0}.micro) - {missing} else 0 end"
)


def _measured(row: str) -> str:
    missing = MISSING.format(row)
    return f"cardinality({row}.micro) - {missing} - {GUESSED.format(row, missing=missing)}"


# Late is what was measured and was not there when the day's time was up: what the version standing then held
# is taken off. It is only looked for where the day's last feed came after that.
_FACTS = f"""
insert into counted_blocks
select k.channel_id, k.day, k.size, k.missing, k.guessed,
       case when f.received_at <= k.time_up then 0
            else greatest(0, k.size - k.missing - k.guessed - coalesce(earlier.measured, 0)) end
from (
    select b.channel_id, b.day, b.feed_id, cardinality(b.micro) as size, {MISSING.format("b")} as missing,
           {GUESSED.format("b", missing=MISSING.format("b"))} as guessed,
           (b.day + 1)::timestamp at time zone 'UTC' - make_interval(mins => c.offset_minutes::int)
               + make_interval(hours => :late_after_hours) as time_up
    from blocks b join channels c on c.id = b.channel_id
    where {{which}} and b.day between :horizon and :until
) k
join feeds f on f.id = k.feed_id
left join lateral (
    select {_measured("h")} as measured
    from block_history h
    join feeds brought on brought.id = h.feed_id
    join feeds replaced on replaced.id = h.replaced_by
    where f.received_at > k.time_up and h.channel_id = k.channel_id and h.day = k.day
      and brought.received_at <= k.time_up and replaced.received_at > k.time_up
    limit 1
) earlier on true
"""

_SPANS = """
insert into counted_spans
select s.channel_id, s.first_day, s.last_day,
       coalesce(k.size, (select cardinality(b.micro) from blocks b
                         where b.channel_id = s.channel_id and b.day = s.last_day)),
       o.first_day, o.last_day, o.readings
from (
    select channel_id, min(day) as first_day, max(day) as last_day
    from blocks b where {which} and b.day <= :until group by channel_id
) s
left join counted_blocks k on k.channel_id = s.channel_id and k.day = s.last_day
left join channel_spans o on o.channel_id = s.channel_id
"""

# A channel that now sends another number of readings a day: its plain days so far are of another length.
_OF_ANOTHER_LENGTH = """
insert into odd_days (channel_id, day, expected, received, estimated, late)
select s.channel_id, cast(d.day as date), s.old_readings, s.old_readings, 0, 0
from counted_spans s
cross join lateral generate_series(greatest(s.old_first, :horizon), s.old_last, interval '1 day') as d(day)
where s.last_day >= s.old_last and s.readings <> s.old_readings
on conflict (channel_id, day) do nothing
"""

# Days between what was known and what came, on which nothing came.
_SILENT = """
insert into odd_days (channel_id, day, expected, received, estimated, late)
select s.channel_id, d.day, null, 0, 0, 0
from counted_spans s
cross join lateral (values (s.first_day, coalesce(s.old_first - 1, s.last_day)),
                           (s.old_last + 1, s.last_day)) as grown(first_day, last_day)
cross join lateral (
    select cast(g as date) as day
    from generate_series(greatest(grown.first_day, :horizon), grown.last_day, interval '1 day') g
    where grown.first_day <= grown.last_day
) d
where not exists (select from counted_blocks k where k.channel_id = s.channel_id and k.day = d.day)
on conflict (channel_id, day) do nothing
"""

_STRETCH = """
insert into channel_spans as held (channel_id, readings, first_day, last_day)
select channel_id, readings, first_day, last_day from counted_spans
on conflict (channel_id) do update
set readings = case when excluded.last_day >= held.last_day then excluded.readings else held.readings end,
    first_day = least(held.first_day, excluded.first_day),
    last_day = greatest(held.last_day, excluded.last_day)
"""

_PLAIN = """
delete from odd_days o using counted_blocks k, channel_spans s
where o.channel_id = k.channel_id and o.day = k.day and s.channel_id = k.channel_id
  and k.size = s.readings and k.missing + k.guessed + k.late = 0
"""

_ODD = """
insert into odd_days (channel_id, day, expected, received, estimated, late)
select k.channel_id, k.day, k.size, k.size - k.missing, k.guessed, k.late
from counted_blocks k join channel_spans s on s.channel_id = k.channel_id
where k.size <> s.readings or k.missing + k.guessed + k.late > 0
on conflict (channel_id, day) do update
set expected = excluded.expected, received = excluded.received, estimated = excluded.estimated,
    late = excluded.late
"""

_STEPS = (_SPANS, "analyze counted_spans", _OF_ANOTHER_LENGTH, _SILENT, _STRETCH, _PLAIN, _ODD)

_UNCOUNTED = """
select array_agg(id) from (select id from feeds where counted_at is null order by id limit :most) f
"""

# Channels that were silent for longer than days are told apart: found by their key, one by one.
_LONG_SILENT = """
insert into channel_spans (channel_id, readings, first_day, last_day)
select c.id, b.readings, b.day, b.day
from channels c
cross join lateral (
    select day, cardinality(micro) as readings from blocks
    where channel_id = c.id and day < :horizon order by day desc limit 1
) b
where not exists (select from channel_spans k where k.channel_id = c.id)
"""


def count_feeds(
    session: Session, today: date, now: datetime, late_after_hours: int, *, wait: bool = True
) -> int | None:
    """Count the days of feeds that are not counted yet; how many feeds that were. None where another is
    counting and `wait` is not wanted."""
    if not _one_at_a_time(session, wait):
        return None
    counted = 0
    while feeds := session.scalar(text(_UNCOUNTED), {"most": FEEDS_AT_ONCE}):
        values = {"feeds": feeds, **_values(today, late_after_hours)}
        _count(session, "b.feed_id = any(:feeds)", values)
        session.execute(
            text("update feeds set counted_at = :now where id = any(:feeds)"), {"now": now, "feeds": feeds}
        )
        counted += len(feeds)
    return counted


def count_anew(session: Session, today: date, now: datetime, late_after_hours: int) -> int:
    """Forget what was counted and count all of the last days again; how many days of channels those are.

    For a base that was written past the ingest, after the hours until a day is late were set anew, and once a
    day: days grow too old to be kept, and days of the future come to pass.
    """
    _one_at_a_time(session, True)
    values = _values(today, late_after_hours)
    session.execute(text("update feeds set counted_at = :now where counted_at is null"), {"now": now})
    session.execute(text("delete from odd_days"))
    session.execute(text("delete from channel_spans where last_day >= :horizon"), values)
    counted = _count(session, "b.day >= :horizon", values)
    session.execute(text(_LONG_SILENT), values)
    return counted


def _one_at_a_time(session: Session, wait: bool) -> bool:
    """Until the transaction ends."""
    if wait:
        session.execute(text("select pg_advisory_xact_lock(:lock)"), {"lock": _COUNTING})
        return True
    return bool(session.scalar(text("select pg_try_advisory_xact_lock(:lock)"), {"lock": _COUNTING}))


def _values(today: date, late_after_hours: int) -> dict[str, Any]:
    """Tomorrow is counted, too: east of the utility it begins sooner."""
    return {
        "horizon": today - timedelta(days=DAYS_KEPT),
        "until": today + timedelta(days=1),
        "late_after_hours": late_after_hours,
    }


def _count(session: Session, which: str, values: dict[str, Any]) -> int:
    """`which` are the blocks `b` to be counted; how many days of channels they are."""
    for statement in _WORKBENCH:
        session.execute(text(statement))
    found = session.execute(text(_FACTS.replace("{which}", which)), values)
    session.execute(text("analyze counted_blocks"))
    for statement in _STEPS:
        session.execute(text(statement.replace("{which}", which)), values)
    return int(getattr(found, "rowcount", 0))
