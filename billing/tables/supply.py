"""What is supplied: tariffs, and the agreements that name them."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    FetchedValue,
    ForeignKey,
    Index,
    SmallInteger,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import ExcludeConstraint
from sqlalchemy.orm import Mapped, mapped_column

from utility_crm.customers.tables import of_account
from utility_crm.kit.database import Base, identity


class Tariff(Base):
    """A priced product; `document` is the validated tariff file (docs/tariffs.md), versions by date
    inside."""

    __tablename__ = "tariffs"

    id: Mapped[int] = identity()
    code: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    currency: Mapped[str]
    document: Mapped[dict[str, Any]]
    updated_at: Mapped[datetime] = mapped_column(server_default=func.now())


class Agreement(Base):
    """An account takes supply at a service point on a tariff, for a time. Overlap is forbidden by the
    database. kind `deemed`: nobody agreed on it, the law supplies whoever lives there. `term_ends_before`:
    the day after the last of the term that was agreed, null where none was; supply goes on beyond it.
    notice_days: how long before an end either side says so. price_fixed_before, price_guaranteed_before: the
    day after the last on which the agreed price stays as it is, or is promised not to rise. customer_id:
    whose the account is, which the database writes and keeps true."""

    __tablename__ = "agreements"
    __table_args__ = (
        ExcludeConstraint(
            ("service_point_id", "="),
            (text("daterange(starts_on, ends_before)"), "&&"),
            name="ex_agreements_no_overlap",
            using="gist",
        ),
        CheckConstraint("ends_before is null or ends_before > starts_on", name="half_open"),
        CheckConstraint(
            "end_reason in ('moved', 'switched', 'cut_off', 'died', 'changed_tariff')", name="end_reason"
        ),
        CheckConstraint("(ends_before is null) = (end_reason is null)", name="end_has_a_reason"),
        CheckConstraint("kind in ('contract', 'deemed')", name="kind"),
        CheckConstraint("term_ends_before > starts_on", name="term"),
        CheckConstraint("notice_days between 0 and 730", name="notice_days"),
        CheckConstraint("price_fixed_before > starts_on", name="price_fixed"),
        CheckConstraint("price_guaranteed_before > starts_on", name="price_guaranteed"),
        CheckConstraint("term_ends_before is null or kind = 'contract'", name="term_was_agreed"),
        Index(
            "ix_agreements_term", "term_ends_before", postgresql_where=text("term_ends_before is not null")
        ),
        of_account("agreements"),
        Index(None, "account_id"),
        Index(None, "customer_id"),
        Index(None, "tariff_id"),
    )

    id: Mapped[int] = identity()
    account_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("accounts.id"))
    customer_id: Mapped[int] = mapped_column(BigInteger, FetchedValue())
    service_point_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("service_points.id"))
    tariff_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("tariffs.id"))
    starts_on: Mapped[date]
    ends_before: Mapped[date | None]
    end_reason: Mapped[str | None]
    kind: Mapped[str] = mapped_column(server_default="contract")
    term_ends_before: Mapped[date | None]
    notice_days: Mapped[int | None] = mapped_column(SmallInteger)
    price_fixed_before: Mapped[date | None]
    price_guaranteed_before: Mapped[date | None]
