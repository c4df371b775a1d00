"""Prices by season, kind of day and hour: what charges for energy and for demand have in common.

Hours are clock labels: both 01:00-02:00 hours of a day of 25 hours carry the label (EXPLAIN A3).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from billing.domain.charges.tiers import Tier, read_tiers
from billing.domain.errors import TariffRefused
from billing.domain.reckoning.days import DAY_NAMES, DAY_WORDS, HOLIDAY
from billing.domain.tariffs.json_place import Fields, described

DAY_MINUTES = 1440
NO_PERIOD = -1
ALL_KINDS = tuple(range(8))
_SPAN = re.compile(r"([0-9]{2}):([0-9]{2})-([0-9]{2}):([0-9]{2})")


@dataclass(frozen=True, slots=True)
class PricedPeriod:
    """seasons empty: every season. day_kinds: see days.py. spans: minutes of the clock, half-open.

    price_micro is that of the first tier where there are tiers.
    """

    label: str
    price_micro: int
    seasons: tuple[str, ...] = ()
    day_kinds: tuple[int, ...] = ALL_KINDS
    spans: tuple[tuple[int, int], ...] = ((0, DAY_MINUTES),)
    otherwise: bool = False
    tiers: tuple[Tier, ...] = ()

    @property
    def prices(self) -> tuple[Tier, ...]:
        """Its tiers, or its price as the only one."""
        return self.tiers or (Tier(self.price_micro),)

    def covers(self, season: str) -> bool:
        return not self.seasons or season in self.seasons


class Scheduled(Protocol):
    """A charge whose price depends on the time."""

    @property
    def periods(self) -> tuple[PricedPeriod, ...]: ...

    def __hash__(self) -> int: ...


def read_periods(
    items: list[tuple[Any, str]], seasons: tuple[str, ...], has_holidays: bool, *, may_have_tiers: bool
) -> tuple[PricedPeriod, ...]:
    """Each period with its price or, where it may have them, its tiers."""
    return tuple(_read_period(item, place, seasons, has_holidays, may_have_tiers) for item, place in items)


def _read_period(
    item: Any, place: str, seasons: tuple[str, ...], has_holidays: bool, may_have_tiers: bool
) -> PricedPeriod:
    fields = Fields(item, place)
    label = fields.text("label")
    tiers = _read_tiers(fields, may_have_tiers)
    price_micro = tiers[0].price_micro if tiers else fields.micro("price")
    named: tuple[str, ...] = ()
    if fields.has("seasons"):
        for season, at in fields.texts("seasons"):
            if season not in seasons:
                raise TariffRefused(
                    at, f"'{season}' is not a season of this version ({', '.join(seasons) or 'none'})"
                )
            named = (*named, season)
    if fields.has("otherwise"):
        if not fields.flag("otherwise"):
            fields.refuse("otherwise", "leave it out, or write true")
        if fields.has("days") or fields.has("hours"):
            fields.refuse("", "a period for all other hours names no days and no hours")
        fields.finish()
        return PricedPeriod(label, price_micro, named, ALL_KINDS, (), True, tiers)
    kinds = read_days(fields, has_holidays) if fields.has("days") else ALL_KINDS
    spans = read_hours(fields) if fields.has("hours") else ((0, DAY_MINUTES),)
    fields.finish()
    return PricedPeriod(label, price_micro, named, kinds, spans, tiers=tiers)


def _read_tiers(fields: Fields, may_have_tiers: bool) -> tuple[Tier, ...]:
    if not fields.has("tiers"):
        return ()
    if not may_have_tiers:
        fields.refuse("tiers", "say how tiers fill first: the charge needs its own 'tiers'")
    if fields.has("price"):
        fields.refuse("price", "the period has tiers: give the price of each under 'tiers'")
    return read_tiers(fields.items("tiers"))


def read_hours(fields: Fields) -> tuple[tuple[int, int], ...]:
    """The spans under `hours`, in minutes of the clock, as they stand there."""
    return tuple(span for text, at in fields.texts("hours") for span in _read_span(text, at))


def read_days(fields: Fields, has_holidays: bool) -> tuple[int, ...]:
    """The kinds of day under `days`, in their order."""
    kinds: list[int] = []
    for word, at in fields.texts("days"):
        if word not in DAY_WORDS:
            raise TariffRefused(at, f"'{word}' is not one of {', '.join(DAY_WORDS)}")
        if word == "holiday" and not has_holidays:
            raise TariffRefused(at, "this tariff names no holiday calendar, so it has no holidays")
        for kind in DAY_WORDS[word]:
            if kind in kinds:
                raise TariffRefused(at, f"{DAY_NAMES[kind]} stands there twice")
            kinds.append(kind)
    return tuple(sorted(kinds))


def _read_span(text: str, at: str) -> tuple[tuple[int, int], ...]:
    """``22:00-07:00`` is two spans of the same day: 00:00-07:00 and 22:00-24:00."""
    match = _SPAN.fullmatch(text)
    if match is None:
        raise TariffRefused(at, f"expected hours such as 07:00-16:30, found {described(text)}")
    h1, m1, h2, m2 = (int(group) for group in match.groups())
    start, end = h1 * 60 + m1, h2 * 60 + m2
    if m1 > 59 or m2 > 59 or start >= DAY_MINUTES or end > DAY_MINUTES or end == start:
        raise TariffRefused(at, f"'{text}' is not a span of a day from 00:00 to 24:00")
    if start < end:
        return ((start, end),)
    return ((start, DAY_MINUTES),) if end == 0 else ((0, end), (start, DAY_MINUTES))


@lru_cache(maxsize=1024)
def minute_table(charge: Scheduled, season: str, kind: int) -> npt.NDArray[np.int16]:
    """Index of the period for each of the 1,440 clock minutes; NO_PERIOD where there is none."""
    table = np.full(DAY_MINUTES, NO_PERIOD, dtype=np.int16)
    for index, period in enumerate(charge.periods):
        if period.covers(season) and not period.otherwise and kind in period.day_kinds:
            for start, end in period.spans:
                table[start:end] = index
    for index, period in enumerate(charge.periods):
        if period.otherwise and period.covers(season):
            table[table == NO_PERIOD] = index
    table.flags.writeable = False
    return table


def check_periods(
    periods: tuple[PricedPeriod, ...],
    place: str,
    seasons: tuple[str, ...],
    has_holidays: bool,
    *,
    shared_caps: bool = False,
    gaps: bool = False,
) -> None:
    """Refuses a minute in two periods, one in none (unless gaps), and a label with two prices in a season.

    shared_caps: all periods of a season fill the same tiers, so these must end at the same places.
    """
    kinds = range(8 if has_holidays else HOLIDAY)
    for season in seasons or ("",):
        _check_labels(periods, place, season, shared_caps)
        for kind in kinds:
            _check_day(periods, place, season, kind, gaps)


def _check_labels(periods: tuple[PricedPeriod, ...], place: str, season: str, shared_caps: bool) -> None:
    prices: dict[str, tuple[Tier, ...]] = {}
    others = 0
    for index, period in enumerate(periods):
        if not period.covers(season):
            continue
        others += period.otherwise
        if others > 1:
            raise TariffRefused(
                f"{place}[{index}]", "a second period for all other hours" + _in_season(season)
            )
        if prices.setdefault(period.label, period.prices) != period.prices:
            raise TariffRefused(f"{place}[{index}]", f"'{period.label}' has two prices{_in_season(season)}")
        if shared_caps and _caps(period.prices) != _caps(next(iter(prices.values()))):
            raise TariffRefused(
                f"{place}[{index}].tiers",
                f"all periods fill the same tiers, so they end at the same places{_in_season(season)}",
            )


def _caps(tiers: tuple[Tier, ...]) -> tuple[int | None, ...]:
    return tuple(tier.up_to_micro for tier in tiers)


def _check_day(periods: tuple[PricedPeriod, ...], place: str, season: str, kind: int, gaps: bool) -> None:
    owner = np.full(DAY_MINUTES, NO_PERIOD, dtype=np.int16)
    where = f"on a {DAY_NAMES[kind]}{_in_season(season)}"
    has_otherwise = False
    for index, period in enumerate(periods):
        if not period.covers(season) or kind not in period.day_kinds:
            continue
        if period.otherwise:
            has_otherwise = True
            continue
        for start, end in period.spans:
            taken = owner[start:end] != NO_PERIOD
            if taken.any():
                first = start + int(np.argmax(taken))
                other = int(owner[first])
                same = (owner[first:end] == other).tolist()
                until = first + (same.index(False) if False in same else len(same))
                raise TariffRefused(
                    f"{place}[{index}]",
                    f"{_clock(first)}-{_clock(until)} {where} falls in '{periods[other].label}' "
                    f"({place.rsplit('.', 1)[-1]}[{other}]) and in '{period.label}'",
                )
            owner[start:end] = index
    free = np.flatnonzero(owner == NO_PERIOD)
    if free.size and not has_otherwise and not gaps:
        first = int(free[0])
        later = np.flatnonzero(owner[first:] != NO_PERIOD)
        until = first + int(later[0]) if later.size else DAY_MINUTES
        raise TariffRefused(place, f"{_clock(first)}-{_clock(until)} {where} falls in no period")


def _in_season(season: str) -> str:
    return f" in {season}" if season else ""


def _clock(minute: int) -> str:
    return f"{minute // 60:02d}:{minute % 60:02d}"
