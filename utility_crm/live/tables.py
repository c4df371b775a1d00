"""What was pushed lately."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Index, func
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from utility_crm.kit.database import Base, identity


class Push(Base):
    """Something told to the open pages of `user_ids`; kept for a few minutes, for pages that were just away.
    `at` is the database's own time, whatever date a demo pretends."""

    __tablename__ = "pushes"
    __table_args__ = (Index(None, "at"),)

    id: Mapped[int] = identity()
    at: Mapped[datetime] = mapped_column(server_default=func.now())
    user_ids: Mapped[list[int]] = mapped_column(ARRAY(BigInteger()))
    kind: Mapped[str]
    payload: Mapped[dict[str, Any]]
