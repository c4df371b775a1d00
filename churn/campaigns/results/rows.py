"""A question's figures of an arm, of all arms together or of a segment, against control."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Literal

from churn.campaigns.earned import Earned, Group, Source
from churn.campaigns.results.counting import Counts, Tally
from churn.domain.campaigns.assigning import CONTROL
from churn.domain.campaigns.effects import Effect, difference_of_shares
from churn.domain.campaigns.judging import Outcome, final
from churn.domain.campaigns.looks import each_of, level_at, part_over
from churn.domain.campaigns.verdicts import Verdict, verdict
from utility_crm.kit.shares import LEVEL


@dataclass(frozen=True, slots=True)
class Look:
    """judged: it is the day, and what is said stays. level: of the interval of all together; None: too early
    for any. sized: as many as planned are still there."""

    judged: bool
    level: float | None
    sized: bool = True

    def of_one(self, many: int) -> Look:
        """The same of one of several that are looked at side by side: arms, or segments."""
        level = None if self.level is None else each_of(self.level, many)
        return Look(self.judged, level, self.sized)

    def word(self, effect: Effect | None, good: Literal["more", "less"]) -> Verdict:
        """What is said of an effect."""
        if self.judged:
            return final(effect, sized=self.sized, good=good)
        return verdict(effect, reached=False, good=good)


def early_look(began: date, day: date, today: date) -> Look:
    """Before a question is judged: an interval that allows for looking every day."""
    return Look(False, level_at(part_over(began, day, today)))


def last_look(sized: bool) -> Look:
    """When it is judged."""
    return Look(True, LEVEL, sized)


@dataclass(frozen=True, slots=True)
class Moved:
    """What the figures of a verdict were on a later day, where they tell something else by then."""

    on_day: date
    count: int
    of: int
    control: int
    of_control: int
    effect: Effect | None


@dataclass(frozen=True, slots=True)
class Row:
    """An arm (or all arms together, "") against control. effect: of `taken` and `lost` in shares of one, of
    `margin` in minor units a customer; None where it cannot be told. of: customers of arm and control. level:
    of the interval. source: of margins. judged_on: the day it was judged; None: it is told anew every day."""

    outcome: Outcome
    arm: str
    segment: str
    count: int
    of: int
    control: int
    of_control: int
    effect: Effect | None
    verdict: Verdict
    level: float | None = None
    source: Source = ""
    judged_on: date | None = None
    moved: Moved | None = None


def rows_of_shares(outcome: Literal["taken", "lost"], tally: Tally, look: Look, *, tariff: bool) -> list[Row]:
    """All together, by arm, then by segment. tariff: whoever is left alone can take it as well; else that
    some of those asked do is no effect, and is counted."""
    found = [*_rows(outcome, tally.by_arm, look), *_segment_rows(outcome, tally.by_segment, look)]
    if outcome == "taken" and not tariff:
        found = [row if row.effect is None else replace(row, verdict="counted") for row in found]
    return found


def rows_of_margin(margins: Earned, look: Look) -> list[Row]:
    """All together and by arm, of margins that were held against control at the look's level."""
    arms = sum(1 for group in margins.groups if group.arm)
    return [_margin_row(group, margins.source, look.of_one(arms) if group.arm else look)
            for group in margins.groups]  # fmt: skip


def _rows(
    outcome: Literal["taken", "lost"], by_arm: Mapping[str, Counts], look: Look, segment: str = ""
) -> list[Row]:
    control = by_arm.get(CONTROL, Counts())
    arms = sorted(key for key in by_arm if key != CONTROL)
    groups = {key: by_arm[key] for key in arms}
    if arms:
        groups = {"": sum(groups.values(), Counts())} | groups
    return [
        _row(outcome, arm, segment, counts, control, look.of_one(len(arms)) if arm else look)
        for arm, counts in groups.items()
        if len(arms) > 1 or arm == "" or segment == ""
    ]


def _row(
    outcome: Literal["taken", "lost"], arm: str, segment: str, counts: Counts, control: Counts, look: Look
) -> Row:
    count, against = getattr(counts, outcome), getattr(control, outcome)
    effect = None
    if counts.customers and control.customers and look.level is not None:
        effect = difference_of_shares(count, counts.customers, against, control.customers, look.level)
    word = look.word(effect, "more" if outcome == "taken" else "less")
    of = (count, counts.customers, against, control.customers)
    return Row(outcome, arm, segment, *of, effect, word, look.level)


def _segment_rows(
    outcome: Literal["taken", "lost"], by_segment: Mapping[tuple[str, str], Counts], look: Look
) -> list[Row]:
    segments = sorted({segment for _, segment in by_segment})
    look = look.of_one(len(segments))
    return [
        row
        for segment in segments
        for row in _rows(
            outcome,
            {arm: counts for (arm, mine), counts in by_segment.items() if mine == segment},
            look,
            segment,
        )
        if row.arm == ""
    ]


def _margin_row(group: Group, source: Source, look: Look) -> Row:
    of = (group.sum_minor, group.of, group.control_minor, group.of_control)
    word = look.word(group.effect, "more")
    return Row("margin", group.arm, "", *of, group.effect, word, look.level, source)
