"""Energy of the oracle: by label, by series, by tiers, a share of it, of gas."""

from __future__ import annotations

import ast
import calendar
from collections import defaultdict
from datetime import date, datetime, timedelta
from fractions import Fraction
from math import floor
from typing import Any
from zoneinfo import ZoneInfo

from plain_terms import PlainTerms, rounded

from billing.domain.reckoning.days import Period
from billing.domain.reckoning.usage import Usage


class PlainEnergy(PlainTerms):
    """Interval by interval."""

    def _energy(self, usage: Usage, period: Period) -> None:
        zone = ZoneInfo(self.found["timezone"])
        for index, micro in enumerate(usage.micro_kwh.tolist()):
            at = usage.starts_at + timedelta(minutes=usage.interval_minutes * index)
            local = at.astimezone(zone)
            if not period.starts_on <= local.date() < period.ends_before:
                continue
            day = local.date()
            micro = self._of_gas(micro, day)
            for charge in self.version(day)["charges"]:
                if charge["kind"] == "dynamic":
                    name = f"{charge['label']}, mean price"
                    key = (self.adjusting_on(day), charge["code"], name, self._terms(charge))
                    self.lines[key] += Fraction(micro, 10**6) * self._series_price(charge, at, usage)
                    self.kwh[key[0], key[1]] += micro
                if charge["kind"] != "energy" or "net" in charge:
                    continue
                hit = self.price_at(charge, day, local.hour * 60 + local.minute)
                assert hit is not None
                label, price = hit
                key = (self.adjusting_on(day), charge["code"], label, price)
                key = (*key, charge["share"]) if "share" in charge else key
                self.kwh[key[0], key[1]] += micro
                if "share" in charge:
                    self.shared[key] += micro
                    continue
                if "tiers" not in charge:
                    self.lines[key] += Fraction(micro, 10**6) * Fraction(price)
                    continue
                rule = charge["tiers"]
                reset = {"month": (day.year, day.month), "day": day, "bill": None}[rule["by"]]
                segment = self.segments[charge["code"]].setdefault((repr(charge), reset), (charge, []))
                segment[1].append((key, micro))
                if "window" in rule:
                    length = max(rule["window"], usage.interval_minutes)
                    clock = local.hour * 60 + local.minute
                    self.drawn[charge["code"], repr(charge), reset][day, clock // length, local.fold] += micro
        for code in self.segments:
            self._tiers(code, period, usage)
        for key, micro in self.shared.items():
            percent = key[-1]
            charged = rounded(micro * Fraction(percent) / 100, "half_even")
            self.lines[key] += Fraction(charged, 10**6) * Fraction(key[3])

    @staticmethod
    def _terms(charge: dict[str, Any]) -> str:
        return repr([charge.get(name) for name in ("series", "multiplier", "adder", "cap", "floor")])

    def _series_price(self, charge: dict[str, Any], at: datetime, usage: Usage) -> Fraction:
        """The mean of the series over the reading, or the price that holds when it begins."""
        series = self.prices[charge["series"]]
        found = []
        while True:
            place = (at - series.starts_at) // timedelta(minutes=series.interval_minutes)
            price = Fraction(int(series.price_micro[place]), 10**6)
            price = price * Fraction(charge.get("multiplier", "1")) + Fraction(charge.get("adder", "0"))
            price = min(price, Fraction(charge.get("cap", "99999999")))
            found.append(max(price, Fraction(charge.get("floor", "-99999999"))))
            at += timedelta(minutes=series.interval_minutes)
            if len(found) * series.interval_minutes >= usage.interval_minutes:
                return sum(found, Fraction(0)) / len(found)

    def _of_gas(self, micro_m3: int, day: date) -> int:
        """m3 x correction x calorific value / 3.6, of each reading."""
        terms = self.found.get("volume", {})
        if terms.get("commodity") != "gas":
            return micro_m3
        value = [one["value"] for one in terms["calorific_values"] if one["from"] <= day.isoformat()][-1]
        factor = Fraction(terms.get("correction", "1")) * Fraction(value) * 10 / 36
        return rounded(micro_m3 * factor, "half_even")

    def _tiers(self, code: str, period: Period, usage: Usage) -> None:
        """Each segment filled kWh by kWh, in the order of time, in proportion, or label by label."""
        order = self._order(code, period)
        for (written, reset), (charge, readings) in self.segments[code].items():
            rule = charge["tiers"]
            days = [
                day
                for day in period.dates()
                if any(repr(one) == written for one in self.version(day)["charges"])
                and (rule["by"] == "bill" or reset in ((day.year, day.month), day))
            ]
            part = Fraction(1)
            if rule.get("unit", "").endswith("a day"):
                part = Fraction(len(days))
            elif rule["by"] == "bill":
                part = Fraction(len(days), period.days)
            elif rule["by"] == "month":
                part = Fraction(len(days), calendar.monthrange(days[0].year, days[0].month)[1])
            kw = 10**6
            if "window" in rule:
                windows = self.drawn[code, written, reset].values()
                kw = max(windows) * 60 // max(rule["window"], usage.interval_minutes)
            energy: dict[tuple[str, ...], int] = defaultdict(int)
            for key, micro in readings:
                energy[key] += micro
            total = sum(energy.values())
            seen = 0
            used: dict[tuple[str, ...], int] = defaultdict(int)
            for key, micro in readings if rule["fill"] == "time" else []:
                caps = self._caps(key, part, kw)
                for number, end in enumerate(caps):
                    start = caps[number - 1] if number else 0
                    inside = max(0, min(seen + micro, end) - max(seen, start))
                    self._add(key, number, inside)
                seen += micro
            for key, held in energy.items() if rule["fill"] == "each" else []:
                for end, number in zip(self._caps(key, part, kw), range(9), strict=False):
                    self._add(key, number, min(held, end) - used[key])
                    used[key] = min(held, end)
            if rule["fill"] == "proportion" and energy:
                for number, end in enumerate(self._caps(next(iter(energy)), part, kw)):
                    for key, below in self._shared(energy, total, min(total, end), order).items():
                        self._add(key, number, below - used[key])
                        used[key] = below

    @staticmethod
    def _caps(key: tuple[str, ...], part: Fraction, kw: int) -> list[int]:
        tiers = ast.literal_eval(key[3])
        ends = [floor(Fraction(tier.get("up_to", 10**12)) * 10**6 * part) for tier in tiers[:-1]]
        return [end * kw // 10**6 for end in ends] + [10**30]

    def _add(self, key: tuple[str, ...], number: int, micro: int) -> None:
        price = ast.literal_eval(key[3])[number]["price"]
        self.lines[(*key, str(number))] += Fraction(micro, 10**6) * Fraction(price)

    @staticmethod
    def _shared(
        energy: dict[tuple[str, ...], int], total: int, below: int, order: list[tuple[str, ...]]
    ) -> dict[tuple[str, ...], int]:
        """In proportion, by largest remainder, ties to the label that is offered first."""
        exact = {key: Fraction(held * below, max(total, 1)) for key, held in energy.items()}
        found = {key: floor(value) for key, value in exact.items()}
        ranked = sorted(energy, key=lambda key: (-(exact[key] - found[key]), order.index(key)))
        for key in ranked[: below - sum(found.values())]:
            found[key] += 1
        return found

    def _order(self, code: str, period: Period) -> list[tuple[str, ...]]:
        """Labels in the order in which the days offer them."""
        order: dict[tuple[str, ...], None] = {}
        for day in period.dates():
            version = self.version(day)
            season = self.season(version, day)
            for charge in version["charges"]:
                if charge["code"] == code:
                    for entry in charge["periods"]:
                        if season in entry.get("seasons", [season]):
                            price = entry.get("price") or repr(entry["tiers"])
                            order[(self.adjusting_on(day), code, entry["label"], price)] = None
        return list(order)
