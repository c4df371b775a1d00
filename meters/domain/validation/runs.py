"""Days that a rule doubts, joined into findings: days in a row are one, and a finding keeps its identity."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from meters.domain.validation.days import Days, Hits

Spans = tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class DayHit:
    """What one rule doubts of one day. size: intervals of the day; at: the doubted ones as [first, end);
    found, usual: the odd figure and the one to be expected (see the rule)."""

    size: int
    at: Spans
    found: int
    usual: int

    @property
    def intervals(self) -> int:
        """How many are in doubt."""
        return sum(end - first for first, end in self.at)


Doubted = Mapping[int, DayHit]
"""Day's ordinal to what is doubted of it."""


@dataclass(frozen=True, slots=True)
class OpenRun:
    """An open finding of one rule and channel."""

    id: int
    days: Doubted


@dataclass(frozen=True, slots=True)
class Regrouped:
    """What becomes of them: findings whose days changed, those that no day is left of, and new ones."""

    changed: tuple[OpenRun, ...]
    closed: tuple[int, ...]
    new: tuple[Doubted, ...]


def regrouped(before: Sequence[OpenRun], judged: Collection[int], doubted: Doubted) -> Regrouped:
    """The findings of one rule and channel after some of its days were judged anew.

    Days that were judged are doubted where `doubted` names them, and no more where it does not; other days
    stay as they were. Days in a row are one finding, which keeps the number of the first it had.
    """
    days: dict[int, DayHit] = {}
    owner: dict[int, OpenRun] = {}
    for run in before:
        for day, hit in run.days.items():
            if day not in judged:
                days[day] = hit
            owner.setdefault(day, run)
    days |= doubted
    changed, new, kept = list[OpenRun](), list[Doubted](), set[int]()
    for group in _in_a_row(sorted(days)):
        made = {day: days[day] for day in group}
        claims = [owner[day] for day in group if day in owner and owner[day].id not in kept]
        if not claims:
            new.append(made)
            continue
        kept.add(claims[0].id)
        if made != dict(claims[0].days):
            changed.append(OpenRun(claims[0].id, made))
    closed = tuple(run.id for run in before if run.id not in kept)
    return Regrouped(tuple(changed), closed, tuple(new))


def _in_a_row(days: Sequence[int]) -> Iterator[Sequence[int]]:
    first = 0
    for place in range(1, len(days) + 1):
        if place == len(days) or days[place] != days[place - 1] + 1:
            yield days[first:place]
            first = place


def day_hits(days: Days, hits: Hits) -> Iterator[tuple[int, int, DayHit]]:
    """(channel, day, hit) of each row."""
    channels, ordinals = days.channel_id[hits.rows].tolist(), days.day[hits.rows].tolist()
    edges = np.diff(hits.at.astype(np.int8), axis=1, prepend=0, append=0)
    figures = zip(channels, ordinals, hits.found.tolist(), hits.usual.tolist(), edges, strict=True)
    for channel, day, found, usual, edge in figures:
        starts, ends = np.flatnonzero(edge == 1).tolist(), np.flatnonzero(edge == -1).tolist()
        yield channel, day, DayHit(days.size, tuple(zip(starts, ends, strict=True)), found, usual)
