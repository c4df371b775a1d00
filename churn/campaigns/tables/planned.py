"""Campaigns and their arms, and the secrets that lots are drawn by."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    Integer,
    SmallInteger,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from utility_crm.kit.database import Base, identity


class CampaignKey(Base):
    """The secret by which lots are drawn: of each kind of campaign, so that whoever is left alone in one is
    left alone in all of its kind, and of the house (`name` "house")."""

    __tablename__ = "campaign_keys"

    name: Mapped[str] = mapped_column(primary_key=True)
    secret: Mapped[str]


class Campaign(Base):
    """What is offered to whom, with how much, and what was planned to be seen.

    audience: who (`audience.Audience`). Shares are in millionths. costs: minor units by way ("email", "sms",
    "letter", "call", "prompt"), and of each who accepts ("accepted"). baseline_ppm: who would take it anyway,
    as it was thought before. decides_on: the day that was set for looking. margin_minor: what a customer who
    stays earns in a year, and `margin_source` where that is known from; null: not known. planned: group sizes
    and the least effect that they show, told when it began. margins_on: the day its members' margins were
    reckoned by their bills.
    """

    __tablename__ = "campaigns"
    __table_args__ = (
        CheckConstraint("kind in ('tariff', 'green', 'efficiency', 'retention')", name="kind"),
        CheckConstraint(
            "offer in ('tariff', 'green', 'audit', 'two_rate', 'points', 'discount')", name="offer"
        ),
        CheckConstraint("state in ('draft', 'running', 'stopped', 'finished')", name="state"),
        CheckConstraint(
            "(offer in ('tariff', 'green', 'two_rate')) = (tariff_id is not null)", name="tariff"
        ),
        CheckConstraint("(offer in ('discount', 'points')) = (amount is not null)", name="amount"),
        CheckConstraint("amount > 0", name="some"),
        CheckConstraint("control_ppm between 50000 and 500000", name="control"),
        CheckConstraint("baseline_ppm between 0 and 900000", name="baseline"),
        CheckConstraint("ends_on >= starts_on and decides_on >= ends_on", name="days"),
        CheckConstraint("(state = 'draft') = (launched_at is null)", name="launched"),
        CheckConstraint(
            "budget_minor >= 0 and a_day >= 0 and cap_offers > 0 and cap_days > 0", name="bounds"
        ),
        CheckConstraint("(margin_minor is null) = (margin_source = '')", name="margin"),
    )

    id: Mapped[int] = identity()
    code: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    kind: Mapped[str]
    offer: Mapped[str]
    tariff_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("tariffs.id"))
    amount: Mapped[int | None]
    currency: Mapped[str]
    state: Mapped[str] = mapped_column(server_default="draft")
    audience: Mapped[dict[str, Any]]
    secret: Mapped[str]
    control_ppm: Mapped[int] = mapped_column(Integer)
    stratified: Mapped[bool] = mapped_column(server_default="true")
    baseline_ppm: Mapped[int] = mapped_column(Integer)
    starts_on: Mapped[date]
    ends_on: Mapped[date]
    decides_on: Mapped[date]
    a_day: Mapped[int] = mapped_column(Integer, server_default="0")
    cap_offers: Mapped[int] = mapped_column(SmallInteger, server_default="2")
    cap_days: Mapped[int] = mapped_column(SmallInteger, server_default="90")
    budget_minor: Mapped[int]
    costs: Mapped[dict[str, Any]]
    margin_minor: Mapped[int | None]
    margin_source: Mapped[str] = mapped_column(server_default="")
    margins_on: Mapped[date | None]
    planned: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'::jsonb"))
    note: Mapped[str] = mapped_column(server_default="")
    made_at: Mapped[datetime]
    made_by: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("users.id"))
    launched_at: Mapped[datetime | None]
    launched_by: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("users.id"))


class CampaignArm(Base):
    """An arm: by which ways it meets customers, and in which words. words: by language, `headline`, `body`
    and `short`, with the blanks {saving}, {tariff} and {until}."""

    __tablename__ = "campaign_arms"
    __table_args__ = (
        UniqueConstraint("campaign_id", "key"),
        CheckConstraint("key in ('A', 'B', 'C')", name="key"),
        CheckConstraint("weight between 1 and 9", name="weight"),
        CheckConstraint("ways <> '{}' and ways <@ array['notice', 'prompt', 'call']", name="ways"),
    )

    id: Mapped[int] = identity()
    campaign_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("campaigns.id", ondelete="CASCADE"))
    key: Mapped[str]
    name: Mapped[str]
    weight: Mapped[int] = mapped_column(SmallInteger, server_default="1")
    ways: Mapped[list[str]] = mapped_column(ARRAY(Text()))
    words: Mapped[dict[str, Any]]
