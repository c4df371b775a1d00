"""Outages as others tell of them: rows of a file, or documents of a machine. Told again, nothing changes.

A report names the outage by a `reference` of its own, the place by the node's code, and where it stands; the
first of a reference opens the incident, later ones move it on, in one go where steps were left out.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import select
from sqlalchemy.orm import Session

from notifications.domain.incident import State
from notifications.outages import incidents
from notifications.outages.incidents import By, Opening, open_incident
from notifications.tables import Outage
from utility_crm.kit.errors import Conflict, Invalid, NotFound
from utility_crm.kit.table_file import Problem, read_table
from utility_crm.network.tables import NetworkNode
from utility_crm.web.words import mark

FIELDS = ("reference", "node", "state", "starts_at", "estimated_at", "restored_at", "reason")
REQUIRED = ("reference", "node", "state", "starts_at")
LONGEST = 200
Became = Literal["opened", "changed", "unchanged"]


@dataclass(frozen=True, slots=True)
class Report:
    """One outage as somebody tells of it; times are aware."""

    reference: str
    node: str
    state: State
    starts_at: datetime
    estimated_at: datetime | None = None
    restored_at: datetime | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of a report, and which outage it is."""

    outage_id: int
    became: Became
    state: State


@dataclass(frozen=True, slots=True)
class Imported:
    """What a file did: outages opened, changed and unchanged, and the lines that were not taken."""

    opened: int
    changed: int
    unchanged: int
    problems: tuple[Problem, ...]


def read_report(given: Mapping[str, Any], where: str = "") -> Report:
    """A report from texts by field. Raises Invalid, naming the field after `where`."""
    for name in given:
        if name not in FIELDS:
            raise Invalid("unknown_field", f"there is no field {str(name)[:40]!r}", f"{where}{name}")
    for name in REQUIRED:
        if not given.get(name):
            raise Invalid("needed", f"{name} is needed", f"{where}{name}")
    for name, value in given.items():
        if value is not None and not (isinstance(value, str) and len(value) <= LONGEST):
            raise Invalid("text", f"{name} is a text of at most {LONGEST} letters", f"{where}{name}")
    try:
        state = State(given["state"])
    except ValueError:
        raise Invalid("state", f"the state is one of {', '.join(State)}", f"{where}state") from None
    return Report(
        reference=given["reference"].strip(),
        node=given["node"].strip(),
        state=state,
        starts_at=_instant(given["starts_at"], f"{where}starts_at"),
        estimated_at=_maybe(given, "estimated_at", where),
        restored_at=_maybe(given, "restored_at", where),
        reason=given.get("reason") or "",
    )


def keep_report(session: Session, report: Report, by: By, now: datetime) -> Taken:
    """Keep what is told. Raises NotFound for an unknown node, Invalid and Conflict as the steps of an
    incident do: one that is over is not opened again."""
    node_id = session.scalar(select(NetworkNode.id).where(NetworkNode.code == report.node))
    if node_id is None:
        raise NotFound("no_such_node", mark("there is no such place in the network"), "node")
    if report.state in (State.RESTORED, State.CLOSED) and report.restored_at is None:
        raise Invalid("restored_when", mark("say when the supply came back"), "restored_at")
    if report.state is State.ESTIMATED and report.estimated_at is None:
        raise Invalid("no_estimate", mark("say when the supply is expected back"), "estimated_at")
    known = select(Outage.id, Outage.merged_into).where(Outage.reference == report.reference)
    found = session.execute(known).one_or_none()
    if found is None:
        opened = open_incident(session, _opening(report, node_id), by, now)
        _advance(session, opened, report, by, now)
        return Taken(opened, "opened", State(incidents.incident(session, opened).state))
    outage_id = found.merged_into or found.id
    row = incidents.incident(session, outage_id)
    before = (row.state, row.ends_at, row.node_id)
    if row.node_id != node_id and State(row.state).running and found.merged_into is None:
        incidents.correct_area(session, outage_id, node_id, by, now)
    _advance(session, outage_id, report, by, now)
    after = (row.state, row.ends_at, row.node_id)
    return Taken(outage_id, "unchanged" if before == after else "changed", State(row.state))


def import_reports(session: Session, content: bytes, now: datetime) -> Imported:
    """Keep every row of a CSV file that can be kept; each of the others is a problem with its line.

    Raises Invalid where the file is no table with these columns.
    """
    rows, problems = read_table(content, FIELDS, REQUIRED)
    counts = {"opened": 0, "changed": 0, "unchanged": 0}
    by = By(source="import")
    for row in rows:
        try:
            with session.begin_nested():
                taken = keep_report(session, read_report(row.cells), by, now)
            counts[taken.became] += 1
        except NotFound as error:
            problems.append(Problem(row.line, error.code, f"{error.message}: {row.cells['node'].strip()}"))
        except (Invalid, Conflict) as error:
            problems.append(Problem(row.line, error.code, error.message))
    return Imported(**counts, problems=tuple(sorted(problems, key=lambda one: one.line)))


def _opening(report: Report, node_id: int) -> Opening:
    over = report.state in (State.RESTORED, State.CLOSED)
    return Opening(
        node_id,
        report.starts_at,
        State.REPORTED if over else report.state,
        None if over else report.estimated_at,
        report.reason,
        report.reference,
    )


def _advance(session: Session, outage_id: int, report: Report, by: By, now: datetime) -> None:
    """The steps from where the incident is to where the report says it is; none of them back."""
    row = incidents.incident(session, outage_id)
    state, wanted = State(row.state), report.state
    if wanted in (State.RESTORED, State.CLOSED):
        assert report.restored_at is not None
        if state.running:
            incidents.restore(session, outage_id, report.restored_at, by, now)
        if wanted is State.CLOSED and row.state == State.RESTORED:
            incidents.close(session, outage_id, by, now)
        return
    if not state.running:
        raise Conflict("over_already", mark("this outage is over already"), "state")
    if wanted is not State.REPORTED and report.estimated_at and report.estimated_at != row.ends_at:
        incidents.estimate(session, outage_id, report.estimated_at, by, now)
    elif wanted is State.CONFIRMED and state is State.REPORTED:
        incidents.confirm(session, outage_id, by, now)


def _maybe(given: Mapping[str, Any], name: str, where: str) -> datetime | None:
    return _instant(given[name], f"{where}{name}") if given.get(name) else None


def _instant(said: str, where: str) -> datetime:
    try:
        at = datetime.fromisoformat(said)
    except ValueError:
        raise Invalid("not_a_time", "a time is written as 2026-11-20T14:05:00+00:00", where) from None
    if at.tzinfo is None:
        raise Invalid("no_zone", "a time needs its offset, as in 2026-11-20T14:05:00+00:00", where)
    return at
