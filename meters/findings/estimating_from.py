"""What an estimate is made from: the channel, its readings around, and what is usual where it has none."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, timezone, tzinfo
from functools import lru_cache
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt
from holidays import country_holidays, list_supported_countries
from sqlalchemy import text
from sqlalchemy.orm import Session

from meters.domain.decimals import IntArray
from meters.domain.estimation.choosing import Known
from meters.domain.estimation.local_days import LocalDays, local_days
from meters.domain.validation.days import BoolArray
from meters.findings.register_sums import register_sums
from meters.registers.standard_profiles import business, household
from meters.usage import usage
from utility_crm.kit.errors import Invalid, NotFound
from utility_crm.network.temperatures import daily_temperatures

AROUND = timedelta(days=42)
"""How far either side like days are looked for: six of each weekday."""
AROUND_HOLIDAYS = timedelta(days=400)
NEIGHBOURS = 5
"""From so many meters on their mean day is the usual one of an area's segment."""

_PLACE = """
with recursive up (id, parent_id, start) as (
    select n.id, n.parent_id, n.id from network_nodes n
    union all
    select n.id, n.parent_id, up.start from network_nodes n join up on n.id = up.parent_id
)
select c.id, s.code, c.name, c.unit, c.direction, c.offset_minutes, s.fuel,
       coalesce(p.timezone, ''), coalesce(p.country, ''),
       (select up.id from up where up.start = p.node_id and up.parent_id is null) as area_id,
       coalesce((select u.segment from occupancies o join accounts a on a.id = o.account_id
                 join customers u on u.id = a.customer_id
                 where o.premise_id = s.premise_id order by o.starts_on desc limit 1), '') as segment,
       coalesce((select cardinality(b.micro) from blocks b where b.channel_id = c.id
                 order by b.day desc limit 1), 48) as size
from channels c
join service_points s on s.id = c.service_point_id
left join premises p on p.id = s.premise_id
where c.id = :channel_id
"""

# Channels of the same unit, direction and segment, in the same area if any: their mean day.
_USUAL = """
with recursive below (id) as (
    select id from network_nodes where id = :area_id
    union all
    select n.id from network_nodes n join below on n.parent_id = below.id
), alike as (
    select p.shape, p.median_day
    from channel_profiles p
    join channels c on c.id = p.channel_id
    join service_points s on s.id = c.service_point_id
    join premises r on r.id = s.premise_id
    where c.unit = :unit and c.direction = :direction and c.id <> :channel_id
      and p.days >= 14 and cardinality(p.shape) = :size and r.node_id in (select id from below)
      and exists (select from occupancies o join accounts a on a.id = o.account_id
                  join customers u on u.id = a.customer_id
                  where o.premise_id = r.id and u.segment = :segment)
    limit 500
)
select avg(v.value)::float8, count(*), (select avg(median_day)::float8 from alike)
from alike cross join lateral unnest(alike.shape) with ordinality as v(value, place)
group by v.place order by v.place
"""


@dataclass(frozen=True, slots=True)
class ChannelPlace:
    """A channel, where it stands and whose it is, as far as anybody knows. size: intervals of its days."""

    id: int
    code: str
    name: str
    unit: str
    direction: str
    offset_minutes: int
    fuel: str
    zone_name: str
    country: str
    area_id: int | None
    segment: str
    size: int

    @property
    def zone(self) -> tzinfo:
        """The clock its customer lives by; its own standard time where it stands nowhere."""
        if self.zone_name:
            return ZoneInfo(self.zone_name)
        return timezone(timedelta(minutes=self.offset_minutes))

    def is_holiday(self, first: date, last: date) -> Callable[[date], bool]:
        """Whether a day between those is a public holiday where it stands."""
        off = _holidays(self.country, first.year, last.year)
        return lambda day: day in off


@lru_cache(maxsize=64)
def _holidays(country: str, first: int, last: int) -> frozenset[date]:
    if country not in list_supported_countries():
        return frozenset()
    return frozenset(country_holidays(country, years=range(first, last + 1)))


@dataclass(frozen=True, slots=True, eq=False)
class Series:
    """Whole days of a channel's standard time: micro int64 (t,), zero where not known; known, measured: bool
    (t,)."""

    starts_at: datetime
    interval_minutes: int
    micro: IntArray
    known: BoolArray
    measured: BoolArray

    def places(self, starts_at: datetime, ends_before: datetime) -> slice:
        """The intervals that begin in a span."""
        step = timedelta(minutes=self.interval_minutes)
        first, end = (-((self.starts_at - at) // step) for at in (starts_at, ends_before))
        return slice(max(0, first), max(0, min(end, self.micro.size)))

    def first_day(self, offset_minutes: int) -> date:
        """The day of standard time with which it begins."""
        return (self.starts_at + timedelta(minutes=offset_minutes)).date()


def channel_place(session: Session, channel_id: int) -> ChannelPlace:
    """Raises NotFound."""
    row = session.execute(text(_PLACE), {"channel_id": channel_id}).one_or_none()
    if row is None:
        raise NotFound("no_such_channel", "There is no channel of this number.", str(channel_id))
    return ChannelPlace(*row)


def series_around(session: Session, place: ChannelPlace, first: datetime, last: datetime) -> Series:
    """A channel's readings of [first, last) and of the days around; a year and more where a day of those is
    a holiday, whose like is as rare.

    Raises Invalid where its interval changes in between.
    """
    begun, ended = (at.astimezone(place.zone).date() for at in (first, last - timedelta(microseconds=1)))
    off = place.is_holiday(begun, ended)
    holiday = any(off(begun + timedelta(days=one)) for one in range((ended - begun).days + 1))
    around = AROUND_HOLIDAYS if holiday else AROUND
    begins = _midnight(first - around, place.offset_minutes)
    ends = _midnight(last + around, place.offset_minutes) + timedelta(days=1)
    tables = usage(session, [place.id], begins, ends)
    interval = 1440 // place.size
    count = (ends - begins) // timedelta(minutes=interval)
    if not tables:
        nothing = np.zeros(count, dtype=np.bool_)
        return Series(begins, interval, np.zeros(count, dtype=np.int64), nothing, nothing)
    (table,) = tables
    if table.interval_minutes != interval or table.micro.shape[1] != count:
        words = (
            "The channel's interval changes within these days; estimate the days of one interval at a time."
        )
        raise Invalid("interval_changes", words, place.code)
    known = ~table.missing[0]
    return Series(begins, interval, table.micro[0], known, known & ~table.estimated[0])


def known_around(
    session: Session,
    place: ChannelPlace,
    series: Series,
    wanted: BoolArray,
    annual_micro: int | None = None,
    usual: bool = False,
) -> Known:
    """All that helps to estimate; the `usual` run of use only where it is asked for."""
    count = series.micro.size
    step = timedelta(minutes=series.interval_minutes)
    last = series.starts_at + count * step
    off = place.is_holiday(series.starts_at.date(), last.date())
    days = local_days(series.starts_at, series.interval_minutes, count, place.zone, off)
    temperature = None
    if place.area_id is not None:
        told = daily_temperatures(session, place.area_id, series.starts_at.date(), last.date())
        temperature = {day.toordinal(): degrees for day, degrees in told.items()}
    shape, daily = _usual(session, place, series, days, last) if usual else (None, None)
    expected = annual_micro / 365.25 if annual_micro is not None else daily
    span_days = count / place.size
    asked = np.flatnonzero(wanted)
    bounds = []
    if asked.size:
        begin, end = series.starts_at + int(asked[0]) * step, series.starts_at + (int(asked[-1]) + 1) * step
        for counted in register_sums(session, [place.id], begin, end):
            inside = series.places(counted.starts_at, counted.ends_before)
            whole = counted.starts_at >= series.starts_at and counted.ends_before <= last
            if whole and _on_grid(series, counted.starts_at, counted.ends_before):
                bounds.append((inside.start, inside.stop, counted.micro))
    return Known(
        series.micro,
        series.known,
        series.measured,
        days,
        temperature,
        shape,
        None if expected is None else round(expected * span_days),
        bounds,
    )


def _on_grid(series: Series, *instants: datetime) -> bool:
    """A read within an interval cannot be compared with its intervals."""
    step = timedelta(minutes=series.interval_minutes)
    return all((at - series.starts_at) % step == timedelta(0) for at in instants)


def _usual(
    session: Session, place: ChannelPlace, series: Series, days: LocalDays, last: datetime
) -> tuple[npt.NDArray[np.float64], float | None]:
    """How use usually runs over the series, and what a day of it is in millionths, if that is known: the mean
    day of its neighbours of the same segment; else the standard load of electricity; else even use."""
    values = {
        "area_id": place.area_id,
        "unit": place.unit,
        "direction": place.direction,
        "channel_id": place.id,
        "size": place.size,
        "segment": place.segment,
    }
    rows = session.execute(text(_USUAL), values).all() if place.area_id is not None else []
    if rows and rows[0][1] >= NEIGHBOURS:
        mean = np.array([row[0] for row in rows], dtype=np.float64)
        return np.tile(np.maximum(mean, 0), series.micro.size // place.size), float(rows[0][2])
    if (place.fuel, place.unit, place.direction) == ("electricity", "kWh", "import"):
        return _standard(place, series, days, last), None
    return np.ones(series.micro.size), None


def _standard(
    place: ChannelPlace, series: Series, days: LocalDays, last: datetime
) -> npt.NDArray[np.float64]:
    """BDEW's standard load of 2025 (see `meters.registers.standard_profiles`) on the series' intervals."""
    load = household() if place.segment in ("", "household") else business()
    zone = ZoneInfo(place.zone_name or "UTC")
    off = place.is_holiday(series.starts_at.date(), last.date())
    found = load.profile(series.starts_at, last, zone, off)
    minutes = series.interval_minutes * np.arange(days.day.size)
    begin = (series.starts_at - found.starts_at) // timedelta(minutes=1)
    halves = (begin + minutes) // found.interval_minutes
    each = np.maximum(1, series.interval_minutes // found.interval_minutes)
    sums = np.concatenate([[0], np.cumsum(found.weights, dtype=np.int64)])
    stops = np.minimum(halves + each, found.weights.size)
    weights: npt.NDArray[np.float64] = (sums[stops] - sums[halves]).astype(np.float64)
    return weights


def _midnight(instant: datetime, offset_minutes: int) -> datetime:
    """The standard-time midnight at or before an instant, in UTC."""
    day = (instant.astimezone(UTC) + timedelta(minutes=offset_minutes)).date()
    return datetime(day.year, day.month, day.day, tzinfo=UTC) - timedelta(minutes=offset_minutes)
