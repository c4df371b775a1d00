"""A promise taken back. Never commits."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy.orm import Session

from billing.tables import Promise
from utility_crm.customers.noting import note_account_change
from utility_crm.kit.errors import Conflict, Invalid, NotFound
from utility_crm.web.words import mark


def take_back_promise(
    session: Session, promise_id: int, because: str, *, today: date, now: datetime, by: int | None = None
) -> None:
    """A promise taken back is neither kept nor broken: from now on it holds nothing back, and it stays
    written with when, by whom and why. Raises NotFound; Conflict where it has ended; Invalid without a
    reason."""
    promise = session.get(Promise, promise_id, with_for_update=True, populate_existing=True)
    if promise is None:
        raise NotFound("promise", mark("There is no such promise."))
    if promise.state != "open":
        raise Conflict("ended", mark("This promise has ended already."), promise.state)
    if not because.strip():
        raise Invalid("because", mark("Say why it is taken back."), "because")
    promise.state, promise.ended_on = "taken_back", max(today, promise.promised_on)
    promise.taken_back_at, promise.taken_back_by = now, by
    promise.taken_back_because = because.strip()
    session.flush()
    told = {"amount_minor": promise.amount_minor, "due_on": promise.due_on, "because": because.strip()}
    note_account_change(session, promise.account_id, mark("promise to pay"), told, None)
