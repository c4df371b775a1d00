"""The life of a supply beside its agreements: deemed contracts, deposits, budget billing."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, UniqueConstraint, func, text
from sqlalchemy.dialects.postgresql import ExcludeConstraint
from sqlalchemy.orm import Mapped, mapped_column

from utility_crm.kit.database import Base, identity


class DeemedTerms(Base):
    """The tariff on which somebody is supplied who has agreed on none, from a day until the next row's.

    `source`: where the terms are published.
    """

    __tablename__ = "deemed_terms"
    __table_args__ = (
        UniqueConstraint("fuel", "segment", "currency", "starts_on"),
        CheckConstraint("fuel in ('electricity', 'gas', 'water')", name="fuel"),
        CheckConstraint("segment in ('household', 'small_business', 'industry')", name="segment"),
    )

    id: Mapped[int] = identity()
    fuel: Mapped[str]
    segment: Mapped[str]
    currency: Mapped[str]
    starts_on: Mapped[date]
    tariff_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("tariffs.id"))
    source: Mapped[str] = mapped_column(server_default="")


class Deposit(Base):
    """Money kept as security. It was asked for as `reference` says in the ledger, and bears simple interest
    of `interest_ppm` a year (actual days of 365) from `taken_on` until it is returned."""

    __tablename__ = "deposits"
    __table_args__ = (
        CheckConstraint("amount_minor > 0", name="positive"),
        CheckConstraint("interest_ppm >= 0", name="interest"),
        CheckConstraint("(returned_on is null) = (interest_minor is null)", name="returned"),
        CheckConstraint("returned_on >= taken_on", name="after"),
        Index(None, "account_id"),
    )

    id: Mapped[int] = identity()
    account_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("accounts.id"))
    reference: Mapped[str] = mapped_column(unique=True)
    amount_minor: Mapped[int]
    currency: Mapped[str]
    interest_ppm: Mapped[int] = mapped_column(server_default="0")
    taken_on: Mapped[date]
    returned_on: Mapped[date | None]
    interest_minor: Mapped[int | None]


class BudgetPlan(Base):
    """A fixed amount on each bill in place of what it charges; the difference waits for the settlement.

    It settles on the bill that holds the day before `settles_on`. `basis_minor`: the year's bills
    from which the amount was proposed. `ended_at`, `ended_by`: when and by whom its end was told; none where
    the settlement ended it.
    """

    __tablename__ = "budget_plans"
    __table_args__ = (
        ExcludeConstraint(
            ("account_id", "="),
            (text("daterange(starts_on, ends_before)"), "&&"),
            name="ex_budget_plans_one_at_a_time",
            using="gist",
        ),
        CheckConstraint("amount_minor > 0", name="positive"),
        CheckConstraint("settles_on > starts_on", name="settles_after"),
        CheckConstraint("ends_before is null or ends_before > starts_on", name="half_open"),
    )

    id: Mapped[int] = identity()
    account_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("accounts.id"))
    amount_minor: Mapped[int]
    starts_on: Mapped[date]
    settles_on: Mapped[date]
    ends_before: Mapped[date | None]
    basis_minor: Mapped[int | None]
    made_by: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("users.id"))
    made_at: Mapped[datetime] = mapped_column(server_default=func.now())
    ended_at: Mapped[datetime | None]
    ended_by: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("users.id"))
