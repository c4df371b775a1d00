"""Models with their honest figures, and the latest score of each customer."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import BigInteger, Double, ForeignKey, Index, func
from sqlalchemy.orm import Mapped, mapped_column

from utility_crm.kit.database import Base, identity


class ChurnModel(Base):
    """A fitted model: coefficients and scaling in `parameters`, what a later time split said of it in
    `figures`."""

    __tablename__ = "churn_models"

    id: Mapped[int] = identity()
    fitted_at: Mapped[datetime] = mapped_column(server_default=func.now())
    as_of: Mapped[date]
    parameters: Mapped[dict[str, Any]]
    figures: Mapped[dict[str, Any]]


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
