"""The desk: what of mine breaks next, who waits, who called in vain, answered before anybody asks."""

from __future__ import annotations

import re
from datetime import timedelta
from html import unescape

import pytest
from sqlalchemy import event, select, text
from sqlalchemy.orm import Session
from starlette.testclient import TestClient

from tests.db.tickets.conftest import Care, put_in
from tests.web.conftest import MakeClient
from utility_crm.auth.tables import User
from utility_crm.telephony.tables import Call
from utility_crm.tickets.domain.numbers import number_of
from utility_crm.tickets.tables import Ticket
from utility_crm.web.visit import present

HX = {"HX-Request": "true"}


def words(page: str) -> str:
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", page)).split())


@pytest.fixture
def care(session: Session) -> Care:
    return put_in(session)


@pytest.fixture
def agent(make_client: MakeClient, care: Care) -> TestClient:
    assert care.team
    return make_client("agent")


def me(session: Session) -> int:
    return session.scalars(select(User.id).where(User.login == "agent.en")).one()


def ring(session: Session, number: str, minutes: int, *, answered: bool = False, ended: bool = True) -> int:
    began = present() - timedelta(minutes=minutes)
    call = Call(
        provider_call=f"{number}-{minutes}", direction="in", state="ended" if ended else "ringing",
        number=number, number_said=number, began_at=began, answered_at=began if answered else None,
        ended_at=began + timedelta(minutes=1) if ended else None, user_id=me(session) if answered else None,
    )  # fmt: skip
    session.add(call)
    session.flush()
    return call.id


def test_my_tickets_stand_first_with_the_next_promise_on_top(
    session: Session, agent: TestClient, care: Care
) -> None:
    late, later, _nobodys = care.open(subject="Late one"), care.open(subject="Later one"), care.open()
    for ticket, hours in ((late, -1), (later, 30)):
        one = session.get_one(Ticket, ticket)
        one.assignee_id, one.solve_due_at = me(session), present() + timedelta(hours=hours)
        one.first_answer_due_at = None
    session.flush()
    page = agent.get("/").text
    said = words(page)
    assert "What of mine breaks next? 2 1 late or due within 4 hours" in said
    assert f"2 tickets are yours. The next: {number_of(late)} , “Late one”." in said
    assert page.index("Late one</a>") < page.index("Later one</a>")
    assert "Who has answered me? 2" in said and "What has nobody? 1" in said
    assert "Contacts today" in said and "Complaints wait" in said
    for ask, expected in (
        ("replied", "2 customers of yours wait for an answer."), ("nobodys", "One ticket has nobody."),
        ("next", "2 tickets are yours."), ("last", "Nobody has spoken to us yet."),
    ):  # fmt: skip
        assert expected in words(agent.get(f"/?ask={ask}", headers=HX if ask != "last" else {}).text), ask


def test_who_called_in_vain_waits_until_somebody_spoke_to_them(session: Session, agent: TestClient) -> None:
    ring(session, "+447700900001", 90)
    ring(session, "+447700900002", 80)
    ring(session, "+447700900002", 20, answered=True)
    ring(session, "+447700900003", 1, ended=False)
    said = words(agent.get("/").text)
    assert "Who called in vain? 1 one rings now" in said and "What have I not logged? 1" in said
    vain = words(agent.get("/?ask=vain", headers=HX).text)
    assert "One rings now. One called since yesterday, and nobody has spoken to them yet." in vain
    assert "900001" in vain and "900003" in vain and "900002" not in vain
    assert vain.index("900003") < vain.index("900001")  # who is on the line comes first
    assert "900002" in words(agent.get("/?ask=unlogged", headers=HX).text)


def test_who_may_not_see_tickets_has_a_desk_without_them(make_client: MakeClient, care: Care) -> None:
    assert care.team
    page = words(make_client("agent", installed=[]).get("/").text)
    assert "What of mine breaks next?" not in page and "Who spoke to us last?" in page


def test_the_desk_asks_as_many_statements_however_much_waits(
    session: Session, agent: TestClient, care: Care
) -> None:
    def asked() -> int:
        sent: list[str] = []

        def note(_c: object, _cur: object, statement: str, *_: object) -> None:
            sent.append(statement)

        event.listen(session.get_bind(), "before_cursor_execute", note)
        try:
            assert agent.get("/").status_code == 200
        finally:
            event.remove(session.get_bind(), "before_cursor_execute", note)
        return len(sent)

    agent.get("/")
    few = asked()
    for turn in range(12):
        care.open()
        ring(session, f"+4477009001{turn:02}", 5 + turn)
    session.execute(text("update tickets set assignee_id = :me"), {"me": me(session)})
    assert asked() == few


def test_every_question_of_a_customer_has_a_key_of_its_own(agent: TestClient, care: Care) -> None:
    page = agent.get(f"/customers/{care.margaret}").text
    ask = page[page.index('<nav class="ask"') : page.index("<main")]
    keys = re.findall(r'data-key="(\d+)"', ask)
    assert len(keys) == len(set(keys)) == ask.count("<li>") > 18
    assert keys[:9] == list("123456789") and keys[9] == "01" and keys[18] == "001"
