"""Energy given back: paid for, set off within an interval, netted over a month."""

from __future__ import annotations

import calendar
from collections import defaultdict
from datetime import timedelta
from fractions import Fraction
from typing import Any

from plain_energy import PlainEnergy

from billing.domain.plans.supply_state import SupplyState
from billing.domain.reckoning.days import Period
from billing.domain.reckoning.usage import Usage


class PlainExport(PlainEnergy):
    """What is given back, interval by interval."""

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
