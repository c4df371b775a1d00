"""Calls as people read them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session, aliased

from utility_crm.auth.queries import SignedIn
from utility_crm.auth.tables import User
from utility_crm.customers.limits import seen_by
from utility_crm.customers.party_tables import Relation
from utility_crm.customers.tables import Customer
from utility_crm.kit.errors import NotFound
from utility_crm.kit.gathering import listed
from utility_crm.telephony.actions import LOGGED_WITHIN
from utility_crm.telephony.tables import Call
from utility_crm.web.words import mark

LONGEST_CALL: Final = timedelta(hours=8)
"""A call that nobody said has ended is taken to be over after so long."""
Speaker = aliased(Customer)
_COLUMNS: list[Any] = [
    Call.id,
    Call.direction,
    Call.state,
    func.coalesce(func.nullif(Call.number_said, ""), Call.number).label("number"),
    Call.line,
    Call.user_id,
    func.coalesce(User.name, "").label("person"),
    Call.customer_id,
    func.coalesce(Customer.name, "").label("customer"),
    Call.began_at,
    Call.answered_at,
    Call.ended_at,
    Call.talked_seconds,
    Call.recording,
    Call.contact_id,
    Call.caller,
    Call.note,
    func.coalesce(Speaker.name, Relation.name, "").label("speaker"),
    func.coalesce(Relation.kind, "").label("speaks_as"),
]
_CALLS = (
    select(*_COLUMNS)
    .outerjoin(User, User.id == Call.user_id)
    .outerjoin(Customer, Customer.id == Call.customer_id)
    .outerjoin(Relation, Relation.id == Call.relation_id)
    .outerjoin(Speaker, Speaker.id == Relation.other_id)
)


@dataclass(frozen=True, slots=True)
class CallRow:
    """One call. person: the colleague; customer and customer_id: who it is, once known. speaker: who called
    in their place; speaks_as: the kind of relation they are in."""

    id: int
    direction: str
    state: str
    number: str
    line: str
    user_id: int | None
    person: str
    customer_id: int | None
    customer: str
    began_at: datetime
    answered_at: datetime | None
    ended_at: datetime | None
    talked_seconds: int
    recording: str
    contact_id: int | None
    caller: str
    note: str
    speaker: str
    speaks_as: str

    def goes_on(self, now: datetime) -> bool:
        """Whether somebody is on the line, or it rings."""
        return self.ended_at is None and now - self.began_at < LONGEST_CALL

    @property
    def missed(self) -> bool:
        """They called, and nobody took it."""
        return self.direction == "in" and self.ended_at is not None and self.answered_at is None

    def waits_for(self, user_id: int, now: datetime) -> bool:
        """Whether this colleague spoke to a customer a short while ago and has logged nothing yet."""
        spoke = self.user_id == user_id and self.answered_at is not None and self.contact_id is None
        return spoke and self.ended_at is not None and now - self.ended_at < LOGGED_WITHIN


@dataclass(frozen=True, slots=True)
class CallFigures:
    """The short answers of the page, in one query."""

    now: int
    unlogged: int
    missed: int
    unknown: int


def the_call(session: Session, call_id: int) -> CallRow:
    """One call. Raises NotFound."""
    row = session.execute(_CALLS.where(Call.id == call_id)).one_or_none()
    if row is None:
        raise NotFound("no_such_call", mark("There is no such call."), str(call_id))
    return CallRow(*row)


OF_CUSTOMER = listed(
    """
    select k.id, k.direction, k.state, coalesce(nullif(k.number_said, ''), k.number), k.line, k.user_id,
           coalesce(u.name, ''), k.customer_id, coalesce(c.name, ''), k.began_at, k.answered_at, k.ended_at,
           k.talked_seconds, k.recording, k.contact_id, k.caller, k.note,
           coalesce(s.name, r.name, ''), coalesce(r.kind, '')
    from calls k left join users u on u.id = k.user_id left join customers c on c.id = k.customer_id
    left join relations r on r.id = k.relation_id left join customers s on s.id = r.other_id
    where k.customer_id = :customer
    order by k.began_at desc, k.id desc limit :most_calls
    """,
    CallRow,
)
"""A customer's calls, newest first."""


def _on_the_line(now: datetime) -> Any:
    return Call.ended_at.is_(None) & (Call.began_at > now - LONGEST_CALL)


def _unlogged(user_id: int, since: datetime) -> Any:
    mine = (Call.user_id == user_id) & Call.answered_at.is_not(None) & Call.ended_at.is_not(None)
    return mine & Call.contact_id.is_(None) & (Call.note == "") & (Call.began_at >= since)


def _missed(since: datetime) -> Any:
    nobody = Call.answered_at.is_(None) & Call.ended_at.is_not(None) & (Call.direction == "in")
    return nobody & (Call.began_at >= since)


def _unknown(since: datetime) -> Any:
    return Call.customer_id.is_(None) & (Call.direction == "in") & (Call.began_at >= since)


def _seen_by(user: SignedIn) -> Any:
    """Calls of customers this person may see, and of nobody known."""
    return Call.customer_id.is_(None) | seen_by(user, Call.customer_id)


def call_figures(session: Session, user: SignedIn, *, since: datetime, now: datetime) -> CallFigures:
    """Counts: on the line, mine without a word kept, missed, of unknown callers; since then."""
    row = session.execute(
        select(
            func.count().filter(_on_the_line(now)),
            func.count().filter(_unlogged(user.id, since)),
            func.count().filter(_missed(since)),
            func.count().filter(_unknown(since)),
        )
        .select_from(Call)
        .where(or_(Call.ended_at.is_(None), Call.began_at >= since), _seen_by(user))
    ).one()
    return CallFigures(*row)


def calls_that(
    session: Session, question: str, user: SignedIn, *, since: datetime, now: datetime, limit: int = 100
) -> list[CallRow]:
    """The rows under a question of the page, newest first."""
    which = {
        "now": _on_the_line(now),
        "unlogged": _unlogged(user.id, since),
        "missed": _missed(since),
        "unknown": _unknown(since),
    }[question]
    newest = _CALLS.where(which, _seen_by(user)).order_by(Call.began_at.desc(), Call.id.desc())
    return [CallRow(*row) for row in session.execute(newest.limit(limit))]


@dataclass(frozen=True, slots=True)
class DeskCalls:
    """ringing: they wait to be answered now; in_vain: nobody answered, and nobody has spoken to them since;
    unlogged: of one person, nothing was kept."""

    ringing: int
    rings_since: datetime | None
    in_vain: int
    unlogged: int


def desk_calls(session: Session, user: SignedIn, *, since: datetime, now: datetime) -> DeskCalls:
    """Counts for whoever sits at the desk, in one statement."""
    rings = _rings(now)
    row = session.execute(
        select(
            func.count().filter(rings),
            func.min(Call.began_at).filter(rings),
            func.count().filter(_in_vain(since)),
            func.count().filter(_unlogged(user.id, since)),
        )
        .select_from(Call)
        .where(or_(Call.ended_at.is_(None), Call.began_at >= since), _seen_by(user))
    ).one()
    return DeskCalls(*row)


def calls_at_desk(
    session: Session, question: str, user: SignedIn, *, since: datetime, now: datetime, limit: int = 60
) -> list[CallRow]:
    """The rows under a question of the desk: who waits longest first."""
    which = {"vain": _in_vain(since) | _rings(now), "unlogged": _unlogged(user.id, since)}[question]
    rows = _CALLS.where(which, _seen_by(user)).order_by(Call.ended_at.is_not(None), Call.began_at, Call.id)
    return [CallRow(*row) for row in session.execute(rows.limit(limit))]


def _rings(now: datetime) -> Any:
    return _on_the_line(now) & (Call.direction == "in") & (Call.state == "ringing")


def _in_vain(since: datetime) -> Any:
    later = aliased(Call)
    same = ((later.number == Call.number) & (Call.number != "")) | (later.customer_id == Call.customer_id)
    spoken = (
        select(later.id)
        .where(later.began_at > Call.began_at, later.answered_at.is_not(None), same)
        .correlate(Call)
        .exists()
    )
    return _missed(since) & ~spoken
