"""What every question of the ops page is asked with, and what a question is."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from utility_crm.kit.parts import Answer, Sheet

T = TypeVar("T")


@dataclass(slots=True)
class FeedsCall:
    """One look at the feeds. `zone` is the utility's, in which today begins; `params` are the page's own
    query parameters. `once(load)` runs a loader a single time for the whole page, so questions share it."""

    session: Session
    today: date
    now: datetime
    zone: str
    language: str = "en"
    params: Mapping[str, str] = field(default_factory=dict)
    _memo: dict[Callable[[FeedsCall], Any], Any] = field(default_factory=dict)

    def once(self, load: Callable[[FeedsCall], T]) -> T:
        """The value of `load(self)`, computed once a page."""
        if load not in self._memo:
            self._memo[load] = load(self)
        value: T = self._memo[load]
        return value

    def begins(self, day: date) -> datetime:
        """When a day of the utility's clock began."""
        return datetime.combine(day, time(), ZoneInfo(self.zone))

    def number(self, name: str) -> int | None:
        """A query parameter that is a number (ASCII digits, at most 18 of them); None where it is none."""
        given = self.params.get(name, "")
        return int(given) if given.isascii() and given.isdigit() and len(given) <= 18 else None


@dataclass(frozen=True, slots=True)
class FeedsQuestion:
    """One question ops may ask: `answer` is always shown, `sheet` only when chosen.

    `title` is marked for translation where it stands (`mark("...")`). The sheet's template extends
    `meters/sheet.html`.
    """

    key: str
    title: str
    order: int
    answer: Callable[[FeedsCall], Answer]
    sheet: Callable[[FeedsCall], Sheet]
