"""Requests about one's data, legal holds, erasures, archives, and what was forgotten when."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    Index,
    LargeBinary,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from utility_crm.kit.database import Base, identity


def _customer() -> Mapped[int]:
    return mapped_column(BigInteger, ForeignKey("customers.id"))


def _user() -> Mapped[int | None]:
    return mapped_column(BigInteger, ForeignKey("users.id"))


class PrivacyRequest(Base):
    """Somebody asked for their data (export) or to be forgotten (erasure). `proof`: how we know it is they.

    `due_on`: GDPR, art. 12(3): one month, two more where `extended_because` says why. Who asks for an erasure
    here does not approve it (`decided_by`): the database itself refuses that.
    """

    __tablename__ = "privacy_requests"
    __table_args__ = (
        CheckConstraint("kind in ('export', 'erasure')", name="kind"),
        CheckConstraint("state in ('open', 'approved', 'done', 'refused', 'withdrawn')", name="state"),
        CheckConstraint(
            "(state in ('done', 'refused', 'withdrawn')) = (closed_at is not null)", name="closed_has_a_time"
        ),
        CheckConstraint("state not in ('refused', 'withdrawn') or reason <> ''", name="says_why"),
        CheckConstraint(
            "kind <> 'erasure' or state not in ('approved', 'done') or decided_by <> asked_by",
            name="four_eyes",
        ),
        Index(None, "customer_id"),
        Index(
            "ix_privacy_requests_standing",
            "customer_id",
            "kind",
            unique=True,
            postgresql_where=text("closed_at is null"),
        ),
    )

    id: Mapped[int] = identity()
    customer_id: Mapped[int] = _customer()
    kind: Mapped[str]
    channel: Mapped[str]
    proof: Mapped[str]
    received_on: Mapped[date]
    due_on: Mapped[date]
    extended_because: Mapped[str] = mapped_column(server_default="")
    state: Mapped[str] = mapped_column(server_default="open")
    asked_by: Mapped[int | None] = _user()
    asked_at: Mapped[datetime]
    decided_by: Mapped[int | None] = _user()
    decided_at: Mapped[datetime | None]
    reason: Mapped[str] = mapped_column(server_default="")
    closed_at: Mapped[datetime | None]


class PrivacyHold(Base):
    """A person says that nothing of a customer may be forgotten, and why (GDPR, art. 17(3)(e)); it stands
    until
    somebody lifts it, and is looked at again on `review_on`."""

    __tablename__ = "privacy_holds"
    __table_args__ = (
        CheckConstraint("reason <> ''", name="reason"),
        CheckConstraint("(lifted_at is null) = (lifted_because = '')", name="lifted_for_a_reason"),
        Index(None, "customer_id", postgresql_where=text("lifted_at is null")),
    )

    id: Mapped[int] = identity()
    customer_id: Mapped[int] = _customer()
    reason: Mapped[str]
    placed_by: Mapped[int | None] = _user()
    placed_at: Mapped[datetime]
    review_on: Mapped[date]
    lifted_by: Mapped[int | None] = _user()
    lifted_at: Mapped[datetime | None]
    lifted_because: Mapped[str] = mapped_column(server_default="")


class Erasure(Base):
    """A customer who was forgotten. `went`: rows by table; `left_over`: places where the name was still found
    afterwards, for a person to look at. `ended_at`: nothing is kept any more."""

    __tablename__ = "erasures"
    __table_args__ = (Index("ix_erasures_kept", "kept_until", postgresql_where=text("ended_at is null")),)

    customer_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("customers.id"), primary_key=True, autoincrement=False
    )
    request_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("privacy_requests.id"))
    erased_at: Mapped[datetime]
    kept_until: Mapped[date | None]
    ended_at: Mapped[datetime | None]
    went: Mapped[dict[str, Any]] = mapped_column(server_default="{}")
    left_over: Mapped[list[Any]] = mapped_column(server_default="[]")


class ErasureKeep(Base):
    """A kind of data that stays of an erased customer, until a day, and the rule that asks for it."""

    __tablename__ = "erasure_keeps"

    customer_id: Mapped[int] = mapped_column(
        BigInteger,
        ForeignKey("erasures.customer_id", ondelete="CASCADE"),
        primary_key=True,
        autoincrement=False,
    )
    kind: Mapped[str] = mapped_column(primary_key=True)
    until: Mapped[date]
    source: Mapped[str]
    ended_at: Mapped[datetime | None]


class SealedRow(Base):
    """What tax law wants to be readable of a row of an erased customer (to whom an invoice was made out):
    sealed, opened by a person with a reason, gone when the keeping ends."""

    __tablename__ = "sealed_rows"
    __table_args__ = (Index(None, "customer_id", "kind"),)

    id: Mapped[int] = identity()
    customer_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("erasures.customer_id", ondelete="CASCADE")
    )
    kind: Mapped[str]
    table_name: Mapped[str]
    row_key: Mapped[list[str]] = mapped_column(ARRAY(Text()))
    sealed: Mapped[str]


class PrivacyExport(Base):
    """An archive of everything of a customer: waits for the clock to make it, is kept until `expires_at`."""

    __tablename__ = "privacy_exports"
    __table_args__ = (
        CheckConstraint("state in ('waiting', 'made', 'failed', 'gone')", name="state"),
        CheckConstraint(
            "state <> 'made' or (made_at is not null and expires_at is not null"
            " and size_bytes is not null and sha256 is not null)",
            name="made_is_whole",
        ),
        Index(None, "customer_id"),
        Index("ix_privacy_exports_waiting", "id", postgresql_where=text("state = 'waiting'")),
    )

    id: Mapped[int] = identity()
    customer_id: Mapped[int] = _customer()
    request_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("privacy_requests.id"))
    asked_by: Mapped[int | None] = _user()
    asked_at: Mapped[datetime]
    language: Mapped[str]
    state: Mapped[str] = mapped_column(server_default="waiting")
    made_at: Mapped[datetime | None]
    expires_at: Mapped[datetime | None]
    size_bytes: Mapped[int | None]
    sha256: Mapped[str | None]
    files: Mapped[int | None]
    error: Mapped[str] = mapped_column(server_default="")


class ExportPart(Base):
    """A piece of an archive, so that whoever serves it needs no disk in common with who made it."""

    __tablename__ = "privacy_export_parts"

    export_id: Mapped[int] = mapped_column(
        BigInteger,
        ForeignKey("privacy_exports.id", ondelete="CASCADE"),
        primary_key=True,
        autoincrement=False,
    )
    position: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    content: Mapped[bytes] = mapped_column(LargeBinary)


class Download(Base):
    """An archive left the house: once a sign-in."""

    __tablename__ = "privacy_downloads"

    export_id: Mapped[int] = mapped_column(
        BigInteger,
        ForeignKey("privacy_exports.id", ondelete="CASCADE"),
        primary_key=True,
        autoincrement=False,
    )
    sign_in_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    user_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("users.id"))
    at: Mapped[datetime]


class ErasedNumber(Base):
    """A number by which a customer or an account of somebody who was erased was known here, as a digest: by
    it no file brings them back, also when nothing is kept any more that has it. Whose it was is not kept."""

    __tablename__ = "erased_numbers"
    __table_args__ = (CheckConstraint("kind in ('customer', 'account')", name="kind"),)

    kind: Mapped[str] = mapped_column(primary_key=True)
    digest: Mapped[str] = mapped_column(primary_key=True)
    erased_on: Mapped[date]


class RetentionRule(Base):
    """How long a kind of data is kept where it is not as the house came; no months: for ever."""

    __tablename__ = "retention_rules"
    __table_args__ = (
        CheckConstraint("months >= 0", name="months"),
        CheckConstraint("because <> ''", name="because"),
    )

    kind: Mapped[str] = mapped_column(primary_key=True)
    months: Mapped[int | None]
    because: Mapped[str]
    changed_by: Mapped[int | None] = _user()
    changed_at: Mapped[datetime]


class RetentionRun(Base):
    """What went of a kind in one night: everything before `cut`, but `held` rows that a hold keeps. One that
    has no end is gone on with."""

    __tablename__ = "retention_runs"
    __table_args__ = (UniqueConstraint("kind", "night"), Index(None, "began_at"))

    id: Mapped[int] = identity()
    kind: Mapped[str]
    night: Mapped[date]
    cut: Mapped[datetime]
    months: Mapped[int]
    gone: Mapped[int] = mapped_column(server_default="0")
    held: Mapped[int] = mapped_column(server_default="0")
    batches: Mapped[int] = mapped_column(server_default="0")
    began_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
