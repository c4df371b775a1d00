"""What can be done with an incident: open, move on, correct, withdraw, merge, split. Nothing here commits.

Each keeps an event, who said it and when, and asks for a telling where customers may have to hear of it. Who
hears what is found by the lane that tells (`telling`): keeping the event takes a moment, however many live
there.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select, text, update
from sqlalchemy.orm import Session

from notifications.domain.incident import State, Step, after
from notifications.tables import Outage, OutageEvent, OutageTelling
from utility_crm.announcing.telling import Happening, announce_all
from utility_crm.kit.errors import Conflict, Invalid, NotFound
from utility_crm.network.tables import NetworkNode
from utility_crm.web.words import mark

# Everything below a node, and the node itself.
_BELOW = text("""
    with recursive below as (
        select id from network_nodes where id = :node
        union all
        select node.id from network_nodes as node join below on node.parent_id = below.id
    )
    select id from below
""")
LONGEST_NOTE = 500


@dataclass(frozen=True, slots=True)
class By:
    """Who says so: a person, or a file or machine (`source`: screen, import or api), with a note."""

    author_id: int | None = None
    source: str = "screen"
    note: str = ""


@dataclass(frozen=True, slots=True)
class Opening:
    """A new incident: no supply below a node since `starts_at`; expected back at `estimated_at`, if
    known."""

    node_id: int
    starts_at: datetime
    state: State = State.CONFIRMED
    estimated_at: datetime | None = None
    reason: str = ""
    reference: str | None = None


def open_incident(session: Session, opening: Opening, by: By, now: datetime) -> int:
    """Keep a new incident; its id. One that is confirmed is told.

    Raises NotFound for an unknown node, Invalid for a beginning in the future or an estimate before it,
    Conflict for a reference that is taken.
    """
    _check_node(session, opening.node_id)
    if opening.starts_at > now:
        raise Invalid("not_begun", mark("an outage that is not planned has begun already"), "starts")
    estimate = opening.estimated_at
    if estimate is not None and estimate <= opening.starts_at:
        raise Invalid("ends_before_it_starts", mark("an outage has to end after it starts"), "ends")
    if not opening.state.running:
        raise Invalid("not_open", mark("an outage begins as reported, confirmed or estimated"), "state")
    if opening.reference is not None and _referred(session, opening.reference) is not None:
        raise Conflict("reference_taken", mark("there is an outage of this reference already"), "reference")
    state = opening.state
    if estimate is not None and state is State.CONFIRMED:
        state = State.ESTIMATED
    if estimate is None and state is State.ESTIMATED:
        raise Invalid("no_estimate", mark("say when the supply is expected back"), "ends")
    row = Outage(
        node_id=opening.node_id, planned=False, starts_at=opening.starts_at, ends_at=estimate,
        reason=opening.reason.strip()[:LONGEST_NOTE], created_at=now, created_by=by.author_id, state=state,
        restored_at=None, withdrawn_at=None, merged_into=None, split_from=None, reference=opening.reference,
        source=by.source,
    )  # fmt: skip
    session.add(row)
    session.flush()
    _keep(session, row, state, by, now, at=opening.starts_at, tells=state.told)
    return row.id


def confirm(session: Session, outage_id: int, by: By, now: datetime) -> None:
    """The report was right: from now on we say it ourselves."""
    row = incident(session, outage_id)
    row.state = _step(row, "confirm")
    _keep(session, row, "confirmed", by, now)


def estimate(session: Session, outage_id: int, estimated_at: datetime, by: By, now: datetime) -> None:
    """The supply is expected back at another time than was said before.

    Raises Conflict where it is back already or that was said before, Invalid for a time that is over.
    """
    row = incident(session, outage_id)
    state = _step(row, "estimate")
    if estimated_at <= max(now, row.starts_at):
        raise Invalid("estimate_is_over", mark("say a time that is yet to come"), "ends")
    if row.ends_at == estimated_at and row.state == State.ESTIMATED:
        raise Conflict("same_estimate", mark("that time was said before"), "ends")
    row.state, row.ends_at = state, estimated_at
    _keep(session, row, "estimated", by, now)


def restore(session: Session, outage_id: int, restored_at: datetime, by: By, now: datetime) -> None:
    """The supply is back since `restored_at`. Raises Invalid for a time before it went, or to come."""
    row = incident(session, outage_id)
    state = _step(row, "restore")
    _check_restored(row, restored_at, now)
    row.state, row.restored_at, row.ends_at = state, restored_at, restored_at
    _keep(session, row, "restored", by, now, at=restored_at)


def close(session: Session, outage_id: int, by: By, now: datetime) -> None:
    """Nothing is left to do about it."""
    row = incident(session, outage_id)
    row.state = _step(row, "close")
    _keep(session, row, "closed", by, now, tells=False)


def withdraw(session: Session, outage_id: int, by: By, now: datetime) -> None:
    """There was no outage: who was told is told that, too, with an apology."""
    row = incident(session, outage_id)
    _running(row)
    row.state, row.withdrawn_at, row.ends_at = State.CLOSED, now, max(now, row.starts_at)
    if row.ends_at == row.starts_at:
        row.ends_at = None
    _keep(session, row, "withdrawn", by, now)


def correct_area(session: Session, outage_id: int, node_id: int, by: By, now: datetime) -> None:
    """It is elsewhere: whoever was told wrongly hears an apology, whoever it does reach hears of it."""
    row = incident(session, outage_id)
    _running(row)
    _check_node(session, node_id)
    if row.node_id == node_id:
        raise Conflict("same_place", mark("that is where it is already"), "node")
    row.node_id = node_id
    _keep(session, row, "corrected", by, now)


def merge(session: Session, outage_id: int, into_id: int, by: By, now: datetime) -> None:
    """A second report of an outage that is known: `into_id` goes on and reaches both places; who was told of
    the one is told on about the other. It began when the first of them did."""
    if outage_id == into_id:
        raise Invalid("into_itself", mark("an outage cannot be merged into itself"), "into")
    # Both are locked in one order, so that two merges cannot wait for each other.
    rows = {one: incident(session, one) for one in sorted((outage_id, into_id))}
    row, into = rows[outage_id], rows[into_id]
    _running(row)
    _running(into)
    row.state, row.merged_into, row.ends_at = State.CLOSED, into_id, None
    session.execute(update(Outage).where(Outage.merged_into == outage_id).values(merged_into=into_id))
    into.starts_at = min(into.starts_at, row.starts_at)
    if into.state == State.REPORTED and _told_before(session, outage_id):
        into.state = State.CONFIRMED
    _keep(session, row, "merged", by, now, other_id=into_id, tells=False)
    _keep(session, into, "merged", by, now, other_id=outage_id)


def split(
    session: Session, outage_id: int, node_id: int, restored_at: datetime, by: By, now: datetime
) -> int:
    """Below a part of the node the supply is back; the id of that part, an outage that is over. The rest goes
    on. Raises Invalid where the node is no part of it, Conflict where that part is back already."""
    row = incident(session, outage_id)
    _running(row)
    _check_restored(row, restored_at, now)
    merged = session.scalars(select(Outage.node_id).where(Outage.merged_into == outage_id))
    parts = {
        part for place in (row.node_id, *merged) for part in session.scalars(_BELOW, {"node": place})
    } - {row.node_id}
    if node_id not in parts:
        raise Invalid("no_part_of_it", mark("that is no part of where the supply is off"), "node")
    back = session.scalars(select(Outage.node_id).where(Outage.split_from == outage_id)).all()
    if any(node_id in session.scalars(_BELOW, {"node": one}).all() for one in back):
        raise Conflict("back_already", mark("the supply is back there already"), "node")
    part = Outage(
        node_id=node_id, planned=False, starts_at=row.starts_at, ends_at=restored_at, reason=row.reason,
        created_at=now, created_by=by.author_id, state=State.RESTORED, restored_at=restored_at,
        withdrawn_at=None, merged_into=None, split_from=outage_id, reference=None, source="split",
    )  # fmt: skip
    session.add(part)
    session.flush()
    _keep(session, part, "restored", by, now, at=restored_at, other_id=outage_id, tells=False)
    _keep(session, row, "split", by, now, at=restored_at, other_id=part.id)
    return part.id


def incident(session: Session, outage_id: int) -> Outage:
    """The row, locked until the unit of work ends: two changes of one incident come one after the other.

    Raises NotFound; Conflict for planned works, which are no incident.
    """
    row = session.scalar(
        select(Outage)
        .where(Outage.id == outage_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    if row is None:
        raise NotFound("no_such_outage", mark("there is no such outage"), str(outage_id))
    if row.planned:
        raise Conflict("planned", mark("planned works are announced anew, not reported"), str(outage_id))
    return row


def _keep(
    session: Session,
    row: Outage,
    kind: str,
    by: By,
    now: datetime,
    *,
    at: datetime | None = None,
    other_id: int | None = None,
    tells: bool = True,
) -> None:
    """The event, and who tells of it; what was yet to be told of the same outage is overtaken by it."""
    event = OutageEvent(
        outage_id=row.id, kind=kind, state=row.state, node_id=row.node_id, estimated_at=row.ends_at,
        other_id=other_id, at=at or now, recorded_at=now, author_id=by.author_id, source=by.source,
        note=by.note.strip()[:LONGEST_NOTE],
    )  # fmt: skip
    session.add(event)
    session.flush()
    _announce(session, row, kind, now)
    overtaken = OutageTelling.outage_id == row.id if tells or other_id else None
    if overtaken is not None:
        session.execute(
            update(OutageTelling)
            .where(overtaken, OutageTelling.ended_at.is_(None))
            .values(ended_at=now, superseded=True, lease_until=None)
        )
    if tells:
        session.add(OutageTelling(event_id=event.id, outage_id=row.id, made_at=now))
        session.flush()


def _announce(session: Session, row: Outage, kind: str, now: datetime) -> None:
    """What other systems hear of it: nothing while it is a mere report, that nobody has confirmed."""

    def told() -> Iterator[Happening]:
        node = session.get_one(NetworkNode, row.node_id)
        data: dict[str, Any] = {"outage": row.id, "reference": row.reference, "state": row.state}
        data["place"] = node.code
        data |= {"place_called": node.name, "starts_at": row.starts_at, "ends_at": row.ends_at}
        yield Happening(data | {"reason": row.reason, "what": kind})

    ends = kind in ("restored", "withdrawn") or (kind == "merged" and row.merged_into is not None)
    if not _told_before(session, row.id):
        if State(row.state).told and not ends:
            announce_all(session, "outage.begun", now, told)
    elif ends:
        announce_all(session, "outage.ended", now, told)
    elif kind in ("estimated", "corrected", "split", "merged"):
        announce_all(session, "outage.changed", now, told)


def _told_before(session: Session, outage_id: int) -> bool:
    return (
        session.scalar(select(OutageTelling.event_id).where(OutageTelling.outage_id == outage_id).limit(1))
        is not None
    )


def _referred(session: Session, reference: str) -> int | None:
    return session.scalar(select(Outage.id).where(Outage.reference == reference))


def _check_node(session: Session, node_id: int) -> None:
    if session.get(NetworkNode, node_id) is None:
        raise NotFound("no_such_node", mark("there is no such place in the network"), "node")


def _check_restored(row: Outage, restored_at: datetime, now: datetime) -> None:
    if not row.starts_at < restored_at <= now:
        raise Invalid(
            "restored_when", mark("the supply came back after it went, and not in the future"), "restored"
        )


def _running(row: Outage) -> None:
    if not State(row.state).running:
        raise Conflict("over_already", mark("this outage is over already"), str(row.id))


def _step(row: Outage, step: Step) -> State:
    then = after(State(row.state), step)
    if then is None:
        raise Conflict("not_from_here", mark("this outage is not where that could be done"), str(row.id))
    return then
