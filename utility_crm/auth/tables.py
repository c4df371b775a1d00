"""People who sign in, their teams, machines that do; and what all of them looked at and changed."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    Identity,
    Index,
    SmallInteger,
    Text,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from utility_crm.kit.database import Base, identity


class User(Base):
    """A member of staff. `login` is compared in lower case; the hash is Argon2id.

    `area_ids`: the network areas whose customers they may see; none: all. `skills` and `languages` (ISO 639,
    spoken to customers) say which tickets may come to them; `extension` is the telephone on their desk.
    `theme`, `density` and `letters` (single letters as keys; `letters_by` "alt": with Alt held; `own_keys`
    "q=l": q does what l does): how they like their pages.
    `password_expires_at`: the
    password was made by somebody else; it opens nothing but the form for their own, and that until then.
    """

    __tablename__ = "users"
    __table_args__ = (
        CheckConstraint("role in ('agent', 'supervisor', 'marketer', 'ops', 'admin')", name="role"),
        CheckConstraint("login = lower(login)", name="login_lower"),
        Index("ix_users_extension", "extension", unique=True),
        CheckConstraint("theme in ('', 'light', 'dark')", name="theme"),
        CheckConstraint("density in ('', 'easy')", name="density"),
    )

    id: Mapped[int] = identity()
    login: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    role: Mapped[str]
    password_hash: Mapped[str]
    language: Mapped[str] = mapped_column(server_default="en")
    active: Mapped[bool] = mapped_column(server_default="true")
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    area_ids: Mapped[list[int]] = mapped_column(ARRAY(BigInteger()), server_default="{}")
    skills: Mapped[list[str]] = mapped_column(ARRAY(Text()), server_default="{}")
    languages: Mapped[list[str]] = mapped_column(ARRAY(Text()), server_default="{}")
    extension: Mapped[str | None]
    theme: Mapped[str] = mapped_column(server_default="")
    density: Mapped[str] = mapped_column(server_default="")
    letters: Mapped[bool] = mapped_column(server_default="true")
    letters_by: Mapped[str] = mapped_column(server_default="")
    own_keys: Mapped[str] = mapped_column(server_default="")
    password_expires_at: Mapped[datetime | None]


class Team(Base):
    """People who share a queue. Its members see the tickets of their own teams, or, where one of their teams
    `sees_all_tickets`, those of every team."""

    __tablename__ = "teams"

    id: Mapped[int] = identity()
    name: Mapped[str] = mapped_column(unique=True)
    sees_all_tickets: Mapped[bool] = mapped_column(server_default="false")


class TeamMember(Base):
    """A person in a team; `leads` is who is told when the team falls behind."""

    __tablename__ = "team_members"
    __table_args__ = (Index(None, "user_id"),)

    team_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("teams.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    user_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("users.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    leads: Mapped[bool] = mapped_column(server_default="false")


class AuditRow(Base):
    """Who looked at or changed what. Rows are added, never changed: a trigger refuses (migration 0033).

    No column refers to another table: what happened is not undone when a person, a token or a customer goes,
    and a look at a customer locks no row of theirs. `what` is the method and the route, `subject` the thing
    named in the address, `customer_id` whose it was. A `detail` says values `before` and `after` of a change
    that stands beside it under the same `request_id`.
    """

    __tablename__ = "audit_log"
    __table_args__ = (
        CheckConstraint(
            "kind in ('view', 'search', 'export', 'change', 'detail', 'sign_in', 'kept')", name="kind"
        ),
        CheckConstraint("outcome in ('done', 'refused', 'not_done')", name="outcome"),
        Index(None, "at"),
        Index(None, "user_id", "at"),
        Index(None, "customer_id", "at", postgresql_where=text("customer_id is not null")),
        Index("ix_audit_log_details", "customer_id", "at", postgresql_where=text("kind = 'detail'")),
        Index(None, "subject", "at", postgresql_where=text("kind = 'sign_in'")),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    at: Mapped[datetime]
    user_id: Mapped[int | None]
    token_id: Mapped[int | None]
    kind: Mapped[str]
    what: Mapped[str]
    customer_id: Mapped[int | None]
    subject_kind: Mapped[str] = mapped_column(server_default="")
    subject: Mapped[str] = mapped_column(server_default="")
    before: Mapped[dict[str, Any] | None]
    after: Mapped[dict[str, Any] | None]
    address: Mapped[str] = mapped_column(server_default="")
    request_id: Mapped[str] = mapped_column(server_default="")
    outcome: Mapped[str] = mapped_column(server_default="done")


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
