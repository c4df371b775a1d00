"""Whom an agent calls because of an outage: those who depend on the supply. Nothing here commits."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import text
from sqlalchemy.orm import Session

from notifications.outages.reached import Standing
from notifications.tables import CallTask
from utility_crm.kit.errors import Conflict, Invalid, NotFound
from utility_crm.kit.gathering import listed
from utility_crm.web.words import mark

LONGEST_OUTCOME = 300

_ASK = text("""
    insert into call_tasks (customer_id, outage_id, why, created_at)
    select * from unnest(cast(:customers as bigint[]), cast(:outages as bigint[]), cast(:whys as text[]),
                         cast(:at as timestamptz[]))
    on conflict (customer_id, outage_id) do nothing
""")
# What nobody took up, and is no longer needed.
_DROP = text("""
    update call_tasks set state = 'dropped', ended_at = :now
    where outage_id = :outage and state = 'open' and not customer_id = any (cast(:off as bigint[]))
""")


@dataclass(frozen=True, slots=True)
class Call:
    """A call to make, or that was made: to whom, why, about which outage, and what came of it."""

    id: int
    customer_id: int
    customer: str
    number: str
    outage_id: int
    place: str
    why: str
    detail: str
    state: str
    created_at: datetime
    taken_by: str | None
    taken_at: datetime | None
    ended_at: datetime | None
    outcome: str
    phone: str | None

    @property
    def waits(self) -> bool:
        """Whether it is yet to be made."""
        return self.state in ("open", "taken")


CALLS = listed(
    """
    select task.id, task.customer_id, customers.name as customer, customers.number, task.outage_id,
           node.name as place, task.why, coalesce(flag.detail, '') as detail, task.state, task.created_at,
           users.name as taken_by, task.taken_at, task.ended_at, task.outcome,
           (select value from contact_points
            where contact_points.customer_id = task.customer_id and contact_points.kind = 'phone'
            order by preferred desc, id limit 1) as phone
    from call_tasks as task
    join customers on customers.id = task.customer_id
    join outages on outages.id = task.outage_id
    join network_nodes as node on node.id = outages.node_id
    left join customer_flags as flag on flag.customer_id = task.customer_id and flag.kind = 'medical'
    left join users on users.id = task.taken_by
    where (cast(:outage as bigint) is null or task.outage_id = :outage)
      and (cast(:customer as bigint) is null or task.customer_id = :customer)
      and (not :waiting or task.state in ('open', 'taken'))
    order by task.state <> 'open', task.state <> 'taken', task.why = 'medical' desc, task.created_at, task.id
    limit :limit
""",
    Call,
)
"""Of `:outage` and to `:customer`, each null for any; where `:waiting`, no others; those that wait first."""


def follow_calls(session: Session, found: Standing, now: datetime) -> None:
    """Ask for a call to each who depends on the supply and is off now; drop those not taken up that are no
    longer needed. Safe to repeat."""
    off = [one for one in found.reached.values() if found.is_off(one)] if not found.merged else []
    people = {one.customer_id: one.why_called for one in off if one.why_called}
    if people:
        number = len(people)
        session.execute(
            _ASK,
            {
                "customers": list(people),
                "outages": [found.outage_id] * number,
                "whys": list(people.values()),
                "at": [now] * number,
            },
        )
    session.execute(_DROP, {"outage": found.outage_id, "off": list(people), "now": now})


def take_call(session: Session, task_id: int, user_id: int, now: datetime) -> CallTask:
    """This person calls them. Raises NotFound, Conflict where somebody else does or it was made."""
    task = _locked(session, task_id)
    if task.state != "open" and not (task.state == "taken" and task.taken_by == user_id):
        raise Conflict("call_taken", mark("somebody else took this call, or it was made"), str(task_id))
    if task.state == "open":
        task.state, task.taken_by, task.taken_at = "taken", user_id, now
        session.flush()
    return task


def end_call(session: Session, task_id: int, user_id: int, outcome: str, now: datetime) -> CallTask:
    """What came of it, in words. Whoever ends it need not have taken it first. Raises NotFound, Invalid
    without words, Conflict where it was ended before."""
    task = _locked(session, task_id)
    words = outcome.strip()
    if not words or len(words) > LONGEST_OUTCOME:
        raise Invalid("no_outcome", mark("Say in a few words what came of the call."), "outcome")
    if task.state in ("done", "dropped"):
        raise Conflict("call_ended", mark("what came of this call is written already"), str(task_id))
    task.taken_by = task.taken_by or user_id
    task.taken_at = task.taken_at or now
    task.state, task.ended_at, task.outcome = "done", now, words
    session.flush()
    return task


def calls(
    session: Session,
    *,
    outage_id: int | None = None,
    customer_id: int | None = None,
    waiting: bool = False,
    limit: int = 200,
) -> list[Call]:
    """Calls about an outage, to a customer, or all; those that wait first."""
    given = {"outage": outage_id, "customer": customer_id, "waiting": waiting, "limit": limit}
    return [Call(*row) for row in session.execute(text(CALLS.sql), given)]


def _locked(session: Session, task_id: int) -> CallTask:
    task = session.get(CallTask, task_id, with_for_update=True, populate_existing=True)
    if task is None:
        raise NotFound("no_such_call", mark("there is no such call to make"), str(task_id))
    return task
