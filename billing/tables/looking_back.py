"""What bills on tariffs that look back leave to later ones."""

from __future__ import annotations

from datetime import date

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from utility_crm.kit.database import Base


class BillTrace(Base):
    """One thing that a bill leaves to later bills of the same service point and tariff.

    `days`: that it was made so, from `month` on, for so many days. `demand`: the highest of a label in the
    month that begins on `month`, micro-kW in `amount`, as measured. `year`: of a minimum by the year, the
    days billed so far and what they came to, minor units in `amount`; no row once the year is closed.
    """

    __tablename__ = "bill_traces"
    __table_args__ = (
        CheckConstraint("kind in ('days', 'demand', 'year')", name="kind"),
        CheckConstraint("days >= 0", name="days"),
    )

    bill_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("bills.id"), primary_key=True)
    agreement_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("agreements.id"), primary_key=True)
    kind: Mapped[str] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(primary_key=True)
    label: Mapped[str] = mapped_column(primary_key=True)
    month: Mapped[date] = mapped_column(primary_key=True)
    days: Mapped[int]
    amount: Mapped[int]
