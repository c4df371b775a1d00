"""Facts that are kept because they take long to work out."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from sqlalchemy import BigInteger, ForeignKey, Index, Numeric
from sqlalchemy.orm import Mapped, mapped_column

from utility_crm.kit.database import Base


class FactValue(Base):
    """What a fact is worth for a customer: `saving_on` with the parameter `day-night`, say, in minor units.

    A customer without a row is unknown. computed_at is shown with it.
    """

    __tablename__ = "fact_values"
    __table_args__ = (
        Index("ix_fact_values_value", "fact", "parameter", "value"),
        Index(None, "customer_id"),
        {"info": {"recomputed": True}},
    )

    fact: Mapped[str] = mapped_column(primary_key=True)
    parameter: Mapped[str] = mapped_column(primary_key=True, server_default="")
    customer_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("customers.id", ondelete="CASCADE"), primary_key=True
    )
    value: Mapped[Decimal] = mapped_column(Numeric)
    computed_at: Mapped[datetime]
