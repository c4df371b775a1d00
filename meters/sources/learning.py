"""Learning from what came which feeds come regularly, and when the next is due.

Files are of one source when their names are, but for what changes from one to the next: dates, times and long
numbers; and short numbers too where a name would else come once only (a counter). So
`moorside-3_2026-11-19.csv` is of `moorside-3_#.csv`, and `export_417.csv` of `export_#.csv`. What was refused
did not come.

Files of a source within half an hour are one delivery. A source is regular when at least `LEAST` gaps between
deliveries are known of the last `DAYS_BACK` days, and nine in ten of them are no longer than a week, nor than
three and a half times the usual gap: a feed that rests at weekends is regular, and is missed after its
longest rest.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import text
from sqlalchemy.orm import Session

DAYS_BACK = 60
LEAST = 4
"""Gaps between deliveries from which the next can be foretold."""

_LEARNING = 7_302_007  # advisory lock

_DATE = r"((19|20)\d\d[-_.]?(0\d|1[0-2])[-_.]?[0-3]\d|[0-3]\d[-_.](0\d|1[0-2])[-_.](19|20)\d\d)"
_TIME = r"([T_-]?[0-2]\d[:.h-]?[0-5]\d([:.-]?[0-5]\d)?(?!\d))?"
DATED = rf"{_DATE}{_TIME}|\d{{5,}}"
"""What changes from file to file in any case."""

# `expected_by` leaves a quarter of the usual time, two hours at least, before a feed is missed.
_LEARN = """
with came as (
    select id, name, format, received_at, regexp_replace(name, :dated, '#', 'g') as dated,
           regexp_replace(name, '\\d+', '#', 'g') as folded
    from feeds
    where received_at > :since and status <> 'rejected' and source in ('file', 'push')
), named as (
    select *, case when count(*) over (partition by dated) > 1 then dated else folded end as pattern
    from came
), deliveries as (
    select pattern, received_at, received_at - lag(received_at) over ofone as after
    from named window ofone as (partition by pattern order by received_at, id)
), begun as (
    select pattern, extract(epoch from received_at - lag(received_at) over ofone) / 3600 as gap
    from deliveries where after is null or after > interval '30 minutes'
    window ofone as (partition by pattern order by received_at)
), gaps as (
    select pattern, count(gap) as known, percentile_cont(0.5) within group (order by gap) as usual,
           percentile_disc(0.9) within group (order by gap) as longest
    from begun group by pattern
), latest as (
    select distinct on (pattern) pattern, id, format, received_at
    from named order by pattern, received_at desc, id desc
), learned as (
    select l.pattern, l.id, l.format, l.received_at,
           case when g.known >= :least and g.longest <= least(3.5 * g.usual, 24 * 7)
                then greatest(1, ceil(g.longest - 0.1))::int end as every_hours
    from latest l join gaps g using (pattern)
), forgotten as (
    delete from feed_sources s
    where s.every_hours is null and not s.muted and not s.set_by_hand
      and not exists (select from learned l where l.pattern = s.pattern)
)
insert into feed_sources as held
    (pattern, format, every_hours, last_feed_id, last_received_at, expected_by)
select pattern, format, every_hours, id, received_at,
       received_at + make_interval(mins => every_hours * 60 + greatest(120, every_hours * 15))
from learned
on conflict (pattern) do update
set format = excluded.format, last_feed_id = excluded.last_feed_id,
    last_received_at = excluded.last_received_at,
    every_hours = case when held.set_by_hand then held.every_hours else excluded.every_hours end,
    expected_by = case when held.set_by_hand
                       then excluded.last_received_at + make_interval(
                            mins => held.every_hours * 60 + greatest(120, held.every_hours * 15))
                       else excluded.expected_by end,
    told_at = case when excluded.last_received_at > held.last_received_at then null else held.told_at end
where (held.last_feed_id, held.every_hours) is distinct from (excluded.last_feed_id, excluded.every_hours)
  and (not held.set_by_hand or held.last_feed_id <> excluded.last_feed_id)
"""


def learn_sources(session: Session, now: datetime) -> None:
    """Bring the sources up to date with the feeds that came. What comes again is late no more, and would be
    told of anew; a regular source that fell silent long ago stays until a person mutes it."""
    since = now - timedelta(days=DAYS_BACK)
    session.execute(text("select pg_advisory_xact_lock(:lock)"), {"lock": _LEARNING})
    session.execute(text(_LEARN), {"since": since, "dated": DATED, "least": LEAST})
