"""How a campaign stood day by day, what was done to it, and what was judged."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    Index,
    Integer,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from utility_crm.kit.database import Base, identity


class CampaignDay(Base):
    """How an arm stood at the end of a day: everything counted since the campaign began. spent_minor: of the
    whole campaign, kept with its control group."""

    __tablename__ = "campaign_days"

    campaign_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("campaigns.id", ondelete="CASCADE"), primary_key=True
    )
    day: Mapped[date] = mapped_column(primary_key=True)
    arm: Mapped[str] = mapped_column(primary_key=True)
    customers: Mapped[int] = mapped_column(Integer)
    sent: Mapped[int] = mapped_column(Integer)
    read: Mapped[int] = mapped_column(Integer)
    answered: Mapped[int] = mapped_column(Integer)
    accepted: Mapped[int] = mapped_column(Integer)
    taken: Mapped[int] = mapped_column(Integer)
    lost: Mapped[int] = mapped_column(Integer)
    spent_minor: Mapped[int]


class CampaignEvent(Base):
    """What was done to a campaign, and by whom."""

    __tablename__ = "campaign_events"
    __table_args__ = (
        CheckConstraint(
            "kind in ('made', 'changed', 'launched', 'sent', 'budget', 'stopped', 'finished')", name="kind"
        ),
        Index(None, "campaign_id"),
    )

    id: Mapped[int] = identity()
    campaign_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("campaigns.id", ondelete="CASCADE"))
    at: Mapped[datetime]
    kind: Mapped[str]
    detail: Mapped[str] = mapped_column(server_default="")
    by_user: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("users.id"))


class CampaignVerdict(Base):
    """What was judged of a question (`outcome`) of a campaign, once and for good: of all arms together (`arm`
    and `segment` empty), of an arm, or of a segment.

    count of `of_arm` against control `of_control`: customers; of margins `count` and `control` are sums in
    minor units. difference, low, high: the effect and its interval at `level`, null where it could not be
    told. source: of margins, `brought` or `billed`. checked_on: the last day on which the figures were held
    against it; moved: what they were then (`churn.campaigns.results.kept`), where they told something else.
    """

    __tablename__ = "campaign_verdicts"
    __table_args__ = (
        CheckConstraint("outcome in ('taken', 'lost', 'margin')", name="outcome"),
        CheckConstraint("arm in ('', 'A', 'B', 'C') and (arm = '' or segment = '')", name="group"),
        CheckConstraint("verdict in ('works', 'harms', 'none', 'counted', 'unseen')", name="verdict"),
        CheckConstraint("(outcome = 'margin') = (source in ('brought', 'billed'))", name="source"),
        CheckConstraint("num_nulls(difference, low, high) in (0, 3)", name="effect"),
    )

    campaign_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("campaigns.id", ondelete="CASCADE"), primary_key=True
    )
    outcome: Mapped[str] = mapped_column(primary_key=True)
    arm: Mapped[str] = mapped_column(primary_key=True)
    segment: Mapped[str] = mapped_column(primary_key=True)
    count: Mapped[int]
    of_arm: Mapped[int] = mapped_column(Integer)
    control: Mapped[int]
    of_control: Mapped[int] = mapped_column(Integer)
    difference: Mapped[float | None]
    low: Mapped[float | None]
    high: Mapped[float | None]
    level: Mapped[float]
    verdict: Mapped[str]
    source: Mapped[str] = mapped_column(server_default="")
    judged_on: Mapped[date]
    judged_at: Mapped[datetime]
    checked_on: Mapped[date]
    moved: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))


class CampaignCounts(Base):
    """How the groups of a campaign stood, and what was spent, when uptake and leaving were judged. groups:
    counts by arm, segment and way (`churn.campaigns.results.counting.Tally`)."""

    __tablename__ = "campaign_counts"

    campaign_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("campaigns.id", ondelete="CASCADE"), primary_key=True
    )
    counted_on: Mapped[date]
    spent_minor: Mapped[int]
    groups: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
