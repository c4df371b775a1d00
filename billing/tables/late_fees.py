"""Late fees that were posted."""

from __future__ import annotations

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Integer, SmallInteger, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from utility_crm.kit.database import Base, identity


class LateFee(Base):
    """A fee for a bill that was late: by a charge (`code`) of a tariff, for a month of being late (`turn`;
    `once`: an amount, which has one turn). The fee itself is the adjustment; here stands what it was reckoned
    on.

    full_minor: by the tariff; amount_minor: as far as the law (`cap`, its source) allowed; reversed_minor: so
    much of it was taken back.
    """

    __tablename__ = "late_fees"
    __table_args__ = (
        UniqueConstraint("bill_id", "code", "turn", name="uq_late_fees_bill_id"),
        UniqueConstraint("adjustment_id"),
        CheckConstraint("turn >= 1", name="turn"),
        CheckConstraint("late_days > 0 and overdue_minor > 0", name="late"),
        CheckConstraint("amount_minor > 0 and amount_minor <= full_minor", name="amount"),
        CheckConstraint("reversed_minor >= 0 and reversed_minor <= amount_minor", name="reversed"),
    )

    id: Mapped[int] = identity()
    bill_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("bills.id"))
    code: Mapped[str]
    turn: Mapped[int] = mapped_column(SmallInteger)
    once: Mapped[bool]
    tariff_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("tariffs.id"))
    adjustment_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("adjustments.id"))
    late_days: Mapped[int] = mapped_column(Integer)
    overdue_minor: Mapped[int]
    full_minor: Mapped[int]
    amount_minor: Mapped[int]
    reversed_minor: Mapped[int] = mapped_column(server_default="0")
    cap: Mapped[str] = mapped_column(server_default="")
