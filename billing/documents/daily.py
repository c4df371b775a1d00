"""Use by local day, as billed, and a year before: the bars of the paper's chart."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
from sqlalchemy.orm import Session

from billing.domain.reckoning.axis import axis_of, day_starts_at, epoch_minute
from billing.domain.reckoning.days import Period
from billing.queries.bills import BillRow
from meters.usage import UsageTable, usage

YEAR = timedelta(days=364)
"""Back to the same weekday: a household's Saturdays are compared with Saturdays."""


@dataclass(frozen=True, slots=True)
class Site:
    """One agreement's part of a bill: local days [starts_on, ends_before) at a service point on a tariff.

    held: the spans in which this account had the service point; nobody else's use is ever shown to it.
    """

    agreement_id: int
    service_point: str
    address: tuple[str, ...]
    tariff: str
    timezone: str
    channel_id: int | None
    starts_on: date
    ends_before: date
    meters: tuple[str, ...]
    held: tuple[tuple[date, date], ...]
    tariff_id: int = 0

    def had(self, first: date, before: date) -> bool:
        return any(start <= first and before <= end for start, end in self.held)


@dataclass(frozen=True, slots=True)
class Fill:
    """What a channel's missing intervals were taken for: (start, micro_kwh)."""

    channel_id: int
    taken: tuple[tuple[datetime, int], ...]


@dataclass(frozen=True, slots=True)
class DayUse:
    """A local day of the bill, all supplies together. estimated: how many of its readings were, when billed.
    before_micro_kwh: the same weekday 52 weeks earlier; None where not wholly known, or not theirs."""

    day: date
    micro_kwh: int
    estimated: int
    before_micro_kwh: int | None


@dataclass(frozen=True, slots=True)
class BillDays:
    """The days of a bill and how many intervals they have."""

    days: tuple[DayUse, ...]
    readings: int


Asked = tuple[BillRow, Sequence[Site], Sequence[Fill]]
_Rows = dict[int, tuple[UsageTable, int]]


def days_of(session: Session, asked: Sequence[Asked]) -> dict[int, BillDays]:
    """The days of each bill by its id: two statements for each instant that bills were made at."""
    found: dict[int, BillDays] = {}
    instants: dict[datetime, list[Asked]] = {}
    for one in asked:
        instants.setdefault(one[0].known_at, []).append(one)
    for known_at, group in instants.items():
        sites = [site for _, several, _ in group for site in several]
        now = _read(session, sites, known_at, timedelta())
        then = _read(session, sites, known_at, YEAR)
        for bill, several, fills in group:
            found[bill.id] = _days(bill, several, fills, now, then)
    return found


def _read(session: Session, sites: Iterable[Site], known_at: datetime, back: timedelta) -> _Rows:
    """Each channel's readings over all the sites' days, so much earlier."""
    read = [site for site in sites if site.channel_id is not None]
    if back:
        read = [site for site in read if site.had(site.starts_on - back, site.ends_before - back)]
    if not read:
        return {}
    starts_at = min(day_starts_at(site.starts_on - back, site.timezone) for site in read)
    ends_before = max(day_starts_at(site.ends_before - back, site.timezone) for site in read)
    channels = list(dict.fromkeys(site.channel_id for site in read if site.channel_id is not None))
    tables = usage(session, channels, starts_at, ends_before, known_at)
    return {channel: (table, row) for table in tables for row, channel in enumerate(table.channel_ids)}


def _days(bill: BillRow, sites: Sequence[Site], fills: Sequence[Fill], now: _Rows, then: _Rows) -> BillDays:
    count = bill.days
    energy, guessed = np.zeros(count, dtype=np.int64), np.zeros(count, dtype=np.int64)
    before, known = np.zeros(count, dtype=np.int64), np.ones(count, dtype=bool)
    readings = 0
    for site in sites:
        first = (site.starts_on - bill.starts_on).days
        own = slice(first, first + (site.ends_before - site.starts_on).days)
        whole, estimated, _, intervals = _by_day(site, now, timedelta())
        energy[own] += whole
        guessed[own] += estimated
        readings += intervals
        earlier, _, missing, intervals = _by_day(site, then, YEAR)
        before[own] += earlier
        known[own] &= (missing == 0) & (intervals > 0)
    for fill in fills:
        zone = ZoneInfo(next((site.timezone for site in sites if site.channel_id == fill.channel_id), "UTC"))
        for at, micro_kwh in fill.taken:
            place = (at.astimezone(zone).date() - bill.starts_on).days
            if 0 <= place < count:
                energy[place] += micro_kwh
                guessed[place] += 1
    days = (
        DayUse(
            bill.starts_on + timedelta(days=place),
            int(energy[place]),
            int(guessed[place]),
            int(before[place]) if sites and known[place] else None,
        )
        for place in range(count)
    )
    return BillDays(tuple(days), readings)


_Counted = tuple[
    np.ndarray[tuple[int], np.dtype[np.int64]],
    np.ndarray[tuple[int], np.dtype[np.int64]],
    np.ndarray[tuple[int], np.dtype[np.int64]],
    int,
]


def _by_day(site: Site, rows: _Rows, back: timedelta) -> _Counted:
    """(micro_kwh, estimated, missing) by day of the site's part, so much earlier, and how many intervals."""
    period = Period(site.starts_on - back, site.ends_before - back)
    sums = np.zeros((3, period.days), dtype=np.int64)
    placed = rows.get(site.channel_id) if site.channel_id is not None else None
    if placed is None or (back and not site.had(period.starts_on, period.ends_before)):
        return sums[0], sums[1], sums[2], 0
    table, row = placed
    phase = epoch_minute(table.starts_at)
    axis = axis_of(site.timezone, table.interval_minutes, phase, period)
    first = max(0, (axis.first_minute - phase) // table.interval_minutes)
    chosen = slice(first, first + axis.size)
    size = table.micro[row, chosen].size
    for place, values in enumerate((table.micro, table.estimated, table.missing)):
        np.add.at(sums[place], axis.day_index[:size], values[row, chosen])
    return sums[0], sums[1], sums[2], axis.size
