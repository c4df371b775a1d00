"""A promise taken back. Never commits."""

from __future__ import annotations

from sqlalchemy.orm import Session

from billing.tables import Promise
from utility_crm.kit.errors import Conflict, NotFound
from utility_crm.web.words import mark


def take_back_promise(session: Session, promise_id: int) -> None:
    """A promise taken back counts neither as kept nor as broken: it is no more, and what was said of it stays
    with the customer's conversations. Raises NotFound; Conflict where it has ended."""
    promise = session.get(Promise, promise_id, with_for_update=True)
    if promise is None:
        raise NotFound("promise", mark("There is no such promise."))
    if promise.state != "open":
        raise Conflict("ended", mark("This promise has ended already."), promise.state)
    session.delete(promise)
    session.flush()
