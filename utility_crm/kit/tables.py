"""What the kit itself stores: the clocks, their record of the jobs, and what the whole database is."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from utility_crm.kit.database import Base, identity


def _person() -> Mapped[int | None]:
    return mapped_column(BigInteger, ForeignKey("users.id"))


class JobRun(Base):
    """Each job's last run, its next, and what people decided about it.

    A run without `finished_at` is under way, by the clock `clock_id` in the server's process `backend_pid`,
    or was cut off with it. `failures` counts runs in a row that did not end well, since `failing_since`.
    `asked_*`: somebody wants it run now; `ran_for_*`: for whom the last run was.
    """

    __tablename__ = "job_runs"

    name: Mapped[str] = mapped_column(primary_key=True)
    started_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]
    result: Mapped[str] = mapped_column(server_default="")
    error: Mapped[str | None]
    trace: Mapped[str] = mapped_column(server_default="")
    due_at: Mapped[datetime | None]
    failures: Mapped[int] = mapped_column(server_default="0")
    failing_since: Mapped[datetime | None]
    clock_id: Mapped[int | None]
    backend_pid: Mapped[int | None]
    paused_at: Mapped[datetime | None]
    paused_by: Mapped[int | None] = _person()
    paused_because: Mapped[str] = mapped_column(server_default="")
    asked_at: Mapped[datetime | None]
    asked_by: Mapped[int | None] = _person()
    ran_for_at: Mapped[datetime | None]
    ran_for_by: Mapped[int | None] = _person()


class JobEvent(Base):
    """What people did to a job, with their reason; and when it began to fail, was cut off or was well."""

    __tablename__ = "job_events"
    __table_args__ = (
        CheckConstraint("kind in ('paused', 'resumed', 'asked', 'failing', 'cut_off', 'well')", name="kind"),
        Index(None, "job"),
        Index(None, "at"),
    )

    id: Mapped[int] = identity()
    job: Mapped[str]
    at: Mapped[datetime]
    kind: Mapped[str]
    by_user: Mapped[int | None] = _person()
    detail: Mapped[str] = mapped_column(server_default="")
    trace: Mapped[str] = mapped_column(server_default="")


class ClockProcess(Base):
    """A clock that runs, or did until a short while ago: the one with `leads_since` calls the jobs.
    `seen_at` is the database's own time."""

    __tablename__ = "clocks"

    id: Mapped[int] = identity()
    host: Mapped[str]
    pid: Mapped[int]
    started_at: Mapped[datetime]
    seen_at: Mapped[datetime]
    leads_since: Mapped[datetime | None]


class Installation(Base):
    """What is true of this whole database, by name: `simulated` says that it is a demo, and which."""

    __tablename__ = "installation"

    name: Mapped[str] = mapped_column(primary_key=True)
    value: Mapped[dict[str, Any]]
