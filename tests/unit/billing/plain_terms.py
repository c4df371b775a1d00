"""The terms of a tariff document, day by day, and what of the oracle everything reads."""

from __future__ import annotations

import calendar
from datetime import date, datetime, timedelta
from fractions import Fraction
from math import floor
from typing import Any
from zoneinfo import ZoneInfo

from billing.domain.reckoning.usage import Usage
from billing.domain.tariffs.price_series import PriceSeries

WEEKDAYS = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]


def rounded(value: Fraction, rule: str) -> int:
    size, low = abs(value), floor(abs(value))
    rest = size - low
    up = rest > Fraction(1, 2) or (rest == Fraction(1, 2) and (rule == "half_up" or low % 2 == 1))
    return (-1 if value < 0 else 1) * (low + up)


class PlainTerms:
    """lines: exact money by group, code, label and price; amounts: the same in minor units, rounded once.

    kwh: by group and code, what energy was counted; prices: the series by name.
    """

    found: dict[str, Any]
    rule: str
    unit: Fraction
    holidays: Any
    prices: dict[str, PriceSeries]
    lines: dict[tuple[str, ...], Fraction]
    amounts: dict[tuple[str, ...], int]
    kwh: dict[tuple[str, str], int]
    shared: dict[tuple[str, ...], int]
    segments: dict[str, dict[Any, Any]]
    drawn: dict[Any, dict[Any, int]]

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

    @staticmethod
    def share(per: str, day: date) -> Fraction:
        year = 366 if calendar.isleap(day.year) else 365
        month = calendar.monthrange(day.year, day.month)[1]
        return Fraction(1, {"day": 1, "month": month, "year": year}[per])

    def _local(self, usage: Usage, index: int) -> datetime:
        at = usage.starts_at + timedelta(minutes=usage.interval_minutes * index)
        return at.astimezone(ZoneInfo(self.found["timezone"]))
