"""What the next bill of an account is made of: supplies of its days, what was read of them and of the year
before, and the weather. A constant number of statements, whatever the number of service points of one
area."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import lru_cache
from hashlib import blake2b

import numpy as np
from sqlalchemy import text
from sqlalchemy.orm import Session

from billing.domain.explanation.weather.daylight import day_lengths
from billing.domain.explanation.weather.parting import LEAST_DAYS, MOST_DAYS, LeftOut, WeatherFit, fit_weather
from billing.domain.explanation.weather.record import DailyRecord, Floats, daily_kwh, free_days
from billing.domain.forecast.channel import FAR, NEAR, Weather
from billing.domain.forecast.normals import normals_of
from billing.domain.reckoning.axis import day_starts_at
from billing.domain.reckoning.days import HolidayCalendar, Period
from billing.domain.reckoning.usage import Usage
from billing.domain.tariffs.tariff import Tariff
from billing.explaining.latitudes import latitude_of
from billing.queries.prices import with_known_prices
from billing.queries.supplies import Supply, supplies
from billing.queries.tariffs import tariffs_by_id
from meters.usage import usage

NORMALS_DAYS = 1096
"""Of which temperatures are taken for usual: three years, as far as they are known."""

_PLACES = text(
    """
    select h.id, coalesce(n2.id, n1.id, n0.id), (
        select min(g.starts_on) from agreements g
        where g.service_point_id = h.service_point_id and g.account_id = :account)
    from channels h
    join service_points s on s.id = h.service_point_id
    left join premises p on p.id = s.premise_id
    left join network_nodes n0 on n0.id = p.node_id
    left join network_nodes n1 on n1.id = n0.parent_id
    left join network_nodes n2 on n2.id = n1.parent_id
    where h.id = any(:channels)
    """
)

_ANYTHING = text(
    """
    select exists (select from channels h where h.service_point_id = s.id)
        or exists (select from registers r where r.service_point_id = s.id)
    from service_points s where s.code = :code
    """
)

_DEGREES = text(
    """
    select array_agg(day - cast(:first as date)), array_agg(celsius) from (
        select day, (select cast(avg(milli) as double precision) / 1000 from unnest(millicelsius) as milli)
               as celsius
        from temperature_days where area_id = :area and day between :first and :last
    ) as of_days where celsius is not null
    """
)


@dataclass(frozen=True, slots=True)
class Ready:
    """A supply with its tariff, priced, and its clock."""

    supply: Supply
    tariff: Tariff
    zone: str

    @property
    def period(self) -> Period:
        return Period(self.supply.starts_on, self.supply.ends_before)


@dataclass(frozen=True, eq=False)
class Read:
    """By channel: all that is known of it since the account is supplied there, up to 400 days back; the days'
    temperatures of its area, where any are known."""

    usage: Mapping[int, Usage]
    celsius: Mapping[int, tuple[Period, Floats]] = field(default_factory=dict)


def ready_supplies(session: Session, account_id: int, period: Period) -> tuple[Ready, ...]:
    """What is supplied, or booked to be, in these days, by service point and time; two statements, and one
    more where prices come from a series."""
    found = supplies(session, [account_id], period.starts_on, period.ends_before)
    tariffs = tariffs_by_id(session, {one.tariff_id for one in found})
    zone = next((one.timezone for one in found if one.timezone), "UTC")
    priced = with_known_prices(
        session, tariffs, day_starts_at(period.starts_on, zone), day_starts_at(period.ends_before, zone)
    )
    return tuple(
        Ready(one, priced[one.tariff_id], priced[one.tariff_id].zone(one.timezone or "UTC")) for one in found
    )


def reads_anything(session: Session, service_point: str) -> bool:
    """Whether anything was ever read there: both channels and registers come with their first reading."""
    return bool(session.scalar(_ANYTHING, {"code": service_point}))


def read_channels(session: Session, account_id: int, found: Sequence[Ready], period: Period) -> Read:
    """Readings, places and temperatures: two statements, and one for each area."""
    channels = [one.supply.channel_ids[0] for one in found]
    channels += [one.supply.export_channel_ids[0] for one in found if _reads_export(one)]
    channels = list(dict.fromkeys(channels))
    places = session.execute(_PLACES, {"account": account_id, "channels": channels}).all()
    since = {channel: starts_on for channel, _, starts_on in places}
    zone = found[0].zone
    starts_at = day_starts_at(period.starts_on, zone) - FAR
    rows = {
        channel: _since(
            Usage(
                table.starts_at,
                table.interval_minutes,
                table.micro[row],
                table.missing[row],
                table.estimated[row],
            ),
            since.get(channel),
            zone,
        )
        for table in usage(session, channels, starts_at, day_starts_at(period.ends_before, zone) + NEAR)
        for row, channel in enumerate(table.channel_ids)
    }
    span = Period(period.starts_on - timedelta(days=NORMALS_DAYS), period.ends_before)
    long_enough = {
        area
        for channel, area, starts_on in places
        if area is not None
        and channel in rows
        and (starts_on is None or (period.starts_on - starts_on).days >= LEAST_DAYS)
    }
    known = {area: _degrees(session, area, span) for area in sorted(long_enough)}
    celsius = {
        channel: (span, degrees)
        for channel, area, _ in places
        if channel in rows and (degrees := known.get(area)) is not None
    }
    return Read(rows, celsius)


def _reads_export(one: Ready) -> bool:
    return one.tariff.reads_export and bool(one.supply.export_channel_ids)


def _since(found: Usage, starts_on: date | None, zone: str) -> Usage:
    """Without what was used before the account was supplied there: that was another household."""
    if starts_on is None or found.starts_at >= day_starts_at(starts_on, zone):
        return found
    step = timedelta(minutes=found.interval_minutes)
    begin = min(found.micro_kwh.size - 1, -((found.starts_at - day_starts_at(starts_on, zone)) // step))
    kept = slice(begin, None)
    return Usage(
        found.starts_at + begin * step,
        found.interval_minutes,
        found.micro_kwh[kept],
        found.missing[kept],
        found.estimated[kept],
    )


def _degrees(session: Session, area_id: int, span: Period) -> Floats | None:
    """The mean of each day of UTC, NaN where unknown; None where none is known. One statement, one row."""
    last = span.ends_before - timedelta(days=1)
    row = session.execute(_DEGREES, {"area": area_id, "first": span.starts_on, "last": last}).one()
    if row[0] is None:
        return None
    degrees = np.full(span.days, np.nan)
    degrees[np.array(row[0])] = row[1]
    return degrees


@dataclass(frozen=True, slots=True)
class FittedWeather:
    """A fit that holds, and what it lays to each day of a period. usual_days: of the temperatures taken for
    usual."""

    fit: WeatherFit
    days: Weather
    usual_days: int


def weather_of(
    readings: Usage,
    celsius: tuple[Period, Floats] | None,
    period: Period,
    zone: str,
    holidays: HolidayCalendar | None,
    timezone: str,
) -> FittedWeather | None:
    """The fit of the year before a bill's days, where it is strong enough and it is known what is usual."""
    if celsius is None:
        return None
    span, degrees = celsius
    past = Period(period.starts_on - timedelta(days=MOST_DAYS), period.starts_on)
    offset = (past.starts_on - span.starts_on).days
    kwh = daily_kwh(readings, past, zone)
    of_past = degrees[offset : offset + past.days]
    if int((~np.isnan(kwh) & ~np.isnan(of_past)).sum()) < LEAST_DAYS:
        return None
    normals = normals_of(span, degrees)
    if normals is None:
        return None
    fit = _fit(_Known.of(past, kwh, of_past, latitude_of(timezone), holidays))
    if isinstance(fit, LeftOut):
        return None
    heating, cooling = fit.kwh(degrees)
    return FittedWeather(fit, (span, heating + cooling, normals.kwh(fit, span)), normals.days)


@dataclass(frozen=True, eq=False)
class _Known:
    """What a fit is made of, known again by its content."""

    digest: bytes
    record: DailyRecord

    @classmethod
    def of(
        cls, past: Period, kwh: Floats, celsius: Floats, latitude: float, holidays: HolidayCalendar | None
    ) -> _Known:
        record = DailyRecord(past, kwh, celsius, _day_lengths(past, latitude), _free_days(past, holidays))
        arrays = (kwh, celsius, record.daylight, record.free)
        return cls(blake2b(b"".join(one.tobytes() for one in arrays)).digest(), record)

    def __hash__(self) -> int:
        return hash((self.digest, self.record.period))

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, _Known)
            and self.digest == other.digest
            and self.record.period == other.record.period
        )


_day_lengths = lru_cache(maxsize=64)(day_lengths)
_free_days = lru_cache(maxsize=64)(free_days)


@lru_cache(maxsize=512)
def _fit(known: _Known) -> WeatherFit | LeftOut:
    """The same readings have the same fit: a page that is looked at again need not make it again."""
    return fit_weather(known.record)
