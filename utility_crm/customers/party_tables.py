"""Who speaks for whom, who was asked whether it is they, when we come."""

from __future__ import annotations

from datetime import date, datetime, time

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, SmallInteger, Text, Time, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from utility_crm.kit.database import Base, identity

KINDS = ("speaks_for", "guardian", "executor", "household", "works_for", "part_of")
SPEAKING = ("speaks_for", "guardian", "executor")
"""Kinds that need a proof: others may not ask about somebody's account."""


def _customer() -> Mapped[int]:
    return mapped_column(BigInteger, ForeignKey("customers.id", ondelete="CASCADE"))


def _user() -> Mapped[int | None]:
    return mapped_column(BigInteger, ForeignKey("users.id"))


class Verification(Base):
    """Somebody asked a caller who they are (how `answers`, asked: the kinds of questions), or looked at
    personal data for a reason. passed: it is seen `until` then, or until the call ended at `ended_at`."""

    __tablename__ = "verifications"
    __table_args__ = (
        CheckConstraint("how in ('answers', 'reason')", name="how"),
        CheckConstraint("passed = (until is not null)", name="until"),
        CheckConstraint("how <> 'reason' or reason <> ''", name="reason"),
        Index(None, "customer_id", "at"),
        Index(None, "by_user", "until"),
    )

    id: Mapped[int] = identity()
    customer_id: Mapped[int] = _customer()
    by_user: Mapped[int] = mapped_column(BigInteger, ForeignKey("users.id"))
    at: Mapped[datetime]
    how: Mapped[str]
    asked: Mapped[list[str]] = mapped_column(ARRAY(Text()), server_default="{}")
    passed: Mapped[bool]
    reason: Mapped[str] = mapped_column(server_default="")
    until: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]


class Relation(Base):
    """Another (a customer, `other_id`, or somebody with a `name` and how to `reach` them; `reach_number`: the
    number in that, E.164 or empty) to this customer:
    speaks_for, guardian and executor may speak about what `about` names (nothing: everything), with `proof`;
    household: lives there, too; works_for: a person of this organisation; part_of: this customer is a part of
    the other."""

    __tablename__ = "relations"
    __table_args__ = (
        CheckConstraint(
            "kind in ('speaks_for', 'guardian', 'executor', 'household', 'works_for', 'part_of')", name="kind"
        ),
        CheckConstraint("(other_id is null) = (name <> '')", name="somebody"),
        CheckConstraint("other_id <> customer_id", name="another"),
        CheckConstraint("ends_before is null or ends_before > starts_on", name="half_open"),
        CheckConstraint("kind not in ('speaks_for', 'guardian', 'executor') or proof <> ''", name="proved"),
        Index(None, "customer_id"),
        Index(None, "other_id"),
        Index(None, "reach_number", postgresql_where=text("reach_number <> ''")),
    )

    id: Mapped[int] = identity()
    customer_id: Mapped[int] = _customer()
    other_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("customers.id", ondelete="CASCADE"))
    name: Mapped[str] = mapped_column(server_default="")
    reach: Mapped[str] = mapped_column(server_default="")
    reach_number: Mapped[str] = mapped_column(server_default="")
    kind: Mapped[str]
    role: Mapped[str] = mapped_column(server_default="")
    about: Mapped[list[str]] = mapped_column(ARRAY(Text()), server_default="{}")
    starts_on: Mapped[date]
    ends_before: Mapped[date | None]
    proof: Mapped[str] = mapped_column(server_default="")
    noted_at: Mapped[datetime]
    noted_by: Mapped[int | None] = _user()
    ended_at: Mapped[datetime | None]
    ended_by: Mapped[int | None] = _user()


class Appointment(Base):
    """Somebody of ours comes on a day, between two times of the premise's wall clock. missed: they came and
    could not get in. moves: how often it was moved."""

    __tablename__ = "appointments"
    __table_args__ = (
        CheckConstraint("kind in ('meter_check', 'meter_exchange', 'meter_reading')", name="kind"),
        CheckConstraint("state in ('booked', 'done', 'missed', 'cancelled')", name="state"),
        CheckConstraint("ends > starts", name="slot"),
        Index(None, "customer_id"),
        Index(None, "on_day", postgresql_where=text("state = 'booked'")),
    )

    id: Mapped[int] = identity()
    customer_id: Mapped[int] = _customer()
    premise_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("premises.id"))
    kind: Mapped[str]
    on_day: Mapped[date]
    starts: Mapped[time] = mapped_column(Time())
    ends: Mapped[time] = mapped_column(Time())
    state: Mapped[str] = mapped_column(server_default="booked")
    note: Mapped[str] = mapped_column(server_default="")
    made_at: Mapped[datetime]
    made_by: Mapped[int | None] = _user()
    closed_at: Mapped[datetime | None]
    closed_by: Mapped[int | None] = _user()
    outcome: Mapped[str] = mapped_column(server_default="")
    moves: Mapped[int] = mapped_column(SmallInteger, server_default="0")


class AppointmentEvent(Base):
    """What became of a visit: moved (was_on, was_from: when it should have been), cancelled, done, missed."""

    __tablename__ = "appointment_events"
    __table_args__ = (
        CheckConstraint("kind in ('moved', 'cancelled', 'done', 'missed')", name="kind"),
        CheckConstraint("(kind = 'moved') = (was_on is not null)", name="was"),
        Index(None, "appointment_id"),
    )

    id: Mapped[int] = identity()
    appointment_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("appointments.id", ondelete="CASCADE"))
    at: Mapped[datetime]
    by_user: Mapped[int | None] = _user()
    kind: Mapped[str]
    was_on: Mapped[date | None]
    was_from: Mapped[time | None] = mapped_column(Time())
    note: Mapped[str] = mapped_column(server_default="")
