"""What is asked of the audit log, as an address says it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

KINDS: Mapping[str, tuple[str, ...]] = {
    "all": (),
    "saw": ("view", "search", "export", "change"),
    "changed": ("change", "detail"),
    "refused": (),
    "left": ("export",),
    "door": ("sign_in",),
    "kept": ("kept",),
}
"""The questions, and the kinds of rows that answer each; none: of every kind."""
LONGEST = 100


@dataclass(frozen=True, slots=True)
class Asking:
    """One question. customer: as typed, a number or a name; person: a login; since and until: days of the
    utility's zone, both of them inside; before: the last row of the page before, by time and id."""

    ask: str = "all"
    customer: str = ""
    person: str = ""
    since: date | None = None
    until: date | None = None
    before: tuple[datetime, int] | None = None

    @property
    def kinds(self) -> tuple[str, ...]:
        return KINDS[self.ask]

    def begins(self, zone: str) -> datetime | None:
        """From this instant on."""
        return None if self.since is None else datetime.combine(self.since, time(), ZoneInfo(zone))

    def ends_before(self, zone: str) -> datetime | None:
        """Until before this instant."""
        if self.until is None:
            return None
        return datetime.combine(self.until + timedelta(days=1), time(), ZoneInfo(zone))

    def address(self, path: str = "/audit", **other: object) -> str:
        """Where this is asked, or with something else asked instead."""
        one = replace(self, before=None, **other)  # type: ignore[arg-type]
        given = {
            "ask": one.ask, "q": one.customer, "person": one.person,
            "since": one.since.isoformat() if one.since else "",
            "until": one.until.isoformat() if one.until else "",
        }  # fmt: skip
        return f"{path}?{urlencode({name: value for name, value in given.items() if value})}"

    def further(self, at: datetime, row_id: int) -> str:
        """Where the rows after this one are."""
        return f"{self.address()}&{urlencode({'before': f'{at.isoformat()}_{row_id}'})}"


def asking_of(params: Mapping[str, str]) -> Asking:
    """What an address asks; what cannot be read in it counts as not said."""
    ask = params.get("ask", "all")
    return Asking(
        ask=ask if ask in KINDS else "all",
        customer=_words(params.get("q", "")),
        person=_words(params.get("person", "")).lower(),
        since=_day(params.get("since", "")),
        until=_day(params.get("until", "")),
        before=_before(params.get("before", "")),
    )


def _words(typed: str) -> str:
    return " ".join(typed.replace("\0", "").split())[:LONGEST]


def _day(typed: str) -> date | None:
    try:
        found = date.fromisoformat(typed.strip())
    except ValueError:
        return None
    return found if 1900 < found.year < 9000 else None


def _before(typed: str) -> tuple[datetime, int] | None:
    at, _, number = typed.rpartition("_")
    try:
        instant = datetime.fromisoformat(at)
    except ValueError:
        return None
    known = instant.tzinfo is not None and number.isascii() and number.isdecimal() and len(number) < 19
    return (instant, int(number)) if known else None
