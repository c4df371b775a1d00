"""What is agreed about money owed: plans in instalments, promises, disputes."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, SmallInteger, text
from sqlalchemy.orm import Mapped, mapped_column

from utility_crm.kit.database import Base, identity


class PaymentPlan(Base):
    """Open bills paid in instalments; one plan runs at a time on an account."""

    __tablename__ = "payment_plans"
    __table_args__ = (
        CheckConstraint("total_minor > 0", name="positive"),
        CheckConstraint("state in ('running', 'kept', 'broken', 'cancelled')", name="state"),
        CheckConstraint("(state = 'running') = (ended_on is null)", name="ended_on_a_day"),
        Index(
            "ix_payment_plans_running", "account_id", unique=True, postgresql_where=text("state = 'running'")
        ),
    )

    id: Mapped[int] = identity()
    account_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("accounts.id"))
    agreed_on: Mapped[date]
    total_minor: Mapped[int]
    state: Mapped[str] = mapped_column(server_default="running")
    ended_on: Mapped[date | None]
    made_by: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("users.id"))


class PlanInstalment(Base):
    """So much by a day. What was paid on the plan's bills keeps the first instalments first."""

    __tablename__ = "plan_instalments"
    __table_args__ = (CheckConstraint("amount_minor > 0", name="positive"),)

    plan_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("payment_plans.id"), primary_key=True)
    position: Mapped[int] = mapped_column(SmallInteger, primary_key=True)
    due_on: Mapped[date]
    amount_minor: Mapped[int]


class PlanBill(Base):
    """What was open of a bill when the plan was agreed."""

    __tablename__ = "plan_bills"
    __table_args__ = (CheckConstraint("amount_minor > 0", name="positive"), Index(None, "bill_id"))

    plan_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("payment_plans.id"), primary_key=True)
    bill_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("bills.id"), primary_key=True)
    amount_minor: Mapped[int]


class Promise(Base):
    """So much will be paid by a day; what is booked after `after_payment_id` keeps it. One that is taken back
    counts from then on as none, and stays with when, by whom and why."""

    __tablename__ = "promises"
    __table_args__ = (
        CheckConstraint("amount_minor > 0", name="positive"),
        CheckConstraint("due_on >= promised_on", name="due_after"),
        CheckConstraint("state in ('open', 'kept', 'broken', 'taken_back')", name="state"),
        CheckConstraint("(state = 'open') = (ended_on is null)", name="ended_on_a_day"),
        CheckConstraint("(state = 'taken_back') = (taken_back_at is not null)", name="taken_back"),
        Index("ix_promises_open", "account_id", unique=True, postgresql_where=text("state = 'open'")),
    )

    id: Mapped[int] = identity()
    account_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("accounts.id"))
    amount_minor: Mapped[int]
    promised_on: Mapped[date]
    due_on: Mapped[date]
    after_payment_id: Mapped[int]
    state: Mapped[str] = mapped_column(server_default="open")
    ended_on: Mapped[date | None]
    made_by: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("users.id"))
    taken_back_at: Mapped[datetime | None]
    taken_back_by: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("users.id"))
    taken_back_because: Mapped[str] = mapped_column(server_default="")


class Dispute(Base):
    """A customer says that so much of a bill is not owed. While it is open nobody is reminded of that part;
    won, it is credited. settled: nobody had to decide, since `closed_because` (a code) left nothing to
    dispute."""

    __tablename__ = "disputes"
    __table_args__ = (
        CheckConstraint("amount_minor > 0", name="positive"),
        CheckConstraint("state in ('open', 'won', 'lost', 'settled')", name="state"),
        CheckConstraint("(state = 'settled') = (closed_because <> '')", name="settled"),
        CheckConstraint("(state = 'open') = (closed_on is null)", name="closed_on_a_day"),
        CheckConstraint("(state = 'won') = (adjustment_id is not null)", name="won_is_credited"),
        Index("ix_disputes_open", "bill_id", unique=True, postgresql_where=text("state = 'open'")),
        Index(None, "account_id"),
    )

    id: Mapped[int] = identity()
    account_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("accounts.id"))
    bill_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("bills.id"))
    amount_minor: Mapped[int]
    reason: Mapped[str]
    opened_on: Mapped[date]
    state: Mapped[str] = mapped_column(server_default="open")
    closed_on: Mapped[date | None]
    adjustment_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("adjustments.id"))
    opened_by: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("users.id"))
    closed_by: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("users.id"))
    closed_because: Mapped[str] = mapped_column(server_default="")
