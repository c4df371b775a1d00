"""Who uses more than their own past foretells while the month still runs: a slice of the base at a time, in
the same number of statements however many are in it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
from sqlalchemy import text
from sqlalchemy.orm import Session

from billing.cycles import month_of_cycle
from billing.domain.errors import NotRateable
from billing.domain.explanation.weather.parting import LEAST_DAYS as WEATHER_LEAST_DAYS
from billing.domain.explanation.weather.record import Floats
from billing.domain.forecast.channel import FAR, Weather
from billing.domain.forecast.month_so_far import LEAST_DAYS, LEAST_LEFT, MonthSoFar, month_so_far
from billing.domain.money import Int64Array
from billing.domain.rating.rate import rate
from billing.domain.reckoning.axis import day_starts_at
from billing.domain.reckoning.days import Period
from billing.domain.reckoning.usage import Usage, UsageMatrix
from billing.domain.tariffs.tariff import Tariff
from billing.forecasting.reading import NORMALS_DAYS, weather_of
from billing.queries.prices import with_known_prices
from billing.queries.tariffs import tariffs_by_id
from meters.usage import usage
from notifications.types.unusual_use import MonthSoFar as Told

QUIET_DAYS = 28
"""Nobody hears of it twice in so many days, wherever their month begins."""
LEAST_SHARE_PERCENT = 20
"""Of the usual bill: a smaller rise is not worth a letter."""
WORTH_MINOR: Mapping[str, int] = {"GBP": 1_000, "EUR": 1_000, "USD": 1_000, "AUD": 1_500, "RUB": 50_000}
"""Nor is one of less money than this; a currency that is not here has the share alone."""

# One supply of one account all through its month, on one import channel of kWh; accounts with more, and
# months that are billed already, are not watched. Nor are readings that nobody would bill: those of which an
# open finding says so (a spike, more than the connection can carry) wait for a person first.
_WATCHED = text("""
    select a.id, a.number, a.customer_id, a.currency, g.tariff_id, h.id, g.starts_on, m.starts_on,
           m.ends_before, coalesce(p.timezone, ''), coalesce(nullif(p.address, ''), s.code),
           coalesce(n2.id, n1.id, n0.id)
    from accounts a
    join unnest(cast(:days as smallint[]), cast(:starts as date[]), cast(:ends as date[]))
         as m(cycle_day, starts_on, ends_before) on m.cycle_day = a.cycle_day
    join agreements g on g.account_id = a.id and g.starts_on <= m.starts_on
                     and (g.ends_before is null or g.ends_before >= m.ends_before)
    join service_points s on s.id = g.service_point_id
    join premises p on p.id = s.premise_id
    left join network_nodes n0 on n0.id = p.node_id
    left join network_nodes n1 on n1.id = n0.parent_id
    left join network_nodes n2 on n2.id = n1.parent_id
    join lateral (select min(id) as id from channels
                  where service_point_id = s.id and direction = 'import' and unit = 'kWh'
                  having count(*) = 1) h on true
    join channel_spans k on k.channel_id = h.id
                        and k.last_day >= m.starts_on + cast(:least as int) - 1
    where a.id > :after
      and not exists (select from agreements o
                      where o.account_id = a.id and o.id <> g.id and o.starts_on < m.ends_before
                        and (o.ends_before is null or o.ends_before > m.starts_on))
      and not exists (select from channels x where x.service_point_id = s.id and x.direction = 'export')
      and not exists (select from findings f where f.channel_id = h.id and f.state = 'open'
                      and f.severity = 'bad' and f.last_day >= m.starts_on and f.first_day < m.ends_before)
      and not exists (select from bills b where b.account_id = a.id and b.status = 'issued'
                      and b.ends_before > m.starts_on)
      and not exists (select from outbox x where x.about = 'use:' || a.number and x.notice = 'unusual_use'
                      and (x.key = 'unusual_use:' || a.number || ':' || to_char(m.starts_on, 'YYYY-MM-DD')
                           or cast(x.context ->> 'starts_on' as date)
                              > m.starts_on - cast(:quiet as int)))
    order by a.id limit :limit
""")
_DEGREES = text("""
    select area_id, array_agg(day - cast(:first as date)), array_agg(celsius) from (
        select area_id, day, (select cast(avg(milli) as double precision) / 1000
                              from unnest(millicelsius) as milli) as celsius
        from temperature_days where area_id = any(:areas) and day between :first and :last
    ) as of_days where celsius is not null group by area_id
""")


@dataclass(frozen=True, slots=True)
class Watched:
    """An account and the one supply of its running month."""

    account_id: int
    account: str
    customer_id: int
    currency: str
    tariff_id: int
    channel_id: int
    supplied_since: date
    starts_on: date
    ends_before: date
    timezone: str
    place: str
    area_id: int | None

    @property
    def month(self) -> Period:
        return Period(self.starts_on, self.ends_before)


@dataclass(frozen=True, slots=True)
class Unusual:
    """Who is to be told, and what."""

    of: Watched
    month: Told


def watched(session: Session, today: date, *, after: int = 0, limit: int = 200) -> list[Watched]:
    """The next accounts after an id whose month has run long enough, and not too long; one statement."""
    cycles = [(day, *month_of_cycle(today, day).cycle(day)) for day in range(1, 29)]
    running = [
        one for one in cycles if (today - one[1]).days >= LEAST_DAYS and (one[2] - today).days >= LEAST_LEFT
    ]
    values = {
        "days": [day for day, _, _ in running],
        "starts": [starts_on for _, starts_on, _ in running],
        "ends": [ends_before for _, _, ends_before in running],
        "least": LEAST_DAYS,
        "quiet": QUIET_DAYS,
        "after": after,
        "limit": limit,
    }
    return [Watched(*row) for row in session.execute(_WATCHED, values)]


def unusual_among(session: Session, some: Sequence[Watched]) -> list[Unusual]:
    """Those of them who used more than was to be expected, and for whom that is worth money."""
    if not some:
        return []
    first, last = min(one.starts_on for one in some), max(one.ends_before for one in some)
    tariffs = tariffs_by_id(session, {one.tariff_id for one in some})
    zones = {one.channel_id: _zone(one, tariffs[one.tariff_id]) for one in some}
    starts_at = day_starts_at(first, "UTC") - FAR
    ends_at = day_starts_at(last, "UTC") + timedelta(days=1)
    priced = with_known_prices(session, tariffs, day_starts_at(first, "UTC"), ends_at)
    of_channel = {one.channel_id: one for one in some}
    span = Period(first - timedelta(days=NORMALS_DAYS), last)
    degrees = _degrees(session, {one.area_id for one in some if one.area_id is not None}, span)
    found = []
    for table in usage(session, sorted(of_channel), starts_at, ends_at):
        for row, channel in enumerate(table.channel_ids):
            one, zone = of_channel[channel], zones[channel]
            tariff = priced[one.tariff_id]
            if not zone or tariff.reads_export or tariff.looks_back or tariff.currency != one.currency:
                continue
            read = Usage(
                table.starts_at,
                table.interval_minutes,
                table.micro[row],
                table.missing[row],
                table.estimated[row],
            ).between(day_starts_at(one.supplied_since, zone), ends_at)
            far = None if one.area_id is None else degrees.get(one.area_id)
            month = _month(one, read, zone, tariff, (span, far) if far is not None else None)
            if month is not None and (told := _told(one, month, tariff, zone)) is not None:
                found.append(Unusual(one, told))
    return found


def _zone(one: Watched, tariff: Tariff) -> str:
    return tariff.timezone or one.timezone


def _month(
    one: Watched, read: Usage, zone: str, tariff: Tariff, celsius: tuple[Period, Floats] | None
) -> MonthSoFar | None:
    """With the weather of the days, where the year before says what it does to this household."""

    def weather() -> Weather | None:
        if (one.starts_on - one.supplied_since).days < WEATHER_LEAST_DAYS:
            return None
        fitted = weather_of(read, celsius, one.month, zone, tariff.holidays, one.timezone)
        return None if fitted is None else fitted.days

    return month_so_far(read, one.month, zone, tariff.holidays, weather)


def _told(one: Watched, month: MonthSoFar, tariff: Tariff, zone: str) -> Told | None:
    """Priced; None where it is not worth a letter, or cannot be priced."""
    try:
        likely = _minor(month, month.likely, tariff, month.period, zone)
        usual = _minor(month, month.usual, tariff, month.period, zone)
        so_far = _minor(month, month.likely, tariff, month.read, zone)
    except (NotRateable, OverflowError):
        return None
    more = likely - usual
    if more < WORTH_MINOR.get(one.currency, 1) or more * 100 < usual * LEAST_SHARE_PERCENT:
        return None
    return Told(
        starts_on=month.period.starts_on,
        read_on=month.read.ends_before - timedelta(days=1),
        last_on=month.period.ends_before - timedelta(days=1),
        percent_more=month.percent_more,
        so_far_minor=so_far,
        likely_minor=likely,
        usual_minor=usual,
        currency=one.currency,
        weather=month.weather,
    )


def _minor(month: MonthSoFar, micro_kwh: Int64Array, tariff: Tariff, days: Period, zone: str) -> int:
    axis = month.axis
    matrix = UsageMatrix(axis.starts_at(0), axis.interval_minutes, micro_kwh[None, :])
    return int(rate(matrix, tariff, days, timezone=zone).total_minor[0])


def _degrees(session: Session, areas: set[int], span: Period) -> dict[int, Floats]:
    """The mean of each day of UTC by area, NaN where unknown. One statement."""
    found: dict[int, Floats] = {}
    given = {"areas": sorted(areas), "first": span.starts_on, "last": span.ends_before - timedelta(days=1)}
    for area, days, celsius in session.execute(_DEGREES, given):
        degrees = np.full(span.days, np.nan)
        degrees[np.array(days)] = celsius
        found[area] = degrees
    return found
