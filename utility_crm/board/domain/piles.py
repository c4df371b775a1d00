"""How many tickets stood open at the end of each day. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

MOST_COLUMNS = 31


@dataclass(frozen=True, slots=True)
class Pile:
    """At the end of a day (or, for today, now): how many were open, and what came and went since the one
    before it."""

    day: date
    open: int
    came: int
    went: int


def piles(base: int, first: date, days: int, moved: Mapping[date, tuple[int, int]]) -> tuple[Pile, ...]:
    """A pile a day, oldest first. base: open before the first day; moved: (came, went) by day. More than
    MOST_COLUMNS days are put together by sevens, so that the last is whole."""
    found, stands = [], base
    for place in range(days):
        day = first + timedelta(days=place)
        came, went = moved.get(day, (0, 0))
        stands += came - went
        found.append(Pile(day, stands, came, went))
    return tuple(found) if days <= MOST_COLUMNS else _weeks(found)


def _weeks(each: Sequence[Pile]) -> tuple[Pile, ...]:
    """By sevens from the end; the oldest may be shorter."""
    begins = len(each) % 7
    cuts = [each[:begins], *(each[place : place + 7] for place in range(begins, len(each), 7))]
    return tuple(
        Pile(part[-1].day, part[-1].open, sum(one.came for one in part), sum(one.went for one in part))
        for part in cuts
        if part
    )
