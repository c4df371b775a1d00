"""What happens at the door, written into the audit log: who came in, who did not, what was changed about
somebody's sign-in and by whom.

A row of kind `sign_in` names the person it is about by `subject`; `user_id` is who did it, `what` one of
EVENTS. What was typed as a name that nobody has is not kept: it may be a password in the wrong field.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Any

from sqlalchemy import insert, select
from sqlalchemy.orm import Session, aliased

from utility_crm.auth.tables import AuditRow, User

EVENTS = MappingProxyType(
    {
        "signed_in": "done",
        "wrong_password": "refused",
        "rests": "refused",
        "wrong_code": "refused",
        "signed_out": "done",
        "ended": "done",
        "proved": "done",
        "password_changed": "done",
        "password_given": "done",
        "factor_on": "done",
        "factor_off": "done",
        "recovery_codes": "done",
        "recovery_used": "done",
        "outside_linked": "done",
        "outside_unlinked": "done",
        "outside_refused": "refused",
        "added": "done",
        "changed": "done",
        "deactivated": "done",
        "activated": "done",
        "token_made": "done",
        "token_revoked": "done",
    }
)
"""What may happen, and how it ended."""
_LONGEST = 300
_PERSON = "person"


@dataclass(frozen=True, slots=True)
class EventRow:
    """One event in a list: whose sign-in it is about (login, or empty) and who did it to somebody else."""

    at: datetime
    what: str
    login: str
    by: str
    address: str
    detail: str


def note_event(
    session: Session,
    what: str,
    now: datetime,
    *,
    user_id: int | None = None,
    by: int | None = None,
    address: str = "",
    detail: str = "",
) -> None:
    """Write an event down, in the transaction of what it tells. user_id: whose sign-in; by: who did it, where
    it was somebody else."""
    after: dict[str, Any] | None = {"detail": detail[:_LONGEST]} if detail else None
    session.execute(
        insert(AuditRow).values(
            at=now,
            user_id=by if by is not None else user_id,
            kind="sign_in",
            what=what,
            subject_kind=_PERSON,
            subject="" if user_id is None else str(user_id),
            after=after,
            address=address[:_LONGEST],
            outcome=EVENTS[what],
        )
    )


def events_of(session: Session, user_id: int, most: int = 20) -> list[EventRow]:
    """The last events of a person's sign-in, the newest first."""
    by = aliased(User)
    query = (
        select(
            AuditRow.at,
            AuditRow.what,
            AuditRow.user_id,
            by.login,
            AuditRow.address,
            AuditRow.after["detail"].astext.label("detail"),
        )
        .outerjoin(by, by.id == AuditRow.user_id)
        .where(AuditRow.kind == "sign_in", AuditRow.subject == str(user_id))
        .order_by(AuditRow.at.desc(), AuditRow.id.desc())
        .limit(most)
    )
    return [
        EventRow(
            row.at,
            row.what,
            row.login or "",
            (row.login or "") if row.user_id != user_id else "",
            row.address,
            row.detail or "",
        )
        for row in session.execute(query)
    ]
