"""What falls on other lines: discounts, minimums, taxes."""

from __future__ import annotations

import calendar
from collections import defaultdict
from datetime import date, timedelta
from fractions import Fraction
from math import floor
from typing import Any

from plain_terms import PlainTerms, rounded

from billing.domain.plans.supply_state import SupplyState
from billing.domain.reckoning.days import Period


class PlainAdjusting(PlainTerms):
    """Group by group of days, the one with the bill's last day last; charge by charge in their order."""

    taken: dict[tuple[str, str], int]
    """Of each group and charge, what discounts have taken off it so far."""

    def _adjust(self, period: Period, state: SupplyState) -> None:
        days_of: dict[str, list[date]] = defaultdict(list)
        for day in period.dates():
            days_of[self.adjusting_on(day)].append(day)
        self.taken = defaultdict(int)
        of_year, closes = self._year(period, state)
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
                code, kind = charge["code"], charge["kind"]
                if kind == "discount":
                    self._put(group, charge, -self._discount(group, charge, days, period))
                elif kind == "tax":
                    rate = Fraction(charge["percent"]) / 100
                    self._put(
                        group, charge, rounded(self._everything(group, charges, charge) * rate, self.rule)
                    )
                elif kind == "minimum" and charge["per"] == "year":
                    least[code] += Fraction(charge["price"]) * len(days) / of_year
                    held[code] += self._everything(group, charges, charge)
                    if is_last and closes:
                        self._put(group, charge, self._short(least[code], held[code]))
                elif kind == "minimum":
                    size = self._stated(charge["price"], charge["per"], days)
                    self._put(group, charge, max(size - self._everything(group, charges, charge), 0))

    @staticmethod
    def _year(period: Period, state: SupplyState) -> tuple[int, bool]:
        """Days of the year that the bill closes, or else is in; and whether it closes it."""
        ends = [day.year for day in period.dates() if (day.month, day.day) == (12, 31)]
        year = (ends or [(period.ends_before - timedelta(days=1)).year])[-1]
        return 366 if calendar.isleap(year) else 365, bool(ends) or state.ends

    def _named(self, charges: list[dict[str, Any]], charge: dict[str, Any], code: str) -> bool:
        """Is this one of its base? Left out, that is everything above."""
        return code in charge["base"] if "base" in charge else code not in self._after(charges, charge)

    def _everything(self, group: str, charges: list[dict[str, Any]], charge: dict[str, Any]) -> int:
        """Of a minimum or a tax: all lines of its base, discounts and taxes among them."""
        mine = [key for key in self.amounts if key[0] == group and self._named(charges, charge, key[1])]
        return sum(self.amounts[key] for key in mine)

    def _discount(self, group: str, charge: dict[str, Any], days: list[date], period: Period) -> int:
        """What it takes off, which counts as taken off each charge that it stands on."""
        charges = self.version(days[-1])["charges"]
        left = {}
        for code, kind in self._bill_order(period).items():
            lines = [
                amount
                for (of_group, of_code, label, *_rest), amount in self.amounts.items()
                if (of_group, of_code) == (group, code)
                and ("up_to" not in charge or ((group, code) in self.kwh and label != "paid out"))
            ]
            if kind != "discount" and lines and self._named(charges, charge, code):
                left[code] = sum(lines) - self.taken[group, code]
        base = Fraction(max(0, sum(left.values())))
        if "up_to" in charge:
            used = max((self.kwh[group, code] for code in left), default=0)
            share = sum((self.share(charge["per"], day) for day in days), Fraction(0))
            base = base * min(used, floor(share * Fraction(charge["up_to"]) * 10**6)) / max(used, 1)
        if "percent" in charge:
            takes = rounded(base * Fraction(charge["percent"]) / 100, self.rule)
        else:
            takes = min(self._stated(charge["amount"], charge["per"], days), int(base))
        owing, there = Fraction(0), {code: amount for code, amount in left.items() if amount > 0}
        for code, amount in there.items():
            owing += Fraction(takes * amount, sum(there.values()))
            self.taken[group, code] += floor(owing)
            owing -= floor(owing)
        assert owing == 0
        return takes

    def _bill_order(self, period: Period) -> dict[str, str]:
        """Kinds by code as the bill has them: as in its first version; what a later one adds stands behind
        the charge that stands before it there. So does a minimum by the year of other days, which the bill
        may close: it is a line like the others."""
        order: list[str] = []
        kinds: dict[str, str] = {}
        versions = {repr(v): v for v in map(self.version, period.dates())}
        for version in self.found["versions"]:
            if any(c["kind"] == "minimum" and c["per"] == "year" for c in version["charges"]):
                versions.setdefault(repr(version), version)
        for version in versions.values():
            before = ""
            for charge in version["charges"]:
                kinds[charge["code"]] = charge["kind"]
                if charge["code"] not in order:
                    order.insert(order.index(before) + 1 if before else 0, charge["code"])
                before = charge["code"]
        return {code: kinds[code] for code in order}

    def _stated(self, money: str, per: str, days: list[date]) -> int:
        """Money a day or month, of so many days, in minor units."""
        share = sum((self.share(per, day) for day in days), Fraction(0))
        return rounded(share * Fraction(money) * self.unit, self.rule)

    def _put(self, group: str, charge: dict[str, Any], amount: int) -> None:
        if amount or charge["kind"] != "minimum":
            self.amounts[(group, charge["code"], "", "")] = amount

    def _short(self, least: Fraction, held: Fraction) -> int:
        return int(max(rounded(least * self.unit, self.rule) - held, 0))
