"""Temperatures of network areas: kept as days of UTC, asked for on a grid."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import numpy as np
import numpy.typing as npt
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from utility_crm.kit.errors import Invalid, NotFound
from utility_crm.network.tables import NetworkNode, TemperatureDay

_KNOWN = text("""
    select area_id, day, millicelsius from temperature_days
    where area_id = any(cast(:areas as bigint[])) and day = any(cast(:days as date[]))
""")

_PUT = text("""
    insert into temperature_days (area_id, day, millicelsius)
    select :area_id, day, cast(millicelsius as int[])
    from unnest(cast(:days as date[]), cast(:values as text[])) as new (day, millicelsius)
    on conflict (area_id, day) do update set millicelsius = excluded.millicelsius
    where temperature_days.millicelsius is distinct from excluded.millicelsius
    returning day
""")


@dataclass(frozen=True, slots=True)
class StoredTemperatures:
    """How many of an area's days came new or changed, and how many were known already."""

    area: str
    written: int
    unchanged: int


def store_temperatures(
    session: Session, area: str, days: Sequence[date], millicelsius: Sequence[Sequence[int | None]]
) -> StoredTemperatures:
    """Lay values over what is known of an area's days; a hole (None) takes nothing away.

    Days known at another interval are replaced whole. Raises NotFound for an unknown area, Invalid for a node
    that is none.
    """
    area_id = area_of(session, area)
    parameters = {"areas": [area_id], "days": list(days)}
    held = {day: values for _area, day, values in session.execute(_KNOWN, parameters)}
    merged = []
    for day, values in zip(days, millicelsius, strict=True):
        known = held.get(day)
        if known is not None and len(known) == len(values):
            values = [old if new is None else new for old, new in zip(known, values, strict=True)]
        merged.append(_array(values))
    put = {"area_id": area_id, "days": list(days), "values": merged}
    written = len(session.execute(_PUT, put).all()) if merged else 0
    return StoredTemperatures(area, written, len(merged) - written)


def _array(values: Sequence[int | None]) -> str:
    return "{" + ",".join("NULL" if value is None else str(value) for value in values) + "}"


def area_of(session: Session, code: str) -> int:
    """The id of an area by its code. Raises NotFound, or Invalid for another kind of node."""
    found = session.execute(
        select(NetworkNode.id, NetworkNode.kind).where(NetworkNode.code == code)
    ).one_or_none()
    if found is None:
        raise NotFound("no_such_area", f"the network has no area {code!r}", code)
    if found.kind != "area":
        raise Invalid("not_an_area", f"{code!r} is a {found.kind}; temperatures belong to an area", code)
    return int(found.id)


def temperatures(
    session: Session, area_id: int, starts_at: datetime, ends_before: datetime, interval_minutes: int
) -> npt.NDArray[np.float64]:
    """Degrees Celsius of each interval of [starts_at, ends_before), NaN where unknown.

    The mean of the values that lie in the interval, or the value it lies in. interval_minutes divides a day,
    and starts_at lies on its grid. One query.
    """
    count = int((ends_before - starts_at) / timedelta(minutes=interval_minutes))
    found = np.full(count, np.nan)
    first = int(starts_at.timestamp()) // 60
    rows = session.execute(
        select(TemperatureDay.day, TemperatureDay.millicelsius)
        .where(TemperatureDay.area_id == area_id)
        .where(TemperatureDay.day >= (starts_at - timedelta(days=1)).date())
        .where(TemperatureDay.day <= (ends_before + timedelta(days=1)).date())
    )
    by_size: dict[int, tuple[list[int], list[Sequence[int | None]]]] = {}
    for day, values in rows:
        begins, told = by_size.setdefault(len(values), ([], []))
        begins.append(((day - date(1970, 1, 1)).days * 1440 - first) // interval_minutes)
        told.append(values)
    for begins, told in by_size.values():
        # None becomes NaN.
        of_days = _on_grid(np.array(told, dtype=np.float64) / 1000, 1440 // interval_minutes)
        for begin, of_day in zip(begins, of_days, strict=True):
            low, high = max(begin, 0), min(begin + of_day.size, count)
            if low < high:
                found[low:high] = of_day[low - begin : high - begin]
    return found


def _on_grid(degrees: npt.NDArray[np.float64], size: int) -> npt.NDArray[np.float64]:
    """Days (rows) of any number of values as days of `size`: each the mean of what lies in it, or the value
    that it lies in."""
    days, given = degrees.shape
    each = np.repeat(degrees, np.lcm(given, size) // given, axis=1).reshape(days, size, -1)
    if each.shape[2] == 1:
        return each[:, :, 0]
    known = ~np.isnan(each)
    counts = known.sum(axis=2)
    return np.where(counts > 0, np.where(known, each, 0).sum(axis=2) / np.maximum(counts, 1), np.nan)


_DAILY = text("""
    select day, avg(milli) / 1000.0
    from temperature_days cross join lateral unnest(millicelsius) as milli
    where area_id = :area_id and day between :first and :last group by day having count(milli) > 0
    order by day
""")


def daily_temperatures(session: Session, area_id: int, first: date, last: date) -> dict[date, float]:
    """Mean degrees Celsius of each day of UTC that is known, first and last among them."""
    rows = session.execute(_DAILY, {"area_id": area_id, "first": first, "last": last})
    return {day: float(mean) for day, mean in rows}
