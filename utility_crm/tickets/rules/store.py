"""Rules as they are kept: read, written, put in order, switched off."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from utility_crm.kit.errors import Conflict, Invalid, NotFound
from utility_crm.tickets.care.tables import TicketRule
from utility_crm.tickets.domain.conditions import Mistake
from utility_crm.tickets.domain.rules import Rule, Since, document_of_rule, read_rule
from utility_crm.tickets.rules.facts import known
from utility_crm.tickets.sla.policies import swap_places
from utility_crm.web.words import mark


class RuleWrong(Invalid):
    """A rule that cannot be read: every mistake with its place."""

    def __init__(self, mistakes: list[Mistake]) -> None:
        first = mistakes[0]
        super().__init__("rule", mark("The rule cannot be read: %(first)s"), "document", first=str(first))
        self.mistakes = mistakes


@dataclass(frozen=True, slots=True)
class KeptRule:
    """A rule for people: as written, whether it can still be read, and what it did."""

    id: int
    position: int
    name: str
    document: dict[str, Any]
    active: bool
    changed_at: datetime
    changed_by: str
    runs: int
    last_at: datetime | None
    broken: tuple[Mistake, ...] = ()


def active_rules(session: Session) -> tuple[Rule, ...]:
    """Those in use that can be read, in their order. One that names what is gone (a team) stands still, and
    says so on its page."""
    rows = session.execute(
        select(TicketRule.id, TicketRule.name, TicketRule.document)
        .where(TicketRule.active)
        .order_by(TicketRule.position, TicketRule.id)
    ).all()
    if not rows:
        return ()
    names = known(session)
    found = (read_rule(document, names, rule_id, name) for rule_id, name, document in rows)
    return tuple(one for one in found if isinstance(one, Rule))


_KEPT = text("""
    select r.id, r.position, r.name, r.document, r.active, r.changed_at, coalesce(u.name, '') as changed_by,
           count(n.id) as runs, max(n.at) as last_at
    from ticket_rules r left join users u on u.id = r.changed_by
    left join ticket_rule_runs n on n.rule_id = r.id
    group by r.id, u.name order by r.position, r.id
""")


def kept_rules(session: Session) -> list[KeptRule]:
    """All rules, in their order."""
    names = known(session)
    kept = []
    for row in session.execute(_KEPT):
        read = read_rule(row.document, names)
        broken = tuple(read) if isinstance(read, list) else ()
        kept.append(KeptRule(**row._mapping, broken=broken))
    return kept


def add_rule(session: Session, name: str, document: Any, *, now: datetime, by: int | None) -> int:
    """A new rule behind the others; its id. Raises RuleWrong, Invalid, Conflict."""
    written = _checked(session, name, document, None)
    last = session.scalar(select(func.coalesce(func.max(TicketRule.position), 0))) or 0
    row = TicketRule(
        position=last + 1,
        name=name.strip(),
        document=written,
        active_since=now,
        changed_at=now,
        changed_by=by,
    )
    session.add(row)
    session.flush()
    return row.id


def change_rule(
    session: Session, rule_id: int, name: str, document: Any, *, now: datetime, by: int | None
) -> None:
    """Another name or content. Time since something counts for it from now on."""
    row = _held(session, rule_id)
    row.document = _checked(session, name, document, rule_id)
    row.name, row.active_since, row.changed_at, row.changed_by = name.strip(), now, now, by
    session.flush()


def switch_rule(session: Session, rule_id: int, active: bool, *, now: datetime, by: int | None) -> None:
    """In use, or not. What became due while it was off is not made up for."""
    row = _held(session, rule_id)
    if row.active == active:
        return
    row.active, row.active_since, row.changed_at, row.changed_by = active, now, now, by
    session.flush()


def move_rule(session: Session, rule_id: int, up: bool) -> None:
    """One place up or down; at the end it stays."""
    swap_places(session, TicketRule, rule_id, up)


def read_draft(session: Session, document: Any, name: str = "") -> Rule:
    """A document as a rule that is not kept. Raises RuleWrong."""
    found = read_rule(document, known(session), 0, name)
    if isinstance(found, list):
        raise RuleWrong(found)
    return found


def due_rules(session: Session) -> list[tuple[Rule, Since, datetime]]:
    """Rules that count time since something, and since when they are in use."""
    rows = session.execute(select(TicketRule.id, TicketRule.active_since))
    since = {row.id: row.active_since for row in rows}
    return [
        (rule, when, since[rule.id])
        for rule in active_rules(session)
        for when in rule.when
        if isinstance(when, Since)
    ]


def _held(session: Session, rule_id: int) -> TicketRule:
    found = session.get(TicketRule, rule_id, with_for_update=True)
    if found is None:
        raise NotFound("no_such_rule", mark("There is no such rule."), "rule")
    return found


def _checked(session: Session, name: str, document: Any, mine: int | None) -> dict[str, Any]:
    if not name.strip():
        raise Invalid("name", mark("Give it a name."), "name")
    same = session.scalar(select(TicketRule.id).where(TicketRule.name == name.strip()))
    if same is not None and same != mine:
        raise Conflict("name_taken", mark("Another one has this name."), "name")
    return document_of_rule(read_draft(session, document, name.strip()))
