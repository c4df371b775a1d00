"""Answers kept under the key that a machine gave its request, so that sending it again has one effect."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from utility_crm.auth.tables import ApiAnswer
from utility_crm.kit.errors import Conflict, Invalid
from utility_crm.kit.said import said

KEPT = timedelta(days=30)
"""How long a key is remembered."""
LONGEST_KEY = 200


@dataclass(frozen=True, slots=True)
class Answer:
    """What was answered: a status of HTTP and the document as it was sent."""

    status: int
    body: str


def checked_key(key: str, what: str) -> str:
    """The key as it is kept; `what` names what it is of. Raises Invalid."""
    text = key.strip()
    if not text or len(text) > LONGEST_KEY or not (text.isascii() and text.isprintable()):
        words = (
            f"Name the {what} by a header Idempotency-Key of 1 to {LONGEST_KEY} letters, another for each."
        )
        raise Invalid("key_needed", words, "Idempotency-Key")
    return text


def answered_before(session: Session, token_id: int, key: str, body_sha256: str) -> Answer | None:
    """The answer to this request, if it was answered before; else the key is this transaction's until it
    ends, and another request of that key waits here.

    Raises Conflict where the key was used for another body.
    """
    session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(key, token_id))))
    found = session.execute(
        select(ApiAnswer.body_sha256, ApiAnswer.status, ApiAnswer.answer).where(
            ApiAnswer.token_id == token_id, ApiAnswer.key == key
        )
    ).one_or_none()
    if found is None:
        return None
    if found.body_sha256 != body_sha256:
        raise Conflict("key_reused", "This Idempotency-Key was used for another body.", "Idempotency-Key")
    return Answer(found.status, found.answer)


def keep_answer(
    session: Session, token_id: int, key: str, body_sha256: str, answer: Answer, now: datetime
) -> None:
    """Remember what is answered, in the transaction of its effect."""
    row = ApiAnswer(
        token_id=token_id,
        key=key,
        body_sha256=body_sha256,
        status=answer.status,
        answer=answer.body,
        answered_at=now,
    )
    session.add(row)
    session.flush()


def forget_answers(session: Session, now: datetime) -> str:
    """What the clock calls: keys older than KEPT are free again."""
    gone = session.execute(
        delete(ApiAnswer).where(ApiAnswer.answered_at < now - KEPT).returning(ApiAnswer.key)
    )
    return said("%(gone)s answers forgotten", gone=len(gone.all()))
