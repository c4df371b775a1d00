"""Power: the highest of a month or bill, and in the peak hours of the grid."""

from __future__ import annotations

import ast
import calendar
from collections import defaultdict
from datetime import date, timedelta
from fractions import Fraction
from typing import Any
from zoneinfo import ZoneInfo

from plain_terms import WEEKDAYS, PlainTerms, rounded

from billing.domain.plans.supply_state import SupplyState
from billing.domain.reckoning.days import Period
from billing.domain.reckoning.usage import Usage


class PlainPower(PlainTerms):
    """Window by window."""

    def _demand(self, usage: Usage, period: Period, state: SupplyState) -> None:
        """Windows of the clock; of each label, price and month the highest; its money by days."""
        zone, minutes = ZoneInfo(self.found["timezone"]), usage.interval_minutes
        windows: dict[Any, int] = defaultdict(int)
        owner: dict[Any, Any] = {}
        for index, micro in enumerate(usage.micro_kwh.tolist()):
            local = (usage.starts_at + timedelta(minutes=minutes * index)).astimezone(zone)
            day, clock = local.date(), local.hour * 60 + local.minute
            if not period.starts_on <= day < period.ends_before:
                continue
            for charge in self.version(day)["charges"]:
                if charge["kind"] == "demand":
                    length = self.window_minutes(charge, minutes)
                    window = (charge["code"], length, day, clock // length, local.fold)
                    if window not in owner:
                        hit = self.price_at(charge, day, clock)
                        owner[window] = None if hit is None else self._maximum(charge, day, hit)
                    windows[window] += micro
        maxima: dict[Any, Fraction] = defaultdict(Fraction)
        for window, micro in windows.items():
            if owner[window] is not None:
                kw = self.power(window, micro)
                maxima[owner[window]] = max(maxima[owner[window]], kw)
        months = {key: self._first_month(key, period) for key in maxima}
        for key, kw in maxima.items():
            past = [
                (maxima[other], months[other]) for other in maxima if (other[0], other[1]) == (key[0], key[1])
            ]
            for one in state.demands:
                if (one.code, one.label) == (key[0], key[1]):
                    past.append((Fraction(int(one.micro_kw[0]), 10**6), (one.month.year, one.month.month)))
            self._demand_lines(key, self._held_up(key, kw, months[key], past), period)

    @staticmethod
    def _maximum(charge: dict[str, Any], day: date, hit: tuple[str, str]) -> Any:
        month = (day.year, day.month) if charge.get("by", "month") == "month" else None
        terms = {"per": charge.get("per", "month"), "ratchet": charge.get("ratchet")}
        return (charge["code"], *hit, charge.get("by", "month"), charge["window"], repr(terms), month)

    def _days_offered(self, key: Any, period: Period) -> list[date]:
        found = []
        for day in period.dates():
            version = self.version(day)
            for charge in version["charges"]:
                if (charge["kind"], charge["code"]) == ("demand", key[0]):
                    for entry in charge["periods"]:
                        if self.season(version, day) in entry.get("seasons", [self.season(version, day)]):
                            price = entry.get("price") or repr(entry["tiers"])
                            if self._maximum(charge, day, (entry["label"], price)) == key:
                                found.append(day)
        return list(dict.fromkeys(found))

    def _first_month(self, key: Any, period: Period) -> tuple[int, int]:
        day = self._days_offered(key, period)[0]
        return day.year, day.month

    @staticmethod
    def _held_up(key: Any, kw: Fraction, now: tuple[int, int], past: list[Any]) -> Fraction:
        ratchet = ast.literal_eval(key[5])["ratchet"]
        if ratchet is None:
            return kw
        counted = [calendar.month_name.__getitem__(n).lower() for n in range(1, 13)]
        counted = ratchet.get("of", counted)
        for before, (year, month) in past:
            back = (now[0] - year) * 12 + now[1] - month
            if 1 <= back <= ratchet["months"] and calendar.month_name[month].lower() in counted:
                share = Fraction(ratchet["percent"]) / 100 * before * 10**6
                kw = max(kw, Fraction(rounded(share, "half_up"), 10**6))
        return kw

    def _demand_lines(self, key: Any, kw: Fraction, period: Period) -> None:
        per = ast.literal_eval(key[5])["per"]
        tiers = ast.literal_eval(key[2]) if key[2].startswith("[") else [{"price": key[2]}]
        for day in self._days_offered(key, period):
            share = 1 if per == "day" else calendar.monthrange(day.year, day.month)[1]
            below = Fraction(0)
            for number, tier in enumerate(tiers):
                above = Fraction(tier["up_to"]) if "up_to" in tier else max(kw, below)
                inside = min(kw, above) - min(kw, below)
                below = above
                line = (self.adjusting_on(day), key[0], *map(str, key[1:]), str(number))
                self.lines[line] += inside * Fraction(tier["price"]) / share

    def window_minutes(self, charge: dict[str, Any], minutes: int) -> int:
        return int(max(charge["window"], minutes))

    def power(self, window: Any, micro: int) -> Fraction:
        """kW of a window: code, minutes, day, slot of the clock, fold."""
        return Fraction(micro, 10**6) * 60 / window[1]

    def _capacity(self, usage: Usage, period: Period) -> None:
        """Month by month and charge by charge: the mean over its peaks, or over its days' highest."""
        zone, minutes = ZoneInfo(self.found["timezone"]), usage.interval_minutes
        windows: dict[int, dict[Any, int]] = defaultdict(lambda: defaultdict(int))
        for index, micro in enumerate(usage.micro_kwh.tolist()):
            local = (usage.starts_at + timedelta(minutes=minutes * index)).astimezone(zone)
            clock = local.hour * 60 + local.minute
            for length in {max(asked, minutes) for asked in (15, 30, 60)}:
                windows[length][local.date(), clock // length * length, local.fold] += micro
        days_of: dict[Any, list[date]] = defaultdict(list)
        for day in period.dates():
            for charge in self.version(day)["charges"]:
                if charge["kind"] == "capacity":
                    days_of[repr(charge), f"{day:%Y-%m}"].append(day)
        for (written, month), days in days_of.items():
            charge = ast.literal_eval(written)
            length = self.window_minutes(charge, minutes)
            sized = {
                (day, slot, fold): self.power((charge["code"], length, day, slot // length, fold), micro)
                * 10**6
                for (day, slot, fold), micro in windows[length].items()
                if day in days
            }
            groups = [g for day in days for g in self._peaks(charge, month, day, length, sized)]
            kw = sum((max(g, default=Fraction(0)) for g in groups), Fraction(0))
            micro_kw = round(kw / max(len(groups), 1))
            for day in days:
                key = (self.adjusting_on(day), charge["code"], charge["label"], written, month)
                share = Fraction(1, calendar.monthrange(day.year, day.month)[1])
                self.lines[key] += Fraction(micro_kw, 10**6) * Fraction(charge["price"]) * share

    def _peaks(
        self, charge: dict[str, Any], month: str, day: date, length: int, windows: dict[Any, Fraction]
    ) -> list[list[Fraction]]:
        """Of one day: a list of windows for each of its system peaks, or one of its planned hours."""
        (terms,) = [one for one in charge["peaks"] if one["month"] == month]
        if "at" in terms:
            hits = [at for at in terms["at"] if at[:10] == day.isoformat()]
            slots = [(int(at[11:13]) * 60 + int(at[14:16])) // length * length for at in hits]
            return [[windows[day, slot, 0]] if (day, slot, 0) in windows else [] for slot in slots]
        word = "holiday" if day in self.holidays else WEEKDAYS[day.weekday()]
        kinds = {word} | ({"weekday" if day.weekday() < 5 else "weekend"} if word != "holiday" else set())
        if not kinds & set(charge.get("days", ["weekday"])):
            return []
        spans = [span.split("-") for span in terms["hours"]]
        return [
            [
                micro
                for (on, slot, _fold), micro in windows.items()
                if on == day and any(a <= f"{slot // 60:02d}:{slot % 60:02d}" < b for a, b in spans)
            ]
        ]
