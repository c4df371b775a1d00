"""Giving a ticket to somebody: the people as they are, the choice, and what is said about it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from utility_crm.auth.sign_ins import signed_in_people
from utility_crm.auth.tables import User
from utility_crm.kit.errors import Invalid, NotFound
from utility_crm.kit.settings import settings
from utility_crm.tickets.actions.changing import assign
from utility_crm.tickets.actions.writing import held_alive
from utility_crm.tickets.care.house import house_words
from utility_crm.tickets.care.tables import TicketTaker
from utility_crm.tickets.domain.routing import Choice, Person, Wanted, chosen
from utility_crm.tickets.words import KIND_WORDS
from utility_crm.web.formats import locale
from utility_crm.web.words import mark, translator

_TURNS = 36
_PEOPLE = text("""
    select u.id, u.name, u.languages, u.skills, k.capacity, k.present, k.given_at,
           coalesce((select array_agg(m.team_id) from team_members m where m.user_id = u.id), '{}') as teams,
           (select count(*) from tickets t
            where t.assignee_id = u.id and t.status not in ('solved', 'closed', 'waiting')) as open_tickets
    from ticket_takers k join users u on u.id = k.user_id
    where u.active order by u.id
""")


@dataclass(frozen=True, slots=True)
class Given:
    """Who got it, None for nobody; and why, in the language of the house."""

    user_id: int | None
    words: str


def people(session: Session) -> tuple[Person, ...]:
    """Everybody who is given tickets; there is who is signed in, unless they are to be given none just now.
    Everybody speaks the language of the house."""
    house, here = settings().language, signed_in_people(session)
    return tuple(
        Person(
            row.id, row.name, frozenset({house, *row.languages}), frozenset(row.skills), frozenset(row.teams),
            row.open_tickets, row.capacity, row.present and row.id in here, row.given_at,
        )
        for row in session.execute(_PEOPLE)
    )  # fmt: skip


def wanted_by(kind: str, language: str, team_id: int | None, those: Sequence[Person]) -> Wanted:
    """What a ticket asks for. Its kind is a skill where anybody at all is said to have that skill."""
    skill = kind if any(kind in one.skills for one in those) else ""
    return Wanted(language[:2].lower(), skill, team_id)


def give(
    session: Session, ticket_id: int, *, now: datetime, by: int | None = None, team_id: int | None = None,
    reason: str = "",
) -> Given:  # fmt: skip
    """Give a ticket to whom it suits best, within its team (or `team_id`); it stays in its queue where nobody
    suits. One that somebody has stays with them.

    Turns are taken by one decision at a time. Nobody waits for it, since who gives may hold tickets that the
    other needs: where another decision is under way, the choice is made as things stand, and is no turn.
    """
    ticket = held_alive(session, ticket_id)
    _ = house_words()
    if ticket.assignee_id is not None:
        return Given(ticket.assignee_id, _("somebody has it already"))
    turn = bool(session.scalar(select(func.pg_try_advisory_xact_lock(_TURNS))))
    those = people(session)
    team = team_id if team_id is not None else ticket.team_id
    choice = chosen(those, wanted_by(ticket.kind, ticket.language, team, those))
    words = in_words(choice)
    if choice.person is None:
        return Given(None, words)
    said = f"{reason}: {words}" if reason else words
    assign(session, ticket_id, assignee_id=choice.person.id, team_id=team, now=now, by=by, reason=said)
    if turn:  # else the row may be held by whose turn it is
        session.execute(
            update(TicketTaker).where(TicketTaker.user_id == choice.person.id).values(given_at=now)
        )
    return Given(choice.person.id, words)


def in_words(choice: Choice, language: str = "") -> str:
    """The reasons as one phrase, in a language, or that of the house: "speaks Russian, has 3 open"."""
    spoken = language or settings().language
    _ = translator(spoken, "utility_crm.tickets")

    def shown(name: str, value: str | int) -> str:
        if name == "language":
            return str(locale(spoken).languages.get(str(value), value))
        return _(KIND_WORDS[str(value)]).lower() if value in KIND_WORDS else str(value)

    return ", ".join(
        _(one.words, **{name: shown(name, value) for name, value in one.values.items()})
        if one.values
        else _(one.words)
        for one in choice.reasons
    )


def set_taker(session: Session, user_id: int, *, capacity: int, present: bool) -> None:
    """Whether somebody is given tickets while they are signed in, and how many open ones at most. Raises
    Invalid, NotFound."""
    if not 1 <= capacity <= 500:
        raise Invalid("capacity", mark("From 1 to 500 tickets at once."), "capacity")
    if session.scalar(select(User.id).where(User.id == user_id, User.active)) is None:
        raise NotFound("no_such_person", mark("There is no such person."), "user")
    made = insert(TicketTaker).values(user_id=user_id, capacity=capacity, present=present)
    again = {"capacity": capacity, "present": present}
    session.execute(made.on_conflict_do_update(index_elements=[TicketTaker.user_id], set_=again))
