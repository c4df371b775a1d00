"""Capacity: power in the hours in which the grid as a whole draws most, not in one's own.

Two ways of saying which these are, month by month, as they are published (data of the tariff file):

    at      system peaks, each an instant of the local clock: power is the mean over them (coincident peak)
    hours   planned peak hours: power is the mean, over the days that count, of the day's highest in them

The second is how network capacity is reckoned in Russia, of working days (Правила недискриминационного
доступа, decree 861, para. 15(1), for tariffs by decree 1178); the system operator publishes the planned hours
of each month. The first, with one hour of each working day, is how capacity of the wholesale market is passed
on there (Основные положения функционирования розничных рынков, decree 442, para. 95); with a few hours of a
year, the American coincident peak.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

from billing.domain.charges.periods import read_days, read_hours
from billing.domain.charges.power import PowerUnit, read_power_unit
from billing.domain.charges.tiers import WINDOWS
from billing.domain.errors import TariffRefused
from billing.domain.tariffs.hashed_once import HashedOnce, hash_once
from billing.domain.tariffs.json_place import Fields

_MONTH = re.compile(r"([0-9]{4})-(0[1-9]|1[0-2])")
_INSTANT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}")
WORKING_DAYS: tuple[int, ...] = (0, 1, 2, 3, 4)


@dataclass(frozen=True, slots=True)
class PeakMonth:
    """at: local clock, each the beginning of a window. spans: minutes of the clock of each day that counts;
    None where `at` says it."""

    year: int
    month: int
    at: tuple[datetime, ...] = ()
    spans: tuple[tuple[int, int], ...] | None = None


@dataclass(frozen=True)
class CapacityCharge(HashedOnce):
    """price_micro: a kW (or kVA) and month; a part of a month counts by its days. day_kinds: those whose
    planned hours count."""

    code: str
    label: str
    price_micro: int
    window_minutes: int
    peaks: tuple[PeakMonth, ...]
    day_kinds: tuple[int, ...] = WORKING_DAYS
    unit: PowerUnit = "kW"
    kind: Literal["capacity"] = "capacity"

    def __hash__(self) -> int:
        return hash_once(self)

    def peaks_of(self, day: date) -> PeakMonth | None:
        """Of the day's month; None where the file does not say."""
        return next((one for one in self.peaks if (one.year, one.month) == (day.year, day.month)), None)

    @classmethod
    def read(cls, fields: Fields, has_holidays: bool) -> CapacityCharge:
        code, label = fields.code("code"), fields.text("label")
        price_micro = fields.micro("price")
        window = fields.whole_number("window", WINDOWS)
        unit = read_power_unit(fields)
        kinds = read_days(fields, has_holidays) if fields.has("days") else WORKING_DAYS
        peaks = [_read_month(Fields(item, place), window) for item, place in fields.items("peaks")]
        seen: set[tuple[int, int]] = set()
        for (_item, place), one in zip(fields.items("peaks"), peaks, strict=True):
            if (one.year, one.month) in seen:
                raise TariffRefused(f"{place}.month", f"{one.year}-{one.month:02d} stands there twice")
            seen.add((one.year, one.month))
        if fields.has("days") and all(one.spans is None for one in peaks):
            fields.refuse("days", "only planned hours are of days; system peaks name theirs")
        fields.finish()
        return cls(code, label, price_micro, window, tuple(peaks), kinds, unit)


def _read_month(fields: Fields, window: int) -> PeakMonth:
    text = fields.text("month")
    match = _MONTH.fullmatch(text)
    if match is None:
        fields.refuse("month", f"'{text}' is not a month written YYYY-MM")
    year, month = int(match.group(1)), int(match.group(2))
    if fields.has("hours"):
        if fields.has("at"):
            fields.refuse("at", "a month has planned hours or system peaks, not both")
        spans = read_hours(fields)
        fields.finish()
        return PeakMonth(year, month, spans=spans)
    at: list[datetime] = []
    for value, place in fields.items("at", least=0):
        instant = _read_instant(value, place, window)
        if (instant.year, instant.month) != (year, month):
            raise TariffRefused(place, f"'{value}' is not in {text}")
        if instant in at:
            raise TariffRefused(place, f"'{value}' stands there twice")
        at.append(instant)
    fields.finish()
    return PeakMonth(year, month, tuple(at))


def _read_instant(value: object, place: str, window: int) -> datetime:
    try:
        if not isinstance(value, str) or not _INSTANT.fullmatch(value):
            raise ValueError
        found = datetime.fromisoformat(value)
    except ValueError:
        raise TariffRefused(
            place, f"'{value}' is not an instant of the clock written YYYY-MM-DDTHH:MM"
        ) from None
    if (found.hour * 60 + found.minute) % window:
        raise TariffRefused(place, f"'{value}' is not where {window} minutes of the clock begin")
    return found
