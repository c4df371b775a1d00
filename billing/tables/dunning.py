"""Dunning: strategies as they were imported, cases of debt, and what was done in them, never changed."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from utility_crm.kit.database import Base, identity


class DunningStrategy(Base):
    """A strategy as its file says it; one that came with the platform is replaced by one of its code."""

    __tablename__ = "dunning_strategies"

    id: Mapped[int] = identity()
    code: Mapped[str] = mapped_column(unique=True)
    document: Mapped[dict[str, Any]]
    imported_at: Mapped[datetime]


class DunningCase(Base):
    """A debt of an account, from its first step until nothing of it is late. What was decided last stands
    here: the next step, the day it may be, or the reason why none."""

    __tablename__ = "dunning_cases"
    __table_args__ = (
        CheckConstraint("(closed_on is null) = (closed_because = '')", name="closed_for_a_reason"),
        Index("uq_dunning_cases_open", "account_id", unique=True, postgresql_where=text("closed_on is null")),
    )

    id: Mapped[int] = identity()
    account_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("accounts.id"))
    strategy: Mapped[str]
    opened_on: Mapped[date]
    closed_on: Mapped[date | None]
    closed_because: Mapped[str] = mapped_column(server_default="")
    judged_on: Mapped[date | None]
    coming: Mapped[str] = mapped_column(server_default="")
    reason: Mapped[str] = mapped_column(server_default="")
    source: Mapped[str] = mapped_column(server_default="")
    due_on: Mapped[date | None]


class DunningStep(Base):
    """What happened in a case, never changed: a step posted by the clock (at most one a day), that something
    stopped it (`stopped`, with the reason), that it went on, and what a person ordered or took back."""

    __tablename__ = "dunning_steps"
    __table_args__ = (
        CheckConstraint(
            "step in ('reminder', 'overdue', 'final_warning', 'limitation_notice', 'suspension_notice', "
            "'hand_over', 'stopped', 'resumed', 'limitation', 'suspension', 'taken_back', 'restore', "
            "'restored')",
            name="step",
        ),
        UniqueConstraint("key"),
        Index(None, "account_id", "posted_on"),
        Index(
            "uq_dunning_steps_one_a_day",
            "account_id",
            "posted_on",
            unique=True,
            postgresql_where=text(
                "step in ('reminder', 'overdue', 'final_warning', 'limitation_notice', 'suspension_notice', "
                "'hand_over')"
            ),
        ),
    )

    id: Mapped[int] = identity()
    case_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("dunning_cases.id"))
    account_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("accounts.id"))
    step: Mapped[str]
    posted_on: Mapped[date]
    key: Mapped[str]
    notice_key: Mapped[str] = mapped_column(server_default="")
    debt_minor: Mapped[int]
    currency: Mapped[str]
    adjustment_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("adjustments.id"))
    reason: Mapped[str] = mapped_column(server_default="")
    source: Mapped[str] = mapped_column(server_default="")
    checklist: Mapped[list[Any] | None]
    made_by: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("users.id"))


class DunningDelivery(Base):
    """A notice of a case that was handed over, as a person tells: no provider's receipt says it."""

    __tablename__ = "dunning_deliveries"
    __table_args__ = (CheckConstraint("how <> ''", name="how"),)

    step_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("dunning_steps.id"), primary_key=True, autoincrement=False
    )
    delivered_on: Mapped[date]
    how: Mapped[str]
    recorded_by: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("users.id"))
