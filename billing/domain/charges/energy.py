"""Energy by season, kind of day and hour: every minute of every kind of day falls in exactly one period.

Hours are clock labels: both 01:00-02:00 hours of a day of 25 hours carry the label (EXPLAIN A3).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from billing.domain.charges.tiers import Tier, TierRule, read_rule, read_tiers
from billing.domain.days import DAY_NAMES, DAY_WORDS, HOLIDAY
from billing.domain.errors import TariffRefused
from billing.domain.hashed_once import HashedOnce, hash_once
from billing.domain.json_place import Fields, described

DAY_MINUTES = 1440
NO_PERIOD = -1
_SPAN = re.compile(r"([0-9]{2}):([0-9]{2})-([0-9]{2}):([0-9]{2})")


@dataclass(frozen=True, slots=True)
class EnergyPeriod:
    """seasons empty: every season. day_kinds: see days.py. spans: minutes of the clock, half-open.

    price_micro is that of the first tier where there are tiers.
    """

    label: str
    price_micro: int
    seasons: tuple[str, ...] = ()
    day_kinds: tuple[int, ...] = tuple(range(8))
    spans: tuple[tuple[int, int], ...] = ((0, DAY_MINUTES),)
    otherwise: bool = False
    tiers: tuple[Tier, ...] = ()

    @property
    def prices(self) -> tuple[Tier, ...]:
        """Its tiers, or its price as the only one."""
        return self.tiers or (Tier(self.price_micro),)

    def covers(self, season: str) -> bool:
        return not self.seasons or season in self.seasons


@dataclass(frozen=True)
class EnergyCharge(HashedOnce):
    code: str
    periods: tuple[EnergyPeriod, ...]
    kind: Literal["energy"] = "energy"
    tiers: TierRule | None = None

    def __hash__(self) -> int:
        return hash_once(self)

    @classmethod
    def read(cls, fields: Fields, seasons: tuple[str, ...], has_holidays: bool) -> EnergyCharge:
        """Refuses a gap, an overlap, and one label with two prices in one season, each by place."""
        code = fields.code("code")
        items = fields.items("periods")
        rule = read_rule(fields.fields("tiers")) if fields.has("tiers") else None
        periods = tuple(_read_period(item, place, seasons, has_holidays, rule) for item, place in items)
        fields.finish()
        charge = cls(code, periods, tiers=rule)
        _check_whole(charge, fields.at("periods"), seasons or ("",), has_holidays)
        return charge


def _read_period(
    item: Any, place: str, seasons: tuple[str, ...], has_holidays: bool, rule: TierRule | None
) -> EnergyPeriod:
    fields = Fields(item, place)
    label = fields.text("label")
    tiers = _read_tiers(fields, rule)
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
        return EnergyPeriod(label, price_micro, named, tuple(range(8)), (), True, tiers)
    kinds = _read_days(fields, has_holidays) if fields.has("days") else tuple(range(8))
    spans: tuple[tuple[int, int], ...] = ((0, DAY_MINUTES),)
    if fields.has("hours"):
        spans = tuple(span for text, at in fields.texts("hours") for span in _read_span(text, at))
    fields.finish()
    return EnergyPeriod(label, price_micro, named, kinds, spans, tiers=tiers)


def _read_tiers(fields: Fields, rule: TierRule | None) -> tuple[Tier, ...]:
    """A period's tiers, where the charge has them; there, every period has."""
    if rule is None:
        if fields.has("tiers"):
            fields.refuse("tiers", "say how tiers fill first: the charge needs its own 'tiers'")
        return ()
    if fields.has("price"):
        fields.refuse("price", "this charge has tiers: give the price of each under 'tiers'")
    return read_tiers(fields.items("tiers"))


def _read_days(fields: Fields, has_holidays: bool) -> tuple[int, ...]:
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
def minute_table(charge: EnergyCharge, season: str, kind: int) -> npt.NDArray[np.int16]:
    """Index of the period for each of the 1,440 clock minutes; in a tariff that was read, never NO_PERIOD."""
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


def _check_whole(charge: EnergyCharge, place: str, seasons: tuple[str, ...], has_holidays: bool) -> None:
    kinds = range(8 if has_holidays else HOLIDAY)
    for season in seasons:
        _check_labels(charge, place, season)
        for kind in kinds:
            _check_day(charge, place, season, kind)


def _check_labels(charge: EnergyCharge, place: str, season: str) -> None:
    prices: dict[str, tuple[Tier, ...]] = {}
    others = 0
    for index, period in enumerate(charge.periods):
        if not period.covers(season):
            continue
        others += period.otherwise
        if others > 1:
            raise TariffRefused(
                f"{place}[{index}]", "a second period for all other hours" + _in_season(season)
            )
        if prices.setdefault(period.label, period.prices) != period.prices:
            raise TariffRefused(f"{place}[{index}]", f"'{period.label}' has two prices{_in_season(season)}")
        shared = charge.tiers is not None and charge.tiers.fill != "each"
        if shared and _caps(period.prices) != _caps(next(iter(prices.values()))):
            raise TariffRefused(
                f"{place}[{index}].tiers",
                f"all periods fill the same tiers, so they end at the same places{_in_season(season)}",
            )


def _caps(tiers: tuple[Tier, ...]) -> tuple[int | None, ...]:
    return tuple(tier.up_to_micro for tier in tiers)


def _check_day(charge: EnergyCharge, place: str, season: str, kind: int) -> None:
    owner = np.full(DAY_MINUTES, NO_PERIOD, dtype=np.int16)
    where = f"on a {DAY_NAMES[kind]}{_in_season(season)}"
    has_otherwise = False
    for index, period in enumerate(charge.periods):
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
                    f"{_clock(first)}-{_clock(until)} {where} falls in '{charge.periods[other].label}' "
                    f"({place.rsplit('.', 1)[-1]}[{other}]) and in '{period.label}'",
                )
            owner[start:end] = index
    free = np.flatnonzero(owner == NO_PERIOD)
    if free.size and not has_otherwise:
        first = int(free[0])
        later = np.flatnonzero(owner[first:] != NO_PERIOD)
        until = first + int(later[0]) if later.size else DAY_MINUTES
        raise TariffRefused(place, f"{_clock(first)}-{_clock(until)} {where} falls in no period")


def _in_season(season: str) -> str:
    return f" in {season}" if season else ""


def _clock(minute: int) -> str:
    return f"{minute // 60:02d}:{minute % 60:02d}"
