"""What the kit itself stores: the clock's record of its jobs, and what the whole database is."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy.orm import Mapped, mapped_column

from utility_crm.kit.database import Base


class JobRun(Base):
    """The last run of each job, for ops to see what the clock did and what failed."""

    __tablename__ = "job_runs"

    name: Mapped[str] = mapped_column(primary_key=True)
    started_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]
    result: Mapped[str] = mapped_column(server_default="")
    error: Mapped[str | None]


class Installation(Base):
    """What is true of this whole database, by name: `simulated` says that it is a demo, and which."""

    __tablename__ = "installation"

    name: Mapped[str] = mapped_column(primary_key=True)
    value: Mapped[dict[str, Any]]
