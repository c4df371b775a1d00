"""A channel's day as columns: where they stand, in percent of the width and pixels of the height."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from urllib.parse import quote
from zoneinfo import ZoneInfo

from meters.service_points.day import ChannelDay, Interval, PointDay
from utility_crm.web.charts import axis

HEIGHT, FLOOR, ROOF, LEFT = 132, 112, 14, 7.2


@dataclass(frozen=True, slots=True)
class IntervalBar:
    """One interval: a column from `y`, `height` high; where it is missing, the whole height. `lineage`: the
    address that tells where it comes from, empty where nothing is known of its day."""

    interval: Interval
    lineage: str
    x: float
    width: float
    y: float
    height: float


@dataclass(frozen=True, slots=True)
class DayChart:
    """`lines` are (y, value in millionths), `hours` (x, what the clock says) every sixth hour."""

    height: int
    floor: float
    roof: int
    bars: tuple[IntervalBar, ...]
    lines: tuple[tuple[float, int], ...]
    hours: tuple[tuple[float, str], ...]


def day_chart(point: PointDay, one: ChannelDay) -> DayChart:
    """The axis begins at zero, or below where a reading is."""
    values = [each.micro for each in one.intervals if each.micro is not None]
    low, high = min([0, *values]), max([1, *values])
    scale = (FLOOR - ROOF) / (high - low)
    zero = FLOOR + low * scale
    span = point.ends_before - point.starts_at

    def place(at: datetime) -> float:
        return round(LEFT + (100 - LEFT) * ((at - point.starts_at) / span), 3)

    bars = []
    for each in one.intervals:
        x, end = place(each.starts_at), place(min(each.ends_before, point.ends_before))
        top, tall = (ROOF, FLOOR - ROOF) if each.micro is None else _column(each.micro, zero, scale)
        bars.append(
            IntervalBar(
                each,
                lineage_path(point.code, one, each),
                x,
                round((end - x) * 0.86, 3),
                round(top, 1),
                round(tall, 1),
            )
        )
    first, step, count = axis(0, high, intervals=5)
    lines = [
        (round(zero - value * scale, 1), value) for value in range(first, first + step * count + 1, step)
    ]
    zone = ZoneInfo(point.zone)
    walls = [datetime.combine(point.day, time(hour), zone) for hour in (0, 6, 12, 18)]
    hours = [(place(max(at.astimezone(UTC), point.starts_at)), f"{at:%H:%M}") for at in walls]
    shown = tuple(line for line in lines if line[1] and line[0] >= ROOF - 8)
    return DayChart(HEIGHT, round(zero, 1), ROOF, tuple(bars), shown, tuple(hours))


def lineage_path(code: str, one: ChannelDay, each: Interval) -> str:
    """Where an interval's lineage is told."""
    if not each.kept:
        return ""
    minutes = (each.ends_before - each.starts_at) // timedelta(minutes=1)
    at = f"{each.starts_at:%Y-%m-%dT%H:%MZ}"
    return f"/meter-lineage/{quote(code)}?channel={one.channel.id}&at={at}&every={minutes}"


def _column(micro: int, zero: float, scale: float) -> tuple[float, float]:
    tall = abs(micro) * scale
    return (zero - tall if micro > 0 else zero), max(tall, 1.0)
