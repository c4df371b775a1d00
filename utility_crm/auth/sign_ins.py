"""Sign-ins: begun, looked up on every request, seen, listed, ended. Nothing here commits.

A sign-in is known by 256 random bits that only the browser's cookie holds; the database keeps their digest,
so that who reads the database cannot sign in by it. It ends by signing out, by its owner or an admin from the
list, with a new password, after `idle_minutes` unseen and `sign_in_hours` after it began (settings).

`now` is the real present here, even where a demo's pages pretend another day.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any, Literal

from sqlalchemy import ColumnElement, bindparam, delete, func, select, update
from sqlalchemy.orm import Session

from utility_crm.auth.door_tables import SignIn
from utility_crm.auth.queries import PERSON, SignedIn, person_of
from utility_crm.auth.tables import User
from utility_crm.kit.database import asked
from utility_crm.kit.said import said
from utility_crm.kit.settings import settings

Way = Literal["password", "outside"]
WaitsFor = Literal["", "factor", "enrolment", "password"]
SEEN_EVERY = timedelta(minutes=1)
WAITING = timedelta(minutes=10)
"""How long a sign-in that waits for a second step may take."""
KEPT = timedelta(days=90)
"""How long an ended one is still listed."""
_LONGEST = 300

_BY_TOKEN = (
    select(
        *PERSON,
        SignIn.id.label("sign_in_id"),
        SignIn.waits_for,
        SignIn.way,
        SignIn.begun_at,
        SignIn.seen_at,
        SignIn.proved_at,
    )
    .join(User, User.id == SignIn.user_id)
    .where(
        SignIn.ended_at.is_(None),
        User.active,
        SignIn.sha256 == bindparam("digest"),
        SignIn.seen_at > bindparam("seen_after"),
        SignIn.begun_at > bindparam("begun_after"),
    )
)


@dataclass(frozen=True, slots=True)
class Here:
    """A sign-in that holds, and whose it is."""

    id: int
    user: SignedIn
    waits_for: WaitsFor
    way: Way
    begun_at: datetime
    proved_at: datetime


@dataclass(frozen=True, slots=True)
class SignInRow:
    """A sign-in in a list; ended_at is None while it holds."""

    id: int
    way: str
    begun_at: datetime
    seen_at: datetime
    address: str
    browser: str
    ended_at: datetime | None
    ended_because: str


def begin_sign_in(
    session: Session,
    user_id: int,
    now: datetime,
    *,
    address: str = "",
    browser: str = "",
    way: Way = "password",
    waits_for: WaitsFor = "",
    proved_at: datetime | None = None,
) -> str:
    """A new sign-in; what its cookie has to hold, known here and never again."""
    token = secrets.token_urlsafe(32)
    session.add(
        SignIn(
            sha256=_digest(token),
            user_id=user_id,
            way=way,
            waits_for=waits_for,
            begun_at=now,
            seen_at=now,
            proved_at=proved_at or now,
            address=address[:_LONGEST],
            browser=browser[:_LONGEST],
        )
    )
    session.flush()
    return token


def who_is_here(session: Session, token: str, now: datetime) -> Here | None:
    """Whose sign-in this is, while it holds; that it was seen is noted, to the minute. One query."""
    idle, whole = _limits()
    values = {"digest": _digest(token), "seen_after": now - idle, "begun_after": now - whole}
    row = asked(session, _BY_TOKEN, values).one_or_none()
    if row is None or (row.waits_for and row.begun_at <= now - WAITING):
        return None
    if row.seen_at < now - SEEN_EVERY:
        # Requests that come at once do not wait for each other to note the same minute.
        free = select(SignIn.id).where(SignIn.id == row.sign_in_id).with_for_update(skip_locked=True)
        session.execute(update(SignIn).where(SignIn.id.in_(free)).values(seen_at=now))
    return Here(row.sign_in_id, person_of(row), row.waits_for, row.way, row.begun_at, row.proved_at)


def note_proof(session: Session, sign_in_id: int, now: datetime) -> None:
    """This person has just shown again who they are."""
    session.execute(update(SignIn).where(SignIn.id == sign_in_id).values(proved_at=now))


def end_sign_in(session: Session, sign_in_id: int, now: datetime, because: str) -> bool:
    """This sign-in holds no longer. False where it did not."""
    return bool(_end(session, now, because, SignIn.id == sign_in_id))


def end_sign_ins_of(
    session: Session, user_id: int, now: datetime | None, because: str, *, but: int | None = None
) -> int:
    """All sign-ins of a person end, but the one given; how many did. Without `now` the database's clock."""
    chosen = [SignIn.user_id == user_id]
    if but is not None:
        chosen.append(SignIn.id != but)
    return len(_end(session, now, because, *chosen))


def _end(session: Session, now: datetime | None, because: str, *chosen: ColumnElement[bool]) -> Sequence[int]:
    ended = update(SignIn).where(SignIn.ended_at.is_(None), *chosen)
    values = ended.values(ended_at=now or func.now(), ended_because=because).returning(SignIn.id)
    return session.execute(values).scalars().all()


def open_sign_ins(session: Session, user_id: int, now: datetime) -> list[SignInRow]:
    """The sign-ins of a person that hold, the last seen first."""
    idle, whole = _limits()
    rows = session.execute(
        select(
            SignIn.id,
            SignIn.way,
            SignIn.begun_at,
            SignIn.seen_at,
            SignIn.address,
            SignIn.browser,
            SignIn.ended_at,
            SignIn.ended_because,
        )
        .where(
            SignIn.user_id == user_id,
            SignIn.ended_at.is_(None),
            SignIn.waits_for == "",
            SignIn.seen_at > now - idle,
            SignIn.begun_at > now - whole,
        )
        .order_by(SignIn.seen_at.desc(), SignIn.id.desc())
    )
    return [SignInRow(*row) for row in rows]


def signed_in_people(session: Session, now: datetime | None = None) -> frozenset[int]:
    """Who has a sign-in that holds. Without `now` by the database's clock, the one of sign-ins."""
    idle, whole = _limits()
    at: Any = now or func.now()
    found = session.scalars(
        select(SignIn.user_id)
        .where(
            SignIn.ended_at.is_(None),
            SignIn.waits_for == "",
            SignIn.seen_at > at - idle,
            SignIn.begun_at > at - whole,
        )
        .distinct()
    )
    return frozenset(found)


def forget_sign_ins(session: Session, now: datetime) -> str:
    """What the clock calls: sign-ins that ended long ago, or were never ended and hold no longer."""
    gone = session.execute(delete(SignIn).where(SignIn.seen_at < now - KEPT).returning(SignIn.id))
    return said("%(gone)s old sign-ins forgotten", gone=len(gone.all()))


def _limits() -> tuple[timedelta, timedelta]:
    known = settings()
    return timedelta(minutes=known.idle_minutes), timedelta(hours=known.sign_in_hours)


def _digest(token: str) -> str:
    return sha256(token.encode("utf-8", "surrogatepass")).hexdigest()
