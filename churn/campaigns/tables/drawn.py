"""Who was drawn into which arm, what they answered, and the points they were given."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    Index,
    Integer,
    SmallInteger,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from utility_crm.kit.database import Base, identity


class CampaignMember(Base):
    """A customer of a campaign: drawn into an arm or left alone (`control`), or left out before the draw for
    a `reason` (then `arm` is empty).

    segment, stratum: as they were when it was drawn. saving_minor and basis: what a year on the offered
    tariff would have saved by their own readings, and what that stands on. not_sent: why nothing was sent;
    sent_at: when it was handed to the outbox. taken_on: from when what they accepted holds; outcome: how that
    was done (`changed`, `task`, `credited`, `points`). called_*: of a telephone list; held_until: somebody is
    calling. margin_minor: what they earned meanwhile, where somebody brought it; billed_minor: by the bills
    of the days since the draw, and before_minor by those of the year before it.
    """

    __tablename__ = "campaign_members"
    __table_args__ = (
        UniqueConstraint("campaign_id", "customer_id"),
        CheckConstraint("(arm = '') = (reason <> '')", name="drawn_or_why_not"),
        CheckConstraint("arm in ('', 'control', 'A', 'B', 'C')", name="arm"),
        CheckConstraint("answer in ('', 'accepted', 'declined', 'not_now')", name="answer"),
        CheckConstraint("answered_via in ('', 'link', 'desk', 'call')", name="via"),
        CheckConstraint("(answer = '') = (answered_at is null)", name="answered"),
        CheckConstraint(
            "call_result in ('', 'talked', 'no_answer', 'wrong_number', 'do_not_call')", name="call_result"
        ),
        Index(None, "customer_id"),
        Index("ix_campaign_members_arm", "campaign_id", "arm", "id"),
    )

    id: Mapped[int] = identity()
    campaign_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("campaigns.id", ondelete="CASCADE"))
    customer_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("customers.id", ondelete="CASCADE"))
    account_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("accounts.id"))
    arm: Mapped[str]
    reason: Mapped[str] = mapped_column(server_default="")
    segment: Mapped[str]
    stratum: Mapped[str] = mapped_column(server_default="")
    saving_minor: Mapped[int | None]
    basis: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'::jsonb"))
    drawn_at: Mapped[datetime]
    sent_at: Mapped[datetime | None]
    not_sent: Mapped[str] = mapped_column(server_default="")
    answer: Mapped[str] = mapped_column(server_default="")
    answered_at: Mapped[datetime | None]
    answered_via: Mapped[str] = mapped_column(server_default="")
    answered_by: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("users.id"))
    taken_on: Mapped[date | None]
    outcome: Mapped[str] = mapped_column(server_default="")
    call_tries: Mapped[int] = mapped_column(SmallInteger, server_default="0")
    call_result: Mapped[str] = mapped_column(server_default="")
    called_at: Mapped[datetime | None]
    called_by: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("users.id"))
    held_until: Mapped[datetime | None]
    margin_minor: Mapped[int | None]
    billed_minor: Mapped[int | None]
    before_minor: Mapped[int | None]


class LoyaltyPoint(Base):
    """Points that a customer was given, and for what; rows are added alone."""

    __tablename__ = "loyalty_points"
    __table_args__ = (
        CheckConstraint("points <> 0", name="some"),
        Index(None, "customer_id"),
        Index(
            "uq_loyalty_points_once", "member_id", unique=True, postgresql_where=text("member_id is not null")
        ),
    )

    id: Mapped[int] = identity()
    customer_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("customers.id", ondelete="CASCADE"))
    member_id: Mapped[int | None] = mapped_column(
        BigInteger, ForeignKey("campaign_members.id", ondelete="SET NULL")
    )
    points: Mapped[int] = mapped_column(Integer)
    at: Mapped[datetime]
