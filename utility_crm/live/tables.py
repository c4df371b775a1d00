"""What was pushed lately, what people have typed and not sent yet, and which forms were done."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, Index, func
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


class Draft(Base):
    """What a person typed into a field and has not sent. `key` names the field and what it is about, such as
    "customer-12-log"; `version` grows with each keeping, so that two pages notice each other. An empty text:
    it was sent or deleted; the row stays for a while, so that what is on its way is not taken for new."""

    __tablename__ = "drafts"
    __table_args__ = (Index(None, "updated_at"),)

    user_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("users.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    key: Mapped[str] = mapped_column(primary_key=True)
    text: Mapped[str]
    version: Mapped[int]
    updated_at: Mapped[datetime]


class DoneForm(Base):
    """A form that was done, by the digest of who sent it, its own token and all it said: sent again, because
    no answer came, it does nothing and leads to the same place."""

    __tablename__ = "done_forms"
    __table_args__ = (Index(None, "at"),)

    sha256: Mapped[str] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column(server_default=func.now())
    address: Mapped[str] = mapped_column(server_default="")
