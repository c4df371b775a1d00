"""What came in by e-mail, web form and messenger, as it came; and where the mailbox was read to."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, LargeBinary, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from utility_crm.kit.database import Base, identity

STATES = ("stored", "placed", "waiting", "ignored", "spam")


class Arrival(Base):
    """One message as it came: first stored, then placed. Nothing that came is ever without a row.

    stored   it waits for the reader, which places it within the same minute
    placed   it is in a ticket (`ticket_id`, `message_id`) of a customer who is known
    waiting  for a person, who says whose it is or what becomes of it: `reason` names why
    ignored  no person wrote it, or it is no question to us: `reason` names why
    spam     a person said so

    `digest` is the message's own, whatever servers added or encoded anew on the way: the same again is the
    same row. `raw` is what came, `sha256` of exactly that. `external_id` is its name on its channel (a mail's
    Message-ID).
    `via`: the messenger's adapter; `peer`: a digest of the network address that a form came from;
    `receipt_name`: the Message-ID under which we said that it has come.
    """

    __tablename__ = "arrivals"
    __table_args__ = (
        CheckConstraint("channel in ('email', 'web', 'api', 'messenger')", name="channel"),
        CheckConstraint("state in ('stored', 'placed', 'waiting', 'ignored', 'spam')", name="state"),
        CheckConstraint("state not in ('waiting', 'ignored') or reason <> ''", name="says_why"),
        CheckConstraint("state <> 'placed' or ticket_id is not null", name="placed_in_a_ticket"),
        UniqueConstraint("channel", "digest"),
        Index("ix_arrivals_stored", "id", postgresql_where=text("state = 'stored'")),
        Index("ix_arrivals_waiting", "received_at", postgresql_where=text("state = 'waiting'")),
        Index(None, "received_at"),
        Index(None, "sender", "received_at"),
        Index("ix_arrivals_peer", "peer", "received_at", postgresql_where=text("peer <> ''")),
        Index("ix_arrivals_external_id", "external_id", postgresql_where=text("external_id <> ''")),
        Index("ix_arrivals_receipt_name", "receipt_name", postgresql_where=text("receipt_name <> ''")),
        Index(None, "ticket_id"),
        Index(None, "message_id"),
        Index(None, "customer_id"),
    )

    id: Mapped[int] = identity()
    channel: Mapped[str]
    via: Mapped[str] = mapped_column(server_default="")
    digest: Mapped[str]
    sha256: Mapped[str]
    raw: Mapped[bytes] = mapped_column(LargeBinary)
    size_bytes: Mapped[int]
    received_at: Mapped[datetime]
    external_id: Mapped[str] = mapped_column(server_default="")
    sender: Mapped[str] = mapped_column(server_default="")
    sender_name: Mapped[str] = mapped_column(server_default="")
    subject: Mapped[str] = mapped_column(server_default="")
    language: Mapped[str] = mapped_column(server_default="")
    peer: Mapped[str] = mapped_column(server_default="")
    state: Mapped[str] = mapped_column(server_default="stored")
    reason: Mapped[str] = mapped_column(server_default="")
    detail: Mapped[str] = mapped_column(server_default="")
    customer_id: Mapped[int | None] = mapped_column(
        BigInteger, ForeignKey("customers.id", ondelete="SET NULL")
    )
    ticket_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("tickets.id"))
    message_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("ticket_messages.id"))
    acknowledged_at: Mapped[datetime | None]
    receipt_name: Mapped[str] = mapped_column(server_default="")
    placed_at: Mapped[datetime | None]
    placed_by: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("users.id"))


class MailSource(Base):
    """A mailbox that is read, and how far: `next_uid` is the first number that was not looked at, under the
    numbering `uid_validity` (RFC 9051, 2.3.1.1); mail below `began_uid` was there before us and counts only
    where nobody had read it."""

    __tablename__ = "mail_sources"

    id: Mapped[int] = identity()
    name: Mapped[str] = mapped_column(unique=True)
    uid_validity: Mapped[int | None]
    began_uid: Mapped[int] = mapped_column(server_default="1")
    next_uid: Mapped[int] = mapped_column(server_default="1")
    looked_at: Mapped[datetime | None]
    well_at: Mapped[datetime | None]
    failing_since: Mapped[datetime | None]
    error: Mapped[str] = mapped_column(server_default="")


class MailPlace(Base):
    """Where a mail lay on the server. `settled_at`: it was marked there as read, or moved, which happens only
    after the arrival was committed. No arrival: the server did not give it, and is asked again; settled all
    the same, it was not there any more."""

    __tablename__ = "mail_places"
    __table_args__ = (
        Index(None, "arrival_id"),
        Index(
            "ix_mail_places_unsettled", "source_id", "uid_validity",
            postgresql_where=text("settled_at is null"),
        ),
    )  # fmt: skip

    source_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("mail_sources.id"), primary_key=True, autoincrement=False
    )
    uid_validity: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    uid: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    arrival_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("arrivals.id", ondelete="CASCADE"))
    error: Mapped[str] = mapped_column(server_default="")
    settled_at: Mapped[datetime | None]
