"""Requests of customers about their data: noted, extended, approved by a second person, refused; and
holds."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import Row, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from utility_crm.auth.audit import note_change
from utility_crm.kit.errors import Conflict, Invalid, NotFound, Refused
from utility_crm.privacy.domain.deadlines import due_on, extended_to
from utility_crm.privacy.reading import judgement_of, scopes_of, there, whom
from utility_crm.web.words import mark

LONGEST = 500
CHANNELS = ("letter", "email", "call", "visit", "web")
_ASK = text("""
    insert into privacy_requests (customer_id, kind, channel, proof, received_on, due_on, asked_by, asked_at)
    values (:customer, :kind, :channel, :proof, :received, :due, :by, :now) returning id
""")
_REQUEST = text("select * from privacy_requests where id = :id for update")
_EXTEND = text("update privacy_requests set due_on = :due, extended_because = :because where id = :id")
_APPROVE = text("""
    update privacy_requests set state = 'approved', decided_by = :by, decided_at = :now where id = :id
""")
_CLOSE = text("""
    update privacy_requests set state = :state, decided_by = :by, decided_at = :now, reason = :reason,
        closed_at = :now where id = :id
""")
_HOLD = text("""
    insert into privacy_holds (customer_id, reason, placed_by, placed_at, review_on)
    values (:customer, :reason, :by, :now, :review) returning id
""")
_HELD = text("select * from privacy_holds where id = :id for update")
_LIFT = text("""
    update privacy_holds set lifted_at = :now, lifted_by = :by, lifted_because = :because where id = :id
""")


def ask(
    session: Session, customer_id: int, kind: str, channel: str, proof: str, received_on: date,
    *, by: int, now: datetime, today: date, country: str,
) -> int:  # fmt: skip
    """Note that a customer asked for their data ("export") or to be forgotten ("erasure"); the request's id.

    proof: how we know it is they (GDPR, art. 12(6)). Raises NotFound, Invalid, and Conflict: they were
    forgotten,
    or such a request stands already.
    """
    there(session, customer_id)
    if kind not in ("export", "erasure"):
        raise Invalid("kind", mark("Say what they ask for."), "kind")
    if channel not in CHANNELS:
        raise Invalid("channel", mark("Say how they asked."), "channel")
    if received_on > today:
        raise Invalid("received_on", mark("They cannot have asked after today."), "received_on")
    why = _said(proof, "proof", mark("Say how you know that it is they."))
    given = {
        "customer": customer_id, "kind": kind, "channel": channel, "proof": why, "received": received_on,
        "due": due_on(received_on, kind, country), "by": by, "now": now,
    }  # fmt: skip
    try:
        with session.begin_nested():
            request_id = int(session.execute(_ASK, given).scalar_one())
    except IntegrityError as error:
        words = mark("Such a request of theirs stands already.")
        raise Conflict("request_stands", words) from error
    note_change(session, customer_id, mark("request about data"), None, {"asked": kind, "due": given["due"]})
    return request_id


def extend(session: Session, request_id: int, because: str, *, country: str) -> date:
    """Once, for a reason that the customer is told; the new day. Raises NotFound, Invalid, Conflict."""
    one = _open(session, request_id)
    if one.extended_because:
        raise Conflict("extended", mark("It was extended already, to %(day)s."), day=one.due_on)
    why = _said(because, "because", mark("Say why; the customer is told."))
    day = extended_to(one.received_on, one.kind, country)
    session.execute(_EXTEND, {"id": request_id, "due": day, "because": why})
    note_change(session, one.customer_id, mark("request about data"), {"due": one.due_on}, {"due": day})
    return day


def approve(session: Session, request_id: int, *, by: int, now: datetime, today: date, country: str) -> None:
    """A second person says that the customer may be forgotten; the clock does it next. Raises NotFound,
    Refused (it is who asked), Conflict (something stands in the way, it is no erasure, it is closed)."""
    one = _open(session, request_id)
    if one.kind != "erasure":
        raise Conflict("no_erasure", mark("This is no request to be forgotten."))
    if one.state == "approved":
        raise Conflict("approved", mark("It is approved already."))
    if one.asked_by == by:
        words = mark("You noted this request: somebody else has to approve it.")
        raise Refused("four_eyes", words)
    scopes = scopes_of(session, one.customer_id, today)
    if not judgement_of(session, scopes, country, today).may_go:
        raise Conflict("in_the_way", mark("Something stands in the way: it is listed on this page."))
    session.execute(_APPROVE, {"id": request_id, "by": by, "now": now})
    note_change(
        session, one.customer_id, mark("request about data"), {"state": one.state}, {"state": "approved"}
    )


def close(session: Session, request_id: int, state: str, reason: str, *, by: int, now: datetime) -> None:
    """Refused by us, or withdrawn by them, with the reason. Raises NotFound, Invalid, Conflict."""
    one = _open(session, request_id)
    why = _said(reason, "reason", mark("Say why; the customer is told."))
    given = {"id": request_id, "state": state, "by": by, "now": now, "reason": why}
    session.execute(_CLOSE, given)
    note_change(session, one.customer_id, mark("request about data"), {"state": one.state}, {"state": state})


def answered(session: Session, customer_id: int, *, by: int | None, now: datetime) -> None:
    """Their request for data is done: the archive was handed out."""
    session.execute(
        text("""update privacy_requests set state = 'done', closed_at = :now, decided_by = :by, decided_at
        = :now
                where customer_id = :customer and kind = 'export' and closed_at is null"""),
        {"customer": customer_id, "now": now, "by": by},
    )


def place_hold(
    session: Session, customer_id: int, reason: str, review_on: date, *, by: int, now: datetime, today: date
) -> int:
    """Nothing of this customer goes until somebody lifts it; also of one whose bills are kept still. Raises
    NotFound, Invalid."""
    whom(session, customer_id)
    why = _said(reason, "reason", mark("Say why nothing may go: a case in court, an inspection."))
    if review_on <= today:
        raise Invalid("review_on", mark("It is looked at again on a day to come."), "review_on")
    given = {"customer": customer_id, "reason": why, "by": by, "now": now, "review": review_on}
    hold_id = int(session.execute(_HOLD, given).scalar_one())
    note_change(session, customer_id, mark("legal hold"), None, {"reason": why, "review_on": review_on})
    return hold_id


def lift_hold(session: Session, hold_id: int, because: str, *, by: int, now: datetime) -> None:
    """Raises NotFound, Invalid, Conflict (it is lifted)."""
    one = session.execute(_HELD, {"id": hold_id}).one_or_none()
    if one is None:
        raise NotFound("hold", mark("There is no such hold."), str(hold_id))
    if one.lifted_at is not None:
        raise Conflict("lifted", mark("This hold was lifted already."))
    why = _said(because, "because", mark("Say why it is needed no more."))
    session.execute(_LIFT, {"id": hold_id, "now": now, "by": by, "because": why})
    note_change(session, one.customer_id, mark("legal hold"), {"reason": one.reason}, {"lifted": why})


def _open(session: Session, request_id: int) -> Row[Any]:
    one = session.execute(_REQUEST, {"id": request_id}).one_or_none()
    if one is None:
        raise NotFound("request", mark("There is no such request."), str(request_id))
    if one.closed_at is not None:
        raise Conflict("closed", mark("This request was answered already."))
    return one


def _said(typed: str, where: str, words: str) -> str:
    said = " ".join(typed.split())
    if not said or len(said) > LONGEST:
        raise Invalid("needed", words, where)
    return said
