"""What a rule can do to a ticket, each through the action that a person would use."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from types import MappingProxyType

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from utility_crm.auth.tables import Team, TeamMember, User
from utility_crm.kit.errors import NotFound, Refused
from utility_crm.tasks.actions import add_task
from utility_crm.tickets.actions.changing import assign, change
from utility_crm.tickets.actions.talking import add_message, add_note
from utility_crm.tickets.actions.writing import held_alive
from utility_crm.tickets.care.house import house_words
from utility_crm.tickets.domain.life import SENT_BY_US
from utility_crm.tickets.domain.rules import Act, Rule
from utility_crm.tickets.macros.writing import macro_text
from utility_crm.tickets.routing.giving import give
from utility_crm.tickets.tables import Ticket
from utility_crm.web.words import mark

TASK_DUE = timedelta(days=1)


def do(session: Session, ticket_id: int, act: Act, rule: Rule, now: datetime) -> str:
    """Do it; what is to be said about it, "" for nothing. Raises CareError where it cannot be done."""
    return _DO[act.kind](session, ticket_id, act.value, rule, now)


def _reason(rule: Rule) -> str:
    return house_words()(mark("by the rule “%(rule)s”"), rule=rule.name)


def _set(field: str) -> _Do:
    def act(session: Session, ticket_id: int, value: str, rule: Rule, now: datetime) -> str:
        change(session, ticket_id, {field: value}, now=now, reason=_reason(rule))
        return ""

    return act


def _assign_person(session: Session, ticket_id: int, value: str, rule: Rule, now: datetime) -> str:
    assign(session, ticket_id, assignee_id=_person(session, value), now=now, reason=_reason(rule))
    return ""


def _assign_team(session: Session, ticket_id: int, value: str, rule: Rule, now: datetime) -> str:
    change(session, ticket_id, {"team_id": _team(session, value)}, now=now, reason=_reason(rule))
    return ""


def _route(session: Session, ticket_id: int, value: str, rule: Rule, now: datetime) -> str:
    team = None if value == "any" else _team(session, value)
    return give(session, ticket_id, now=now, team_id=team, reason=_reason(rule)).words


def _tags(add: bool) -> _Do:
    def act(session: Session, ticket_id: int, value: str, rule: Rule, now: datetime) -> str:
        tags = held_alive(session, ticket_id).tags
        wanted = [*tags, value] if add else [tag for tag in tags if tag != value.lower()]
        change(session, ticket_id, {"tags": wanted}, now=now, reason=_reason(rule))
        return ""

    return act


def _notify_person(session: Session, ticket_id: int, value: str, rule: Rule, now: datetime) -> str:
    login: str | None = value
    if value == "assignee":
        ticket = held_alive(session, ticket_id)
        login = session.scalar(select(User.login).where(User.id == ticket.assignee_id, User.active))
    return _notify(session, ticket_id, [] if login is None else [login], rule, now)


def _notify_team(session: Session, ticket_id: int, value: str, rule: Rule, now: datetime) -> str:
    members = select(User.login).join(TeamMember, TeamMember.user_id == User.id)
    logins = session.scalars(
        members.where(TeamMember.team_id == _team(session, value), User.active).order_by(User.login)
    )
    return _notify(session, ticket_id, list(logins), rule, now)


def _notify(session: Session, ticket_id: int, logins: list[str], rule: Rule, now: datetime) -> str:
    if not logins:
        raise Refused("nobody_to_tell", mark("There is nobody to tell."))
    add_note(session, ticket_id, text=f"{' '.join('@' + login for login in logins)} {_reason(rule)}", now=now)
    return ""


def _add_task(session: Session, ticket_id: int, value: str, rule: Rule, now: datetime) -> str:
    ticket = held_alive(session, ticket_id)
    assignee, team = ticket.assignee_id, ticket.team_id
    if assignee is None and team is None:
        raise Refused("nobodys_task", mark("The ticket is with nobody yet, so the task would be nobody's."))
    add_task(
        session, title=value[:200], due_at=now + TASK_DUE, now=now, by=None, assignee_id=assignee,
        team_id=team, customer_id=ticket.customer_id, ticket_id=ticket_id, note=_reason(rule),
    )  # fmt: skip
    return ""


def _add_note(session: Session, ticket_id: int, value: str, rule: Rule, now: datetime) -> str:
    add_note(session, ticket_id, text=f"{value}\n({_reason(rule)})", now=now)
    return ""


def _answer_with(session: Session, ticket_id: int, value: str, _rule: Rule, now: datetime) -> str:
    """A text that was written beforehand is no answer of ours: what they wait for, and since when, stays."""
    ticket = held_alive(session, ticket_id)
    words = macro_text(session, value, ticket.customer_id, ticket.language, now)
    if words.missing:
        names = ", ".join(words.missing)
        raise Refused(
            "figures_missing", mark("Not sent, these figures are not known: %(names)s."), names=names
        )
    channel = ticket.channel if ticket.channel in SENT_BY_US else "email"
    before = {"first_answered_at": ticket.first_answered_at, "waits_since": ticket.waits_since}
    session.info[STANDS_STILL] = before
    try:
        add_message(
            session, ticket_id, direction="out", text=words.text, channel=channel, now=now, then=ticket.status
        )
    finally:
        session.info.pop(STANDS_STILL, None)
    return ""


STANDS_STILL = "ticket_answer_by_machine"


def keep_waiting(session: Session, ticket_id: int) -> None:
    """After an answer by a rule: the first answer of a person is still owed."""
    before = session.info.get(STANDS_STILL)
    if before is not None:
        session.execute(update(Ticket).where(Ticket.id == ticket_id).values(**before))


def _person(session: Session, login: str) -> int:
    found = session.scalar(select(User.id).where(User.login == login, User.active))
    if found is None:
        raise NotFound("no_such_person", mark("%(login)s is not with us any more."), login=login)
    return found


def _team(session: Session, name: str) -> int:
    found = session.scalar(select(Team.id).where(Team.name == name))
    if found is None:
        raise NotFound("no_such_team", mark("There is no team %(name)s any more."), name=name)
    return found


_Do = Callable[[Session, int, str, Rule, datetime], str]
_DO: Mapping[str, _Do] = MappingProxyType(
    {
        "assign_person": _assign_person,
        "assign_team": _assign_team,
        "route": _route,
        "set_status": _set("status"),
        "set_priority": _set("priority"),
        "set_kind": _set("kind"),
        "add_tag": _tags(add=True),
        "remove_tag": _tags(add=False),
        "notify_person": _notify_person,
        "notify_team": _notify_team,
        "add_task": _add_task,
        "add_note": _add_note,
        "answer_with": _answer_with,
    }
)
