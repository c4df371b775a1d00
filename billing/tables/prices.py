"""Price series: what a kWh costs at each interval, and who said so when; and what bills leave in kWh."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, SmallInteger
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from utility_crm.kit.database import Base, identity


class PriceSeries(Base):
    """A series by the name that tariffs give it."""

    __tablename__ = "price_series"

    id: Mapped[int] = identity()
    name: Mapped[str] = mapped_column(unique=True)


class PriceImport(Base):
    """One file of prices that brought something new. `received_at` is when its prices came to be known."""

    __tablename__ = "price_imports"

    id: Mapped[int] = identity()
    series_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("price_series.id"), index=True)
    file_name: Mapped[str]
    received_at: Mapped[datetime]


class PriceDay(Base):
    """A day's prices, UTC: millionths of the currency a kWh, NULL for none. The array's length is 1,440
    divided by the minutes that one holds."""

    __tablename__ = "price_days"
    __table_args__ = (
        CheckConstraint(
            "cardinality(price_micro) > 0 and 1440 % cardinality(price_micro) = 0", name="whole_day"
        ),
    )

    series_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("price_series.id"), primary_key=True)
    day: Mapped[date] = mapped_column(primary_key=True)
    price_micro: Mapped[list[int | None]] = mapped_column(ARRAY(BigInteger))
    import_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("price_imports.id"))


class PriceDayHistory(Base):
    """What a later import replaced."""

    __tablename__ = "price_day_history"

    series_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("price_series.id"), primary_key=True)
    day: Mapped[date] = mapped_column(primary_key=True)
    price_micro: Mapped[list[int | None]] = mapped_column(ARRAY(BigInteger))
    import_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("price_imports.id"), primary_key=True)
    replaced_by: Mapped[int] = mapped_column(BigInteger, ForeignKey("price_imports.id"))


class NetCredit(Base):
    """What a bill of net metering leaves to the next one of the same service point: `credit` of a label, or
    the `surplus` of the year so far. See billing.domain.plans.supply_state for the rest."""

    __tablename__ = "net_credits"
    __table_args__ = (
        CheckConstraint("kind in ('credit', 'surplus')", name="kind"),
        CheckConstraint("kind = 'surplus' or micro_kwh >= 0", name="credit"),
    )

    bill_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("bills.id"), primary_key=True)
    agreement_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("agreements.id"), primary_key=True)
    code: Mapped[str] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(primary_key=True)
    label: Mapped[str] = mapped_column(primary_key=True)
    hour: Mapped[int] = mapped_column(SmallInteger, primary_key=True)
    micro_kwh: Mapped[int]
