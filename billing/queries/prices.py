"""Price series as tariffs are priced by them: as known now, or at an instant."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from math import lcm

import numpy as np
from sqlalchemy import text
from sqlalchemy.orm import Session

from billing.domain.tariffs.price_series import PriceSeries
from billing.domain.tariffs.tariff import Tariff

_FOREVER = datetime(9999, 1, 1, tzinfo=UTC)
_AROUND = timedelta(days=1)

_VERSIONS = text(
    """
    select t.place, s.name, d.day, d.price_micro
    from price_series s
    join (select series_id, day, price_micro, import_id, null as replaced_by from price_days
          union all
          select series_id, day, price_micro, import_id, replaced_by from price_day_history) d
         on d.series_id = s.id and d.day between :first and :last
    join price_imports i on i.id = d.import_id
    left join price_imports r on r.id = d.replaced_by
    join unnest(cast(:instants as timestamptz[])) with ordinality as t(instant, place)
         on i.received_at <= t.instant and (r.id is null or r.received_at > t.instant)
    where s.name = any(:names)
    order by t.place, s.name, d.day
    """
)

_ALL = text(
    """
    select s.name, count(d.day), min(d.day), max(d.day),
           (select max(i.received_at) from price_imports i where i.series_id = s.id)
    from price_series s left join price_days d on d.series_id = s.id
    group by s.id, s.name order by s.name
    """
)

Prices = tuple[PriceSeries, ...]


@dataclass(frozen=True, slots=True)
class SeriesRow:
    """A series as people list it: its days (UTC) with prices."""

    name: str
    days: int
    first: date | None
    last: date | None
    received_at: datetime | None


def all_series(session: Session) -> list[SeriesRow]:
    """Every series, by name."""
    return [SeriesRow(*row) for row in session.execute(_ALL)]


def prices_at_instants(
    session: Session,
    names: Collection[str],
    starts_at: datetime,
    ends_before: datetime,
    instants: Sequence[datetime | None],
) -> list[Prices]:
    """The series of these names from before `starts_at` until after `ends_before`, as known at each instant
    (None: now); one statement, none where nothing is named."""
    if not names:
        return [() for _ in instants]
    values = {
        "names": sorted(names),
        "first": (starts_at - _AROUND).astimezone(UTC).date(),
        "last": (ends_before + _AROUND).astimezone(UTC).date(),
        "instants": [instant or _FOREVER for instant in instants],
    }
    days: dict[tuple[int, str], list[tuple[date, list[int | None]]]] = {}
    for place, name, day, price_micro in session.execute(_VERSIONS, values):
        days.setdefault((place, name), []).append((day, price_micro))
    return [
        tuple(series_of(name, found) for (at, name), found in days.items() if at == place)
        for place in range(1, len(instants) + 1)
    ]


def with_known_prices(
    session: Session,
    tariffs: Mapping[int, Tariff],
    starts_at: datetime,
    ends_before: datetime,
    known_at: datetime | None = None,
) -> dict[int, Tariff]:
    """The same tariffs, those that name price series with these as known at `known_at`."""
    (found,) = prices_at_instants(session, named_by(tariffs.values()), starts_at, ends_before, [known_at])
    return {key: tariff.with_prices(found) for key, tariff in tariffs.items()}


def named_by(tariffs: Iterable[Tariff]) -> set[str]:
    """The price series that any of these names."""
    return {name for tariff in tariffs for name in tariff.series_named}


def series_of(name: str, days: Sequence[tuple[date, Sequence[int | None]]]) -> PriceSeries:
    """Days in their order as one series, at the shortest interval that every day's divides into."""
    slots = lcm(*(len(prices) for _, prices in days))
    first, last = days[0][0], days[-1][0]
    size = ((last - first).days + 1) * slots
    values, missing = np.zeros(size, dtype=np.int64), np.ones(size, dtype=bool)
    for day, prices in days:
        begin = (day - first).days * slots
        absent = np.array([price is None for price in prices])
        known = np.array([price or 0 for price in prices], dtype=np.int64)
        values[begin : begin + slots] = np.repeat(known, slots // len(prices))
        missing[begin : begin + slots] = np.repeat(absent, slots // len(prices))
    starts_at = datetime.combine(first, time(), UTC)
    return PriceSeries.of(name, starts_at, 1440 // slots, values, missing)
