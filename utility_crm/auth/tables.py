"""People who sign in, and machines that do."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, SmallInteger, Text, func, text
from sqlalchemy.dialects.postgresql import ARRAY
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


class ApiToken(Base):
    """What a machine signs in with. The token itself is shown once and not kept: `sha256` is its digest in
    hexadecimal, `prefix` its first characters, by which people tell tokens apart."""

    __tablename__ = "api_tokens"
    __table_args__ = (
        CheckConstraint("cardinality(scopes) > 0", name="scopes"),
        Index("ix_api_tokens_valid_name", "name", unique=True, postgresql_where=text("revoked_at is null")),
    )

    id: Mapped[int] = identity()
    name: Mapped[str]
    prefix: Mapped[str]
    sha256: Mapped[str] = mapped_column(unique=True)
    scopes: Mapped[list[str]] = mapped_column(ARRAY(Text()))
    created_by: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("users.id"))
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    expires_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]
    last_used_at: Mapped[datetime | None]


class ApiAnswer(Base):
    """What was answered to a writing request, under the key its sender gave it (Idempotency-Key): the same
    request again gets the same answer and has no second effect. `body_sha256` tells one from another."""

    __tablename__ = "api_answers"
    __table_args__ = (Index(None, "answered_at"),)

    token_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("api_tokens.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    key: Mapped[str] = mapped_column(primary_key=True)
    body_sha256: Mapped[str]
    status: Mapped[int] = mapped_column(SmallInteger)
    answer: Mapped[str]
    answered_at: Mapped[datetime]
