"""The figures behind an effect, as they are shown."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

# A table cell holds this many; all of them are in ``figures``.
MOST_FIGURES = 3


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure, before and after, already in its unit; None where a bill has no such thing.

    from_day: the day inside one of the bills from which `after` holds, where a price changed on it.
    """

    name: str
    before: str | None
    after: str | None
    unit: str
    from_day: date | None = None


@dataclass(frozen=True, slots=True)
class Evidence:
    effect: str
    text: str
    figures: tuple[Figure, ...] = ()


def told_apart(before: int, after: int, text: Callable[[int, int], str]) -> tuple[str, str]:
    """Two figures with as many decimals as it takes to tell them apart, up to three more than usual."""
    for more in range(4):
        if text(before, more) != text(after, more):
            return text(before, more), text(after, more)
    return text(before, 0), text(after, 0)
