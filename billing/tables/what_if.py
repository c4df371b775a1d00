"""Whole-base what-ifs, and how far forecasts of bills were off."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import BigInteger, CheckConstraint, Double, ForeignKey, Index, Integer, SmallInteger, Text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from utility_crm.kit.database import Base, identity


class WhatIf(Base):
    """Everybody of a segment (null: of all) re-rated on a tariff over their last twelve cycles.

    offered_to: the segments that the tariff is for. Amounts are in minor units of the tariff's currency; net
    ones leave taxes out. `left_out`: accounts of which a supply has too few readings, or that cannot be
    priced. finished_at is null while it runs.
    """

    __tablename__ = "what_ifs"
    __table_args__ = (
        CheckConstraint("done <= due", name="done"),
        Index(None, "tariff_id", "finished_at"),
    )

    id: Mapped[int] = identity()
    tariff_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("tariffs.id"))
    segment: Mapped[str | None]
    offered_to: Mapped[list[str]] = mapped_column(ARRAY(Text()))
    currency: Mapped[str]
    on_day: Mapped[date]
    due: Mapped[int] = mapped_column(Integer)
    done: Mapped[int] = mapped_column(Integer, server_default="0")
    left_out: Mapped[int] = mapped_column(Integer, server_default="0")
    own_minor: Mapped[int] = mapped_column(server_default="0")
    other_minor: Mapped[int] = mapped_column(server_default="0")
    own_net_minor: Mapped[int] = mapped_column(server_default="0")
    other_net_minor: Mapped[int] = mapped_column(server_default="0")
    asked_by: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("users.id"))
    started_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]


class WhatIfResult(Base):
    """One account of a what-if: a year on its own tariffs and on the other.

    low_minor: the least that a year would save, with the doubt of EXPLAIN B8; verdict as in
    billing/domain/rating/stay.py. coverage_ppm: share of the year's readings that are there.
    """

    __tablename__ = "what_if_results"
    __table_args__ = (
        CheckConstraint("verdict in ('switch', 'noise', 'small', 'dearer', 'short')", name="verdict"),
        Index(None, "account_id"),
    )

    what_if_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("what_ifs.id", ondelete="CASCADE"), primary_key=True
    )
    account_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("accounts.id"), primary_key=True)
    customer_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("customers.id"))
    segment: Mapped[str]
    own_minor: Mapped[int]
    other_minor: Mapped[int]
    low_minor: Mapped[int | None]
    coverage_ppm: Mapped[int] = mapped_column(Integer)
    verdict: Mapped[str]


class ForecastSpread(Base):
    """How far forecasts of the next bill's energy were off, pooled over the households of a segment.

    low, high: quantiles of log(actual / forecast) over a household's own scale, at `level` percent of
    certainty. base_sd: the median standard deviation of households' monthly changes, as a logarithm.
    """

    __tablename__ = "forecast_spreads"

    segment: Mapped[str] = mapped_column(primary_key=True)
    level: Mapped[int] = mapped_column(SmallInteger, primary_key=True)
    low: Mapped[float] = mapped_column(Double)
    high: Mapped[float] = mapped_column(Double)
    base_sd: Mapped[float] = mapped_column(Double)
    households: Mapped[int] = mapped_column(Integer)
    months: Mapped[int] = mapped_column(Integer)
    computed_at: Mapped[datetime]
