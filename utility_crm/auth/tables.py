"""People who sign in."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, func
from sqlalchemy.orm import Mapped, mapped_column

from utility_crm.kit.database import Base, identity


class User(Base):
    """A member of staff. `login` is compared in lower case; the hash is Argon2id."""

    __tablename__ = "users"
    __table_args__ = (
        CheckConstraint("role in ('agent', 'marketer', 'ops', 'admin')", name="role"),
        CheckConstraint("login = lower(login)", name="login_lower"),
    )

    id: Mapped[int] = identity()
    login: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    role: Mapped[str]
    password_hash: Mapped[str]
    language: Mapped[str] = mapped_column(server_default="en")
    active: Mapped[bool] = mapped_column(server_default="true")
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
