"""The room of surveys: what was said, the plan and its changes, who is next, who was not asked."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from sqlalchemy.orm import Session

from tests.db.tickets.conftest import Care
from tests.web.conftest import MakeClient
from tests.web.surveys.conftest import sent
from utility_crm.surveys.answering import answer
from utility_crm.surveys.domain.plans import USUAL, Rule
from utility_crm.surveys.plan_store import kept_plan
from utility_crm.surveys.tables import Survey
from utility_crm.tickets.actions import add_message, set_status
from utility_crm.tickets.domain.numbers import number_of
from utility_crm.web.visit import present


def words(page: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", page).split())


def test_what_they_said(make_client: MakeClient, care: Care, session: Session) -> None:
    client = make_client("supervisor")
    assert "Nobody was asked in these days." in words(client.get("/surveys").text)
    good, bad, quiet = sent(care), sent(care), sent(care)
    answer(session, good.id, 5, "", present())
    answer(session, bad.id, 1, "Nobody called me back", present())
    page = words(client.get("/surveys").text)
    assert "2 of 3 customers answered, one of them badly." in page and "Nobody called me back" in page
    only = client.get("/surveys?which=bad").text
    assert number_of(bad.ticket_id) in only and number_of(good.ticket_id) not in only
    assert number_of(quiet.ticket_id) not in words(client.get("/surveys?which=all").text)


def test_who_is_next_and_who_was_not_asked(make_client: MakeClient, care: Care, session: Session) -> None:
    client, now = make_client("supervisor"), present()
    ticket = care.open(now=now - timedelta(days=2))
    add_message(
        session, ticket, direction="out", channel="call", text="The cold.", by=care.omar,
        now=now - timedelta(days=2),
    )  # fmt: skip
    set_status(session, ticket, "solved", now=now - timedelta(hours=25), by=care.omar)
    page = words(client.get("/surveys?ask=next").text)
    assert "Nobody would be asked now, one would not." in page and "we have no address to send it to" in page
    sent(care, state="not_asked", reason="no_consent", sent_at=None)
    sent(care, state="withdrawn", reason="reopened", sent_at=None)
    page = words(client.get("/surveys?ask=not").text)
    assert "Of 2 tickets the customer was not asked." in page
    assert re.search(r"they did not agree to be asked 1 50 %", page)
    assert session.query(Survey).filter(Survey.ticket_id == ticket).count() == 0, "looking decides nothing"


def test_the_plan_is_changed_by_who_may(make_client: MakeClient, care: Care, session: Session) -> None:
    client = make_client("supervisor")
    shown = client.get("/surveys?ask=plan").text
    assert "A customer is asked 24 hours after their ticket is solved" in words(shown)
    given = {
        "active": "yes", "wait_hours": "2", "rest_days": "60", "answer_days": "7", "fewest": "5",
        "team_id": str(care.team), "seen": "0",
    }  # fmt: skip
    assert client.post("/surveys/plan", data=given).status_code == 303
    plan = kept_plan(session).plan
    assert (plan.wait_minutes, plan.rest_days, plan.answer_days, plan.fewest, plan.team_id) == (
        120, 60, 7, 5, care.team,
    )  # fmt: skip
    assert plan.rules == USUAL.rules
    stale = client.post("/surveys/plan", data=given | {"rest_days": "90"})
    assert stale.status_code == 409 and "changed this meanwhile" in words(stale.text)
    wrong = client.post("/surveys/plan", data=given | {"rest_days": "0", "fewest": "many"})
    assert wrong.status_code == 422 and 'value="many"' in wrong.text
    off = {name: value for name, value in given.items() if name != "active"}
    client.post("/surveys/plan", data=off | {"seen": str(kept_plan(session).version)})
    assert "Nobody is asked: surveys are switched off." in words(client.get("/surveys?ask=plan").text)
    client.post("/surveys/plan/usual")
    assert kept_plan(session).plan == USUAL and kept_plan(session).by == "Priya Nair"


def test_rules_are_added_changed_moved_and_dropped(
    make_client: MakeClient, care: Care, session: Session
) -> None:
    client = make_client("supervisor")
    given = {"question": "none", "share_percent": "75", "kinds": ["outage"], "seen": "0"}
    assert client.post("/surveys/rules/new", data=given).status_code == 303
    assert kept_plan(session).plan.rules[-1] == Rule(4, "none", kinds=("outage",), share_percent=75)
    assert "Nothing is asked" in words(client.get("/surveys?ask=plan&row=4").text)
    for _ in range(3):
        client.post("/surveys/rules/4/move", data={"way": "up"})
    assert [one.key for one in kept_plan(session).plan.rules] == [4, 1, 2, 3]
    seen = str(kept_plan(session).version)
    for wrong in ({"share_percent": "0"}, {"question": "age"}):
        refused = client.post("/surveys/rules/4", data=given | {"seen": seen} | wrong)
        assert refused.status_code == 422
    kept = client.post(
        "/surveys/rules/4", data=given | {"seen": seen, "share_percent": "50", "segments": "industry"}
    )
    assert kept.status_code == 303
    assert kept_plan(session).plan.rules[0] == Rule(4, "none", ("outage",), (), ("industry",), 50)
    client.post("/surveys/rules/4/drop")
    assert kept_plan(session).plan == USUAL
    assert client.get("/surveys?ask=plan&row=9").status_code == 404


@pytest.mark.parametrize(
    ("role", "status"), [("supervisor", 200), ("admin", 200), ("agent", 403), ("marketer", 403)]
)
def test_it_is_for_who_sees_the_board(make_client: MakeClient, role: str, status: int) -> None:
    client = make_client(role)
    assert client.get("/surveys").status_code == status
    assert (client.post("/surveys/plan/usual").status_code == 303) == (status == 200)


@pytest.mark.parametrize("ask", ["said", "plan", "plan&row=new", "next", "not"])
def test_it_speaks_russian(make_client: MakeClient, care: Care, session: Session, ask: str) -> None:
    answer(session, sent(care).id, 2, "", present())
    sheet = make_client("supervisor", language="ru").get(
        f"/surveys?ask={ask}", headers={"HX-Request": "true"}
    )
    assert sheet.status_code == 200 and re.search("[а-я]{4}", words(sheet.text))
