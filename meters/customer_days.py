"""What happened at one customer's meters, day by day."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from utility_crm.kit.gathering import listed_kinds

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

# From what was counted (`meters.completeness`): no array is opened, whatever the customer has.
ODD_DAYS = listed_kinds(
    _CHANNELS
    + """, owed as (
    select c.id as channel_id, mine.code,
           daterange(greatest(mine.starts_on, :first), least(mine.ends_before, :today)) as due,
           case when k.channel_id is null then 'empty'
                else daterange(k.first_day, k.last_day, '[]') end as span
    from mine
    join channels c on c.service_point_id = mine.point_id
    left join channel_spans k on k.channel_id = c.id
    where mine.starts_on < :today and mine.ends_before > :first
)
select w.code, w.channel_id, o.day, o.expected is null as silent,
       coalesce(o.expected - o.received, 0) as missing, o.estimated as guessed
from owed w join odd_days o on o.channel_id = w.channel_id and o.day <@ w.due and o.day <@ w.span
where o.day between :first and :today
  and (o.expected is null or o.received < o.expected or o.estimated > 0)
union all
select w.code, w.channel_id, cast(d.day as date), true, 0, 0
from owed w
cross join lateral unnest(datemultirange(w.due) - datemultirange(w.span)) as silent(days)
cross join lateral generate_series(lower(silent.days), upper(silent.days) - 1, interval '1 day') as d(day)
order by channel_id, day
""",
    str, int, date, bool, int, int,
)  # fmt: skip
"""Of `:customer_id`, from `:first` until `:today`: what `odd_days` takes."""

# Two kinds of rows in one query: days that feeds replaced, and meters that took another's place.
HAPPENED = listed_kinds(
    _CHANNELS
    + """
select mine.code, null as serial, f.received_at, min(h.day) as first, max(h.day) as last,
       bool_and(coalesce(h.quality not in (0, 1), false)) as estimated
from mine
join channels c on c.service_point_id = mine.point_id
join block_history h on h.channel_id = c.id and h.day >= mine.starts_on and h.day < mine.ends_before
join feeds f on f.id = h.replaced_by
where f.received_at >= cast(:first as date)
group by mine.code, f.id, f.received_at
union all
select mine.code, m.serial, null, m.installed_on, m.installed_on, false
from mine join meters m on m.service_point_id = mine.point_id
where m.installed_on >= mine.starts_on and m.installed_on < mine.ends_before
  and exists (select from meters e where e.service_point_id = m.service_point_id
                                     and e.installed_on < m.installed_on)
""",
    str, str, datetime, date, date, bool,
)  # fmt: skip
"""Of `:customer_id`, from `:first` on: what `happenings` takes."""


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


def odd_days(rows: Iterable[Sequence[Any]]) -> list[OddDays]:
    """Runs of odd days, newest first, from the rows of ODD_DAYS."""
    return sorted(_runs(map(_odd_day, rows)), key=lambda run: run.last, reverse=True)


def odd_channel_days(session: Session, customer_id: int, first: date, today: date) -> list[OddDays]:
    """Each of them by itself, by channel and day, as it was last counted."""
    values = {"customer_id": customer_id, "first": first, "today": today}
    return [_odd_day(row) for row in session.execute(text(ODD_DAYS.sql), values)]


def _odd_day(row: Sequence[Any]) -> OddDays:
    code, channel_id, day, silent, missing, guessed = row
    kind = SILENT if silent else SHORT if missing else ESTIMATED
    return OddDays(code, channel_id, kind, day, day, missing or guessed)


def happenings(rows: Sequence[Sequence[Any]]) -> tuple[list[CorrectedDays], list[ExchangedMeter]]:
    """What feeds replaced, and the meters that took another's place, from the rows of HAPPENED."""
    corrected = [
        CorrectedDays(code, received_at, first, last, estimated)
        for code, serial, received_at, first, last, estimated in rows
        if serial is None
    ]
    return corrected, [
        ExchangedMeter(serial, first) for _, serial, _, first, _, _ in rows if serial is not None
    ]


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
