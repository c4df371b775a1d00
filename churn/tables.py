"""The registry of models with their honest figures, the runs of scoring, and each customer's latest score."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, Double, ForeignKey, Index, Integer, func, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from utility_crm.kit.database import Base, identity


class ChurnModel(Base):
    """A fitted model: `parameters` score, `figures` say what a later time said of its `twin`, the same way of
    learning fitted on what was over before the test. An attempt that made no model is `refused`.

    state: `champion` scores, at most one; `challenger` was tested against it and waits; `retired`; `refused`.
    why: how it came to that state first; retired_why: why it no longer is. fingerprint: of the rows and
    outcomes learned from (`churn.domain.fingerprint`); rows, leavers: how many. features, feature_version:
    what it asks for. watched: the shares of each fact when learned (`churn.domain.drift`).
    """

    __tablename__ = "churn_models"
    __table_args__ = (
        CheckConstraint("state in ('champion', 'challenger', 'retired', 'refused')", name="state"),
        CheckConstraint("state <> 'champion' or champion_since is not null", name="champion_since"),
        Index("uq_churn_models_champion", "state", unique=True, postgresql_where=text("state = 'champion'")),
    )

    id: Mapped[int] = identity()
    fitted_at: Mapped[datetime] = mapped_column(server_default=func.now())
    as_of: Mapped[date]
    parameters: Mapped[dict[str, Any]]
    figures: Mapped[dict[str, Any]]
    state: Mapped[str] = mapped_column(server_default="retired")
    why: Mapped[str] = mapped_column(server_default="")
    fingerprint: Mapped[str] = mapped_column(server_default="")
    rows: Mapped[int] = mapped_column(Integer, server_default="0")
    leavers: Mapped[int] = mapped_column(Integer, server_default="0")
    versions: Mapped[dict[str, Any]] = mapped_column(server_default="{}")
    features: Mapped[list[Any]] = mapped_column(server_default="[]")
    feature_version: Mapped[str] = mapped_column(server_default="")
    twin: Mapped[dict[str, Any]] = mapped_column(server_default="{}")
    watched: Mapped[dict[str, Any]] = mapped_column(server_default="{}")
    champion_since: Mapped[datetime | None]
    retired_at: Mapped[datetime | None]
    retired_why: Mapped[str] = mapped_column(server_default="")


class ChurnRun(Base):
    """One day's scoring of everybody: with which model, the usual chance (the mean), and how far customers
    had moved from those that the model learned from."""

    __tablename__ = "churn_runs"
    __table_args__ = (Index(None, "model_id"),)

    as_of: Mapped[date] = mapped_column(primary_key=True)
    model_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("churn_models.id"))
    scored_at: Mapped[datetime]
    customers: Mapped[int] = mapped_column(Integer)
    usual: Mapped[float] = mapped_column(Double)
    drift: Mapped[dict[str, Any]] = mapped_column(server_default="{}")


class ChurnScore(Base):
    """The latest chance that a customer's supply is lost to another supplier within 90 days, and three
    reasons."""

    __tablename__ = "churn_scores"
    __table_args__ = (Index(None, "score"), {"info": {"recomputed": True}})

    customer_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("customers.id", ondelete="CASCADE"), primary_key=True
    )
    model_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("churn_models.id"))
    as_of: Mapped[date]
    score: Mapped[float] = mapped_column(Double)
    reasons: Mapped[list[Any]]


class ChurnFactsLayout(Base):
    """Of which morning the kept facts are, when they were read and of how many customers; `layout` says what
    each of their numbers is (`churn.domain.kept`). One row."""

    __tablename__ = "churn_facts_layouts"

    as_of: Mapped[date] = mapped_column(primary_key=True)
    kept_at: Mapped[datetime]
    customers: Mapped[int] = mapped_column(Integer)
    layout: Mapped[dict[str, Any]]


class ChurnFacts(Base):
    """What was known of a customer that morning, in the order of the layout; NaN where unknown."""

    __tablename__ = "churn_facts"
    __table_args__ = ({"info": {"recomputed": True}},)

    customer_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("customers.id", ondelete="CASCADE"), primary_key=True
    )
    facts: Mapped[list[float]] = mapped_column(ARRAY(Double))
