"""What a person says of two customers who may be one."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import text
from sqlalchemy.orm import Session

from utility_crm.kit.errors import NotFound
from utility_crm.web.words import mark

_SAID = text("""
    update duplicate_pairs set state = :state, decided_at = :at, decided_by = :by
    where customer_a = least(cast(:one as bigint), :other)
      and customer_b = greatest(cast(:one as bigint), :other) and state <> 'merged' returning 1
""")


def say_different(session: Session, one: int, other: int, by: int | None, now: datetime) -> None:
    """They are two: nobody is asked again. Raises NotFound where they are no pair."""
    _say(session, one, other, "different", by, now)


def ask_again(session: Session, one: int, other: int) -> None:
    """The pair is open again. Raises NotFound where they are no pair."""
    _say(session, one, other, "open", None, None)


def _say(
    session: Session, one: int, other: int, state: str, by: int | None, at: datetime | None
) -> None:  # fmt: skip
    said = session.scalar(_SAID, {"one": one, "other": other, "state": state, "by": by, "at": at})
    if said is None:
        raise NotFound("no_such_pair", mark("These two are not on the list."), f"{one} {other}")
