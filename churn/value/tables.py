"""Costs that somebody brings, what each customer is worth by them, and how the whole base stood on a day."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Double,
    ForeignKey,
    Index,
    Integer,
    SmallInteger,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from utility_crm.kit.database import Base, identity


class CostRate(Base):
    """What a kWh or a day costs us from a day on, until the next of its kind and scope. Null tariff, segment
    or area: of every one. source: who says so."""

    __tablename__ = "cost_rates"
    __table_args__ = (
        CheckConstraint("kind in ('purchase', 'network_kwh', 'network_day', 'other_day')", name="kind"),
        CheckConstraint("fuel in ('electricity', 'gas', 'water')", name="fuel"),
        CheckConstraint("price_micro >= 0", name="price"),
        UniqueConstraint(
            "kind", "fuel", "valid_from", "tariff_id", "segment", "area", "currency",
            name="uq_cost_rates_once", postgresql_nulls_not_distinct=True,
        ),
    )  # fmt: skip

    id: Mapped[int] = identity()
    kind: Mapped[str]
    fuel: Mapped[str] = mapped_column(server_default="electricity")
    valid_from: Mapped[date]
    tariff_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("tariffs.id"))
    segment: Mapped[str | None]
    area: Mapped[str | None]
    price_micro: Mapped[int]
    currency: Mapped[str]
    source: Mapped[str] = mapped_column(server_default="")
    brought_at: Mapped[datetime]


class CustomerValue(Base):
    """How a supplied customer stands: the last twelve months of bills, what is expected of them, and what to
    do next. Worked out anew once a day (`counting.count_values`).

    days: of the bills; month_minor: the margin of a month at the rate of those days, null where it is not
    known of a day (`unknown_days`). recency, frequency, money: fifths, 5 the best. step, reason, offer,
    saved_minor: the first of `actions` (`domain.value.next_action`).
    """

    __tablename__ = "customer_values"
    __table_args__ = (
        CheckConstraint("step in ('care', 'offer', 'alone', 'unknown')", name="step"),
        Index(None, "at_stake_minor"),
        {"info": {"recomputed": True}},
    )

    customer_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("customers.id", ondelete="CASCADE"), primary_key=True
    )
    segment: Mapped[str]
    area: Mapped[str] = mapped_column(server_default="")
    tariff: Mapped[str] = mapped_column(server_default="")
    chance: Mapped[float | None] = mapped_column(Double)
    revenue_minor: Mapped[int]
    margin_minor: Mapped[int | None]
    unknown_days: Mapped[int] = mapped_column(Integer, server_default="0")
    days: Mapped[int] = mapped_column(Integer)
    month_minor: Mapped[int | None]
    worth_minor: Mapped[int | None]
    at_stake_minor: Mapped[int | None]
    months_at_risk: Mapped[float | None] = mapped_column(Double)
    last_act_on: Mapped[date | None]
    acts: Mapped[int] = mapped_column(Integer, server_default="0")
    recency: Mapped[int | None] = mapped_column(SmallInteger)
    frequency: Mapped[int | None] = mapped_column(SmallInteger)
    money: Mapped[int | None] = mapped_column(SmallInteger)
    step: Mapped[str]
    reason: Mapped[str]
    offer: Mapped[str] = mapped_column(server_default="")
    saved_minor: Mapped[int | None]
    actions: Mapped[list[Any]] = mapped_column(server_default=text("'[]'::jsonb"))


class ValueDay(Base):
    """How the whole base stood on a day, and by what that was counted. known: customers whose margin is. Sums
    of margin, worth and what is at stake are over those; null where it is known of nobody. offers: what could
    be offered, with what was measured of it. curves: by segment ("" is all) who brings how much of `revenue`
    and, among those of whom it is known, of `margin`."""

    __tablename__ = "value_days"

    day: Mapped[date] = mapped_column(primary_key=True)
    counted_at: Mapped[datetime]
    currency: Mapped[str]
    customers: Mapped[int] = mapped_column(Integer)
    known: Mapped[int] = mapped_column(Integer)
    revenue_minor: Mapped[int]
    margin_minor: Mapped[int | None]
    worth_minor: Mapped[int | None]
    at_stake_minor: Mapped[int | None]
    horizon_months: Mapped[int] = mapped_column(SmallInteger)
    discount_percent: Mapped[float] = mapped_column(Double)
    scored_on: Mapped[date | None]
    costs_from: Mapped[date | None]
    offers: Mapped[list[Any]] = mapped_column(server_default=text("'[]'::jsonb"))
    curves: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'::jsonb"))
