"""The mail room: what waits is given to somebody, becomes a ticket or is put aside."""

from __future__ import annotations

import pytest
from letters_in import letter
from sqlalchemy import select
from sqlalchemy.orm import Session
from starlette.testclient import TestClient

from notifications.tables import OutboxNotice
from tests.conftest import NOW
from tests.web.conftest import MakeClient
from tests.web.people import People
from utility_crm.auth.tables import Team, User
from utility_crm.customers.tables import ContactPoint, Customer
from utility_crm.kit.settings import settings
from utility_crm.mail.fetching import keep_mail
from utility_crm.mail.mailbox import Given
from utility_crm.mail.placing import place_stored
from utility_crm.mail.tables import Arrival
from utility_crm.network.tables import NetworkNode
from utility_crm.tickets.actions import add_message, assign, merge, open_ticket
from utility_crm.tickets.tables import Ticket


@pytest.fixture(autouse=True)
def secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("UTILITY_CRM_SECRET_KEY", "only for tests")
    settings.cache_clear()


@pytest.fixture
def agent(make_client: MakeClient, people: People) -> TestClient:
    return make_client("agent")


def comes(session: Session, raw: bytes) -> Arrival:
    arrival_id, _ = keep_mail(session, Given(raw, len(raw), True), NOW)
    place_stored(session, NOW)
    return session.get_one(Arrival, arrival_id, populate_existing=True)


def stranger(session: Session, text: str = "Who are you?", name: str = "<1@far.example>") -> Arrival:
    return comes(session, letter(text, sender="Bob Far <bob@far.example>", name=name))


def number_of(session: Session, customer_id: int) -> str:
    return session.get_one(Customer, customer_id).number


def test_what_could_not_be_placed_is_asked_first_and_given_to_its_customer(
    agent: TestClient, session: Session, people: People
) -> None:
    one = stranger(session)
    second = comes(
        session, letter("Hello?", sender="bob@far.example", name="<2@far.example>", answers=one.receipt_name)
    )
    page = agent.get("/mail").text
    assert "2 messages wait for somebody to say whose they are." in page
    assert f'href="/mail/{one.id}"' in page
    given = {"customer": number_of(session, people.joseph).lower(), "remember": "yes"}
    assert agent.post(f"/mail/{one.id}/customer", data=given).status_code == 303
    session.expire_all()
    assert session.get_one(Ticket, one.ticket_id).customer_id == people.joseph
    assert (one.state, second.state, second.customer_id) == ("placed", "placed", people.joseph)
    point = select(ContactPoint.customer_id).where(ContactPoint.normal == "bob@far.example")
    assert session.scalar(point) == people.joseph
    assert stranger(session, name="<3@far.example>").state == "placed"
    assert "Everything that came in is in a ticket" in agent.get("/mail").text


def test_a_customer_who_is_none_is_said_beside_the_field(agent: TestClient, session: Session) -> None:
    one = stranger(session)
    page = agent.post(f"/mail/{one.id}/customer", data={"customer": "C999"})
    assert page.status_code == 422
    assert "There is no customer of this number here." in page.text


def test_nothing_is_given_to_a_customer_of_another_area(
    agent: TestClient, session: Session, people: People
) -> None:
    """Nor is a stranger's address written on their page."""
    area = NetworkNode(code="L", name="Lowvale", kind="area")
    session.add(area)
    session.flush()
    session.scalars(select(User).where(User.login == "agent.en")).one().area_ids = [area.id]
    session.flush()
    one = stranger(session)
    given = {"customer": number_of(session, people.margaret), "remember": "yes"}
    page = agent.post(f"/mail/{one.id}/customer", data=given)
    assert page.status_code == 422 and "There is no customer of this number here." in page.text
    session.expire_all()
    assert session.get_one(Ticket, one.ticket_id).customer_id is None
    point = select(ContactPoint.id).where(ContactPoint.normal == "bob@far.example")
    assert session.scalar(point) is None


def test_a_letter_whose_ticket_was_merged_is_given_all_the_same(
    agent: TestClient, session: Session, people: People
) -> None:
    one = stranger(session)
    assert one.ticket_id is not None
    theirs = open_ticket(
        session,
        kind="other",
        subject="Bob",
        text="He rang",
        channel="call",
        now=NOW,
        customer_id=people.joseph,
    )
    merge(session, one.ticket_id, theirs, now=NOW)
    wrong = agent.post(f"/mail/{one.id}/customer", data={"customer": number_of(session, people.margaret)})
    assert wrong.status_code == 409
    given = {"customer": number_of(session, people.joseph)}
    assert agent.post(f"/mail/{one.id}/customer", data=given).status_code == 303
    session.expire_all()
    assert (one.state, one.ticket_id, one.customer_id) == ("placed", theirs, people.joseph)


def test_what_was_ignored_may_be_a_matter_after_all(agent: TestClient, session: Session) -> None:
    one = comes(session, letter("A real question.", Precedence="bulk"))
    assert "it went to a list" in agent.get("/mail?ask=ignored").text
    assert agent.post(f"/mail/{one.id}/ticket").status_code == 303
    session.expire_all()
    assert (one.state, one.ticket_id is not None) == ("waiting", True)
    assert agent.post(f"/mail/{one.id}/ticket").status_code == 409


def test_a_letter_nobody_can_read_becomes_a_ticket_all_the_same(agent: TestClient, session: Session) -> None:
    one = comes(session, b"\xff\xfe no letter")
    page = agent.get(f"/mail/{one.id}").text
    assert "No text could be read" in page
    assert agent.post(f"/mail/{one.id}/ticket").status_code == 303
    session.expire_all()
    assert one.ticket_id is not None


def test_spam_closes_its_ticket_and_what_comes_from_there_is_left_alone(
    agent: TestClient, session: Session
) -> None:
    one = stranger(session)
    assert agent.post(f"/mail/{one.id}/spam").status_code == 303
    session.expire_all()
    ticket = session.get_one(Ticket, one.ticket_id)
    assert (one.state, ticket.status, ticket.tags) == ("spam", "closed", ["spam"])
    later = stranger(session, "Buy!", "<2@far.example>")
    assert (later.state, later.reason) == ("ignored", "spam_sender")
    assert agent.post(f"/mail/{later.id}/ticket").status_code == 303
    assert stranger(session, "Sorry.", "<3@far.example>").reason == "unknown_sender"


def test_a_ticket_in_which_somebody_answered_is_not_closed_as_spam(
    agent: TestClient, session: Session
) -> None:
    one = stranger(session)
    assert one.ticket_id is not None
    add_message(session, one.ticket_id, direction="out", text="Who are you?", channel="email", now=NOW)
    agent.post(f"/mail/{one.id}/spam")
    session.expire_all()
    assert session.get_one(Ticket, one.ticket_id).status != "closed"


def test_a_message_is_shown_as_text_and_taken_along_as_bytes(agent: TestClient, session: Session) -> None:
    raw = letter(
        "<script>alert(1)</script>\n\nOn Friday, Northmoor wrote:\n> It was cold.\n",
        sender="Bob <bob@far.example>", files=(("a.txt", "text/plain", b"hello"),),
    )  # fmt: skip
    one = comes(session, raw)
    page = agent.get(f"/mail/{one.id}").text
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert(1)" in page
    assert "What they quote" in page
    assert "a.txt" in page
    taken = agent.get(f"/mail/{one.id}/message.eml")
    assert taken.content == raw
    assert taken.headers["content-disposition"].startswith("attachment")
    assert taken.headers["content-type"] == "application/octet-stream"
    assert "sandbox" in taken.headers["content-security-policy"]


def test_who_may_not_see_a_ticket_does_not_see_what_came_for_it(
    agent: TestClient, session: Session, people: People
) -> None:
    team = Team(name="Complaints")
    session.add(team)
    session.flush()
    one = stranger(session)
    assert one.ticket_id is not None
    assign(session, one.ticket_id, assignee_id=None, team_id=team.id, now=NOW)
    assert agent.get(f"/mail/{one.id}").status_code == 404
    assert f'href="/mail/{one.id}"' not in agent.get("/mail").text
    user = session.scalars(select(User).where(User.login == "agent.en")).one()
    assign(session, one.ticket_id, assignee_id=user.id, team_id=team.id, now=NOW)
    assert agent.get(f"/mail/{one.id}").status_code == 200
    assert f'href="/mail/{one.id}"' in agent.get("/mail").text


@pytest.mark.parametrize("ask", ["waiting", "fetched", "stuck", "ignored", "came", "nonsense"])
def test_every_question_is_answered_with_and_without_anything(
    agent: TestClient, session: Session, ask: str
) -> None:
    assert agent.get(f"/mail?ask={ask}").status_code == 200
    one = stranger(session)
    assert one.ticket_id is not None
    add_message(session, one.ticket_id, direction="out", text="Well.", channel="email", now=NOW)
    comes(session, letter("I am away.", Auto_Submitted="auto-replied"))
    assert agent.get(f"/mail?ask={ask}").status_code == 200


def test_the_page_needs_the_same_statements_however_much_there_is(
    agent: TestClient, session: Session
) -> None:
    from sqlalchemy import event

    def statements() -> int:
        seen: list[str] = []
        bind = session.connection()
        note = lambda *given: seen.append(given[2])  # noqa: E731
        event.listen(bind, "before_cursor_execute", note)
        agent.get("/mail")
        event.remove(bind, "before_cursor_execute", note)
        return len(seen)

    stranger(session)
    few = statements()
    for number in range(5):
        stranger(session, name=f"<n{number}@far.example>")
    assert statements() == few


def test_marketers_do_not_read_the_post(make_client: MakeClient, people: People) -> None:
    assert make_client("marketer").get("/mail").status_code == 403


def test_a_notice_to_somebody_nobody_knows_has_a_page_all_the_same(
    agent: TestClient, session: Session
) -> None:
    stranger(session)
    notice = session.scalars(select(OutboxNotice)).one()
    assert notice.customer_id is None
    page = agent.get(f"/notices/{notice.id}")
    assert (page.status_code, "bob@far.example" in page.text, "/customers/None" in page.text) == (
        200,
        True,
        False,
    )
    listed = agent.get("/notices?ask=search&notice=ticket_received")
    assert listed.status_code == 200
    assert "/customers/None" not in listed.text
