"""Bill runs, the gate's own numbers, and what people decided about drafts that were held."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, UniqueConstraint, func, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.types import Text

from utility_crm.kit.database import Base, identity


class BillRun(Base):
    """One run over a month's cycles. It counts in the transactions that bill, so that it says what was done
    even where the run was killed: then `ended_at` stays empty, and `seen_at` says when it was last alive.

    draft: nothing was issued; counts and totals say what would be. totals: minor units by currency, of what
    was issued. known_at: the instant up to which readings counted.
    """

    __tablename__ = "bill_runs"
    __table_args__ = (
        CheckConstraint("state in ('running', 'done', 'failed')", name="state"),
        CheckConstraint("(state = 'running') = (ended_at is null)", name="ended"),
        CheckConstraint("least(due, issued, unchanged, held) >= 0", name="counts"),
        Index(None, "period", "id"),
    )

    id: Mapped[int] = identity()
    period: Mapped[str]
    draft: Mapped[bool]
    run_on: Mapped[date]
    known_at: Mapped[datetime]
    started_at: Mapped[datetime]
    started_by: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("users.id"))
    seen_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    state: Mapped[str] = mapped_column(server_default="running")
    due: Mapped[int]
    issued: Mapped[int] = mapped_column(server_default="0")
    unchanged: Mapped[int] = mapped_column(server_default="0")
    held: Mapped[int] = mapped_column(server_default="0")
    totals: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'::jsonb"))


class GateRule(Base):
    """Numbers of a rule of the gate for a segment, a tariff, both, or (neither named) all; they go before the
    defaults in code."""

    __tablename__ = "gate_rules"
    __table_args__ = (
        UniqueConstraint("rule", "segment", "tariff_id", postgresql_nulls_not_distinct=True),
        CheckConstraint("segment in ('household', 'small_business', 'industry')", name="segment"),
    )

    id: Mapped[int] = identity()
    rule: Mapped[str]
    segment: Mapped[str | None]
    tariff_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("tariffs.id"))
    enabled: Mapped[bool] = mapped_column(server_default="true")
    numbers: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'::jsonb"))


class HoldDecision(Base):
    """What became of a hold, and why; never changed. lapsed: a run found a draft that was not what had been
    released. figures: of the draft as it was decided about."""

    __tablename__ = "hold_decisions"
    __table_args__ = (
        CheckConstraint("decision in ('released', 'kept', 'lapsed')", name="decision"),
        CheckConstraint("(decision = 'lapsed') = (decided_by is null)", name="author"),
        Index(None, "held_bill_id", "id"),
    )

    id: Mapped[int] = identity()
    held_bill_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("held_bills.id"))
    decision: Mapped[str]
    reason: Mapped[str] = mapped_column(server_default="")
    decided_by: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("users.id"))
    decided_at: Mapped[datetime] = mapped_column(server_default=func.now())
    codes: Mapped[list[str]] = mapped_column(ARRAY(Text()))
    total_minor: Mapped[int | None]
    figures: Mapped[dict[str, Any]]
