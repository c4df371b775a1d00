"""What happened, a page of it: of one kind, with some words in it, up to a day, older than what was seen.

Pure. A page goes on where the one before ended: its key is the instant of the last entry and how many of that
instant were shown, so that what happens meanwhile moves nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from urllib.parse import urlencode

from utility_crm.kit.parts import TimelineEntry

PAGE = 20
KIND, FIND, DAY, BEFORE = "shown", "find", "upto", "before"
"""Names in an address."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What of it is asked for. kind: empty for all; words: each is in what is said; upto: the last day;
    older: than so many entries of an instant."""

    kind: str = ""
    words: str = ""
    upto: date | None = None
    older: tuple[datetime, int] | None = None

    @property
    def some(self) -> bool:
        """Whether anything is left out by it."""
        return bool(self.kind or self.words or self.upto)

    def query(self, **other: str) -> str:
        """As an address says it, but for `other`; without the key of a page."""
        upto = self.upto.isoformat() if self.upto else ""
        values = {KIND: self.kind, FIND: self.words, DAY: upto} | other
        return urlencode({name: value for name, value in values.items() if value})


def wanted(params: Mapping[str, str]) -> Wanted:
    """Of an address; what cannot be read is not asked for."""
    kind, words = params.get(KIND, "").strip()[:40], " ".join(params.get(FIND, "").split())[:100]
    return Wanted(kind, words, _day(params.get(DAY, "")), _key(params.get(BEFORE, "")))


@dataclass(frozen=True, slots=True)
class TimelinePage:
    """entries: the newest first. kinds: of each how many there are, whichever is shown; found, every: how
    many are asked for, and in all. older: the key of the page that follows, empty where none does."""

    entries: tuple[TimelineEntry, ...]
    kinds: tuple[tuple[str, int], ...]
    asked: Wanted
    found: int
    every: int
    older: str
    left: int


def timeline_page(
    entries: Sequence[TimelineEntry],
    asked: Wanted,
    local_day: Callable[[datetime], date],
    seen: Callable[[str], str] = str,
) -> TimelinePage:
    """The page of all that happened. local_day: of an instant; seen: a text as whoever looks may see it,
    which is what their words are looked for in."""
    newest = sorted(entries, key=lambda entry: entry.at, reverse=True)
    sought = asked.words.casefold().split()

    def fits(entry: TimelineEntry) -> bool:
        if asked.upto is not None and local_day(entry.at) > asked.upto:
            return False
        if not sought:
            return True
        said = seen(f"{entry.title} {entry.detail}").casefold()
        return all(word in said for word in sought)

    fitting = [entry for entry in newest if fits(entry)]
    kinds: dict[str, int] = {}
    for entry in fitting:
        kinds[entry.kind] = kinds.get(entry.kind, 0) + 1
    of_kind = [entry for entry in fitting if not asked.kind or entry.kind == asked.kind]
    start = _after(of_kind, asked.older) if asked.older else 0
    shown = of_kind[start : start + PAGE]
    left = len(of_kind) - start - len(shown)
    return TimelinePage(
        tuple(shown), tuple(kinds.items()), asked, len(of_kind), len(newest),
        _written(of_kind[: start + len(shown)]) if left else "", left,
    )  # fmt: skip


def _after(entries: Sequence[TimelineEntry], key: tuple[datetime, int]) -> int:
    at, count = key
    newer = sum(entry.at > at for entry in entries)
    return newer + min(count, sum(entry.at == at for entry in entries))


def _written(shown: Sequence[TimelineEntry]) -> str:
    last = shown[-1].at
    return f"{last.astimezone(UTC).isoformat()}~{sum(entry.at == last for entry in shown)}"


def _key(text: str) -> tuple[datetime, int] | None:
    instant, _, count = text.partition("~")
    try:
        at = datetime.fromisoformat(instant)
    except ValueError:
        return None
    if at.tzinfo is None or not (count.isascii() and count.isdecimal() and len(count) < 6):
        return None
    return at, int(count)


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None
