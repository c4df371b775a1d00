"""Rules on real tickets: what happens, then what is done, once, and never for ever."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select

from tests.db.tickets.conftest import Care
from utility_crm.auth.door_tables import SignIn
from utility_crm.auth.sign_ins import begin_sign_in, end_sign_in
from utility_crm.auth.tables import Team, User
from utility_crm.kit.errors import Conflict
from utility_crm.tasks.tables import Task
from utility_crm.tickets.actions import add_message, add_note, assign, change, set_status
from utility_crm.tickets.care.tables import TicketRuleRun
from utility_crm.tickets.macros.writing import keep_macro
from utility_crm.tickets.routing.again import route_again
from utility_crm.tickets.routing.giving import give, set_taker
from utility_crm.tickets.rules.dry_run import would_have_touched
from utility_crm.tickets.rules.running import run_due
from utility_crm.tickets.rules.store import (
    RuleWrong,
    add_rule,
    change_rule,
    kept_rules,
    move_rule,
    read_draft,
    switch_rule,
)
from utility_crm.tickets.tables import Ticket, TicketEventRow, TicketMessage


def a_rule(care: Care, name: str, when: list[Any], then: list[dict[str, str]], condition: Any = None) -> int:
    document: dict[str, Any] = {"when": when, "then": then}
    if condition is not None:
        document["if"] = condition
    return add_rule(care.session, name, document, now=care.now, by=care.priya)


def row(care: Care, ticket_id: int) -> Ticket:
    care.session.expire_all()
    return care.session.get_one(Ticket, ticket_id)


def did(care: Care) -> list[tuple[int, str, list[Any]]]:
    statement = select(TicketRuleRun.rule_id, TicketRuleRun.event, TicketRuleRun.did)
    return [tuple(one) for one in care.session.execute(statement.order_by(TicketRuleRun.id))]


def test_a_rule_acts_upon_what_happened_and_says_that_it_did(care: Care) -> None:
    a_rule(
        care, "Dark", ["opened"],
        [{"set_kind": "outage"}, {"set_priority": "urgent"}, {"assign_team": "Bills"}, {"add_tag": "Dark"}],
        {"field": "text", "contains": ["dark", "темно"]},
    )  # fmt: skip
    quiet = care.open()
    dark = row(care, care.open(text="Everything is DARK here"))
    assert (dark.kind, dark.priority, dark.team_id, dark.tags) == ("outage", "urgent", care.team, ["dark"])
    assert row(care, quiet).kind == "billing"
    reasons = care.session.scalars(
        select(TicketEventRow.reason).where(
            TicketEventRow.ticket_id == dark.id, TicketEventRow.kind == "changed"
        )
    ).all()
    assert reasons == ["by the rule “Dark”"] * 4
    assert [event for _, event, _ in did(care)] == ["opened"]


def test_two_rules_do_not_play_ball_and_each_acts_once_a_change(care: Care) -> None:
    up = a_rule(care, "Up", ["priority_changed"], [{"set_priority": "high"}])
    down = a_rule(care, "Down", ["priority_changed"], [{"set_priority": "low"}])
    ticket_id = care.open()
    change(care.session, ticket_id, {"priority": "normal"}, now=care.later(minutes=1), by=care.priya)
    assert did(care) == []  # nothing changed
    change(care.session, ticket_id, {"priority": "urgent"}, now=care.later(minutes=1), by=care.priya)
    assert [rule for rule, _, _ in did(care)] == [up, down]
    assert row(care, ticket_id).priority == "low"


def test_what_cannot_be_done_is_noted_and_the_rest_is_done(care: Care) -> None:
    keep_macro(
        care.session, None, key="debt", title="Debt", texts={"en": "You owe {{ account number }}."},
        now=care.now, by=None,
    )  # fmt: skip
    a_rule(
        care, "Tell", ["opened"], [{"answer_with": "debt"}, {"add_task": "Call back"}, {"add_tag": "told"}]
    )
    ticket_id = care.open(customer_id=care.bakery)  # has no account
    assert row(care, ticket_id).tags == ["told"]
    acts = did(care)[0][2]
    assert acts[0]["refused"] == "Not sent, these figures are not known: account number."
    assert "nobody's" in acts[1]["refused"] and acts[2] == {"add_tag": "told"}
    assert care.session.scalar(select(TicketMessage).where(TicketMessage.direction == "out")) is None


def test_an_answer_by_a_rule_is_not_our_first_answer(care: Care) -> None:
    texts = {"en": "Dear {{ name }}, we have it.", "ru": "{{ name }}, получили."}
    keep_macro(care.session, None, key="got", title="Got it", texts=texts, now=care.now, by=None)
    a_rule(care, "Confirm", ["opened"], [{"answer_with": "got"}], {"field": "channel", "is": "email"})
    ticket = row(care, care.open(language="ru"))
    assert ticket.status == "new" and ticket.first_answered_at is None and ticket.waits_since == care.now
    sent = care.session.scalars(select(TicketMessage.text).where(TicketMessage.direction == "out")).all()
    assert sent == ["Margaret Ashdown, получили."]


def test_tasks_notes_and_people_are_told(care: Care) -> None:
    then = [{"assign_person": "omar"}, {"add_task": "Call them"}, {"add_note": "They are angry"},
            {"notify_person": "assignee"}, {"notify_team": "Bills"}]  # fmt: skip
    a_rule(care, "All of it", ["message_in"], then)
    ticket_id = care.open()
    assert row(care, ticket_id).assignee_id is None
    add_message(
        care.session, ticket_id, direction="in", text="Hello?", channel="email", now=care.later(minutes=1)
    )
    assert row(care, ticket_id).assignee_id == care.omar
    task = care.session.scalars(select(Task)).one()
    assert (task.title, task.assignee_id, task.ticket_id) == ("Call them", care.omar, ticket_id)
    notes = care.session.scalars(
        select(TicketMessage.text).where(TicketMessage.direction == "note").order_by(TicketMessage.id)
    ).all()
    told = "by the rule “All of it”"
    assert notes == [f"They are angry\n({told})", f"@omar {told}", f"@priya {told}"]


def test_time_since_acts_once_for_each_word_and_not_for_what_was_before_the_rule(care: Care) -> None:
    old = care.open(subject="Old")
    care.later(hours=5)
    a_rule(
        care, "Waits", [{"since": "message_in", "minutes": 240}], [{"set_priority": "high"}],
        {"field": "status", "in": ["new", "open"]},
    )  # fmt: skip
    new = care.open(subject="New")
    assert "0 tickets" in run_due(care.session, care.later(hours=3, minutes=59))
    assert "1 tickets" in run_due(care.session, care.later(minutes=1))
    assert "0 tickets" in run_due(care.session, care.later(hours=9))
    assert row(care, new).priority == "high" and row(care, old).priority == "normal"
    add_message(care.session, new, direction="in", text="?", channel="email", now=care.later(minutes=1))
    change(care.session, new, {"priority": "low"}, now=care.now, by=care.priya)
    assert "1 tickets" in run_due(care.session, care.later(hours=4))
    add_message(care.session, new, direction="in", text="??", channel="email", now=care.later(minutes=1))
    set_status(care.session, new, "waiting", now=care.now, by=care.priya)
    assert "0 tickets" in run_due(care.session, care.later(hours=4))


def test_rules_are_ordered_switched_and_refused(care: Care) -> None:
    one = a_rule(care, "One", ["opened"], [{"add_tag": "one"}])
    two = a_rule(care, "Two", ["opened"], [{"add_tag": "two"}])
    move_rule(care.session, two, up=True)
    assert [kept.id for kept in kept_rules(care.session)] == [two, one]
    switch_rule(care.session, one, False, now=care.now, by=None)
    assert row(care, care.open()).tags == ["two"]
    with pytest.raises(Conflict):
        a_rule(care, "One", ["opened"], [{"add_tag": "x"}])
    with pytest.raises(RuleWrong) as wrong:
        change_rule(care.session, one, "One", {"when": ["opened"], "then": [{"assign_team": "Gone"}]},
                    now=care.now, by=None)  # fmt: skip
    assert [mistake.place for mistake in wrong.value.mistakes] == ["then[0].assign_team"]


def test_a_rule_that_names_what_is_gone_stands_still_and_says_so(care: Care) -> None:
    care.session.add(Team(name="Night"))
    care.session.flush()
    a_rule(care, "To the night", ["opened"], [{"assign_team": "Night"}])
    care.session.query(Team).filter(Team.name == "Night").delete()
    assert row(care, care.open()).team_id is None
    assert [str(one) for one in kept_rules(care.session)[0].broken] == [
        "then[0].assign_team: Night is none of: Bills."
    ]


def test_a_dry_run_sees_tickets_as_they_were_then(care: Care) -> None:
    ticket_id = care.open(text="It is dark")
    other = care.open(text="All is well")
    change(care.session, ticket_id, {"priority": "urgent"}, now=care.later(minutes=5), by=care.priya)
    add_note(care.session, other, text="nothing", now=care.now, by=care.priya)
    normal = {"field": "priority", "is": "normal"}
    draft = read_draft(care.session, {"when": ["opened"], "if": normal, "then": [{"add_tag": "x"}]})
    assert {one.ticket_id for one in would_have_touched(care.session, draft, care.now)} == {ticket_id, other}
    changed = {"when": ["priority_changed"], "if": normal, "then": [{"add_tag": "x"}]}
    assert would_have_touched(care.session, read_draft(care.session, changed), care.now) == []
    urgent = changed | {"if": {"field": "priority", "is": "urgent"}}
    touched = would_have_touched(care.session, read_draft(care.session, urgent), care.now)
    assert [(one.ticket_id, one.event, one.at) for one in touched] == [
        (ticket_id, "priority_changed", care.now)
    ]
    waits = {"when": [{"since": "opened", "minutes": 60}], "then": [{"add_tag": "x"}]}
    assert would_have_touched(care.session, read_draft(care.session, waits), care.now) == []
    later = would_have_touched(care.session, read_draft(care.session, waits), care.later(hours=2))
    assert {one.ticket_id for one in later} == {ticket_id, other}
    assert row(care, ticket_id).tags == [] and did(care) == []


def comes(care: Care, user_id: int, ago: timedelta = timedelta()) -> int:
    """Somebody signs in; sign-ins hold by the real clock, whatever day a test pretends."""
    there = care.session.execute(select(func.now())).scalar_one() - ago
    begin_sign_in(care.session, user_id, there)
    return care.session.scalars(select(SignIn.id).order_by(SignIn.id.desc()).limit(1)).one()


def goes(care: Care, sign_in_id: int) -> None:
    now = care.session.execute(select(func.now())).scalar_one()
    assert end_sign_in(care.session, sign_in_id, now, "signed_out")


def test_a_ticket_goes_to_whom_it_suits_and_says_why(care: Care) -> None:
    people = {user.login: user for user in care.session.scalars(select(User))}
    people["priya"].languages, people["omar"].skills = ["en", "ru"], ["billing"]
    for login in ("priya", "omar"):
        set_taker(care.session, people[login].id, capacity=2, present=True)
        comes(care, people[login].id)
    a_rule(care, "Hand out", ["opened"], [{"route": "any"}])
    assert row(care, care.open()).assignee_id == care.omar
    russian = care.open(kind="other", language="ru")
    assert row(care, russian).assignee_id == care.priya
    reason = care.session.scalars(
        select(TicketEventRow.reason).where(
            TicketEventRow.ticket_id == russian, TicketEventRow.kind == "changed"
        )
    ).one()
    assert reason == "by the rule “Hand out”: speaks Russian, has 0 open, nobody else could"
    stays = care.open(language="ru")  # billing is a skill, and nobody has both
    assert row(care, stays).assignee_id is None
    assert did(care)[-1][2] == [{"route": "any", "came": "nobody there has the skill “bill or payment”"}]
    set_taker(care.session, care.omar, capacity=2, present=False)
    assert give(care.session, care.open(), now=care.later(minutes=1)).words == "nobody who could is there now"


def test_equals_take_turns(care: Care) -> None:
    for user_id in (care.priya, care.omar):
        set_taker(care.session, user_id, capacity=50, present=True)
        comes(care, user_id)
    a_rule(care, "Hand out", ["opened"], [{"route": "any"}])
    got = []
    for _ in range(6):
        care.now += timedelta(minutes=1)
        got.append(row(care, care.open()).assignee_id)
    assert got == [care.priya, care.omar] * 3


def test_what_nobody_could_take_at_night_is_handed_out_in_the_morning(care: Care) -> None:
    set_taker(care.session, care.priya, capacity=2, present=True)
    a_rule(care, "Hand out", ["opened"], [{"route": "any"}], {"field": "kind", "is": "billing"})
    usual, urgent, last = care.open(), care.open(priority="urgent"), care.open()
    unasked = care.open(kind="meter")
    tickets = (usual, urgent, last, unasked)
    assert did(care)[-1][2] == [{"route": "any", "came": "nobody who could is there now"}]
    assert route_again(care.session, care.later(hours=1)).startswith("0 ")
    comes(care, care.priya, ago=timedelta(days=3))  # long ended
    assert route_again(care.session, care.later(hours=1)).startswith("0 ")
    came = comes(care, care.priya)
    assert route_again(care.session, care.later(hours=9)).startswith("2 ")
    assert [row(care, one).assignee_id for one in tickets] == [care.priya, care.priya, None, None]
    reason = care.session.scalars(
        select(TicketEventRow.reason).where(
            TicketEventRow.ticket_id == urgent, TicketEventRow.after.has_key("assignee_id")
        )
    ).one()
    assert reason == "by the rule “Hand out”: speaks English, has 0 open, nobody else could"
    # Room again: but not for what a person took away from them.
    assign(care.session, usual, assignee_id=None, now=care.later(minutes=1), by=care.omar)
    assert route_again(care.session, care.later(minutes=1)).startswith("1 ")
    assert [row(care, one).assignee_id for one in tickets] == [None, care.priya, care.priya, None]
    set_status(care.session, last, "solved", now=care.now, by=care.priya)
    goes(care, came)
    late = care.open()
    assert row(care, late).assignee_id is None
    assert route_again(care.session, care.later(minutes=1)).startswith("0 ")


def test_who_is_to_be_given_none_is_given_none_though_they_are_there(care: Care) -> None:
    comes(care, care.priya)
    set_taker(care.session, care.priya, capacity=9, present=False)
    assert give(care.session, care.open(), now=care.now).user_id is None
    set_taker(care.session, care.priya, capacity=9, present=True)
    assert give(care.session, care.open(), now=care.now).user_id == care.priya
