"""Who is signed in and how, and who tried to be."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    DateTime,
    ForeignKey,
    Index,
    SmallInteger,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from utility_crm.kit.database import Base, identity


def _user_of() -> ForeignKey:
    return ForeignKey("users.id", ondelete="CASCADE")


class SignIn(Base):
    """One sign-in of a person, until it ends. The browser's cookie holds a random id that only it knows;
    `sha256` is its digest in hexadecimal.

    waits_for: what stands between the password and the pages: the second factor, its first setting up
    (enrolment), a password of their own. seen_at is true to the minute; proved_at is when they last showed
    who they are (password, code, or the outside identity).
    """

    __tablename__ = "sign_ins"
    __table_args__ = (
        CheckConstraint("way in ('password', 'outside')", name="way"),
        CheckConstraint("waits_for in ('', 'factor', 'enrolment', 'password')", name="waits_for"),
        Index("ix_sign_ins_open_user_id", "user_id", postgresql_where=text("ended_at is null")),
        Index(None, "seen_at"),
    )

    id: Mapped[int] = identity()
    sha256: Mapped[str] = mapped_column(unique=True)
    user_id: Mapped[int] = mapped_column(BigInteger, _user_of())
    way: Mapped[str]
    waits_for: Mapped[str] = mapped_column(server_default="")
    begun_at: Mapped[datetime]
    seen_at: Mapped[datetime]
    proved_at: Mapped[datetime]
    address: Mapped[str]
    browser: Mapped[str]
    ended_at: Mapped[datetime | None]
    ended_because: Mapped[str] = mapped_column(server_default="")


class Guess(Base):
    """When the last wrong tries of one kind were, under a name from a place (`auth.guesses`)."""

    __tablename__ = "guesses"
    __table_args__ = (Index(None, "last_at"),)

    kind: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(primary_key=True)
    place: Mapped[str] = mapped_column(primary_key=True)
    at: Mapped[list[datetime]] = mapped_column(ARRAY(DateTime(timezone=True)))
    last_at: Mapped[datetime]


class SecondFactor(Base):
    """The secret of a person's code generator (RFC 6238), sealed by the installation's key. It counts once it
    is confirmed; `last_step` is the step of the last code taken, which no code may repeat."""

    __tablename__ = "second_factors"

    user_id: Mapped[int] = mapped_column(BigInteger, _user_of(), primary_key=True, autoincrement=False)
    sealed: Mapped[str]
    made_at: Mapped[datetime]
    confirmed_at: Mapped[datetime | None]
    last_step: Mapped[int] = mapped_column(BigInteger, server_default="0")


class RecoveryCode(Base):
    """A code for who lost the generator: an Argon2id hash, good once. Its number is part of what is typed."""

    __tablename__ = "recovery_codes"

    user_id: Mapped[int] = mapped_column(BigInteger, _user_of(), primary_key=True, autoincrement=False)
    number: Mapped[int] = mapped_column(SmallInteger, primary_key=True, autoincrement=False)
    hash: Mapped[str]
    used_at: Mapped[datetime | None]


class OutsideIdentity(Base):
    """Whom an identity provider means by a subject (OpenID Connect: issuer and `sub`, nothing else). `said`
    is what the provider called them when they were linked."""

    __tablename__ = "outside_identities"
    __table_args__ = (UniqueConstraint("issuer", "subject"), Index(None, "user_id"))

    id: Mapped[int] = identity()
    issuer: Mapped[str]
    subject: Mapped[str]
    user_id: Mapped[int] = mapped_column(BigInteger, _user_of())
    said: Mapped[str] = mapped_column(server_default="")
    made_at: Mapped[datetime]
    used_at: Mapped[datetime | None]
