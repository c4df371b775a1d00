"""The next bill of each account as it was last foretold."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from utility_crm.kit.database import Base


class KeptNextBill(Base):
    """What was foretold, and from what: it holds as long as `basis`, a digest of everything that it was
    reckoned from, is still the account's (`billing.forecasting.basis`).

    `reason`: why nothing can be foretold; else the amounts, in minor units, of the bill over
    [starts_on, ends_before), low and high null where it is not known how far off it may be. `document`: all
    of it, as `billing.forecasting.keeping` writes it. `looked_at`: when `basis` was last compared.
    """

    __tablename__ = "next_bills"
    __table_args__ = (
        CheckConstraint("(reason is null) = (forecast_minor is not null)", name="told_or_why_not"),
        CheckConstraint("low_minor <= forecast_minor and forecast_minor <= high_minor", name="between"),
        CheckConstraint("ends_before > starts_on", name="days"),
        Index(None, "looked_at"),
    )

    account_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("accounts.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    reason: Mapped[str | None]
    currency: Mapped[str | None]
    forecast_minor: Mapped[int | None]
    low_minor: Mapped[int | None]
    high_minor: Mapped[int | None]
    starts_on: Mapped[date | None]
    ends_before: Mapped[date | None]
    document: Mapped[dict[str, Any]]
    basis: Mapped[str]
    reckoned_at: Mapped[datetime]
    looked_at: Mapped[datetime]
