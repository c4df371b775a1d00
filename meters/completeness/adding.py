"""The figures of areas and days, added up from what was counted of channels.

Nothing is unrolled by day: a channel that owes and sends as usual is two events, where it begins and where it
ends, and a running sum makes days of them. So the cost is that of one look at every supplied service point,
however many days are added up.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta

from sqlalchemy import text
from sqlalchemy.orm import Session

from meters.completeness.counting import DAYS_KEPT
from meters.completeness.due import due
from meters.completeness.silence import silent_counts
from utility_crm.kit.installation import note

NOTED = "completeness"
"""The name under which it is noted when the figures were added up."""
YEAR_KEPT = 400
"""Days for which the figures of areas stay; the last `DAYS_KEPT` of them are added up anew each time."""

_ADD_UP = f"""
with {due()}, short as (
    select point_id, area_id, segment, unnest(range_agg(lacking)) as lacking
    from (
        select point_id, area_id, segment, silent as lacking from beyond
        union all
        select point_id, area_id, segment, daterange(day, day + 1) from odd where received < expected
    ) l
    group by point_id, area_id, segment
), events as (
    select area_id, segment, e.day, e.way * readings as expected, 0 as received, 0 as late, 0 as estimated,
           0 as meters, 0 as short
    from owed cross join lateral (values (lower(due), 1), (upper(due), -1)) as e(day, way)
    union all
    select area_id, segment, e.day, 0, e.way * readings, 0, 0, 0, 0
    from owed cross join lateral (values (lower(due * span), 1), (upper(due * span), -1)) as e(day, way)
    where due && span
    union all
    select area_id, segment, e.day, e.way * (expected - readings), e.way * (received - readings),
           e.way * late, e.way * estimated, 0, 0
    from odd cross join lateral (values (day, 1), (day + 1, -1)) as e(day, way)
    union all
    select area_id, segment, e.day, 0, 0, 0, 0, e.way, 0
    from supplied cross join lateral (values (lower(due), 1), (upper(due), -1)) as e(day, way)
    union all
    select area_id, segment, e.day, 0, 0, 0, 0, 0, e.way
    from short cross join lateral (values (lower(lacking), 1), (upper(lacking), -1)) as e(day, way)
), steps as (
    select area_id, segment, day, sum(expected) as expected, sum(received) as received, sum(late) as late,
           sum(estimated) as estimated, sum(meters) as meters, sum(short) as short
    from (
        select * from events
        union all
        select w.area_id, w.segment, cast(d.day as date), 0, 0, 0, 0, 0, 0
        from (select distinct area_id, segment from supplied) w
        cross join generate_series(cast(:first as date), cast(:last as date), interval '1 day') as d(day)
    ) e
    group by area_id, segment, day
), levels as (
    select area_id, segment, day, sum(expected) over sofar as expected, sum(received) over sofar as received,
           sum(late) over sofar as late, sum(estimated) over sofar as estimated,
           sum(meters) over sofar as meters, sum(short) over sofar as short
    from steps window sofar as (partition by area_id, segment order by day)
)
insert into completeness_days
    (area_id, segment, day, expected, received, late, estimated, meters, meters_short, computed_at)
select area_id, segment, day, expected, received, late, estimated, meters, short, :now
from levels where meters > 0 and day between :first and :last
"""


def add_up(session: Session, today: date, now: datetime) -> None:
    """The figures of every area, segment and day until yesterday, as far back as channels are told apart."""
    first, last = today - timedelta(days=DAYS_KEPT), today - timedelta(days=1)
    session.execute(
        text("delete from completeness_days where day >= :first or day < :old"),
        {"first": first, "old": today - timedelta(days=YEAR_KEPT)},
    )
    session.execute(text(_ADD_UP), {"first": first, "last": last, "now": now})
    silent = {str(days): count for days, count in silent_counts(session, today).items()}
    note(session, NOTED, {"computed_at": now.isoformat(), "silent": silent})
