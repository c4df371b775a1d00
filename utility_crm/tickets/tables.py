"""Tickets, what was written on them, their files, who follows them, and everything that ever changed."""

from __future__ import annotations

from datetime import datetime
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
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column

from utility_crm.kit.database import Base, identity
from utility_crm.tickets.domain.numbers import number_of


def _of_ticket(*, optional: bool = False) -> Any:
    return mapped_column(BigInteger, ForeignKey("tickets.id"), nullable=optional)


def _person() -> Any:
    return mapped_column(BigInteger, ForeignKey("users.id"), nullable=True)


class Ticket(Base):
    """One matter of one customer, or (no customer yet) of somebody we do not know.

    `waits_since` is their oldest word that nobody answered. `outage_id` names an outage of the network, which
    lives in a package above this one. What is due when is put in by the promises of care. `version` counts
    what changed: who changes it says which one they saw.
    """

    __tablename__ = "tickets"
    __table_args__ = (
        CheckConstraint("kind in ('billing', 'outage', 'meter', 'complaint', 'move', 'other')", name="kind"),
        CheckConstraint("status in ('new', 'open', 'waiting', 'on_hold', 'solved', 'closed')", name="status"),
        CheckConstraint("priority in ('low', 'normal', 'high', 'urgent')", name="priority"),
        CheckConstraint("(status = 'closed') = (closed_at is not null)", name="closed_has_a_time"),
        CheckConstraint(
            "(status in ('solved', 'closed')) = (solved_at is not null)", name="solved_has_a_time"
        ),
        CheckConstraint("parent_id <> id", name="not_below_itself"),
        CheckConstraint("merged_into_id <> id", name="not_into_itself"),
        CheckConstraint("merged_into_id is null or status = 'closed'", name="merged_is_closed"),
        Index(None, "customer_id"),
        Index(None, "account_id"),
        Index(None, "parent_id"),
        Index(None, "merged_into_id"),
        Index(None, "outage_id"),
        Index(None, "opened_at"),
        Index(None, "solved_at"),
        Index(
            "ix_tickets_active_assignee",
            "assignee_id",
            postgresql_where=text("status not in ('solved', 'closed')"),
        ),
        Index(
            "ix_tickets_active_team", "team_id", postgresql_where=text("status not in ('solved', 'closed')")
        ),
        Index("ix_tickets_snoozed", "snoozed_until", postgresql_where=text("snoozed_until is not null")),
        Index("ix_tickets_solved", "solved_at", postgresql_where=text("status = 'solved'")),
        Index(None, "tags", postgresql_using="gin"),
    )

    id: Mapped[int] = identity()
    kind: Mapped[str]
    subject: Mapped[str]
    status: Mapped[str] = mapped_column(server_default="new")
    priority: Mapped[str] = mapped_column(server_default="normal")
    channel: Mapped[str]
    language: Mapped[str] = mapped_column(server_default="")
    customer_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("customers.id"))
    account_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("accounts.id"))
    premise_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("premises.id"))
    assignee_id: Mapped[int | None] = _person()
    team_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("teams.id"))
    parent_id: Mapped[int | None] = _of_ticket(optional=True)
    merged_into_id: Mapped[int | None] = _of_ticket(optional=True)
    outage_id: Mapped[int | None] = mapped_column(BigInteger)
    tags: Mapped[list[str]] = mapped_column(ARRAY(Text()), server_default="{}")
    version: Mapped[int] = mapped_column(BigInteger, server_default="1")
    opened_at: Mapped[datetime]
    opened_by: Mapped[int | None] = _person()
    updated_at: Mapped[datetime]
    first_answered_at: Mapped[datetime | None]
    solved_at: Mapped[datetime | None]
    closed_at: Mapped[datetime | None]
    waits_since: Mapped[datetime | None]
    snoozed_until: Mapped[datetime | None]
    reopened: Mapped[int] = mapped_column(BigInteger, server_default="0")
    first_answer_due_at: Mapped[datetime | None]
    solve_due_at: Mapped[datetime | None]

    @property
    def number(self) -> str:
        """What people say: T-10432."""
        return number_of(self.id)


class TicketMessage(Base):
    """Something written on a ticket: by them (in), to them (out), or among us (note). Text only.

    `external_id` is its name on its channel (a mail's Message-ID), once a channel. `form_key` names the form
    it was typed into, so that a form sent twice writes once. `sending` is what became of one to be delivered;
    `outbox_id` names its row where notices are delivered, in a package above this one.
    """

    __tablename__ = "ticket_messages"
    __table_args__ = (
        CheckConstraint("direction in ('in', 'out', 'note')", name="direction"),
        CheckConstraint("(direction = 'note') = (channel = 'note')", name="notes_go_nowhere"),
        CheckConstraint(
            "sending in ('', 'queued', 'sent', 'delivered', 'failed', 'bounced')", name="sending"
        ),
        CheckConstraint("direction = 'out' or sending = ''", name="only_answers_are_sent"),
        Index(None, "ticket_id", "at"),
        Index(
            "uq_ticket_messages_channel_external_id", "channel", "external_id", unique=True,
            postgresql_where=text("external_id is not null"),
        ),
        Index(
            "uq_ticket_messages_form_key", "form_key", unique=True,
            postgresql_where=text("form_key is not null"),
        ),
        Index("ix_ticket_messages_queued", "at", postgresql_where=text("sending = 'queued'")),
        Index(
            "ix_ticket_messages_not_out", "at",
            postgresql_where=text("sending in ('queued', 'failed', 'bounced')"),
        ),
        Index("ix_ticket_messages_outbox_id", "outbox_id", postgresql_where=text("outbox_id is not null")),
    )  # fmt: skip

    id: Mapped[int] = identity()
    ticket_id: Mapped[int] = _of_ticket()
    direction: Mapped[str]
    channel: Mapped[str]
    text: Mapped[str]
    sender: Mapped[str] = mapped_column(server_default="")
    author_id: Mapped[int | None] = _person()
    at: Mapped[datetime]
    external_id: Mapped[str | None]
    form_key: Mapped[str | None]
    sending: Mapped[str] = mapped_column(server_default="")
    sending_detail: Mapped[str] = mapped_column(server_default="")
    outbox_id: Mapped[int | None] = mapped_column(BigInteger)


class TicketMention(Base):
    """A colleague named in a note, and when they saw it."""

    __tablename__ = "ticket_mentions"
    __table_args__ = (
        Index("ix_ticket_mentions_unseen", "user_id", postgresql_where=text("seen_at is null")),
    )

    message_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("ticket_messages.id"), primary_key=True, autoincrement=False
    )
    user_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("users.id"), primary_key=True, autoincrement=False
    )
    seen_at: Mapped[datetime | None]


class TicketFile(Base):
    """The bytes of files, each content once: its key is its SHA-256 in hexadecimal."""

    __tablename__ = "ticket_files"

    sha256: Mapped[str] = mapped_column(primary_key=True)
    content: Mapped[bytes] = mapped_column(LargeBinary)


class TicketAttachment(Base):
    """A file on a message; or one that came and was not taken, with the reason (`refused`) and no content."""

    __tablename__ = "ticket_attachments"
    __table_args__ = (
        CheckConstraint("(refused = '') = (sha256 is not null)", name="kept_or_refused"),
        Index(None, "message_id"),
        Index(None, "sha256"),
    )

    id: Mapped[int] = identity()
    message_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("ticket_messages.id"))
    name: Mapped[str]
    media_type: Mapped[str] = mapped_column(server_default="")
    size_bytes: Mapped[int] = mapped_column(BigInteger)
    sha256: Mapped[str | None] = mapped_column(ForeignKey("ticket_files.sha256"))
    refused: Mapped[str] = mapped_column(server_default="")


class TicketWatcher(Base):
    """Who wants to hear of a ticket that is not theirs."""

    __tablename__ = "ticket_watchers"
    __table_args__ = (Index(None, "user_id"),)

    ticket_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("tickets.id"), primary_key=True, autoincrement=False
    )
    user_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("users.id"), primary_key=True, autoincrement=False
    )
    since: Mapped[datetime]


class TicketLink(Base):
    """Two tickets that have to do with each other, read from the first to the other."""

    __tablename__ = "ticket_links"
    __table_args__ = (
        CheckConstraint("kind in ('duplicate', 'related', 'caused_by', 'follows')", name="kind"),
        CheckConstraint("ticket_id <> other_id", name="two_tickets"),
        UniqueConstraint("ticket_id", "other_id", "kind"),
        Index(None, "other_id"),
    )

    id: Mapped[int] = identity()
    ticket_id: Mapped[int] = _of_ticket()
    other_id: Mapped[int] = _of_ticket()
    kind: Mapped[str]
    at: Mapped[datetime]
    by_user: Mapped[int | None] = _person()


class TicketEventRow(Base):
    """What happened to a ticket, by whom, and what it changed from and to. Never changed itself."""

    __tablename__ = "ticket_events"
    __table_args__ = (
        Index(None, "ticket_id", "id"),
        Index(None, "at"),
        Index("ix_ticket_events_rated", "ticket_id", postgresql_where=text("kind = 'rated'")),
    )

    id: Mapped[int] = identity()
    ticket_id: Mapped[int] = _of_ticket()
    version: Mapped[int] = mapped_column(BigInteger)
    at: Mapped[datetime]
    kind: Mapped[str]
    by_user: Mapped[int | None] = _person()
    message_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("ticket_messages.id"))
    before: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default="{}")
    after: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default="{}")
    reason: Mapped[str] = mapped_column(server_default="")


class TicketView(Base):
    """A list of tickets under a name: filters as data, one's own or for all."""

    __tablename__ = "ticket_views"
    __table_args__ = (UniqueConstraint("owner_id", "name"),)

    id: Mapped[int] = identity()
    owner_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("users.id"))
    name: Mapped[str]
    shared: Mapped[bool] = mapped_column(server_default="false")
    filters: Mapped[dict[str, Any]] = mapped_column(JSONB)


class TicketPresence(Base):
    """Who has a ticket open, and whether they are writing; older than a moment it counts for nothing."""

    __tablename__ = "ticket_presence"

    ticket_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("tickets.id"), primary_key=True, autoincrement=False
    )
    user_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("users.id"), primary_key=True, autoincrement=False
    )
    doing: Mapped[str] = mapped_column(server_default="looking")
    seen_at: Mapped[datetime]
