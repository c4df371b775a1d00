"""Invoices as legal documents: their numbers without a gap, and who they are from and to, as issued."""

from __future__ import annotations

from datetime import date
from typing import Any

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    UniqueConstraint,
)
from sqlalchemy.orm import Mapped, mapped_column

from utility_crm.kit.database import Base, identity


class NumberSeries(Base):
    """The last number given out in a series of a legal entity. Its row is locked by whoever takes a number
    until that transaction ends: a number that was not used was never given."""

    __tablename__ = "number_series"
    __table_args__ = (CheckConstraint("last_number > 0", name="positive"),)

    entity: Mapped[str] = mapped_column(primary_key=True)
    series: Mapped[str] = mapped_column(primary_key=True)
    period: Mapped[str] = mapped_column(primary_key=True)
    last_number: Mapped[int] = mapped_column(Integer)


class Supplier(Base):
    """A legal entity as it named itself on documents; another address or account is another row."""

    __tablename__ = "suppliers"

    id: Mapped[int] = identity()
    fingerprint: Mapped[str] = mapped_column(unique=True)
    identity: Mapped[dict[str, Any]]


class TaxIdentity(Base):
    """The number under which a customer is known to the tax office, as the office writes it."""

    __tablename__ = "tax_identities"

    customer_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("customers.id", ondelete="CASCADE"), primary_key=True
    )
    kind: Mapped[str]
    number: Mapped[str]


class Invoice(Base):
    """One numbered document, as issued; it never changes.

    `follows` is the number before it in its series, which must be there: the database itself allows neither a
    gap nor a number twice, nor that one but the last is taken away. Documents from before these rules are
    `adopted`: they may follow any earlier one. `taxes` is a list of {label, rate_ppm, base_micro, tax_minor};
    `addressee` says to whom, where and in which language.
    """

    __tablename__ = "invoices"
    __table_args__ = (
        UniqueConstraint("entity", "series", "period", "sequence"),
        ForeignKeyConstraint(
            ("entity", "series", "period", "follows"),
            ("invoices.entity", "invoices.series", "invoices.period", "invoices.sequence"),
            name="fk_invoices_follows",
        ),
        CheckConstraint("net_minor + tax_minor = gross_minor", name="adds_up"),
        CheckConstraint("sequence > 0 and coalesce(follows, 0) < sequence", name="counts_up"),
        CheckConstraint("adopted or coalesce(follows, 0) = sequence - 1", name="without_a_gap"),
        Index(None, "customer_id"),
    )

    id: Mapped[int] = identity()
    number: Mapped[str] = mapped_column(unique=True)
    entity: Mapped[str]
    series: Mapped[str]
    period: Mapped[str]
    sequence: Mapped[int] = mapped_column(Integer)
    follows: Mapped[int | None] = mapped_column(Integer)
    adopted: Mapped[bool] = mapped_column(server_default="false")
    bill_id: Mapped[int | None] = mapped_column(
        BigInteger, ForeignKey("bills.id", ondelete="CASCADE"), unique=True
    )
    customer_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("customers.id"))
    issued_on: Mapped[date]
    due_on: Mapped[date]
    currency: Mapped[str]
    net_minor: Mapped[int]
    tax_minor: Mapped[int]
    gross_minor: Mapped[int]
    taxes: Mapped[list[Any]]
    addressee: Mapped[dict[str, Any]]
    supplier_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("suppliers.id"))


class GatheredBill(Base):
    """A bill on a consolidated invoice; none is on two."""

    __tablename__ = "gathered_bills"
    __table_args__ = (Index(None, "invoice_id"),)

    bill_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("bills.id", ondelete="CASCADE"), primary_key=True
    )
    invoice_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("invoices.id"))
