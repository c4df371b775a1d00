"""Explanations worked out beforehand."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from utility_crm.kit.database import Base


class KeptExplanation(Base):
    """Why a bill differs from another: it holds as long as `basis`, a digest of everything that it was made
    from, is still the account's (`billing.forecasting.basis`). `document`: as `billing.explaining.kept`
    writes it; null where it is worked out at each look, since the digest does not watch over all of it."""

    __tablename__ = "kept_explanations"

    bill_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("bills.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    against_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("bills.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    basis: Mapped[str]
    document: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    reckoned_at: Mapped[datetime]
