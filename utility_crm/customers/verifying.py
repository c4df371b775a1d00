"""A caller is asked who they are; what came of it is kept. Nothing here commits."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, insert, select, text, update
from sqlalchemy.orm import Session

from utility_crm.auth.audit import note_change
from utility_crm.customers.party_tables import Verification
from utility_crm.customers.proving import LASTS, TRIES, TRIES_IN
from utility_crm.kit.errors import Invalid, NotFound, Refused
from utility_crm.web.words import mark

LONGEST_REASON = 300
_HELD = text("select id from customers where id = :customer for no key update")


@dataclass(frozen=True, slots=True)
class Tries:
    """How many attempts are left; at least one of those made was wrong since `since`."""

    left: int
    since: datetime | None


def tries_of(session: Session, customer_id: int, now: datetime) -> Tries:
    """Of everybody who asked a caller of this customer lately."""
    wrong, since = session.execute(
        select(func.count(), func.min(Verification.at)).where(
            Verification.customer_id == customer_id,
            Verification.how == "answers",
            ~Verification.passed,
            Verification.at > now - TRIES_IN,
        )
    ).one()
    return Tries(max(0, TRIES - wrong), since)


def verified_by(session: Session, user_id: int, now: datetime) -> frozenset[int]:
    """The customers whose callers this person verified, or has a reason to see, now."""
    return frozenset(
        session.scalars(
            select(Verification.customer_id).where(
                Verification.by_user == user_id,
                Verification.until > now,
                Verification.ended_at.is_(None),
            )
        )
    )


def keep_answers(
    session: Session, customer_id: int, *, by: int, asked: Iterable[str], passed: bool, now: datetime
) -> Tries:
    """Keep whether the caller was right: seen for a call, or one try less. Raises Refused once none is left,
    NotFound."""
    if session.execute(_HELD, {"customer": customer_id}).one_or_none() is None:
        raise NotFound(
            "no_such_customer", mark("There is no customer of this number here."), str(customer_id)
        )
    before = tries_of(session, customer_id, now)
    if not before.left:
        words = mark("Too many wrong answers: nobody is asked again for half an hour.")
        raise Refused("no_tries_left", words)
    session.execute(
        insert(Verification).values(
            customer_id=customer_id, by_user=by, at=now, how="answers", asked=list(asked), passed=passed,
            until=now + LASTS if passed else None,
        )
    )  # fmt: skip
    return tries_of(session, customer_id, now)


def keep_reason(session: Session, customer_id: int, *, by: int, reason: str, now: datetime) -> None:
    """Show personal data without a caller, for a reason that is kept, here and in the audit log. Raises
    Invalid."""
    words = " ".join(reason.split())
    if not words or len(words) > LONGEST_REASON:
        raise Invalid("reason", mark("Say in a few words why it must be seen."), "reason")
    session.execute(
        insert(Verification).values(
            customer_id=customer_id, by_user=by, at=now, how="reason", passed=True, reason=words,
            until=now + LASTS,
        )
    )  # fmt: skip
    note_change(session, customer_id, mark("Masked data"), None, {"why": words})


def end_call(session: Session, customer_id: int, *, by: int, now: datetime) -> bool:
    """The call is over: whoever spoke with them sees personal data no longer. False where they did not."""
    ended = session.execute(
        update(Verification)
        .where(
            Verification.customer_id == customer_id,
            Verification.by_user == by,
            Verification.ended_at.is_(None),
            Verification.until > now,
        )
        .values(ended_at=now)
        .returning(Verification.id)
    )
    return bool(ended.all())
