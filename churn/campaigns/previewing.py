"""What would come of beginning a campaign now, told before it begins."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy.orm import Session

from churn.campaigns.audience import summed_up
from churn.campaigns.drawing import Draw, arms_drafted, drawn
from churn.campaigns.keeping import Leaving, leaving
from churn.campaigns.tables import Campaign, CampaignArm
from churn.domain.campaigns.assigning import CONTROL
from churn.domain.campaigns.looks import each_of
from churn.domain.campaigns.power import detectable
from utility_crm.kit.shares import LEVEL


@dataclass(frozen=True, slots=True)
class Group:
    """An arm or the control group as it would be drawn: how many, and the least rise above the usual that
    would be seen in it, a share of one; None where none would."""

    key: str
    customers: int
    detectable: float | None


@dataclass(frozen=True, slots=True)
class Preview:
    """What would come of beginning now."""

    drawn: int
    groups: tuple[Group, ...]
    left_out: tuple[tuple[str, int], ...]
    savings: tuple[int, ...] = ()
    """What those who would be drawn would save in a year, the least first; minor units."""
    leaving: Leaving | None = None
    """Of those who would be drawn; None where their chances are not known."""

    @property
    def alone(self) -> int:
        """Customers in the control group."""
        return self.groups[-1].customers

    @property
    def out(self) -> int:
        """Customers who are left out before the draw."""
        return sum(count for _, count in self.left_out)

    @property
    def best(self) -> float | None:
        """The least rise that some arm would show."""
        found = [one.detectable for one in self.groups if one.detectable is not None]
        return min(found, default=None)


def preview(session: Session, row: Campaign, *, today: date, now: datetime) -> Preview:
    """What beginning now would come to; nothing is kept but the secrets of its draw."""
    return preview_of(session, row, arms_drafted(session, row.id), today=today, now=now)


def preview_of(
    session: Session, row: Campaign, arms: Sequence[CampaignArm], *, today: date, now: datetime
) -> Preview:
    """The same of a campaign that need not be kept, with these arms."""
    return told_of(session, row, arms, drawn(session, row, arms, today, now, False))


def told_of(session: Session, row: Campaign, arms: Sequence[CampaignArm], draw: Draw) -> Preview:
    """Of a draw that was made already."""
    sizes = Counter(one for one in draw.arms if one)
    keys = [one.key for one in arms]
    base, control = row.baseline_ppm / 1e6, sizes[CONTROL]
    level = each_of(LEVEL, len(keys))
    rises = {
        key: detectable(base, sizes[key], control, level=level) if control and sizes[key] else None
        for key in keys
    }
    groups = [Group(key, sizes[key], rises[key]) for key in keys]
    reasons = Counter(why for why in draw.why if why)
    in_groups = [one.customer_id for one, arm in zip(draw.found, draw.arms, strict=True) if arm]
    return Preview(
        sum(sizes.values()), (*groups, Group(CONTROL, control, None)), summed_up(reasons.items()),
        tuple(sorted(one.saving_minor for one, arm in zip(draw.found, draw.arms, strict=True)
                     if arm and one.saving_minor is not None)),
        leaving(session, in_groups, control),
    )  # fmt: skip
