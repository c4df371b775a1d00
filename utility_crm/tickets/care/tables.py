"""What happens to tickets by itself: hours, promises, rules, macros, who takes them; and complaints."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Date,
    ForeignKey,
    Index,
    LargeBinary,
    SmallInteger,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from utility_crm.kit.database import Base, identity


def _person() -> Any:
    return mapped_column(BigInteger, ForeignKey("users.id"), nullable=True)


def _words() -> Any:
    return mapped_column(ARRAY(Text()), server_default="{}")


class WorkingHours(Base):
    """When we work: spans of minutes of each weekday, Monday first; public holidays of a country are free."""

    __tablename__ = "working_hours"

    id: Mapped[int] = identity()
    name: Mapped[str] = mapped_column(unique=True)
    zone: Mapped[str]
    week: Mapped[list[Any]]
    country: Mapped[str] = mapped_column(server_default="")
    subdivision: Mapped[str] = mapped_column(server_default="")
    closed: Mapped[list[date]] = mapped_column(ARRAY(Date()), server_default="{}")


class TicketPolicy(Base):
    """What is promised to which tickets, in the order of `position`; empty lists mean all."""

    __tablename__ = "ticket_policies"
    __table_args__ = (
        CheckConstraint("first_answer_minutes between 1 and 527040", name="first_answer"),
        CheckConstraint("resolution_minutes between 1 and 527040", name="resolution"),
        CheckConstraint("warn_percent between 1 and 99", name="warn_percent"),
        CheckConstraint(
            "first_answer_minutes is not null or resolution_minutes is not null", name="promises"
        ),
    )

    id: Mapped[int] = identity()
    position: Mapped[int]
    name: Mapped[str] = mapped_column(unique=True)
    kinds: Mapped[list[str]] = _words()
    priorities: Mapped[list[str]] = _words()
    segments: Mapped[list[str]] = _words()
    first_answer_minutes: Mapped[int | None]
    first_answer_working: Mapped[bool] = mapped_column(server_default="true")
    resolution_minutes: Mapped[int | None]
    resolution_working: Mapped[bool] = mapped_column(server_default="true")
    warn_percent: Mapped[int] = mapped_column(SmallInteger, server_default="75")
    hours_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("working_hours.id"))
    active: Mapped[bool] = mapped_column(server_default="true")
    changed_at: Mapped[datetime]
    changed_by: Mapped[int | None] = _person()


class TicketPromise(Base):
    """One promise of one ticket. `stretches`: while its time ran, [[from, until or null], ...]; `due_at` and
    `warn_at` are null while it stands still. `warned_at` and `breached_at` are set once."""

    __tablename__ = "ticket_promises"
    __table_args__ = (
        CheckConstraint("what in ('first_answer', 'resolution')", name="what"),
        Index(
            "ix_ticket_promises_to_warn", "warn_at",
            postgresql_where=text("warned_at is null and met_at is null"),
        ),
        Index(
            "ix_ticket_promises_to_break", "due_at",
            postgresql_where=text("breached_at is null and met_at is null"),
        ),
        Index(None, "policy_id"),
    )  # fmt: skip

    ticket_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("tickets.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    what: Mapped[str] = mapped_column(primary_key=True)
    policy_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("ticket_policies.id"))
    goal_minutes: Mapped[int]
    working: Mapped[bool]
    stretches: Mapped[list[Any]]
    due_at: Mapped[datetime | None]
    warn_at: Mapped[datetime | None]
    warned_at: Mapped[datetime | None]
    breached_at: Mapped[datetime | None]
    met_at: Mapped[datetime | None]


class TicketRule(Base):
    """A rule as it was written, in the order of `position`. `active_since`: what time since something would
    have made due before that is not made up for."""

    __tablename__ = "ticket_rules"

    id: Mapped[int] = identity()
    position: Mapped[int]
    name: Mapped[str] = mapped_column(unique=True)
    document: Mapped[dict[str, Any]]
    active: Mapped[bool] = mapped_column(server_default="true")
    active_since: Mapped[datetime]
    changed_at: Mapped[datetime]
    changed_by: Mapped[int | None] = _person()


class TicketRuleRun(Base):
    """A rule that acted on a ticket: upon what, and what it did. `once` is set for time since something: the
    same instant counts once."""

    __tablename__ = "ticket_rule_runs"
    __table_args__ = (
        Index(None, "ticket_id"),
        Index(None, "rule_id", "at"),
        Index(
            "uq_ticket_rule_runs_once", "rule_id", "ticket_id", "once", unique=True,
            postgresql_where=text("once is not null"),
        ),
    )  # fmt: skip

    id: Mapped[int] = identity()
    rule_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("ticket_rules.id", ondelete="CASCADE"))
    ticket_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("tickets.id", ondelete="CASCADE"))
    at: Mapped[datetime]
    event: Mapped[str]
    once: Mapped[str | None]
    did: Mapped[list[Any]] = mapped_column(server_default="[]")


class TicketMacro(Base):
    """An answer with blanks, by language. `kinds`: offered for tickets of these; empty: for all."""

    __tablename__ = "ticket_macros"
    __table_args__ = (CheckConstraint("key ~ '^[a-z][a-z0-9_]{0,39}$'", name="key"),)

    id: Mapped[int] = identity()
    key: Mapped[str] = mapped_column(unique=True)
    title: Mapped[str]
    texts: Mapped[dict[str, Any]]
    kinds: Mapped[list[str]] = _words()
    position: Mapped[int]
    active: Mapped[bool] = mapped_column(server_default="true")
    changed_at: Mapped[datetime]
    changed_by: Mapped[int | None] = _person()


class TicketTaker(Base):
    """Somebody who is given tickets: how many at most, whether now, and when last."""

    __tablename__ = "ticket_takers"
    __table_args__ = (CheckConstraint("capacity between 1 and 500", name="capacity"),)

    user_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("users.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    capacity: Mapped[int] = mapped_column(SmallInteger, server_default="20")
    present: Mapped[bool] = mapped_column(server_default="true")
    given_at: Mapped[datetime | None]


class Complaint(Base):
    """The register: a complaint that is led as a procedure, on the ticket it is spoken about. `next_step` and
    `due_on` are what is owed next; `redress_minor` is what they got, in minor units of `currency`, and
    `redress_link` where it stands (a credit note, an adjustment)."""

    __tablename__ = "complaints"
    __table_args__ = (
        CheckConstraint(
            "stage in ('received', 'acknowledged', 'investigated', 'answered', "
            "'deadlock', 'ombudsman', 'closed')",
            name="stage",
        ),
        CheckConstraint(
            "outcome in ('', 'upheld', 'partly', 'not_upheld', 'withdrawn', 'merged', 'none')", name="outcome"
        ),
        CheckConstraint("redress_minor >= 0", name="redress"),
        CheckConstraint("(stage = 'closed') = (closed_at is not null)", name="closed_has_a_time"),
        UniqueConstraint("contact_id"),
        Index(None, "received_on"),
        Index("ix_complaints_due", "due_on", postgresql_where=text("stage <> 'closed'")),
    )

    ticket_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("tickets.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    contact_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("contacts.id", ondelete="SET NULL"))
    country: Mapped[str]
    received_at: Mapped[datetime]
    received_on: Mapped[date]
    stage: Mapped[str] = mapped_column(server_default="received")
    cause: Mapped[str] = mapped_column(server_default="unknown")
    cause_detail: Mapped[str] = mapped_column(server_default="")
    outcome: Mapped[str] = mapped_column(server_default="")
    redress_minor: Mapped[int] = mapped_column(server_default="0")
    currency: Mapped[str] = mapped_column(server_default="")
    redress_link: Mapped[str] = mapped_column(server_default="")
    ombudsman_reference: Mapped[str] = mapped_column(server_default="")
    next_step: Mapped[str] = mapped_column(server_default="")
    due_on: Mapped[date | None]
    answered_at: Mapped[datetime | None]
    closed_at: Mapped[datetime | None]


class ComplaintStep(Base):
    """What was done about a complaint, or what became due: rows are added, never changed."""

    __tablename__ = "complaint_steps"
    __table_args__ = (
        CheckConstraint("kind in ('stage', 'letter', 'figures', 'due_soon', 'late')", name="kind"),
        Index(None, "ticket_id", "id"),
    )

    id: Mapped[int] = identity()
    ticket_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("complaints.ticket_id", ondelete="CASCADE"))
    at: Mapped[datetime]
    by_user: Mapped[int | None] = _person()
    kind: Mapped[str]
    what: Mapped[str]
    note: Mapped[str] = mapped_column(server_default="")


class ComplaintLetter(Base):
    """A letter as it was made: its words, and the PDF/A of them. `sent_how`: the channel it left by."""

    __tablename__ = "complaint_letters"
    __table_args__ = (
        CheckConstraint("kind in ('acknowledgement', 'final', 'signpost', 'deadlock')", name="kind"),
        CheckConstraint("(sent_at is null) = (sent_how = '')", name="sent_somehow"),
        Index(None, "ticket_id"),
    )

    id: Mapped[int] = identity()
    ticket_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("complaints.ticket_id", ondelete="CASCADE"))
    kind: Mapped[str]
    language: Mapped[str]
    subject: Mapped[str]
    text: Mapped[str]
    pdf: Mapped[bytes] = mapped_column(LargeBinary)
    sha256: Mapped[str]
    made_at: Mapped[datetime]
    made_by: Mapped[int | None] = _person()
    sent_at: Mapped[datetime | None]
    sent_how: Mapped[str] = mapped_column(server_default="")
    sent_by: Mapped[int | None] = _person()
