"""Files of prices: a header `starts_at,price`, then a row an interval, in any order.

`starts_at` with an offset (2024-01-31T16:00:00Z, 2024-01-31 17:00+01:00) is that instant; without one it is
a time of the given zone's clock. A time that this clock shows twice stands for its first pass, and written
again for its second. `price` is the currency a kWh, a decimal with at most six decimals.
"""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from io import StringIO
from zoneinfo import ZoneInfo

import numpy as np

from billing.domain.errors import PricesRefused
from billing.domain.money import PRICE_MICRO_LIMIT, micro_from_text
from billing.domain.reckoning.axis import epoch_minute, instant_of
from billing.domain.tariffs.price_series import PriceSeries

COLUMNS = ("starts_at", "price")
INTERVALS = (5, 10, 15, 20, 30, 60)
"""Minutes for which a price may hold."""


@dataclass(frozen=True, slots=True)
class _Row:
    minute: int
    price_micro: int
    line: int


def read_prices(text: str, name: str, timezone: str | None) -> PriceSeries:
    """timezone: of times without an offset; None: they are refused. Raises PricesRefused: line and reason."""
    rows = csv.reader(StringIO(text.removeprefix("\ufeff"), newline=""), strict=True)
    found: list[_Row] = []
    lines_of: dict[int, int] = {}
    places: dict[str, int] | None = None
    try:
        for cells in rows:
            cells = [cell.strip() for cell in cells]
            if not any(cells):
                continue
            if places is None:
                places = _header(cells, rows.line_num)
                continue
            row = _row(cells, places, rows.line_num, timezone, lines_of)
            if row.minute in lines_of:
                when = instant_of(row.minute)
                raise PricesRefused(
                    row.line, f"{_said(when)} has a price already, in line {lines_of[row.minute]}"
                )
            lines_of[row.minute] = row.line
            found.append(row)
    except csv.Error as fault:
        raise PricesRefused(rows.line_num, f"not CSV: {fault}") from fault
    if places is None:
        raise PricesRefused(0, "the file is empty; it begins with the columns starts_at,price")
    if len(found) < 2:
        raise PricesRefused(0, f"the file holds {len(found)} prices: how long one holds is told by the next")
    return _series(sorted(found, key=lambda row: row.minute), name)


def _header(cells: Sequence[str], line: int) -> dict[str, int]:
    for cell in cells:
        if cell not in COLUMNS:
            raise PricesRefused(line, f"unknown column '{cell}'; a file of prices has starts_at,price")
    for name in COLUMNS:
        if cells.count(name) != 1:
            raise PricesRefused(line, f"the column {name} stands there {cells.count(name)} times, not once")
    return {name: cells.index(name) for name in COLUMNS}


def _row(
    cells: Sequence[str], places: dict[str, int], line: int, timezone: str | None, known: dict[int, int]
) -> _Row:
    if len(cells) != len(COLUMNS):
        raise PricesRefused(line, f"{len(cells)} cells, where the header has {len(COLUMNS)}")
    at = _instant(cells[places["starts_at"]], line, timezone, known)
    if at.second or at.microsecond:
        raise PricesRefused(line, f"'{cells[places['starts_at']]}' is not on a whole minute")
    written = cells[places["price"]]
    try:
        price_micro = micro_from_text(written)
    except ValueError as fault:
        raise PricesRefused(line, f"price: {fault}") from fault
    if abs(price_micro) >= PRICE_MICRO_LIMIT:
        raise PricesRefused(line, f"price: '{written}' is too large")
    return _Row(epoch_minute(at), price_micro, line)


def _instant(written: str, line: int, timezone: str | None, known: dict[int, int]) -> datetime:
    try:
        at = datetime.fromisoformat(written)
    except ValueError as fault:
        words = f"starts_at: '{written}' is not a time such as 2024-01-31T16:00:00Z"
        raise PricesRefused(line, words) from fault
    if at.tzinfo is not None:
        return at.astimezone(UTC)
    if timezone is None:
        words = f"starts_at: '{written}' has no offset such as Z or +01:00, and no time zone is known for it"
        raise PricesRefused(line, words)
    zone = ZoneInfo(timezone)
    first = at.replace(tzinfo=zone).astimezone(UTC)
    if first.astimezone(zone).replace(tzinfo=None) != at:
        raise PricesRefused(
            line,
            f"starts_at: the clock of {timezone} does not show {at:%Y-%m-%d %H:%M}; it goes forward there",
        )
    second = at.replace(tzinfo=zone, fold=1).astimezone(UTC)
    return second if second != first and epoch_minute(first) in known else first


def _series(rows: Sequence[_Row], name: str) -> PriceSeries:
    minutes = np.array([row.minute for row in rows], dtype=np.int64)
    steps = np.diff(minutes)
    interval = int(steps.min())
    if interval not in INTERVALS:
        place = int(steps.argmin())
        raise PricesRefused(
            rows[place + 1].line,
            f"{interval} minutes after the price before it, not {', '.join(map(str, INTERVALS))}",
        )
    if minutes[0] % interval:
        raise PricesRefused(
            rows[0].line, f"{_said(instant_of(rows[0].minute))} is not on the clock's {interval} minutes"
        )
    gaps = np.flatnonzero(steps != interval)
    if gaps.size:
        place = int(gaps[0])
        start, end = (instant_of(at) for at in (rows[place].minute + interval, rows[place + 1].minute))
        raise PricesRefused(rows[place + 1].line, f"no price from {_said(start)} to before {_said(end)}")
    prices = np.array([row.price_micro for row in rows], dtype=np.int64)
    return PriceSeries.of(name, instant_of(rows[0].minute), interval, prices)


def _said(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M} UTC"
