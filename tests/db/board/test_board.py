"""Figures of the board with known answers."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import delete, update
from sqlalchemy.orm import Session

from tests.conftest import NOW, TODAY
from tests.db.tickets.conftest import Care
from utility_crm.auth.queries import SignedIn, active_user
from utility_crm.board.domain.days import same_weekdays
from utility_crm.board.queries import colleagues, promises, queues
from utility_crm.board.today import Today, today_figures
from utility_crm.customers.tables import Contact
from utility_crm.telephony.tables import Call
from utility_crm.tickets.actions import add_message, set_status
from utility_crm.tickets.care.tables import TicketPolicy, TicketPromise, WorkingHours
from utility_crm.tickets.tables import Ticket, TicketPresence

HOURS = timedelta(hours=1)
MIDNIGHT = NOW.replace(hour=0, minute=0)
WEEK = timedelta(weeks=1)


@pytest.fixture
def greta(care: Care) -> SignedIn:
    """She sees the tickets of every team."""
    priya = active_user(care.session, care.priya)
    assert priya is not None
    return replace(priya, role="supervisor")


def put(session: Session, ticket_id: int, **columns: Any) -> None:
    session.execute(update(Ticket).where(Ticket.id == ticket_id).values(**columns))
    session.flush()


@pytest.fixture
def policy(session: Session) -> int:
    hours = WorkingHours(name="Always", zone="Europe/London", week=[[[0, 1440]]] * 7)
    session.add(hours)
    session.flush()
    one = TicketPolicy(
        position=900, name="An hour", first_answer_minutes=60, hours_id=hours.id, changed_at=NOW
    )
    session.add(one)
    session.flush()
    return one.id


def put_promise(session: Session, ticket_id: int, policy: int, **times: datetime | None) -> None:
    """The first answer's promise, as the clock left it."""
    session.execute(delete(TicketPromise).where(TicketPromise.ticket_id == ticket_id))
    made = {"goal_minutes": 60, "working": False, "stretches": []}
    session.add(TicketPromise(ticket_id=ticket_id, what="first_answer", policy_id=policy, **made, **times))
    session.flush()


def test_what_waits_by_team_and_kind(care: Care, greta: SignedIn) -> None:
    first = care.open(now=NOW - 5 * HOURS)
    second = care.open(now=NOW - 2 * HOURS)
    meter = care.open(kind="meter", now=NOW - HOURS)
    asleep, solved = care.open(), care.open()
    for one in (first, second, asleep, solved):
        put(care.session, one, team_id=care.team, assignee_id=None)
    put(care.session, second, assignee_id=care.omar, waits_since=None)
    put(care.session, meter, team_id=None, assignee_id=None)
    put(care.session, asleep, snoozed_until=NOW + HOURS)
    set_status(care.session, solved, "solved", now=NOW, by=care.omar)
    bills, nobodys = queues(care.session, greta, NOW)
    assert (bills.team, bills.kind, bills.open, bills.unassigned, bills.unanswered) == (
        "Bills", "billing", 2, 1, 1,
    )  # fmt: skip
    assert bills.oldest == NOW - 5 * HOURS
    assert (nobodys.team_id, nobodys.kind, nobodys.open, nobodys.unassigned) == (None, "meter", 1, 1)


def test_which_promises_break(care: Care, greta: SignedIn) -> None:
    late, soon, later, solved = (care.open() for _ in range(4))
    put(care.session, late, first_answer_due_at=NOW - HOURS, solve_due_at=NOW + 9 * HOURS)
    put(care.session, soon, first_answered_at=NOW - HOURS, first_answer_due_at=NOW - 3 * HOURS,
        solve_due_at=NOW + 59 * HOURS / 60)  # fmt: skip
    put(care.session, later, first_answer_due_at=NOW + 61 * HOURS / 60, solve_due_at=NOW + 90 * HOURS)
    set_status(care.session, solved, "solved", now=NOW, by=care.omar)
    put(care.session, solved, first_answer_due_at=NOW - HOURS)
    found = promises(care.session, greta, NOW)
    assert [(one.id, one.first) for one in found.rows] == [(late, True), (soon, False)]
    assert (found.broken, found.soon) == (1, 1)


def test_who_is_on_what(care: Care, greta: SignedIn) -> None:
    mine, other = care.open(), care.open()
    put(care.session, mine, assignee_id=care.priya, first_answer_due_at=NOW - HOURS, solve_due_at=None)
    put(care.session, other, assignee_id=care.priya, first_answer_due_at=None, solve_due_at=None)
    moment = timedelta(seconds=1)
    care.session.add_all([
        Call(provider_call="old", direction="in", state="answered", user_id=care.omar,
             began_at=NOW - 9 * HOURS, answered_at=NOW - 9 * HOURS),
        Call(provider_call="now", direction="in", state="held", user_id=care.priya, customer_id=care.margaret,
             began_at=NOW - 70 * moment, answered_at=NOW - 60 * moment),
        TicketPresence(ticket_id=mine, user_id=care.priya, doing="looking", seen_at=NOW - 30 * moment),
        TicketPresence(ticket_id=other, user_id=care.priya, doing="writing", seen_at=NOW - 3 * moment),
        TicketPresence(ticket_id=mine, user_id=care.omar, seen_at=NOW - 90 * moment),
        Contact(customer_id=care.margaret, at=NOW - HOURS, channel="call", topic="bill",
                author_id=care.priya),
        Contact(customer_id=care.margaret, at=MIDNIGHT - moment, channel="call", topic="bill",
                author_id=care.priya),
    ])  # fmt: skip
    care.session.flush()
    omar, priya = colleagues(care.session, greta, NOW, MIDNIGHT)
    assert (omar.name, omar.tickets, omar.busy, omar.contacts) == ("Omar Haddad", 0, False, 0)
    assert (priya.teams, priya.tickets, priya.late, priya.contacts) == (("Bills",), 2, 1, 1)
    assert (priya.call_since, priya.call_state, priya.caller) == (
        NOW - 60 * moment,
        "held",
        "Margaret Ashdown",
    )
    assert (priya.looks_at, priya.doing) == (other, "writing")


def figures(care: Care, who: SignedIn) -> Today:
    return today_figures(care.session, who, NOW, same_weekdays(NOW, TODAY, "Europe/London"))


def test_contacts_and_calls_of_today_beside_the_same_weekdays(care: Care, greta: SignedIn) -> None:
    def contact(at: datetime, resolved: bool | None) -> Contact:
        return Contact(customer_id=care.margaret, at=at, channel="call", topic="bill", resolved=resolved)

    def call(name: str, at: datetime, talked: int, held: int = 0, taken: bool = True) -> Call:
        return Call(
            provider_call=name, direction="in", state="ended", began_at=at, answered_at=at if taken else None,
            ended_at=at + timedelta(seconds=talked + held), talked_seconds=talked, held_seconds=held,
        )  # fmt: skip

    care.session.add_all([
        contact(NOW - HOURS, True), contact(NOW - HOURS, True), contact(NOW - HOURS, False),
        contact(NOW - HOURS, None), contact(NOW - WEEK - HOURS, True), contact(NOW - 2 * WEEK - HOURS, False),
        contact(NOW - WEEK + HOURS, False),  # later on that day than it is today
        contact(NOW - WEEK / 7, False),  # another weekday
        contact(NOW - 5 * WEEK - HOURS, False),
        call("a", NOW - HOURS, 100, 20), call("b", NOW - HOURS, 200), call("c", NOW - HOURS, 0, taken=False),
        call("d", NOW - WEEK - HOURS, 300),
    ])  # fmt: skip
    care.session.flush()
    found = figures(care, greta)
    assert (found.settled.part, found.settled.whole, found.settled.mean, found.settled.days) == (2, 3, 0.5, 2)
    assert (found.handled.value, found.handled.mean) == (160, 300)
    assert (found.missed.part, found.missed.whole, found.missed.mean) == (1, 3, 0)


def test_tickets_solved_and_opened_again(care: Care, greta: SignedIn) -> None:
    def solve(one: int, at: datetime) -> None:
        set_status(care.session, one, "solved", now=at, by=care.omar)

    once = care.open(now=NOW - 5 * HOURS)
    twice = care.open(now=NOW - 5 * HOURS)
    add_message(care.session, twice, direction="in", text="And?", channel="email", now=NOW - 4 * HOURS)
    again = care.open(now=NOW - 5 * HOURS)
    earlier = care.open(now=NOW - WEEK - 2 * HOURS)
    solve(earlier, NOW - WEEK - HOURS)
    for one in (once, twice, again):
        solve(one, NOW - 3 * HOURS)
    set_status(care.session, again, "open", now=NOW - 2 * HOURS, by=care.omar)
    solve(again, NOW - HOURS)
    ours = care.open(now=NOW - 5 * HOURS, direction="note", text="Look at the meter")
    solve(ours, NOW - HOURS)
    found = figures(care, greta)
    # A matter of ours, in which they said nothing, is none that one word of theirs solved.
    assert (found.first_word.part, found.first_word.whole, found.first_word.mean) == (1, 3, 1)
    assert (found.reopened.part, found.reopened.whole, found.reopened.mean) == (1, 4, 0)


def test_first_answers_in_time(care: Care, greta: SignedIn, policy: int) -> None:
    kept, late, missed, coming, earlier = (care.open() for _ in range(5))
    put_promise(care.session, kept, policy, due_at=NOW + HOURS, met_at=NOW - HOURS)
    put_promise(
        care.session, late, policy, due_at=NOW - 3 * HOURS, breached_at=NOW - 3 * HOURS, met_at=NOW - HOURS
    )
    put_promise(care.session, missed, policy, due_at=NOW - HOURS)  # the clock did not come by yet
    put_promise(care.session, coming, policy, due_at=NOW + HOURS)
    put_promise(care.session, earlier, policy, due_at=NOW - WEEK, met_at=NOW - WEEK - HOURS)
    found = figures(care, greta).in_time
    assert (found.part, found.whole, found.mean, found.days) == (1, 3, 1, 1)


def test_other_teams_and_areas_are_left_out(care: Care, greta: SignedIn) -> None:
    one = care.open(now=NOW - 2 * HOURS)
    put(care.session, one, team_id=care.team, assignee_id=care.priya, first_answer_due_at=NOW - HOURS)
    set_status(care.session, care.open(now=NOW - 2 * HOURS), "solved", now=NOW - HOURS, by=care.priya)
    elsewhere = replace(greta, area_ids=(987654,))
    other_team = replace(greta, id=care.omar, role="agent", team_ids=())
    for who in (elsewhere, other_team):
        assert one not in [row.id for row in promises(care.session, who, NOW).rows]
        assert not queues(care.session, who, NOW)
        assert [row.tickets for row in colleagues(care.session, who, NOW, MIDNIGHT)] == [0, 0]
    assert [row.id for row in promises(care.session, greta, NOW).rows] == [one]
    assert figures(care, greta).first_word.whole == 1
    assert figures(care, elsewhere).first_word.whole == 0
