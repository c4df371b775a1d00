"""The page of value: its four questions, answered from what is kept."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from churn.value.content import BY, content
from churn.value.pictures import Bar, Curves, bars, curves
from churn.value.queries import (
    PAGE_ROWS,
    STEPS,
    BySegment,
    Fifth,
    Kind,
    Valued,
    ValueState,
    by_segment,
    fifth_bounds,
    kinds,
    next_ones,
    rfm,
    state,
    values,
)
from churn.value.words import SEGMENT_WORDS
from utility_crm.segments.members import members_of
from utility_crm.segments.queries import saved_segments
from utility_crm.surveys.domain.scores import Interval, Question

QUESTIONS = ("worth", "stake", "next", "content")
FEWEST_ANSWERS = 15
MOST_SKIPPED = 100_000_000


@dataclass(frozen=True, slots=True)
class Asked:
    """What the address asks for; what is not known is taken as not asked."""

    chosen: str = "worth"
    segment: str = ""
    step: str = ""
    by: str = "segment"
    saved: int | None = None
    skip: int = 0

    @classmethod
    def of(cls, ask: str, segment: str, step: str, by: str, saved: str, skip: int) -> Asked:
        number = int(saved) if saved.isdecimal() and len(saved) < 18 else None
        return cls(
            ask if ask in QUESTIONS else QUESTIONS[0], segment if segment in SEGMENT_WORDS else "",
            step if step in STEPS else "", by if by in BY else BY[0], number,
            min(max(0, skip), MOST_SKIPPED),
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class ValuePage:
    """Everything the template shows. Parts of questions that were not chosen are empty. whole: NPS and CSAT
    of all, None where they are too few."""

    asked: Asked
    state: ValueState | None
    kinds: Sequence[Kind]
    whole: Mapping[Question, Interval | None]
    drawn: Curves | None = None
    segments: Sequence[BySegment] = ()
    by_kind: Mapping[str, Curves | None] = field(default_factory=dict)
    grid: Mapping[tuple[int, int], int] = field(default_factory=dict)
    fifths: Sequence[Fifth] = ()
    rows: Sequence[Valued] = ()
    count: int = 0
    bars: Sequence[Bar] = ()
    saved: Sequence[tuple[int, str]] = ()

    @property
    def offers_to(self) -> int:
        return sum(one.customers for one in self.kinds if one.step == "offer")

    @property
    def care_first(self) -> int:
        return sum(one.customers for one in self.kinds if one.step == "care")

    @property
    def saves_minor(self) -> int | None:
        """What offers that are seen to work are expected to save; None where none is."""
        known = [one.saved_minor for one in self.kinds if one.step == "offer" and one.saved_minor is not None]
        return sum(known) if known else None

    @property
    def earlier(self) -> int | None:
        return max(0, self.asked.skip - PAGE_ROWS) if self.asked.skip else None

    @property
    def later(self) -> int | None:
        after = self.asked.skip + PAGE_ROWS
        return after if after < self.count else None


def value_page(session: Session, asked: Asked, now: datetime) -> ValuePage:
    """The page with one question answered in full, the others in short."""
    known = state(session)
    listed: Sequence[int] = ()
    segments: list[tuple[int, str]] = []
    if asked.chosen == "content":
        segments = [(one.id, one.name) for one in saved_segments(session) if not one.broken]
        if asked.by == "saved":
            chosen = asked.saved if asked.saved in dict(segments) else None
            chosen = chosen or (segments[0][0] if segments else None)
            listed = [] if chosen is None else members_of(session, chosen, now=now)
            asked = Asked(asked.chosen, by="saved", saved=chosen)
    tallies, groups = content(session, asked.by if asked.chosen == "content" else BY[0], now, listed)
    whole = {question: tally.figure(FEWEST_ANSWERS) for question, tally in tallies.items()}
    common: dict[str, Any] = {"asked": asked, "state": known, "kinds": kinds(session), "whole": whole}
    common["drawn"] = None if known is None else curves(known.curves.get("", {}))
    if asked.chosen == "content":
        return ValuePage(**common, bars=bars(groups), saved=segments)
    if known is None:
        return ValuePage(**common)
    if asked.chosen == "worth":
        return ValuePage(**common, **_worth(session, known))
    narrowed: dict[str, Any] = {"segment": asked.segment, "skip": asked.skip}
    sums = by_segment(session)
    count = sum(one.customers for one in sums if asked.segment in ("", one.segment))
    if asked.chosen == "stake":
        return ValuePage(**common, segments=sums, rows=values(session, **narrowed), count=count)
    if asked.step:
        steps = kinds(session, asked.segment) if asked.segment else common["kinds"]
        count = sum(one.customers for one in steps if one.step == asked.step)
    return ValuePage(**common, rows=next_ones(session, step=asked.step, **narrowed), count=count)


def _worth(session: Session, known: ValueState) -> dict[str, Any]:
    grid: dict[tuple[int, int], int] = {}
    for recency, _, money, customers, _, _ in rfm(session):
        grid[recency, money] = grid.get((recency, money), 0) + customers
    return {
        "segments": by_segment(session),
        "by_kind": {segment: curves(kept) for segment, kept in known.curves.items() if segment},
        "grid": grid, "fifths": fifth_bounds(session, known.day),
    }  # fmt: skip
