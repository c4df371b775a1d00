"""What members of a campaign earned, group by group: as somebody brought it, else by their own bills."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
from sqlalchemy import text
from sqlalchemy.orm import Session

from churn.domain.campaigns.assigning import CONTROL
from churn.domain.campaigns.effects import Effect, beside_before, difference_of_means
from churn.domain.campaigns.looks import each_of

Source = Literal["brought", "billed", ""]
_MARGINS = text("""
    select m.arm, array_agg(m.margin_minor order by m.id), array_agg(m.billed_minor order by m.id),
           array_agg(m.before_minor order by m.id)
    from campaign_members m
    join customers c on c.id = m.customer_id and c.merged_into_id is null
    where m.campaign_id = :id and m.arm <> ''
    group by m.arm
""")


@dataclass(frozen=True, slots=True)
class Group:
    """An arm, or all together (""), against control: sums in minor units, and of how many customers; effect:
    minor units a customer, None where it is too early for any interval."""

    arm: str
    sum_minor: int
    of: int
    control_minor: int
    of_control: int
    effect: Effect | None


@dataclass(frozen=True, slots=True)
class Earned:
    """known: of how many members a margin is. groups: none unless it is of all."""

    source: Source
    known: int
    groups: tuple[Group, ...]


def earned(session: Session, campaign_id: int, level: float | None) -> Earned:
    """Margins that somebody brought count alone, where there are any; else those of bills. One statement."""
    rows = session.execute(_MARGINS, {"id": campaign_id}).all()
    brought = {arm: list(margins) for arm, margins, _, _ in rows}
    billed = {arm: list(margins) for arm, _, margins, _ in rows}
    if any(value is not None for margins in brought.values() for value in margins):
        return _held_against(
            brought, {arm: [None] * len(one) for arm, one in brought.items()}, "brought", level
        )
    return _held_against(billed, {arm: list(before) for arm, _, _, before in rows}, "billed", level)


def _held_against(
    margins: Mapping[str, list[int | None]],
    before: Mapping[str, list[int | None]],
    source: Source,
    level: float | None,
) -> Earned:
    known = sum(value is not None for values in margins.values() for value in values)
    plain = {arm: [value for value in values if value is not None] for arm, values in margins.items()}
    if not known or CONTROL not in margins or any(len(plain[arm]) < len(margins[arm]) for arm in margins):
        return Earned(source if known else "", known, ())
    fair = beside_before(plain, before)
    arms = sorted(arm for arm in plain if arm != CONTROL)
    parts = {"": arms, **{arm: [arm] for arm in arms}} if arms else {}
    found = []
    for name, of in parts.items():
        effect = None
        if level is not None:
            mine_alone = level if not name else each_of(level, len(arms))
            everybody = np.concatenate([fair[arm] for arm in of])
            effect = difference_of_means(everybody, fair[CONTROL], mine_alone)
        mine = [value for arm in of for value in plain[arm]]
        found.append(
            Group(name, sum(mine), len(mine), sum(plain[CONTROL]), len(plain[CONTROL]), effect)
        )  # fmt: skip
    return Earned(source, known, tuple(found))
