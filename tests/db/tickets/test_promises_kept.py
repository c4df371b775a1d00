"""Promises on real tickets: they follow what happens, are warned about once, and what broke stays broken."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from tests.db.tickets.conftest import Care
from utility_crm.auth.tables import TeamMember
from utility_crm.customers.tables import CustomerFlag
from utility_crm.kit.errors import Conflict, Invalid
from utility_crm.tickets.actions import add_message, assign, merge, set_priority, set_status, split
from utility_crm.tickets.care.tables import TicketPromise
from utility_crm.tickets.sla.policies import (
    PolicyDraft,
    add_policy,
    change_policy,
    move_policy,
    policies,
    set_hours,
    switch_policy,
)
from utility_crm.tickets.sla.ticking import late_now, watch_promises
from utility_crm.tickets.tables import Ticket, TicketMention, TicketMessage

OFFICE = [*([(540, 1020)],) * 5, [], []]
FRIDAY = datetime(2026, 11, 20, 14, 42, tzinfo=UTC)


@pytest.fixture(autouse=True)
def promised(care: Care) -> int:
    """Urgent: an hour by the clock and four; everything else: four and sixteen working hours."""
    hours = set_hours(care.session, "Office", zone="Europe/London", week=OFFICE, country="GB")
    urgent = PolicyDraft(
        "Urgent", priorities=("urgent",), first_answer_minutes=60, first_answer_working=False,
        resolution_minutes=240, resolution_working=False,
    )  # fmt: skip
    rest = PolicyDraft("Rest", first_answer_minutes=240, resolution_minutes=960, warn_percent=50)
    add_policy(care.session, urgent, hours, now=care.now, by=care.priya)
    return add_policy(care.session, rest, hours, now=care.now, by=care.priya)


def of(care: Care, ticket_id: int, what: str) -> TicketPromise:
    care.session.expire_all()
    return care.session.get_one(TicketPromise, (ticket_id, what))


def notes(care: Care, ticket_id: int) -> list[str]:
    statement = select(TicketMessage.text).where(
        TicketMessage.ticket_id == ticket_id, TicketMessage.direction == "note"
    )
    return list(care.session.scalars(statement.order_by(TicketMessage.id)))


def test_due_times_stand_on_the_ticket(care: Care) -> None:
    ticket = care.session.get_one(Ticket, care.open())
    # Friday 14:42, four working hours: 17:00 and then Monday 10:42.
    assert ticket.first_answer_due_at == datetime(2026, 11, 23, 10, 42, tzinfo=UTC)
    assert ticket.solve_due_at == datetime(2026, 11, 24, 14, 42, tzinfo=UTC)


def test_the_clock_stands_still_while_we_wait_and_goes_on_when_they_write(care: Care) -> None:
    ticket_id = care.open()
    answer = {"direction": "out", "text": "Which meter?", "channel": "email", "by": care.priya}
    add_message(care.session, ticket_id, now=care.later(minutes=18), **answer)
    first, last = of(care, ticket_id, "first_answer"), of(care, ticket_id, "resolution")
    assert first.met_at == care.now and first.breached_at is None
    assert last.due_at is None and care.session.get_one(Ticket, ticket_id).solve_due_at is None
    back = {"direction": "in", "text": "The left one", "channel": "email"}
    add_message(care.session, ticket_id, now=care.later(days=7), **back)  # Friday 27th, 15:00
    # 18 minutes of 16 hours had gone: 2 hours on Friday, 8 on Monday, 5:42 on Tuesday.
    assert of(care, ticket_id, "resolution").due_at == datetime(2026, 12, 1, 14, 42, tzinfo=UTC)
    set_status(care.session, ticket_id, "solved", now=care.later(hours=1), by=care.priya)
    assert of(care, ticket_id, "resolution").met_at == care.now
    add_message(care.session, ticket_id, now=care.later(days=3), **back | {"text": "Still wrong"})
    assert of(care, ticket_id, "resolution").met_at is None
    assert of(care, ticket_id, "first_answer").met_at is not None


def test_another_priority_is_another_promise_from_the_same_beginning(care: Care) -> None:
    ticket_id = care.open()
    set_priority(care.session, ticket_id, "urgent", now=care.later(minutes=30), by=care.priya)
    assert of(care, ticket_id, "first_answer").due_at == FRIDAY + timedelta(hours=1)
    set_priority(care.session, ticket_id, "low", now=care.later(minutes=1), by=care.priya)
    assert of(care, ticket_id, "first_answer").due_at == datetime(2026, 11, 23, 10, 42, tzinfo=UTC)


def test_warned_and_broken_once_each_to_whom_it_concerns(care: Care) -> None:
    care.session.add(TeamMember(team_id=care.team, user_id=care.omar, leads=True))
    ticket_id = care.open(priority="urgent")
    assign(care.session, ticket_id, assignee_id=care.priya, team_id=care.team, now=care.now)
    assert "0 promises" in watch_promises(care.session, care.later(minutes=44))
    assert "1 promises to keep soon, 0 broken" in watch_promises(care.session, care.later(minutes=2))
    assert "0 promises to keep soon, 0 broken" in watch_promises(care.session, care.later(minutes=1))
    assert notes(care, ticket_id) == ["@priya The first answer is due soon: 20 Nov, 15:42."]
    assert "1 broken" in watch_promises(care.session, care.later(minutes=15))
    assert "0 broken" in watch_promises(care.session, care.later(minutes=15))
    assert notes(care, ticket_id)[1:] == ["@omar @priya The first answer is late: it was due 20 Nov, 15:42."]
    mentioned = care.session.scalars(select(TicketMention.user_id).order_by(TicketMention.user_id)).all()
    assert sorted(mentioned) == sorted([care.priya, care.priya, care.omar])
    broken = of(care, ticket_id, "first_answer")
    assert broken.breached_at == FRIDAY + timedelta(hours=1) and late_now(care.session, care.now) == 1
    answer = {"direction": "out", "text": "Sorry", "channel": "email", "by": care.priya}
    add_message(care.session, ticket_id, now=care.later(minutes=1), **answer)
    assert of(care, ticket_id, "first_answer").breached_at == FRIDAY + timedelta(hours=1)
    assert late_now(care.session, care.now) == 0


def test_what_broke_before_the_clock_came_by_is_broken_all_the_same(care: Care) -> None:
    ticket_id = care.open(priority="urgent")
    answer = {"direction": "out", "text": "Sorry", "channel": "email", "by": care.priya}
    add_message(care.session, ticket_id, now=care.later(minutes=61), **answer)
    kept = of(care, ticket_id, "first_answer")
    assert kept.met_at == care.now and kept.breached_at == FRIDAY + timedelta(hours=1)
    assert "0 promises to keep soon, 0 broken" in watch_promises(care.session, care.now)


def test_who_needs_care_has_a_promise_of_their_own(care: Care) -> None:
    flag = CustomerFlag(
        customer_id=care.margaret, kind="medical", consented_at=care.now, review_on=care.now.date()
    )
    care.session.add(flag)
    draft = PolicyDraft("Care", segments=("vulnerable",), first_answer_minutes=15, first_answer_working=False)
    hours = set_hours(care.session, "Office", zone="Europe/London", week=OFFICE, country="GB")
    made = add_policy(care.session, draft, hours, now=care.now, by=None)
    for _ in range(3):
        move_policy(care.session, made, up=True)
    assert [one.name for one in policies(care.session)] == ["Care", "Urgent", "Rest"]
    mine = care.open()
    assert of(care, mine, "first_answer").due_at == FRIDAY + timedelta(minutes=15)
    assert care.session.get(TicketPromise, (mine, "resolution")) is None
    assert of(care, care.open(customer_id=care.bakery), "first_answer").policy_id != made


def test_a_merged_ticket_owes_nothing(care: Care) -> None:
    one, other = care.open(), care.open(subject="Again")
    merge(care.session, other, one, now=care.later(minutes=1), by=care.priya)
    assert care.session.scalars(select(TicketPromise.ticket_id).distinct()).all() == [one]
    assert care.session.get_one(Ticket, other).first_answer_due_at is None


def test_words_that_are_split_off_have_waited_since_they_were_written(care: Care) -> None:
    ticket_id = care.open()
    said = add_message(
        care.session, ticket_id, direction="in", text="And my meter?", channel="email",
        now=care.later(minutes=18),
    )  # fmt: skip
    new = split(care.session, ticket_id, [said], subject="Meter", now=care.later(days=4), by=care.priya)
    # Friday 15:00, four working hours.
    assert of(care, new, "first_answer").due_at == datetime(2026, 11, 23, 11, 0, tzinfo=UTC)
    assert care.session.get_one(Ticket, new).first_answer_due_at == of(care, new, "first_answer").due_at


def test_merged_into_a_newer_ticket_it_is_due_as_before(care: Care) -> None:
    old = care.open()
    due = [of(care, old, what).due_at for what in ("first_answer", "resolution")]
    new = care.open(now=care.later(days=4))
    assert [of(care, new, what).due_at for what in ("first_answer", "resolution")] != due
    merge(care.session, old, new, now=care.later(minutes=1), by=care.priya)
    assert [of(care, new, what).due_at for what in ("first_answer", "resolution")] == due
    assert late_now(care.session, care.now) == 1


def test_what_was_answered_before_a_merge_brings_no_older_beginning(care: Care) -> None:
    old = care.open()
    answer = {"direction": "out", "text": "So", "channel": "email", "by": care.priya}
    add_message(care.session, old, now=care.later(hours=1), **answer)
    set_status(care.session, old, "solved", now=care.now, by=care.priya)
    new = care.open(now=care.later(days=4))
    due = [of(care, new, what).due_at for what in ("first_answer", "resolution")]
    merge(care.session, old, new, now=care.later(minutes=1), by=care.priya)
    assert [of(care, new, what).due_at for what in ("first_answer", "resolution")] == due


def test_policies_are_checked_and_switched(care: Care, promised: int) -> None:
    with pytest.raises(Invalid) as nothing:
        change_policy(care.session, promised, PolicyDraft("Rest"), now=care.now, by=None)
    assert nothing.value.code == "nothing_promised"
    with pytest.raises(Conflict):
        draft = PolicyDraft("Urgent", first_answer_minutes=5)
        change_policy(care.session, promised, draft, now=care.now, by=None)
    with pytest.raises(Invalid):
        set_hours(care.session, "Never", zone="Europe/London", week=[[]] * 7)
    switch_policy(care.session, promised, False, now=care.now, by=None)
    ticket_id = care.open()
    assert care.session.get(TicketPromise, (ticket_id, "first_answer")) is None
