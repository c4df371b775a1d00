"""What the gate looks at: one draft, what its account had before, and what is doubted of its readings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import date
from typing import Any

MICRO = 1_000_000


@dataclass(frozen=True, slots=True)
class Earlier:
    """An issued bill to hold a draft against. warmth: degree days a day, None where no temperature is known:
    what a house that is heated or cooled by this energy needs it for."""

    starts_on: date
    ends_before: date
    micro_kwh: int
    total_minor: int
    warmth: float | None = None

    @property
    def days(self) -> int:
        return (self.ends_before - self.starts_on).days

    @property
    def kwh_a_day(self) -> float:
        return self.micro_kwh / MICRO / self.days


@dataclass(frozen=True, slots=True)
class Figures:
    """One draft. Minutes count over all its service points.

    missing_minutes: had no reading and were filled. estimated_minutes: filled, or estimated by whoever read
    the meter; of the `minutes` of the period. unbilled_days: with supply, between the bill before and this
    one. too_old_days: of the period, whose use may not be charged any more and is left out of total_minor.
    findings_bad, findings_warn: open findings on its readings. last: the bill before; year_ago: of the same
    season.
    """

    days: int
    minutes: int
    micro_kwh: int
    total_minor: int
    missing_minutes: int = 0
    estimated_minutes: int = 0
    unbilled_days: int = 0
    findings_bad: int = 0
    findings_warn: int = 0
    too_old_days: int = 0
    last: Earlier | None = None
    year_ago: Earlier | None = None
    warmth: float | None = None

    @property
    def kwh_a_day(self) -> float:
        return self.micro_kwh / MICRO / self.days

    @property
    def earlier(self) -> tuple[Earlier, ...]:
        """What is known of before, the same season first."""
        return tuple(one for one in (self.year_ago, self.last) if one is not None)

    def document(self) -> dict[str, Any]:
        """JSON's types alone."""
        found = {field.name: getattr(self, field.name) for field in fields(self)}
        return found | {"last": _document(self.last), "year_ago": _document(self.year_ago)}

    @classmethod
    def of(cls, document: Mapping[str, Any]) -> Figures:
        """The inverse of `document`; what else is kept beside the figures is left out."""
        earlier = {name: _earlier(document[name]) for name in ("last", "year_ago")}
        own = {field.name: document[field.name] for field in fields(cls) if field.name in document}
        return cls(**{**own, **earlier})


def _document(one: Earlier | None) -> dict[str, Any] | None:
    if one is None:
        return None
    found = {field.name: getattr(one, field.name) for field in fields(one)}
    return found | {"starts_on": one.starts_on.isoformat(), "ends_before": one.ends_before.isoformat()}


def _earlier(document: Mapping[str, Any] | None) -> Earlier | None:
    if document is None:
        return None
    days = {name: date.fromisoformat(document[name]) for name in ("starts_on", "ends_before")}
    return Earlier(**{**document, **days})
