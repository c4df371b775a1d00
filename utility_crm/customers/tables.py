"""Customers, how to reach them, their accounts, where they live, and what was said."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    FetchedValue,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, ExcludeConstraint
from sqlalchemy.orm import Mapped, mapped_column

from utility_crm.kit.database import Base, identity


class Customer(Base):
    """A person or an organisation that holds or pays accounts. `number` is what the customer knows.

    merged_into_id: they were kept twice; this is the stub, which leads to the customer that is kept
    (`utility_crm.quality`). preferred_channel, contact_times: how, and at which times of the day, they like
    to be spoken with; empty where they did not say. erased_on: the person was forgotten
    (`utility_crm.privacy`); what is left names nobody.
    """

    __tablename__ = "customers"
    __table_args__ = (
        CheckConstraint("kind in ('person', 'organisation')", name="kind"),
        CheckConstraint("segment in ('household', 'small_business', 'industry')", name="segment"),
        Index("ix_customers_name_trgm", text("lower(name) gin_trgm_ops"), postgresql_using="gin"),
        Index("ix_customers_number_said", text("lower(number)")),
        Index("ix_customers_name_begins", text("lower(name) text_pattern_ops")),
        CheckConstraint("merged_into_id <> id", name="merged_into_another"),
        CheckConstraint(
            "preferred_channel in ('', 'call', 'email', 'sms', 'letter', 'messenger')",
            name="preferred_channel",
        ),
        Index(None, "merged_into_id", postgresql_where=text("merged_into_id is not null")),
    )

    id: Mapped[int] = identity()
    number: Mapped[str] = mapped_column(unique=True)
    kind: Mapped[str]
    name: Mapped[str]
    segment: Mapped[str]
    language: Mapped[str] = mapped_column(server_default="en")
    since: Mapped[date]
    died_on: Mapped[date | None]
    tags: Mapped[list[str]] = mapped_column(ARRAY(Text()), server_default="{}")
    merged_into_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("customers.id"))
    preferred_channel: Mapped[str] = mapped_column(server_default="")
    contact_times: Mapped[list[str]] = mapped_column(ARRAY(Text()), server_default="{}")
    erased_on: Mapped[date | None]


class CustomerWords(Base):
    """The words of a customer's name and of the places they have an account at, as search compares them:
    folded to plain Latin letters by `search_fold`. Triggers keep them (migration 0043)."""

    __tablename__ = "customer_words"
    __table_args__ = (Index(None, "words", postgresql_using="gin"), {"info": {"recomputed": True}})

    customer_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("customers.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    words: Mapped[list[str]] = mapped_column(ARRAY(Text()))


search_words = Table(
    "search_words",
    Base.metadata,
    Column("word", Text(collation="C"), nullable=False),
    Index("ix_search_words_begins", "word"),
    Index("ix_search_words_trgm", "word", postgresql_using="gin", postgresql_ops={"word": "gin_trgm_ops"}),
)
"""Every word of `customer_words`, some twice: the vocabulary in which misspelt words are looked up."""


class CustomerFlag(Base):
    """Vulnerability, medical equipment, or needs in dealing with us, kept only with the customer's consent
    and a date to review it. kinds: which of those of `utility_crm.customers.care`."""

    __tablename__ = "customer_flags"
    __table_args__ = (
        UniqueConstraint("customer_id", "kind"),
        CheckConstraint("kind in ('vulnerable', 'medical', 'needs')", name="kind"),
    )

    id: Mapped[int] = identity()
    customer_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("customers.id", ondelete="CASCADE"))
    kind: Mapped[str]
    detail: Mapped[str] = mapped_column(server_default="")
    consented_at: Mapped[datetime]
    review_on: Mapped[date]
    kinds: Mapped[list[str]] = mapped_column(ARRAY(Text()), server_default="{}")


class ContactPoint(Base):
    """A way to reach a customer. `normal` is what search compares: E.164 phones, lower-case e-mail. An `app`
    is the token of an installed app, for push messages; a `messenger` is their name at the messenger's."""

    __tablename__ = "contact_points"
    __table_args__ = (
        UniqueConstraint("customer_id", "kind", "normal"),
        CheckConstraint("kind in ('email', 'phone', 'post', 'app', 'messenger')", name="kind"),
        Index(None, "normal", postgresql_ops={"normal": "text_pattern_ops"}),
        Index(
            "ix_contact_points_normal_trgm",
            "normal",
            postgresql_using="gin",
            postgresql_ops={"normal": "gin_trgm_ops"},
        ),
    )

    id: Mapped[int] = identity()
    customer_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("customers.id", ondelete="CASCADE"))
    kind: Mapped[str]
    value: Mapped[str]
    normal: Mapped[str]
    label: Mapped[str] = mapped_column(server_default="")
    preferred: Mapped[bool] = mapped_column(server_default="false")


class Account(Base):
    """What is billed and paid. The payer may be somebody else than the holder.

    `cycle_day` (1 to 28) is the local day of the month on which a billing period begins.
    """

    __tablename__ = "accounts"
    __table_args__ = (
        CheckConstraint("cycle_day between 1 and 28", name="cycle_day"),
        CheckConstraint("terms_days between 0 and 120", name="terms_days"),
        CheckConstraint("closed_on is null or closed_on >= opened_on", name="closed_after_opened"),
        Index(None, "customer_id"),
        Index(None, "payer_id"),
        Index(None, "cycle_day"),
        UniqueConstraint("id", "customer_id"),
        Index("ix_accounts_number_said", text("lower(number) text_pattern_ops")),
    )

    id: Mapped[int] = identity()
    number: Mapped[str] = mapped_column(unique=True)
    customer_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("customers.id"))
    payer_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("customers.id"))
    cycle_day: Mapped[int] = mapped_column(SmallInteger)
    terms_days: Mapped[int] = mapped_column(SmallInteger, server_default="14")
    currency: Mapped[str]
    payment_method: Mapped[str] = mapped_column(server_default="transfer")
    opened_on: Mapped[date]
    closed_on: Mapped[date | None]


def of_account(table: str) -> ForeignKeyConstraint:
    """A row of the table names its account and whose it is: both change together."""
    return ForeignKeyConstraint(
        ("account_id", "customer_id"),
        ("accounts.id", "accounts.customer_id"),
        name=f"fk_{table}_account_id_customer_id",
        onupdate="CASCADE",
    )


class Occupancy(Base):
    """An account at a premise, from a day until before another; who to tell of an outage there. customer_id:
    whose the account is, which the database writes and keeps true."""

    __tablename__ = "occupancies"
    __table_args__ = (
        ExcludeConstraint(
            ("account_id", "="),
            ("premise_id", "="),
            (text("daterange(starts_on, ends_before)"), "&&"),
            name="ex_occupancies_once",
            using="gist",
        ),
        CheckConstraint("ends_before is null or ends_before > starts_on", name="half_open"),
        of_account("occupancies"),
        Index(None, "premise_id"),
    )

    id: Mapped[int] = identity()
    account_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("accounts.id"))
    customer_id: Mapped[int] = mapped_column(BigInteger, FetchedValue())
    premise_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("premises.id"))
    starts_on: Mapped[date]
    ends_before: Mapped[date | None]


class Contact(Base):
    """Something said between the customer and the utility: a call, a letter, a visit. resolved: whether that
    one contact was enough, null where nobody said."""

    __tablename__ = "contacts"
    __table_args__ = (
        CheckConstraint(
            "channel in ('call', 'email', 'letter', 'visit', 'web', 'fax', 'sms', 'messenger')",
            name="channel",
        ),
        CheckConstraint("direction in ('in', 'out')", name="direction"),
        Index(None, "customer_id", "at"),
        Index(None, "at"),
    )

    id: Mapped[int] = identity()
    customer_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("customers.id", ondelete="CASCADE"))
    at: Mapped[datetime] = mapped_column(server_default=func.now())
    channel: Mapped[str]
    direction: Mapped[str] = mapped_column(server_default="in")
    topic: Mapped[str]
    complaint: Mapped[bool] = mapped_column(server_default="false")
    outcome: Mapped[str] = mapped_column(server_default="")
    resolved: Mapped[bool | None]
    answered_at: Mapped[datetime | None]
    note: Mapped[str] = mapped_column(server_default="")
    author_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("users.id"))


class OpenCustomer(Base):
    """A customer somebody has open as a tab."""

    __tablename__ = "open_customers"
    __table_args__ = (Index(None, "customer_id"), {"info": {"recomputed": True}})

    user_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("users.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    customer_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("customers.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    opened_at: Mapped[datetime]
