"""Taking what the telephone system tells; saying who it was. Nothing here commits."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final, cast

from sqlalchemy import ColumnElement, bindparam, func, select, text, update
from sqlalchemy.orm import Session

from utility_crm.auth.queries import active_user
from utility_crm.auth.tables import User
from utility_crm.customers.limits import those_seen
from utility_crm.customers.tables import Customer
from utility_crm.kit.clock import today_in
from utility_crm.kit.errors import Conflict, Invalid, NotFound
from utility_crm.kit.settings import settings
from utility_crm.live.actions import push
from utility_crm.telephony.domain.calls import CallEvent, CallTruth, Kind, call_truth
from utility_crm.telephony.matching import callers, normal_number
from utility_crm.telephony.reading import ToldEvent
from utility_crm.telephony.tables import Call, CallEventRow
from utility_crm.web.words import mark

RINGS_FOR: Final = timedelta(minutes=2)
"""An event told later than this after it happened opens nobody's page."""
LOGGED_WITHIN: Final = timedelta(hours=2)
"""What a colleague logs of a customer so long after their call ended is about that call."""
_OPEN = text("""
    insert into calls (provider_call, direction, state, began_at)
    values (:call, :direction, 'ringing', :at) on conflict (provider_call) do nothing
""")
_TURN = select(func.pg_advisory_xact_lock(func.hashtextextended(bindparam("call"), 38)))
_INTO_KNOWN = text("""
    with ours as (
        delete from calls where provider_call = :reference and provider_call like :ours
          and exists (select from calls where provider_call = :name)
        returning customer_id, user_id, extension, number, number_said
    )
    update calls set direction = 'out', customer_id = coalesce(ours.customer_id, calls.customer_id),
        user_id = coalesce(calls.user_id, ours.user_id),
        extension = coalesce(nullif(calls.extension, ''), ours.extension),
        number = coalesce(nullif(calls.number, ''), ours.number),
        number_said = coalesce(nullif(calls.number_said, ''), ours.number_said)
    from ours where calls.provider_call = :name returning calls.id
""")
OURS: Final = "ucrm-"
"""Names of calls that we asked for begin so, until the provider has named them."""
_TAKE = text("""
    insert into call_events (call_id, event, kind, at, told_at, extension, number, line, recording)
    values (:call_id, :event, :kind, :at, :told_at, :extension, :number, :line, :recording)
    on conflict (call_id, event) do nothing returning event
""")
_EVENTS = select(
    CallEventRow.event,
    CallEventRow.kind,
    CallEventRow.at,
    CallEventRow.extension,
    CallEventRow.number,
    CallEventRow.line,
    CallEventRow.recording,
)
_LINK = text("""
    update calls set contact_id = :contact where id = (
        select id from calls
        where customer_id = :customer and user_id = :user and contact_id is null and answered_at is not null
          and began_at <= :now and (ended_at is null or ended_at > :since)
        order by began_at desc limit 1
    ) returning id
""")


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of an event. known: it was told before, and nothing changed."""

    call_id: int
    state: str
    known: bool


def take_event(session: Session, told: ToldEvent, *, country: str, now: datetime) -> Taken:
    """Keep an event and what follows from all of its call: who has it, who it is, whose page opens.

    Ringing opens a page of the person whose telephone rings, and of nobody else; that the call was answered
    or ended is told to everyone it rang at.
    """
    happened = told.happened
    call_id, state = _locked(session, told)
    given = {
        "call_id": call_id, "event": happened.event, "kind": happened.kind, "at": happened.at, "told_at": now,
        "extension": happened.extension, "number": happened.number, "line": happened.line,
        "recording": happened.recording,
    }  # fmt: skip
    if session.scalar(_TAKE, given) is None:
        return Taken(call_id, state, known=True)
    events = _events(session, call_id)
    truth = call_truth(events)
    people = _people(session, events)
    customer_id = _keep(session, call_id, truth, people, country, today_of(now))
    if now - happened.at <= RINGS_FOR:
        _tell(session, call_id, customer_id, happened, truth, people)
    return Taken(call_id, truth.state, known=False)


def _locked(session: Session, told: ToldEvent) -> tuple[int, str]:
    """The call's row, held until the transaction ends. One that we asked for ourselves stands under our own
    reference until its first event."""
    if told.reference:
        name_call(session, told.reference, told.call)
    else:
        session.execute(_TURN, {"call": told.call})
    session.execute(_OPEN, {"call": told.call, "direction": told.direction, "at": told.happened.at})
    row = session.execute(
        select(Call.id, Call.state).where(Call.provider_call == told.call).with_for_update()
    ).one()
    return row.id, row.state


def name_call(session: Session, reference: str, name: str) -> int | None:
    """A call that we asked for has this name at the provider; its id, None where it was named before.

    An event may be told, under the provider's name alone, before the provider answers us: that call and ours
    are one, of the customer whom our colleague called.
    """
    session.execute(_TURN, {"call": name})
    known: int | None = session.scalar(
        _INTO_KNOWN, {"reference": reference, "name": name, "ours": f"{OURS}%"}
    )
    if known is not None:
        return known
    ours = Call.provider_call == reference, Call.provider_call.startswith(OURS)
    named = update(Call).where(*ours).values(provider_call=name).returning(Call.id)
    renamed: int | None = session.scalar(named)
    return renamed


def _events(session: Session, call_id: int) -> list[CallEvent]:
    rows = session.execute(_EVENTS.where(CallEventRow.call_id == call_id))
    return [
        CallEvent(
            row.event, cast("Kind", row.kind), row.at, row.extension, row.number, row.line, row.recording
        )
        for row in rows
    ]


def _people(session: Session, events: list[CallEvent]) -> Mapping[str, int]:
    """Who sits at the telephones of a call: extension -> user."""
    named = {one.extension for one in events if one.extension}
    rows = session.execute(select(User.extension, User.id).where(User.extension.in_(named), User.active))
    return {str(extension): user_id for extension, user_id in rows}


def _keep(
    session: Session, call_id: int, truth: CallTruth, people: Mapping[str, int], country: str,
    today: date,
) -> int | None:  # fmt: skip
    """Write the call as it is now; whose it is, where the number is of exactly one customer or of somebody of
    theirs."""
    number = normal_number(truth.number, country)
    known = session.execute(
        select(Call.customer_id, Call.number, Call.relation_id).where(Call.id == call_id)
    ).one()
    customer_id: int | None = known.customer_id
    relation_id: int | None = known.relation_id
    if customer_id is None and number and number != known.number:
        found = callers(session, number, today)
        if len(found) == 1:
            customer_id, relation_id = found[0].id, found[0].relation_id
    kept: dict[str, Any] = {
        "state": truth.state, "extension": truth.extension, "user_id": people.get(truth.extension),
        "began_at": truth.began_at, "answered_at": truth.answered_at, "ended_at": truth.ended_at,
        "talked_seconds": truth.talked_seconds, "held_seconds": truth.held_seconds,
        "recording": truth.recording, "customer_id": customer_id,
        "relation_id": relation_id,
    }  # fmt: skip
    if truth.number:  # of a call by click we know it before anybody tells
        kept |= {"number": number, "number_said": truth.number}
    if truth.line:
        kept["line"] = truth.line
    session.execute(update(Call).where(Call.id == call_id).values(**kept))
    return customer_id


def _tell(
    session: Session,
    call_id: int,
    customer_id: int | None,
    happened: CallEvent,
    truth: CallTruth,
    people: Mapping[str, int],
) -> None:
    told = {
        "key": f"call-{call_id}",
        "call": call_id,
        "state": truth.state,
        "href": _href(call_id, customer_id),
    }
    if happened.kind in ("ringing", "transferred") and truth.state == "ringing":
        if user_id := people.get(happened.extension):
            push(session, [user_id], "ringing", told | _elsewhere(session, call_id, customer_id, user_id))
    elif happened.kind != "ringing":
        mine = people.get(truth.extension)
        if mine is not None:
            own = told | {"mine": True} | _elsewhere(session, call_id, customer_id, mine)
            push(session, [mine], "call", own)
        push(session, [one for one in people.values() if one != mine], "call", told | {"mine": False})


def _elsewhere(session: Session, call_id: int, customer_id: int | None, user_id: int) -> dict[str, str]:
    """Where a call leads whose customer is not of the areas of whoever it rings at."""
    user = active_user(session, user_id) if customer_id is not None else None
    if user is None or customer_id is None or customer_id in those_seen(session, user, [customer_id]):
        return {}
    return {"href": f"/elsewhere/{call_id}"}


def _href(call_id: int, customer_id: int | None) -> str:
    return f"/customers/{customer_id}?call={call_id}" if customer_id else f"/telephone/{call_id}"


def today_of(now: datetime) -> date:
    """The day at the utility: whoever may speak for a customer may on this day."""
    return settings().as_of or today_in(settings().timezone, now)


def link_customer(session: Session, call_id: int, customer_id: int, now: datetime) -> None:
    """Say who it is, or whom they speak for. Raises NotFound where there is no such call or customer."""
    if session.scalar(select(Customer.id).where(Customer.id == customer_id)) is None:
        raise NotFound("no_such_customer", mark("There is no customer of this number here."), "customer")
    number = session.scalar(select(Call.number).where(Call.id == call_id)) or ""
    found = {one.id: one.relation_id for one in callers(session, number, today_of(now))}
    _change(session, Call.id == call_id, call_id, customer_id=customer_id, relation_id=found.get(customer_id))


def note_caller(session: Session, call_id: int, *, caller: str, note: str) -> None:
    """Note who called where nobody knows them. Raises Invalid without a word, NotFound, and Conflict where
    the call is a customer's."""
    if not caller.strip() and not note.strip():
        raise Invalid("needed", mark("Say who it was, or what they wanted."), "caller")
    whose = session.execute(select(Call.customer_id).where(Call.id == call_id)).one_or_none()
    if whose is not None and whose.customer_id is not None:
        raise Conflict("caller_known", mark("It is known who this was: log the call with them."), "caller")
    _change(session, Call.id == call_id, call_id, caller=caller.strip()[:200], note=note.strip()[:4000])


def _change(session: Session, which: ColumnElement[bool], call_id: int, **values: object) -> None:
    changed = session.execute(update(Call).where(which).values(**values).returning(Call.id))
    if changed.one_or_none() is None:
        raise NotFound("no_such_call", mark("There is no such call."), str(call_id))


def logged(
    session: Session, *, contact_id: int, customer_id: int, channel: str, user_id: int, now: datetime
) -> None:
    """A contact was logged: where the same colleague has just spoken to them, it is about that call."""
    if channel == "call":
        session.execute(
            _LINK,
            {
                "contact": contact_id, "customer": customer_id, "user": user_id, "now": now,
                "since": now - LOGGED_WITHIN,
            },
        )  # fmt: skip
