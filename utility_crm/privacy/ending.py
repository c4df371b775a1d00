"""Erasures carried out once two people want them, and ended kind by kind when the law wants no more."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Row, text
from sqlalchemy.orm import Session

from utility_crm.auth.audit import note_change
from utility_crm.auth.sealing import Sealer
from utility_crm.kit.errors import Conflict, Invalid, NotFound
from utility_crm.privacy.domain.judging import Judgement
from utility_crm.privacy.erasing import forget, forget_kind, left_over
from utility_crm.privacy.reading import hold_still, judgement_of, scopes_of, there
from utility_crm.web.words import mark

_APPROVED = text("""
    select id, customer_id from privacy_requests where id = :id and kind = 'erasure' and state = 'approved'
    for update
""")
_BEGUN = text("""
    insert into erasures (customer_id, request_id, erased_at, kept_until, ended_at)
    values (:customer, :request, :now, :until, :ended)
""")
_NUMBERS = text("""
    insert into erased_numbers (kind, digest, erased_on)
    select kind, encode(sha256(convert_to(number, 'UTF8')), 'hex'), :today from (
        select 'customer', number from customers where id = any(:people)
        union all select 'account', number from accounts where id = any(:accounts)
    ) known (kind, number)
    on conflict do nothing
""")
_KEEP = text("""
    insert into erasure_keeps (customer_id, kind, until, source) values (:customer, :kind, :until, :source)
""")
_DONE = text("update privacy_requests set state = 'done', closed_at = :now where id = :id")
_REOPEN = text(
    "update privacy_requests set state = 'open', decided_by = null, decided_at = null where id = :id"
)
_WENT = text("""
    update erasures set went = cast(:went as jsonb), left_over = cast(:left as jsonb) where customer_id =
    :customer
""")
_OVER = text("""
    select k.customer_id, k.kind from erasure_keeps k
    where k.ended_at is null and k.until < :today
      and not exists (select from privacy_holds h where h.customer_id = k.customer_id and h.lifted_at is null)
    order by k.until, k.customer_id, k.kind limit :most
""")
_ENDED = text("update erasure_keeps set ended_at = :now where customer_id = :customer and kind = :kind")
_UNSEALED = text("delete from sealed_rows where customer_id = :customer and kind = :kind")
_ALL_OVER = text("""
    select not exists (select from erasure_keeps where customer_id = :customer and ended_at is null)
""")
_LAST = text("update erasures set ended_at = :now where customer_id = :customer")
_SEALED = text("""
    select table_name, row_key, sealed from sealed_rows where customer_id = :customer order by id limit 500
""")


@dataclass(frozen=True, slots=True)
class Erased:
    """What was done: rows by table and by what became of them, where something was still found."""

    customer_id: int
    kept_until: date | None
    went: dict[str, dict[str, int]]
    left_over: list[dict[str, Any]]


def erase(
    session: Session, request_id: int, sealer: Sealer, *, now: datetime, today: date, country: str
) -> Erased:
    """Carries out an approved request, in the caller's transaction: wholly or not at all. It is judged again
    first. Raises NotFound (it is not approved), Conflict (something stands in the way by now, or they were
    merged with another)."""
    one = session.execute(_APPROVED, {"id": request_id}).one_or_none()
    if one is None:
        raise NotFound("request", mark("There is no approved request of this number."), str(request_id))
    hold_still(session, one.customer_id)
    there(session, one.customer_id)
    scopes = scopes_of(session, one.customer_id, today)
    judgement = judgement_of(session, scopes, country, today)
    if not judgement.may_go:
        raise Conflict("in_the_way", mark("Something stands in the way: it is listed on this page."))
    _write_down(session, one, judgement, now)
    session.execute(_NUMBERS, scopes)
    went = forget(session, scopes, judgement, sealer, now)
    session.execute(_DONE, {"id": request_id, "now": now})
    left = left_over(session, scopes["like"])
    given = {"customer": one.customer_id, "went": json.dumps(went), "left": json.dumps(left)}
    session.execute(_WENT, given)
    kept = judgement.kept_until
    note_change(session, one.customer_id, mark("erased"), None, {"request": request_id, "kept_until": kept})
    session.expire_all()
    return Erased(one.customer_id, kept, went, left)


def put_off(session: Session, request_id: int) -> None:
    """What was approved cannot be done any more: it waits for people again."""
    session.execute(_REOPEN, {"id": request_id})


def _write_down(session: Session, one: Row[Any], judgement: Judgement, now: datetime) -> None:
    session.execute(
        _BEGUN,
        {
            "customer": one.customer_id, "request": one.id, "now": now, "until": judgement.kept_until,
            "ended": None if judgement.kept else now,
        },
    )  # fmt: skip
    if judgement.kept:
        session.execute(
            _KEEP,
            [
                {"customer": one.customer_id, "kind": kept.kind, "until": kept.until, "source": kept.source}
                for kept in judgement.kept
            ],
        )


def end_what_is_over(session: Session, *, now: datetime, today: date, most: int = 50) -> int:
    """Kinds whose time is over go, `most` at once; when the last of a customer has, so do the links that
    were left. A hold on the customer keeps them. How many kinds went."""
    over = session.execute(_OVER, {"today": today, "most": most}).all()
    for customer_id, kind in over:
        scopes = scopes_of(session, customer_id, today)
        forget_kind(session, scopes, kind)
        given = {"customer": customer_id, "kind": kind, "now": now}
        session.execute(_UNSEALED, given)
        session.execute(_ENDED, given)
        if session.scalar(_ALL_OVER, given):
            forget_kind(session, scopes, "last")
            session.execute(_LAST, given)
            note_change(session, customer_id, mark("erased"), {"kept": True}, {"kept": False})
    return len(over)


def open_sealed(
    session: Session, customer_id: int, reason: str, sealer: Sealer
) -> list[tuple[str, str, dict[str, Any]]]:
    """What is sealed of an erased customer: the table, the key of the row, its values. Who opened it, when
    and
    why is in the audit log. Raises Invalid, NotFound (nothing is sealed), Refused (another secret key)."""
    why = " ".join(reason.split())
    if not why:
        raise Invalid("needed", mark("Say who asks for it: a tax office, a court."), "reason")
    rows = session.execute(_SEALED, {"customer": customer_id}).all()
    if not rows:
        raise NotFound("sealed", mark("Nothing is sealed of this customer."), str(customer_id))
    note_change(
        session, customer_id, mark("sealed values were opened"), None, {"reason": why, "rows": len(rows)}
    )
    return [(table, " ".join(key), json.loads(sealer.open(sealed))) for table, key, sealed in rows]
