"""How files are to be read, saved under names."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, func, text
from sqlalchemy.orm import Mapped, mapped_column

from utility_crm.kit.database import Base, identity


class FeedProfile(Base):
    """Format (auto, or a name), the files' own titles by field, the clock of stamps without an offset, the
    sheet of a workbook. A feed keeps how it was read by itself, so a profile may change or go."""

    __tablename__ = "feed_profiles"

    id: Mapped[int] = identity()
    name: Mapped[str] = mapped_column(unique=True)
    format: Mapped[str] = mapped_column(server_default="auto")
    columns: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'::jsonb"))
    timezone: Mapped[str | None]
    sheet: Mapped[str | None]
    created_by: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("users.id"))
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
