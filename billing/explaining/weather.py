"""The weather of two stored bills: temperatures of the premise's area, and the readings of the year before.

Three statements whatever the number of service points of one area, and no readings where no temperature is
known. Nothing is kept: a fit with all its checks takes a few milliseconds.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
from sqlalchemy import text
from sqlalchemy.orm import Session

from billing.domain.explanation.comparison import LEAST_DAYS
from billing.domain.explanation.sides import Side
from billing.domain.explanation.weather.parting import (
    LeftOut,
    Weather,
    record_of,
    weather_of_bills,
    year_of,
)
from billing.domain.explanation.weather.record import DailyRecord, Temperatures
from billing.domain.reckoning.axis import day_starts_at
from billing.domain.reckoning.days import Period
from billing.domain.reckoning.usage import Usage
from billing.explaining.latitudes import latitude_of
from billing.queries.bill_parts import ReadPart
from meters.usage import usage
from utility_crm.network.temperatures import temperatures

TEMPERATURE_MINUTES = 60
"""Enough for the mean of a local day in any zone whose clock differs from UTC by whole hours; elsewhere the
day is off by half of one."""

Found = tuple[Weather | LeftOut, DailyRecord | None]
"""What the weather did, and the days that say so where there are any."""

_PLACES = text("""
    select h.id, coalesce(n2.id, n1.id, n0.id), (
        select min(g.starts_on) from agreements g
        where g.service_point_id = s.id and g.account_id = :account)
    from channels h
    join service_points s on s.id = h.service_point_id
    join premises p on p.id = s.premise_id
    join network_nodes n0 on n0.id = p.node_id
    left join network_nodes n1 on n1.id = n0.parent_id
    left join network_nodes n2 on n2.id = n1.parent_id
    where h.id = any(:channels)
""")


@dataclass(frozen=True, slots=True)
class WeatherKnown:
    """By channel: temperatures over the bills and the year before the later one's end, and its readings of
    that year since the account has been supplied there."""

    temperatures: Mapping[int, Temperatures]
    readings: Mapping[int, Usage]

    def between(
        self, channel_id: int, before: Side, after: Side
    ) -> tuple[Weather | LeftOut, DailyRecord | None]:
        """What the weather did to two bills of one channel, and the days that say so."""
        degrees, readings = self.temperatures.get(channel_id), self.readings.get(channel_id)
        if degrees is None or readings is None:
            return LeftOut("no_temperatures"), None
        record = record_of(
            readings,
            degrees,
            year_of(before.period, after.period),
            timezone=after.zone,
            latitude=latitude_of(after.timezone),
            holidays=after.tariff.holidays,
        )
        return weather_of_bills(record, degrees, before.period, after.period, after.zone), record


NO_WEATHER = WeatherKnown({}, {})


def weather_known(
    session: Session, account_id: int, before: Sequence[ReadPart], after: Sequence[ReadPart]
) -> WeatherKnown:
    """What two bills of an account need of weather and of the year's readings."""
    compared = {item.part.channel_id for item in before} & {item.part.channel_id for item in after}
    parts = [item.part for item in (*before, *after) if item.part.channel_id in compared]
    if not parts or _days(before) < LEAST_DAYS:
        return NO_WEATHER
    places = session.execute(_PLACES, {"account": account_id, "channels": sorted(compared)}).all()
    zone = parts[-1].tariff.zone(parts[-1].timezone)
    spans = [part.period for part in parts]
    year = year_of(min(spans, key=_ends), max(spans, key=_ends))
    ends_before = year.ends_before
    first = min(year.starts_on, *(part.period.starts_on for part in parts))
    areas = sorted({area for _, area, _ in places})
    of_area = {area: _temperatures(session, area, first, ends_before) for area in areas}
    known = {channel: degrees for channel, area, _ in places if (degrees := of_area[area]) is not None}
    tables = usage(
        session, sorted(known), day_starts_at(year.starts_on, zone), day_starts_at(ends_before, zone)
    )
    since = {channel: starts_on for channel, _, starts_on in places}
    readings = {
        channel: _since(
            Usage(
                table.starts_at,
                table.interval_minutes,
                table.micro[row],
                table.missing[row],
                table.estimated[row],
            ),
            since[channel],
            zone,
        )
        for table in tables
        for row, channel in enumerate(table.channel_ids)
    }
    return WeatherKnown(known, readings)


def _ends(period: Period) -> date:
    return period.ends_before


def _days(parts: Sequence[ReadPart]) -> int:
    periods = [item.part.period for item in parts]
    return (max(one.ends_before for one in periods) - min(one.starts_on for one in periods)).days


def _temperatures(session: Session, area_id: int, first: date, ends_before: date) -> Temperatures | None:
    """One statement; None where not one hour is known."""
    # Whole days of UTC about the local ones.
    span = Period(first - timedelta(days=1), ends_before + timedelta(days=1))
    starts_at = day_starts_at(span.starts_on, "UTC")
    found = temperatures(
        session, area_id, starts_at, day_starts_at(span.ends_before, "UTC"), TEMPERATURE_MINUTES
    )
    return None if np.isnan(found).all() else Temperatures(starts_at, TEMPERATURE_MINUTES, found)


def _since(readings: Usage, starts_on: date | None, zone: str) -> Usage:
    """Without what was used before the account was supplied: that was another household."""
    if starts_on is None:
        return readings
    step = timedelta(minutes=readings.interval_minutes)
    begin = max(0, -((readings.starts_at - day_starts_at(starts_on, zone)) // step))
    kept = slice(min(begin, readings.micro_kwh.size - 1), None)
    return Usage(
        readings.starts_at + (kept.start or 0) * step,
        readings.interval_minutes,
        readings.micro_kwh[kept],
        readings.missing[kept],
        readings.estimated[kept],
    )
