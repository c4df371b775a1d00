"""An independent reading of docs/tariffs.md, slow and plain: what the engine is held against."""

from __future__ import annotations

import ast
import calendar
from collections import defaultdict
from collections.abc import Iterable
from datetime import date, datetime, timedelta
from fractions import Fraction
from math import floor
from typing import Any
from zoneinfo import ZoneInfo

import holidays as public_holidays

from billing.domain.plans.supply_state import NOTHING_KNOWN, SupplyState
from billing.domain.reckoning.days import Period
from billing.domain.reckoning.usage import Usage
from billing.domain.tariffs.price_series import PriceSeries

WEEKDAYS = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]


def rounded(value: Fraction, rule: str) -> int:
    size, low = abs(value), floor(abs(value))
    rest = size - low
    up = rest > Fraction(1, 2) or (rest == Fraction(1, 2) and (rule == "half_up" or low % 2 == 1))
    return (-1 if value < 0 else 1) * (low + up)


class PlainBill:
    """The rules of docs/tariffs.md read straight from the JSON, one interval at a time, in fractions."""

    def __init__(
        self,
        found: dict[str, Any],
        usage: Usage,
        period: Period,
        state: SupplyState = NOTHING_KNOWN,
        prices: Iterable[PriceSeries] = (),
    ) -> None:
        self.prices = {series.name: series for series in prices}
        self.found, self.rule = found, found["rounding"]
        self.unit = Fraction(10) ** found["decimals"]
        where = found.get("holidays")
        calendar_of = public_holidays.country_holidays
        self.holidays = (
            calendar_of(where["country"], subdiv=where["subdivision"], years=2013) if where else {}
        )
        self.lines: dict[tuple[str, ...], Fraction] = defaultdict(Fraction)
        self.shared: dict[tuple[str, ...], int] = defaultdict(int)
        self.kwh: dict[tuple[str, str], int] = defaultdict(int)
        self.segments: dict[str, dict[Any, Any]] = defaultdict(dict)
        self.drawn: dict[Any, dict[Any, int]] = defaultdict(lambda: defaultdict(int))
        usage = self._set_off(usage)
        self._energy(usage, period)
        self._export(usage, period)
        self._net(usage, period, state)
        self._demand(usage, period, state)
        self._capacity(usage, period)
        self._fixed(period, state)
        self.amounts = {key: rounded(value * self.unit, self.rule) for key, value in self.lines.items()}
        self._adjust(period, state)

    def version(self, day: date) -> dict[str, Any]:
        return [v for v in self.found["versions"] if v["starts_on"] <= day.isoformat()][-1]

    def adjusting_on(self, day: date) -> str:
        """What tells groups of days apart: the charges on other charges, and what they fall on."""
        charges = self.version(day)["charges"]
        found = [
            (charge, None if "base" in charge else sorted(self._after(charges, charge)))
            for charge in charges
            if charge["kind"] in ("discount", "minimum", "tax")
        ]
        return repr(found)

    @staticmethod
    def _after(charges: list[dict[str, Any]], charge: dict[str, Any]) -> list[str]:
        codes = [one["code"] for one in charges]
        return codes[codes.index(charge["code"]) :]

    def price_at(self, charge: dict[str, Any], day: date, minute: int) -> tuple[str, str] | None:
        """None for hours without demand charge."""
        season = self.season(self.version(day), day)
        otherwise, hits = None, []
        for entry in charge["periods"]:
            if season not in entry.get("seasons", [season]):
                continue
            if entry.get("otherwise"):
                otherwise = entry
                continue
            word = "holiday" if day in self.holidays else WEEKDAYS[day.weekday()]
            kinds = {word}
            if word != "holiday":
                kinds.add("weekday" if day.weekday() < 5 else "weekend")
            clock = f"{minute // 60:02d}:{minute % 60:02d}"
            spans = [span.split("-") for span in entry.get("hours", ["00:00-24:00"])]
            if kinds & set(entry.get("days", kinds)) and any(start <= clock < end for start, end in spans):
                hits.append(entry)
        entry = hits[0] if hits else otherwise
        if entry is None:
            assert charge["kind"] in ("demand", "export")
            return None
        assert len(hits) < 2
        return entry["label"], entry.get("price") or repr(entry["tiers"])

    @staticmethod
    def season(version: dict[str, Any], day: date) -> str:
        for season in version.get("seasons", []):
            start, end, now = season["from"], season["to"], f"{day:%m-%d}"
            if (start <= now < end) if start < end else (now >= start or now < end):
                return str(season["name"])
        return ""

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

    def _local(self, usage: Usage, index: int) -> datetime:
        at = usage.starts_at + timedelta(minutes=usage.interval_minutes * index)
        return at.astimezone(ZoneInfo(self.found["timezone"]))

    def _set_off(self, usage: Usage) -> Usage:
        """Days with a charge that nets intervals: what import and export have in common is neither."""
        if usage.export is None:
            return usage
        taken, given = usage.micro_kwh.copy(), usage.export.micro_kwh.copy()
        for index in range(taken.size):
            day = self._local(usage, index).date()
            known = [one for one in self.found["versions"] if one["starts_on"] <= day.isoformat()]
            if known and any("netting" in charge for charge in known[-1]["charges"]):
                both = max(0, min(int(taken[index]), int(given[index])))
                taken[index] -= both
                given[index] -= both
        return Usage.of(
            usage.starts_at,
            usage.interval_minutes,
            taken,
            export=Usage.of(usage.starts_at, usage.interval_minutes, given),
        )

    def _export(self, usage: Usage, period: Period) -> None:
        for index, micro in enumerate([] if usage.export is None else usage.export.micro_kwh.tolist()):
            local = self._local(usage, index)
            if not micro or not period.starts_on <= local.date() < period.ends_before:
                continue
            for charge in self.version(local.date())["charges"]:
                if charge["kind"] != "export":
                    continue
                head = (self.adjusting_on(local.date()), charge["code"])
                if "series" in charge:
                    key = (*head, charge["label"], self._terms(charge))
                    at = usage.starts_at + timedelta(minutes=usage.interval_minutes * index)
                    price = self._series_price(charge, at, usage)
                else:
                    hit = self.price_at(charge, local.date(), local.hour * 60 + local.minute)
                    if hit is None:
                        continue
                    key, price = (*head, *hit), Fraction(hit[1])
                self.lines[key] -= Fraction(micro, 10**6) * price

    def _net(self, usage: Usage, period: Period, state: SupplyState) -> None:
        """Label by label, span by span: import less export less what earlier spans left."""
        spans: dict[str, dict[Any, Any]] = defaultdict(dict)
        given = None if usage.export is None else usage.export.micro_kwh
        for index, micro in enumerate(usage.micro_kwh.tolist()):
            local = self._local(usage, index)
            day = local.date()
            if not period.starts_on <= day < period.ends_before:
                continue
            for charge in self.version(day)["charges"]:
                if "net" not in charge:
                    continue
                reset = (day.year, day.month) if charge["net"]["by"] == "month" else None
                where = (reset, repr(charge), self.adjusting_on(day), self.season(self.version(day), day))
                span = spans[charge["code"]].setdefault(where, {"charge": charge, "days": {}, "use": {}})
                span["days"][day] = None
                hit = self.price_at(charge, day, local.hour * 60 + local.minute)
                assert hit is not None
                use = span["use"].setdefault(hit, [0, 0])
                use[0] += micro
                use[1] += 0 if given is None else int(given[index])
        for code, of_code in spans.items():
            credit = [
                (one.label, one.hour, int(one.micro_kwh[0])) for one in state.credits if one.code == code
            ]
            surplus = sum(int(one.micro_kwh[0]) for one in state.surplus if one.code == code)
            for place, ((reset, written, adjusting, _season), span) in enumerate(of_code.items()):
                last = place == len(of_code) - 1
                credit, surplus = self._net_span(
                    code, span, (written, reset), adjusting, credit, surplus, last and state.ends
                )
            self._tiers(code, period, usage)

    def _net_span(
        self,
        code: str,
        span: dict[str, Any],
        segment: Any,
        adjusting: str,
        credit: list[Any],
        surplus: int,
        ends: bool,
    ) -> tuple[list[Any], int]:
        charge, days = span["charge"], list(span["days"])
        season = self.season(self.version(days[0]), days[0])
        at = {hour: self._label_at(charge, season, hour) for hour in (0, 5, 11, 17)}
        brought: dict[str, int] = defaultdict(int)
        offered = {e["label"] for e in charge["periods"] if season in e.get("seasons", [season])}
        for label, hour, micro in credit:
            brought[at[hour] if hour in at else label if label in offered else at[0]] += micro
        left: dict[str, int] = {}
        for label in offered - {hit[0] for hit in span["use"]}:
            left[label] = brought[label]
        for (label, price), (taken, given) in span["use"].items():
            net = taken - given - brought[label]
            left[label] = max(0, -net)
            surplus += given - taken
            key = (adjusting, code, label, price)
            self.kwh[adjusting, code] += max(0, net)
            if "tiers" in charge:
                self.segments[code].setdefault(segment, (charge, []))[1].append((key, max(0, net)))
            else:
                self.lines[key] += Fraction(max(0, net), 10**6) * Fraction(price)
        rule = charge["net"]
        if "year_ends" in rule:
            month = list(calendar.month_name).index(rule["year_ends"].title())
            ended = any(d.month == month and d.day == calendar.monthrange(d.year, d.month)[1] for d in days)
            if ended or ends:
                paid = max(0, surplus) if rule.get("pays") == "surplus" else sum(left.values())
                if paid:
                    self.lines[adjusting, code, "paid out", str(days[0])] = -Fraction(paid, 10**6) * Fraction(
                        rule["price"]
                    )
                left, surplus = dict.fromkeys(left, 0), 0
        hours = {label: next((h for h, other in at.items() if other == label), -1) for label in left}
        return [(label, hours[label], micro) for label, micro in left.items()], surplus

    def _label_at(self, charge: dict[str, Any], season: str, hour: int) -> str:
        """On a Monday that is no holiday."""
        hits = []
        for entry in charge["periods"]:
            if season not in entry.get("seasons", [season]) or entry.get("otherwise"):
                continue
            days = entry.get("days", ["weekday"])
            spans = [span.split("-") for span in entry.get("hours", ["00:00-24:00"])]
            clock = f"{hour:02d}:00"
            if {"weekday", "monday"} & set(days) and any(a <= clock < b for a, b in spans):
                hits.append(entry["label"])
        rest = [
            e["label"]
            for e in charge["periods"]
            if e.get("otherwise") and season in e.get("seasons", [season])
        ]
        return str((hits or rest)[0])

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
                    length = max(charge["window"], minutes)
                    window = (charge["code"], length, day, clock // length, local.fold)
                    if window not in owner:
                        hit = self.price_at(charge, day, clock)
                        owner[window] = None if hit is None else self._maximum(charge, day, hit)
                    windows[window] += micro
        maxima: dict[Any, Fraction] = defaultdict(Fraction)
        for window, micro in windows.items():
            if owner[window] is not None:
                kw = Fraction(micro, 10**6) * 60 / window[1]
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
            length = max(charge["window"], minutes)
            groups = [g for day in days for g in self._peaks(charge, month, day, length, windows[length])]
            kw = sum((Fraction(max(g, default=0) * 60, length) for g in groups), Fraction(0))
            micro_kw = round(kw / max(len(groups), 1))
            for day in days:
                key = (self.adjusting_on(day), charge["code"], charge["label"], written, month)
                share = Fraction(1, calendar.monthrange(day.year, day.month)[1])
                self.lines[key] += Fraction(micro_kw, 10**6) * Fraction(charge["price"]) * share

    def _peaks(
        self, charge: dict[str, Any], month: str, day: date, length: int, windows: dict[Any, int]
    ) -> list[list[int]]:
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

    def _fixed(self, period: Period, state: SupplyState) -> None:
        for day in period.dates():
            for charge in self.version(day)["charges"]:
                if charge["kind"] == "fixed":
                    size = Fraction(1)
                    if "each" in charge and charge["each"] in state.connected_micro:
                        size = Fraction(int(state.connected_micro[charge["each"]][0]), 10**6)
                    key = (self.adjusting_on(day), charge["code"], charge["label"], charge["price"])
                    self.lines[key] += Fraction(charge["price"]) * size * self.share(charge["per"], day)

    @staticmethod
    def share(per: str, day: date) -> Fraction:
        year = 366 if calendar.isleap(day.year) else 365
        month = calendar.monthrange(day.year, day.month)[1]
        return Fraction(1, {"day": 1, "month": month, "year": year}[per])

    def _adjust(self, period: Period, state: SupplyState) -> None:
        """Group by group of days, the one with the bill's last day last; charge by charge in their order."""
        days_of: dict[str, list[date]] = defaultdict(list)
        for day in period.dates():
            days_of[self.adjusting_on(day)].append(day)
        year_ends = [day.year for day in period.dates() if (day.month, day.day) == (12, 31)]
        of_year = (
            366
            if calendar.isleap((year_ends or [(period.ends_before - timedelta(days=1)).year])[-1])
            else 365
        )
        closes = bool(year_ends) or state.ends
        # Of each minimum by the year: what its days ask for, each at its own day's price, and what they held.
        least, held = defaultdict[str, Fraction](Fraction), defaultdict[str, Fraction](Fraction)
        known = {charge["code"] for version in self.found["versions"] for charge in version["charges"]}
        for year in (one for one in state.years if one.code in known):
            assert year.micro_days is not None
            least[year.code] += Fraction(int(year.micro_days[0]), 10**6 * of_year)
            held[year.code] += int(year.base_minor[0])
        for group, days in sorted(days_of.items(), key=lambda item: item[1][-1]):
            charges = self.version(days[-1])["charges"]
            is_last = days[-1] == period.ends_before - timedelta(days=1)
            for code in [code for code in least if is_last and closes]:
                if code not in [charge["code"] for charge in charges]:
                    self._put(group, {"kind": "minimum", "code": code}, self._short(least[code], held[code]))
            for charge in charges:
                if charge["kind"] not in ("discount", "minimum", "tax"):
                    continue
                yearly = charge["kind"] == "minimum" and charge["per"] == "year"
                after = self._after(charges, charge)
                base = Fraction(0)
                for key, amount in self.amounts.items():
                    in_base = key[1] in charge["base"] if "base" in charge else key[1] not in after
                    mine = in_base and key[0] == group
                    if mine and ("up_to" not in charge or (group, key[1]) in self.kwh):
                        base += amount
                codes = charge.get("base") or [one["code"] for one in charges if one["code"] not in after]
                used = max((self.kwh.get((group, code), 0) for code in codes), default=0)
                if "up_to" in charge:
                    first = floor(
                        sum(self.share(charge["per"], day) for day in days)
                        * Fraction(charge["up_to"])
                        * 10**6
                    )
                    base = max(base, Fraction(0)) * min(used, first) / max(used, 1)
                if not yearly:
                    self._put(group, charge, self._adjustment(charge, base, days))
                    continue
                least[charge["code"]] += Fraction(charge["price"]) * len(days) / of_year
                held[charge["code"]] += base
                if is_last and closes:
                    short = self._short(least[charge["code"]], held[charge["code"]])
                    self._put(group, charge, short)

    def _put(self, group: str, charge: dict[str, Any], amount: int) -> None:
        if amount or charge["kind"] != "minimum":
            self.amounts[(group, charge["code"], "", "")] = amount

    def _adjustment(self, charge: dict[str, Any], base: Fraction, days: list[date]) -> int:
        if charge["kind"] == "tax":
            return rounded(base * Fraction(charge["percent"]) / 100, self.rule)
        base = base if charge["kind"] == "minimum" else max(base, Fraction(0))
        if "percent" in charge:
            return -rounded(base * Fraction(charge["percent"]) / 100, self.rule)
        stated = Fraction(charge.get("amount") or charge["price"])
        size = rounded(
            sum((self.share(charge["per"], day) for day in days), Fraction(0)) * stated * self.unit, self.rule
        )
        return int(max(size - base, 0)) if charge["kind"] == "minimum" else -int(min(size, base))

    def _short(self, least: Fraction, held: Fraction) -> int:
        return int(max(rounded(least * self.unit, self.rule) - held, 0))
