"""What the kit itself stores: the clock's record of its jobs."""

from __future__ import annotations

from datetime import datetime

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
