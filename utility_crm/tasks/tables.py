"""Tasks, what happened to them, and who reads them in a calendar of their own."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from utility_crm.kit.database import Base, identity

_OPEN = text("done_at is null")


def _person() -> Mapped[int | None]:
    return mapped_column(BigInteger, ForeignKey("users.id"))


class Task(Base):
    """Something to do by a day (`due_on`, of the utility's zone) or by an instant (`due_at`, on that day).

    `promised`: a customer was told that it will be done. `remind_at` follows from the due and
    `remind_minutes`; `reminded_at` is set once. `done_at` closes it, also where it was `dropped`. A task that
    `repeats` makes its next one when it is closed: tasks of a series share `series_id`, the id of its first,
    and none has the same day twice. `key` makes what a machine adds one task, however often it adds it.
    `changes` counts: who changes a task says which state of it they saw.

    `ticket_id` names a ticket of `utility_crm.tickets`, which lies above this room: no foreign key points up.
    """

    __tablename__ = "tasks"
    __table_args__ = (
        UniqueConstraint("series_id", "due_on"),
        CheckConstraint("title <> ''", name="title"),
        CheckConstraint("priority in ('high', 'normal', 'low')", name="priority"),
        CheckConstraint(
            "repeats in ('', 'daily', 'weekdays', 'weekly', 'fortnightly', 'monthly', 'yearly')",
            name="repeats",
        ),
        CheckConstraint("(repeats = '') = (repeats_from is null)", name="repeats_from"),
        CheckConstraint("not dropped or done_at is not null", name="dropped"),
        CheckConstraint("(remind_minutes is null) = (remind_at is null)", name="reminder"),
        Index("ix_tasks_open_assignee", "assignee_id", "due_on", postgresql_where=_OPEN),
        Index("ix_tasks_open_team", "team_id", "due_on", postgresql_where=_OPEN),
        Index("ix_tasks_open_due", "due_on", postgresql_where=_OPEN),
        Index(
            "ix_tasks_to_remind",
            "remind_at",
            postgresql_where=text("done_at is null and reminded_at is null and remind_at is not null"),
        ),
        Index(None, "customer_id"),
        Index(None, "ticket_id"),
        Index(None, "done_at"),
    )

    id: Mapped[int] = identity()
    title: Mapped[str]
    note: Mapped[str] = mapped_column(server_default="")
    due_on: Mapped[date]
    due_at: Mapped[datetime | None]
    priority: Mapped[str] = mapped_column(server_default="normal")
    promised: Mapped[bool] = mapped_column(server_default="false")
    assignee_id: Mapped[int | None] = _person()
    team_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("teams.id", ondelete="SET NULL"))
    customer_id: Mapped[int | None] = mapped_column(
        BigInteger, ForeignKey("customers.id", ondelete="CASCADE")
    )
    ticket_id: Mapped[int | None]
    remind_minutes: Mapped[int | None]
    remind_at: Mapped[datetime | None]
    reminded_at: Mapped[datetime | None]
    snoozed_until: Mapped[datetime | None]
    repeats: Mapped[str] = mapped_column(server_default="")
    repeats_from: Mapped[date | None]
    series_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("tasks.id", ondelete="CASCADE"))
    done_at: Mapped[datetime | None]
    done_by: Mapped[int | None] = _person()
    dropped: Mapped[bool] = mapped_column(server_default="false")
    outcome: Mapped[str] = mapped_column(server_default="")
    key: Mapped[str | None] = mapped_column(unique=True)
    created_at: Mapped[datetime]
    created_by: Mapped[int | None] = _person()
    changes: Mapped[int] = mapped_column(server_default="0")


class TaskEvent(Base):
    """What happened to a task; a row is never changed (a trigger refuses)."""

    __tablename__ = "task_events"
    __table_args__ = (
        CheckConstraint(
            "kind in ('added', 'changed', 'snoozed', 'reminded', 'done', 'dropped', 'reopened')", name="kind"
        ),
        Index(None, "task_id"),
    )

    id: Mapped[int] = identity()
    task_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("tasks.id", ondelete="CASCADE"))
    at: Mapped[datetime]
    by_user: Mapped[int | None] = _person()
    kind: Mapped[str]
    detail: Mapped[dict[str, Any]] = mapped_column(server_default="{}")


class CalendarFeed(Base):
    """The address under which a person's calendar program reads their tasks: its token is shown once, and
    kept as its SHA-256 alone. A new one ends the old one."""

    __tablename__ = "calendar_feeds"

    user_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("users.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    sha256: Mapped[str] = mapped_column(unique=True)
    made_at: Mapped[datetime]
    read_at: Mapped[datetime | None]
