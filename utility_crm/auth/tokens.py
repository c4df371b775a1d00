"""Tokens of machines: made, shown once, looked up by their digest, withdrawn. Nothing here commits.

A token is 256 random bits, so a plain SHA-256 is enough to keep it by: there is no dictionary to try.
"""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from types import MappingProxyType

from sqlalchemy import select, true, update
from sqlalchemy.orm import Session

from utility_crm.auth.permissions import may
from utility_crm.auth.tables import ApiToken, User
from utility_crm.kit.errors import Conflict, Invalid, NotFound, Refused

SCOPES = (
    "readings:write",
    "answers:read",
    "payments:write",
    "outages:write",
    "notices:read",
    "notices:write",
    "messages:write",
    "telephony:write",
    "tickets:read",
    "tickets:write",
    "personal:read",
)
"""What a token may be allowed."""

NEEDS: Mapping[str, str] = MappingProxyType(
    {
        "readings:write": "feeds.run",
        "answers:read": "customers.read",
        "payments:write": "payments.book",
        "outages:write": "outages.run",
        "notices:read": "notices.read",
        "notices:write": "notices.run",
        "messages:write": "mail.place",
        "telephony:write": "calls.take",
        "tickets:read": "tickets.all",
        "tickets:write": "tickets.all",
        "personal:read": "personal.see",
    }
)
"""The permission that a person needs to give a machine a scope: nobody makes one of more than is theirs."""

PERSONAL = "personal:read"
"""Besides another scope: what callers are asked stands whole in what people wrote."""
PREFIX = "ucrm_"
_SHOWN = len(PREFIX) + 6
_LONGEST = 200
_NOTED_EVERY = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Bearer:
    """The machine behind a request."""

    token_id: int
    name: str
    scopes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class MadeToken:
    """A new token; `token` is known here and never again."""

    id: int
    name: str
    token: str
    prefix: str
    scopes: tuple[str, ...]
    expires_at: datetime | None


@dataclass(frozen=True, slots=True)
class TokenRow:
    """A token in a list. owner_id: who made it; nobody where a command did."""

    id: int
    owner_id: int | None
    name: str
    prefix: str
    scopes: tuple[str, ...]
    created_by: str | None
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None
    last_used_at: datetime | None

    def state(self, now: datetime) -> str:
        """valid, revoked or expired."""
        if self.revoked_at is not None:
            return "revoked"
        return "expired" if self.expires_at is not None and self.expires_at <= now else "valid"


def make_token(
    session: Session,
    name: str,
    scopes: Sequence[str],
    now: datetime,
    *,
    days: int | None = None,
    created_by: int | None = None,
) -> MadeToken:
    """A token for a machine, valid for so many days or until it is withdrawn.

    Raises Invalid where a scope is none, Conflict where a token of that name is in use, and Refused where who
    makes it may not do as much themselves, by now: they are held as they are until the transaction ends, so
    that who takes it away from them finds the token, too.
    """
    called = name.strip()
    unknown = [scope for scope in scopes if scope not in SCOPES]
    if not called or len(called) > _LONGEST or not called.isprintable():
        raise Invalid("token_name", "A token needs a name that tells whose it is.", "name")
    if unknown or not scopes:
        given = f"{unknown[0]!r} is none" if unknown else "A token needs a scope"
        raise Invalid("unknown_scope", f"{given}: there are {', '.join(SCOPES)}.", "scope")
    if days is not None and not 0 < days <= 36_500:
        raise Invalid("token_days", "A token is valid for a day or more.", "expires")
    if created_by is not None:
        _may_give(session, created_by, scopes)
    used = select(ApiToken.id).where(ApiToken.name == called, ApiToken.revoked_at.is_(None))
    if session.scalar(used) is not None:
        raise Conflict("token_taken", f"There is a token {called!r}; revoke it first.", "name")
    token = PREFIX + secrets.token_urlsafe(32)
    row = ApiToken(
        name=called,
        prefix=token[:_SHOWN],
        sha256=_digest(token),
        scopes=list(dict.fromkeys(scopes)),
        created_by=created_by,
        created_at=now,
        expires_at=None if days is None else now + timedelta(days=days),
        revoked_at=None,
        last_used_at=None,
    )
    session.add(row)
    session.flush()
    return MadeToken(row.id, called, token, row.prefix, tuple(row.scopes), row.expires_at)


def _may_give(session: Session, owner_id: int, scopes: Sequence[str]) -> None:
    held = select(User.role, User.active).where(User.id == owner_id).with_for_update(read=True)
    owner = session.execute(held).one()
    needed = ("tokens.make", *(NEEDS[scope] for scope in scopes))
    if not owner.active or not all(may(owner.role, one) for one in needed):
        words = "A token does no more than who makes it may, and what you may has changed meanwhile."
        raise Refused("token_beyond", words)


def bearer_of(session: Session, token: str, now: datetime) -> Bearer | None:
    """Whose token this is, if it is valid. That it was used is noted, to the minute."""
    digest = _digest(token)
    row = session.execute(
        select(ApiToken.id, ApiToken.name, ApiToken.scopes, ApiToken.sha256, ApiToken.last_used_at).where(
            ApiToken.sha256 == digest,
            ApiToken.revoked_at.is_(None),
            ApiToken.expires_at.is_(None) | (ApiToken.expires_at > now),
        )
    ).one_or_none()
    if row is None or not hmac.compare_digest(row.sha256, digest):
        return None
    if row.last_used_at is None or row.last_used_at < now - _NOTED_EVERY:
        # Requests that come at once do not wait for each other to note the same minute.
        free = select(ApiToken.id).where(ApiToken.id == row.id).with_for_update(skip_locked=True)
        session.execute(update(ApiToken).where(ApiToken.id.in_(free)).values(last_used_at=now))
    return Bearer(row.id, row.name, tuple(row.scopes))


def token_rows(session: Session, owner_id: int | None = None) -> list[TokenRow]:
    """All tokens, or those that one person made, the newest first."""
    rows = session.execute(
        select(
            ApiToken.id,
            ApiToken.created_by.label("owner_id"),
            ApiToken.name,
            ApiToken.prefix,
            ApiToken.scopes,
            User.login.label("created_by"),
            ApiToken.created_at,
            ApiToken.expires_at,
            ApiToken.revoked_at,
            ApiToken.last_used_at,
        )
        .outerjoin(User, User.id == ApiToken.created_by)
        .where(true() if owner_id is None else ApiToken.created_by == owner_id)
        .order_by(ApiToken.created_at.desc(), ApiToken.id.desc())
    )
    return [TokenRow(**dict(row._mapping) | {"scopes": tuple(row.scopes)}) for row in rows]


def revoke_token_of(session: Session, token_id: int, owner_id: int | None, now: datetime) -> str:
    """The token of this id is answered no more; its name. owner_id: only if this person made it. Raises
    NotFound where there is none such in use."""
    ended = session.execute(
        update(ApiToken)
        .where(
            ApiToken.id == token_id,
            ApiToken.revoked_at.is_(None),
            true() if owner_id is None else ApiToken.created_by == owner_id,
        )
        .values(revoked_at=now)
        .returning(ApiToken.name)
    ).first()
    if ended is None:
        raise NotFound("no_such_token", "There is no such token in use.")
    return str(ended.name)


def revoke_tokens_beyond(session: Session, owner_id: int, now: datetime) -> list[str]:
    """Tokens of a person who left, or may make none any more, are withdrawn; of others those that do what
    they may not do themselves. The names of the tokens."""
    owner = session.execute(select(User.role, User.active).where(User.id == owner_id)).one()
    held = select(ApiToken.id, ApiToken.scopes).where(
        ApiToken.created_by == owner_id,
        ApiToken.revoked_at.is_(None),
        ApiToken.expires_at.is_(None) | (ApiToken.expires_at > now),
    )
    makes = owner.active and may(owner.role, "tokens.make")
    beyond = [
        one.id
        for one in session.execute(held)
        if not makes or not all(scope in NEEDS and may(owner.role, NEEDS[scope]) for scope in one.scopes)
    ]
    if not beyond:
        return []
    ended = update(ApiToken).where(ApiToken.id.in_(beyond)).values(revoked_at=now)
    return sorted(session.scalars(ended.returning(ApiToken.name)))


def revoke_token(session: Session, name: str, now: datetime) -> None:
    """No request with this token is answered any more. Raises NotFound where none of that name is in use."""
    ended = session.execute(
        update(ApiToken)
        .where(ApiToken.name == name.strip(), ApiToken.revoked_at.is_(None))
        .values(revoked_at=now)
        .returning(ApiToken.id)
    ).first()
    if ended is None:
        raise NotFound("no_such_token", f"There is no token {name!r} in use.", "name")


def _digest(token: str) -> str:
    return sha256(token.encode("utf-8", "surrogatepass")).hexdigest()
