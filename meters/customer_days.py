"""What happened at one customer's meters, day by day."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from sqlalchemy import text
from sqlalchemy.orm import Session

SILENT, SHORT, ESTIMATED = "silent", "short", "estimated"

# A channel is due while the customer lives at its premise; days of standard time.
_CHANNELS = """
with mine as (
    select s.id as point_id, s.code, min(o.starts_on) as starts_on,
           max(coalesce(o.ends_before, 'infinity'::date)) as ends_before
    from accounts a
    join occupancies o on o.account_id = a.id
    join service_points s on s.premise_id = o.premise_id
    where a.customer_id = :customer_id group by s.id
)
"""

# Blocks are fetched by an array of channels: so the server goes through the key, and not through the month.
_ODD = text(
    _CHANNELS
    + """, kept as materialized (
    select channel_id, day, cardinality(array_positions(micro, null)) as missing,
           case when quality > 1 then cardinality(micro)
                else (select count(*) from unnest(qualities) q where q > 1) end as guessed
    from blocks
    where channel_id = any(array(select c.id from mine join channels c on c.service_point_id = mine.point_id))
      and day between :first and :today
), due as (
    select c.id as channel_id, mine.code, cast(d.day as date) as day
    from mine join channels c on c.service_point_id = mine.point_id
    cross join lateral generate_series(greatest(mine.starts_on, :first),
                                       least(mine.ends_before, :today) - 1, interval '1 day') as d(day)
)
select due.code, due.channel_id, due.day, kept.channel_id is null as silent,
       coalesce(kept.missing, 0) as missing, coalesce(kept.guessed, 0) as guessed
from due left join kept on kept.channel_id = due.channel_id and kept.day = due.day
where kept.channel_id is null or kept.missing > 0 or kept.guessed > 0
order by due.channel_id, due.day
"""
)

# Two kinds of rows in one query: days that feeds replaced, and meters that took another's place.
_HAPPENED = text(
    _CHANNELS
    + """
select mine.code, null as serial, f.received_at, min(h.day) as first, max(h.day) as last,
       bool_and(coalesce(h.quality not in (0, 1), false)) as estimated
from mine
join channels c on c.service_point_id = mine.point_id
join block_history h on h.channel_id = c.id and h.day >= mine.starts_on and h.day < mine.ends_before
join feeds f on f.id = h.replaced_by
where f.received_at >= :since
group by mine.code, f.id, f.received_at
union all
select mine.code, m.serial, null, m.installed_on, m.installed_on, false
from mine join meters m on m.service_point_id = mine.point_id
where m.installed_on >= mine.starts_on and m.installed_on < mine.ends_before
  and exists (select from meters e where e.service_point_id = m.service_point_id
                                     and e.installed_on < m.installed_on)
"""
)


@dataclass(frozen=True, slots=True)
class OddDays:
    """Days in a row on which a channel was silent, short of readings, or estimated; `readings` counts
    those."""

    code: str
    channel_id: int
    kind: str
    first: date
    last: date
    readings: int

    @property
    def days(self) -> int:
        return (self.last - self.first).days + 1


@dataclass(frozen=True, slots=True)
class CorrectedDays:
    """Days that one feed replaced; `estimated`: none of them had been read."""

    code: str
    at: datetime
    first: date
    last: date
    estimated: bool


@dataclass(frozen=True, slots=True)
class ExchangedMeter:
    """A meter that took another's place while the customer lived there."""

    serial: str
    installed_on: date


def odd_days(session: Session, customer_id: int, first: date, today: date) -> list[OddDays]:
    """Runs of odd days from `first` to yesterday, newest first."""
    values = {"customer_id": customer_id, "first": first, "today": today}
    found = session.execute(_ODD, values)
    runs = _runs(
        OddDays(
            row.code,
            row.channel_id,
            SILENT if row.silent else SHORT if row.missing else ESTIMATED,
            row.day,
            row.day,
            row.missing or row.guessed,
        )
        for row in found
    )
    return sorted(runs, key=lambda run: run.last, reverse=True)


def happenings(
    session: Session, customer_id: int, since: date
) -> tuple[list[CorrectedDays], list[ExchangedMeter]]:
    """What feeds replaced since a day, and the meters that took another's place, in one query."""
    rows = session.execute(_HAPPENED, {"customer_id": customer_id, "since": since}).all()
    corrected = [
        CorrectedDays(row.code, row.received_at, row.first, row.last, row.estimated)
        for row in rows
        if row.serial is None
    ]
    return corrected, [ExchangedMeter(row.serial, row.first) for row in rows if row.serial is not None]


def _runs(days: Iterable[OddDays]) -> list[OddDays]:
    """Days by channel in order, joined where they follow each other and are of one kind."""
    runs: list[OddDays] = []
    for day in days:
        before = runs[-1] if runs else None
        same = before is not None and (before.channel_id, before.kind) == (day.channel_id, day.kind)
        if before is not None and same and day.first - before.last == timedelta(days=1):
            runs[-1] = replace(before, last=day.last, readings=before.readings + day.readings)
        else:
            runs.append(day)
    return runs
