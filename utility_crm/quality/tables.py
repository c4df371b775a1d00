"""Pairs of customers who may be one, merges, and every row that a merge moved or left."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, Double, ForeignKey, Index, Text, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column

from utility_crm.kit.database import Base, identity


def _customer(**more: Any) -> Any:
    return mapped_column(BigInteger, ForeignKey("customers.id", ondelete="CASCADE"), **more)


def _person() -> Any:
    return mapped_column(BigInteger, ForeignKey("users.id"))


class Merge(Base):
    """`gone_id` became a stub of `keep_id`; undone where `undone_at` is set."""

    __tablename__ = "merges"
    __table_args__ = (
        CheckConstraint("keep_id <> gone_id", name="two"),
        Index(None, "keep_id"),
        Index("ix_merges_standing", "gone_id", unique=True, postgresql_where=text("undone_at is null")),
        Index(None, "gone_id"),
    )

    id: Mapped[int] = identity()
    keep_id: Mapped[int] = _customer()
    gone_id: Mapped[int] = _customer()
    at: Mapped[datetime]
    by_user: Mapped[int | None] = _person()
    undone_at: Mapped[datetime | None]
    undone_by: Mapped[int | None] = _person()


class MergeRow(Base):
    """A row that named the gone customer in a column. row_key: the values of its primary key, as text, once
    it was moved. stayed: why it was not; empty where it was."""

    __tablename__ = "merge_rows"
    __table_args__ = (Index(None, "merge_id", "table_name", "column_name"),)

    id: Mapped[int] = identity()
    merge_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("merges.id", ondelete="CASCADE"))
    table_name: Mapped[str]
    column_name: Mapped[str]
    row_key: Mapped[list[str]] = mapped_column(ARRAY(Text()))
    stayed: Mapped[str] = mapped_column(server_default="")


class DuplicatePair(Base):
    """Two customers who may be one. score: 0 to 1; reasons: a list of {"why", "figure"}
    (`domain.likeness.Reason`). What a person said of them (merged, different) is never asked again."""

    __tablename__ = "duplicate_pairs"
    __table_args__ = (
        CheckConstraint("customer_a < customer_b", name="ordered"),
        CheckConstraint("state in ('open', 'merged', 'different')", name="state"),
        CheckConstraint("score between 0 and 1", name="score"),
        Index(None, "customer_b"),
        Index(None, "state", "score"),
    )

    customer_a: Mapped[int] = _customer(primary_key=True, autoincrement=False)
    customer_b: Mapped[int] = _customer(primary_key=True, autoincrement=False)
    score: Mapped[float] = mapped_column(Double)
    reasons: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
    state: Mapped[str] = mapped_column(server_default="open")
    found_at: Mapped[datetime]
    decided_at: Mapped[datetime | None]
    decided_by: Mapped[int | None] = _person()
