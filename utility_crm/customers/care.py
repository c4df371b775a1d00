"""Who needs particular care, and of which kind: kept with their consent, and asked for again by a day.

Sources of the kinds: GB, Electricity Supply Licence, standard condition 26 (Priority Services Register), and
the needs codes that its companies share; EU, Directive (EU) 2019/944, article 28 (vulnerable customers: age,
health, dependence on equipment for health reasons).
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta

from sqlalchemy import Row, delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from utility_crm.auth.audit import note_change
from utility_crm.customers.tables import Customer, CustomerFlag
from utility_crm.kit.errors import Conflict, Invalid, NotFound
from utility_crm.web.words import mark

VULNERABLE = (
    mark("of pensionable age"),
    mark("child under five"),
    mark("young householder"),
    mark("blind or partially sighted"),
    mark("hard of hearing or deaf"),
    mark("speech difficulties"),
    mark("restricted mobility"),
    mark("cannot come to the door"),
    mark("poor sense of smell"),
    mark("chronic illness"),
    mark("mental health"),
    mark("dementia"),
    mark("developmental condition"),
    mark("recovering from hospital"),
    mark("change in life"),
)
MEDICAL = (
    mark("ventilator"),
    mark("oxygen concentrator"),
    mark("nebuliser or apnoea monitor"),
    mark("dialysis or feeding pump"),
    mark("medicine kept cold"),
    mark("stair lift, hoist or electric bed"),
    mark("electric shower for health"),
    mark("telecare alarm"),
    mark("heating for health"),
)
NEEDS = (
    mark("large print"),
    mark("braille"),
    mark("read aloud or on tape"),
    mark("sign language"),
    mark("text relay"),
    mark("interpreter"),
    mark("speaks little of our languages"),
    mark("password when we call at the door"),
    mark("knock and wait"),
    mark("copy of letters to somebody they trust"),
    mark("meter read for them"),
)
KINDS: Mapping[str, tuple[str, ...]] = {"medical": MEDICAL, "vulnerable": VULNERABLE, "needs": NEEDS}
"""Of each flag the kinds it has: medical equipment at home, vulnerability, needs in dealing with us."""
WORDS = {
    "medical": mark("Medical equipment"),
    "vulnerable": mark("Vulnerable"),
    "needs": mark("Needs in dealing with us"),
}
CARE = mark("particular care")
LONGEST = 300
LATEST = timedelta(days=3 * 365)
"""So far ahead it may be asked for again."""


def keep_care(
    session: Session,
    customer_id: int,
    flag: str,
    *,
    kinds: Sequence[str],
    detail: str,
    review_on: date,
    agreed: bool,
    why: str,
    seen: str,
    today: date,
    now: datetime,
) -> bool:
    """Keep it, or as it is from now on; False: it is so already. What is added needs their consent.
    seen: `care_seen` of what was shown, "" where nothing was kept.

    Raises Invalid (a kind that is none, nothing said, no consent, no reason, a day that is none), NotFound,
    and Conflict where somebody else changed it meanwhile.
    """
    chosen = [one for one in KINDS.get(flag, ()) if one in kinds]
    words = " ".join(detail.split())
    if flag not in KINDS or len(chosen) != len(set(kinds)):
        raise Invalid("kind", mark("Choose one of what is offered."), "kinds")
    if not chosen and not words:
        raise Invalid("care", mark("Tick what it is, or say it in a few words."), "kinds")
    if len(words) > LONGEST:
        raise Invalid("too_long", mark("At most %(most)s characters."), "detail", most=LONGEST)
    if not today < review_on <= today + LATEST:
        raise Invalid(
            "review", mark("It is asked for again from tomorrow until %(last)s."), "review_on",
            last=today + LATEST,
        )  # fmt: skip
    held = _held(session, customer_id, flag)
    before = None if held is None else {**_told(flag, held.kinds, held.detail), "review_on": held.review_on}
    after = {**_told(flag, chosen, words), "review_on": review_on}
    if before == after:
        return False
    _check_seen(held, seen)
    known = set(held.kinds) if held is not None else set()
    renewed = held is None or not set(chosen) <= known or words != held.detail
    if renewed and not agreed:
        raise Invalid("consent", mark("It is kept only where they agree: ask them."), "agreed")
    reason = reason_of(why)
    values = {"kinds": chosen, "detail": words, "review_on": review_on}
    if agreed:
        values["consented_at"] = now
    new = {"customer_id": customer_id, "kind": flag, "consented_at": now, **values}
    statement = insert(CustomerFlag).values(new)
    session.execute(
        statement.on_conflict_do_update(
            index_elements=[CustomerFlag.customer_id, CustomerFlag.kind], set_=values
        )
    )
    note_change(session, customer_id, CARE, before, after | {"why": reason})
    return True


def end_care(session: Session, customer_id: int, flag: str, why: str, *, seen: str) -> None:
    """It is not so any more, or they do not want it kept. seen: as in `keep_care`. Raises Invalid without a
    reason, Conflict where nothing is kept, or somebody else changed it meanwhile, NotFound."""
    held = _held(session, customer_id, flag)
    if held is None:
        raise Conflict("no_care", mark("Nothing of this kind is kept."))
    _check_seen(held, seen)
    reason = reason_of(why)
    session.execute(
        delete(CustomerFlag).where(CustomerFlag.customer_id == customer_id, CustomerFlag.kind == flag)
    )
    told = {**_told(flag, held.kinds, held.detail), "review_on": held.review_on}
    note_change(session, customer_id, CARE, told, {"kind": flag, "why": reason})


def care_seen(kinds: Sequence[str], detail: str, review_on: date) -> str:
    """A name of exactly this: a form carries the one it was made from."""
    told = repr((sorted(kinds), detail, review_on.isoformat()))
    return hashlib.sha256(told.encode()).hexdigest()[:16]


def reason_of(why: str) -> str:
    """Why something is changed, in a few words. Raises Invalid."""
    reason = " ".join(why.split())
    if not reason:
        raise Invalid("why", mark("Say why, or how we know."), "why")
    if len(reason) > LONGEST:
        raise Invalid("too_long", mark("At most %(most)s characters."), "why", most=LONGEST)
    return reason


def _check_seen(held: Row[str, list[str], date] | None, seen: str) -> None:
    if seen != ("" if held is None else care_seen(held.kinds, held.detail, held.review_on)):
        words = mark("Somebody changed this meanwhile: look at it as it is now.")
        raise Conflict("changed_meanwhile", words)


def _told(flag: str, kinds: Sequence[str], detail: str) -> dict[str, object]:
    return {"kind": flag, "kinds": list(kinds), "detail": detail}


def _held(session: Session, customer_id: int, flag: str) -> Row[str, list[str], date] | None:
    """The flag as it is, under lock of the customer."""
    if session.scalar(select(Customer.id).where(Customer.id == customer_id).with_for_update()) is None:
        words = mark("There is no customer of this number here.")
        raise NotFound("no_such_customer", words, str(customer_id))
    return session.execute(
        select(CustomerFlag.detail, CustomerFlag.kinds, CustomerFlag.review_on).where(
            CustomerFlag.customer_id == customer_id, CustomerFlag.kind == flag
        )
    ).one_or_none()
