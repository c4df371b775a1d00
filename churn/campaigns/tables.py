"""Campaigns, their arms, who was drawn into which, what was answered, and how it stood day by day."""

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
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
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
