"""The page of care: supervisors add, change, order, switch off and try what happens by itself."""

from __future__ import annotations

import json

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session
from starlette.testclient import TestClient

from tests.db.tickets.conftest import Care
from tests.web.conftest import MakeClient
from utility_crm.auth.sign_ins import begin_sign_in
from utility_crm.tickets.care.tables import TicketMacro, TicketPolicy, TicketRule, TicketTaker
from utility_crm.tickets.macros.writing import keep_macro
from utility_crm.tickets.tables import Ticket, TicketMessage


@pytest.fixture
def lead(make_client: MakeClient) -> TestClient:
    client = make_client("supervisor")
    client.follow_redirects = True
    return client


def test_it_begins_with_the_usual_once_and_is_for_supervisors(
    make_client: MakeClient, lead: TestClient, session: Session
) -> None:
    assert make_client("agent").get("/care").status_code == 403
    empty = lead.get("/care")
    assert empty.status_code == 200 and "Begin with the usual" in empty.text
    assert "Power is off" in lead.post("/care/usual").text
    kept = [len(session.scalars(select(table)).all()) for table in (TicketPolicy, TicketRule, TicketMacro)]
    assert kept == [6, 8, 9]
    assert "Nothing changed" in lead.post("/care/usual").text
    for ask, word in (
        ("rules", "Hand out"),
        ("answers", "What is owed now"),
        ("people", "Priya Nair"),
        ("did", ""),
    ):
        page = lead.get(f"/care?ask={ask}")
        assert page.status_code == 200 and word in page.text
    russian = make_client("admin", language="ru").get("/care?ask=rules")
    assert russian.status_code == 200 and "Что происходит само?" in russian.text


def test_a_promise_is_added_changed_moved_and_switched_off(lead: TestClient, session: Session) -> None:
    lead.post("/care/usual")
    form = {
        "name": "Night", "first_answer": "30 min", "first_clock": "yes", "resolution": "4 h",
        "warn_percent": "80", "kinds": ["outage", "meter"],
    }  # fmt: skip
    assert "Night" in lead.post("/care/promises/new", data=form).text
    row = session.scalars(select(TicketPolicy).where(TicketPolicy.name == "Night")).one()
    assert (row.first_answer_minutes, row.first_answer_working, row.resolution_minutes) == (30, False, 240)
    assert row.kinds == ["outage", "meter"] and row.position == 7
    assert lead.get(f"/care?ask=promises&row={row.id}").status_code == 200
    wrong = lead.post(f"/care/promises/{row.id}", data=form | {"first_answer": "soon", "resolution": ""})
    assert wrong.status_code == 422 and "Write it as 30 min or 4 h." in wrong.text
    lead.post(f"/care/promises/{row.id}/move", data={"way": "up"})
    lead.post(f"/care/promises/{row.id}/switch", data={"active": "no"})
    session.refresh(row)
    assert (row.position, row.active) == (6, False)
    assert lead.get("/care?ask=promises&row=999999").status_code == 404


def test_a_rule_is_tried_before_it_is_kept_and_its_mistakes_are_named(
    lead: TestClient, session: Session, care: Care
) -> None:
    ticket_id = care.open(text="I want a refund")
    good = {
        "when": ["opened"],
        "if": {"field": "text", "contains": "refund"},
        "then": [{"add_tag": "refund"}],
    }
    typed = json.dumps(good)
    tried = lead.post("/care/rules/new", data={"name": "Refunds", "document": typed, "try": "yes"})
    assert tried.status_code == 200 and "It would have acted on one ticket" in tried.text
    number = session.get_one(Ticket, ticket_id).number
    assert number in tried.text and session.scalar(select(TicketRule)) is None
    broken = json.dumps(good | {"then": [{"assign_team": "Nowhere"}], "if": {"field": "colour", "is": "red"}})
    refused = lead.post("/care/rules/new", data={"name": "Refunds", "document": broken})
    assert refused.status_code == 422
    assert "then[0].assign_team" in refused.text and "if.field" in refused.text
    unread = lead.post("/care/rules/new", data={"name": "Refunds", "document": "{\n  oops"})
    assert unread.status_code == 422 and "Line 2, place 3" in unread.text
    assert "Refunds" in lead.post("/care/rules/new", data={"name": "Refunds", "document": typed}).text
    care.open(text="A refund, please")
    did = lead.get("/care?ask=did").text
    assert "put on the tag “refund”" in did and "a ticket is opened" in did


def test_a_rule_is_read_as_a_sentence_and_changed_in_lines(
    make_client: MakeClient, lead: TestClient, session: Session, care: Care
) -> None:
    lead.post("/care/usual")
    page = lead.get("/care?ask=rules").text
    assert "then give it high priority; put on the tag “care”." in page and "set_priority" not in page
    russian = make_client("admin", language="ru").get("/care?ask=rules").text
    assert "Сначала те, кому нужна забота" in russian and "добавить метку «care»" in russian
    row = session.scalars(select(TicketRule).where(TicketRule.name == "Who needs care comes first")).one()
    path = f"/care/rules/{row.id}"
    shown = lead.get(f"/care?ask=rules&row={row.id}").text
    assert 'value="low priority, usual priority"' in shown
    lines = {
        "name": "Care first", "when_opened": "yes", "together": "all", "since": "message_in",
        "since_long": "4 h", "field_0": "vulnerable", "how_0": "is", "value_0": "yes", "field_2": "kind",
        "how_2": "not", "value_2": "Move, something ELSE", "act_0": "set_priority",
        "with_0": "Urgent priority", "act_1": "assign_team", "with_1": "Bills",
    }  # fmt: skip
    wrong = lead.post(path, data=lines | {"value_0": "perhaps"})
    assert wrong.status_code == 422 and "Write yes or no." in wrong.text
    assert 'value="Urgent priority"' in wrong.text
    unknown = lead.post(path, data=lines | {"with_1": "Nowhere"})
    assert unknown.status_code == 422 and "Nowhere is none of" in unknown.text
    tried = lead.post(path, data=lines | {"try": "yes"})
    assert tried.status_code == 200 and "nothing was changed" in tried.text
    session.refresh(row)
    assert row.name == "Who needs care comes first"
    assert lead.post(path, data=lines).status_code == 200
    session.refresh(row)
    assert row.name == "Care first"
    assert row.document == {
        "when": ["opened", {"since": "message_in", "minutes": 240}],
        "if": {
            "all": [
                {"field": "vulnerable", "is": True},
                {"not": {"field": "kind", "in": ["move", "other"]}},
            ]
        },
        "then": [{"set_priority": "urgent"}, {"assign_team": "Bills"}],
    }


def test_an_answer_is_refused_with_its_place(lead: TestClient, session: Session) -> None:
    form = {"key": "hello", "title": "Hello", "text_en": "Dear {{ name }},\n{{ shoe size }}", "text_ru": ""}
    refused = lead.post("/care/answers/new", data=form)
    assert (
        refused.status_code == 422 and "Line 2, place 1: nobody offers the figure shoe size." in refused.text
    )
    kept = lead.post("/care/answers/new", data=form | {"text_en": "Dear {{ name }},"})
    assert kept.status_code == 200 and "hello" in kept.text
    row = session.scalars(select(TicketMacro)).one()
    assert row.texts == {"en": "Dear {{ name }},"}


def test_who_is_given_tickets(lead: TestClient, session: Session, care: Care) -> None:
    assert (
        lead.post(f"/care/people/{care.priya}", data={"capacity": "7", "present": "yes"}).status_code == 200
    )
    taker = session.get_one(TicketTaker, care.priya)
    assert (taker.capacity, taker.present) == (7, True)
    assert "0 people are given tickets now." in lead.get("/care?ask=people").text
    begin_sign_in(session, care.priya, session.execute(select(func.now())).scalar_one())
    assert "One person is given tickets now." in lead.get("/care?ask=people").text
    assert lead.post(f"/care/people/{care.priya}", data={"capacity": "0"}).status_code == 422


def test_a_ready_answer_is_put_in_with_their_figures_and_a_gap_keeps_it_from_being_sent(
    make_client: MakeClient, session: Session, care: Care
) -> None:
    agent = make_client("agent")
    agent.follow_redirects = True
    texts = {"en": "Dear {{ name }}, your account is {{ account number }}."}
    keep_macro(session, None, key="account", title="Their account", texts=texts, now=care.now, by=None)
    path = f"/tickets/{session.get_one(Ticket, care.open()).number}"
    assert "Their account" in agent.get(path).text
    put = agent.post(f"{path}/macro", data={"macro": "account", "text": "Hello.", "channel": "email"})
    assert put.status_code == 200
    assert "Hello.\n\nDear Margaret Ashdown, your account is A1." in put.text
    other = f"/tickets/{session.get_one(Ticket, care.open(customer_id=care.bakery)).number}"
    gap = agent.post(f"{other}/macro", data={"macro": "account", "text": "", "channel": "email"})
    assert gap.status_code == 422 and "these figures are not known: account number" in gap.text
    for text in ("Your account is ‹account number›.", "Your account is {{ account number }}."):
        refused = agent.post(
            f"{other}/answer", data={"text": text, "channel": "email", "then": "waiting", "form_key": "k1"}
        )
        assert refused.status_code == 422 and "account number" in refused.text
    assert session.scalar(select(TicketMessage.id).where(TicketMessage.direction == "out")) is None
    assert agent.post(f"{other}/macro", data={"macro": "nothing"}).status_code == 422


def test_a_ready_answer_is_sent_from_the_customers_page_once(
    make_client: MakeClient, session: Session, care: Care
) -> None:
    agent = make_client("agent")
    agent.follow_redirects = True
    texts = {"en": "Dear {{ name }}."}
    keep_macro(session, None, key="hello", title="Hello", texts=texts, now=care.now, by=None)
    path = f"/customers/{care.margaret}"
    assert "Ready answers" in agent.get(f"{path}/acts/s", headers={"HX-Request": "true"}).text
    came = {"do": "s", "ask": "said", "form_key": "once-only", "channel": "email"}
    put = agent.post(f"{path}/answers/ready", data=came | {"macro": "hello"})
    assert put.status_code == 200 and "Dear Margaret Ashdown." in put.text
    sent = came | {"subject": "Hello", "text": "Dear Margaret Ashdown."}
    for words in ("The answer is on its way", "nothing was sent twice"):
        assert words in agent.post(f"{path}/answers", data=sent).text
    out = session.scalars(select(TicketMessage).where(TicketMessage.direction == "out")).one()
    assert out.text == "Dear Margaret Ashdown."
    gap = agent.post(f"{path}/answers", data=sent | {"text": "{{ balance }}", "form_key": "another"})
    assert gap.status_code == 422 and "balance" in gap.text
