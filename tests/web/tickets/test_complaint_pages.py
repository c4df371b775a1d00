"""Complaints on their pages: what waits, one from its first day to its letter and its end."""

from __future__ import annotations

import re

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session
from starlette.testclient import TestClient

from tests.web.conftest import MakeClient
from tests.web.people import People
from utility_crm.customers.tables import Contact
from utility_crm.tickets.care.tables import Complaint, ComplaintLetter
from utility_crm.tickets.domain.numbers import number_of
from utility_crm.tickets.tables import Ticket


@pytest.fixture
def agent(make_client: MakeClient) -> TestClient:
    """An agent who goes where they are sent."""
    client = make_client("agent")
    client.follow_redirects = True
    return client


@pytest.fixture
def number(agent: TestClient, people: People, session: Session) -> str:
    """A complaint that an agent logged on the customer's page."""
    sent = agent.post(
        f"/customers/{people.margaret}/contacts",
        data={"channel": "call", "topic": "bill", "note": "Billed twice", "complaint": "yes"},
    )
    assert sent.status_code == 200
    row = session.scalars(select(Complaint).order_by(Complaint.ticket_id.desc())).first()
    assert row is not None
    return number_of(row.ticket_id)


def test_what_was_logged_waits_with_its_day(make_client: MakeClient, agent: TestClient, number: str) -> None:
    page = agent.get("/complaints")
    assert page.status_code == 200 and number in page.text
    assert "Margaret" in page.text and "confirm that it arrived" in page.text
    for ask in ("causes", "register", "law"):
        assert agent.get(f"/complaints?ask={ask}").status_code == 200
    assert "SI 2008/1898" in agent.get("/complaints?ask=law").text
    assert make_client("marketer").get("/complaints").status_code == 403


def test_from_the_first_day_to_the_letter_and_the_end(
    agent: TestClient, number: str, session: Session
) -> None:
    client, path = agent, f"/complaints/{number}"
    page = client.get(path)
    assert page.status_code == 200 and "confirm that it arrived" in page.text
    assert "What is complained of" in page.text and "Billed twice" in page.text
    assert client.post(f"{path}/stage", data={"stage": "investigated", "note": "Asked"}).status_code == 200
    refused = client.post(f"{path}/stage", data={"stage": "received"})
    assert refused.status_code == 409 and "it cannot go there" in refused.text
    assert path in client.get(f"/tickets/{number}").text
    empty = client.post(f"{path}/letters", data={"kind": "final", "body": ""})
    assert empty.status_code == 422 and "Write what was found" in empty.text
    figures = {"cause": "bill_wrong", "cause_detail": "Twice", "redress": "31.52", "redress_link": "CN-4"}
    assert "CN-4" in client.post(f"{path}/figures", data=figures).text
    wrong = client.post(f"{path}/figures", data=figures | {"redress": "1,2,3"})
    assert wrong.status_code == 422 and "is no amount" in wrong.text
    client.post(f"{path}/letters", data={"kind": "final", "body": "It was billed twice.\n\nIt is put right."})
    letter = session.scalars(select(ComplaintLetter)).one()
    pdf = client.get(f"{path}/letters/{letter.id}.pdf")
    assert pdf.headers["content-type"] == "application/pdf" and pdf.content.startswith(b"%PDF")
    shown = client.get(path).text
    assert "£31.52" in shown and "Send the letter" in shown
    client.post(f"{path}/letters/{letter.id}/send", data={"how": "letter"})
    again = client.post(f"{path}/letters/{letter.id}/send", data={"how": "email"})
    assert again.status_code == 409 and "sent already" in again.text
    no_outcome = client.post(f"{path}/stage", data={"stage": "closed", "form": "close", **figures})
    assert no_outcome.status_code == 422 and "Say what came of it" in no_outcome.text
    closed = client.post(
        f"{path}/stage",
        data={"stage": "closed", "form": "close", "outcome": "upheld", "note": "Paid", **figures},
    )
    assert closed.status_code == 200 and "they were right" in closed.text
    session.expire_all()
    row = session.scalars(select(Complaint)).one()
    assert (row.stage, row.redress_minor, row.cause) == ("closed", 3152, "bill_wrong")
    assert session.get_one(Ticket, row.ticket_id).status == "solved"
    assert session.scalars(select(Contact.answered_at).where(Contact.id == row.contact_id)).one() is not None


def test_the_second_of_two_is_told_that_the_first_went_on(
    make_client: MakeClient, agent: TestClient, number: str, session: Session
) -> None:
    path = f"/complaints/{number}"
    seen = re.findall(r'name="seen" value="([0-9]+)"', agent.get(path).text)
    assert len(set(seen)) == 1
    other = make_client("supervisor")
    figures = {"cause": "bill_wrong", "redress": "10", "redress_link": "CN-1", "seen": seen[0]}
    assert other.post(f"{path}/figures", data=figures).status_code == 303
    for form, what in (
        ("figures", {"cause": "service", "redress": "5", "redress_link": "CN-2"}),
        ("stage", {"stage": "investigated"}),
        ("stage", {"stage": "closed", "form": "close", "outcome": "upheld", "cause": "service"}),
    ):
        refused = agent.post(f"{path}/{form}", data=what | {"seen": seen[0]})
        assert refused.status_code == 409 and "went on with it since you opened it" in refused.text
    session.expire_all()
    row = session.scalars(select(Complaint)).one()
    assert (row.cause, row.redress_minor, row.redress_link, row.stage) == (
        "bill_wrong", 1000, "CN-1", "received",
    )  # fmt: skip
    anew = re.findall(r'name="seen" value="([0-9]+)"', refused.text)[0]
    assert agent.post(f"{path}/stage", data={"stage": "investigated", "seen": anew}).status_code == 200


def test_what_is_no_complaint_is_not_found(agent: TestClient) -> None:
    for path in ("/complaints/T-99999", "/complaints/nothing", "/complaints/T-10001/letters/1.pdf"):
        assert agent.get(path).status_code == 404


@pytest.mark.usefixtures("verification")
def test_the_cause_is_covered_and_stays_as_it_was_where_nobody_touched_it(
    agent: TestClient, number: str, session: Session
) -> None:
    detail = "Billed twice, write to m.ashdown@mail.example"
    session.execute(update(Complaint).values(cause_detail=detail))
    path = f"/complaints/{number}"
    page = agent.get(path).text
    assert "m.ashdown@mail" not in page and 'value="Billed twice, write to •••"' in page
    figures = {
        "cause": "bill_wrong",
        "cause_detail": "Billed twice, write to •••",
        "redress": "5",
        "redress_link": "CN-1",
    }
    assert agent.post(f"{path}/figures", data=figures).status_code == 200
    session.expire_all()
    assert session.scalars(select(Complaint.cause_detail)).one() == detail
    refused = agent.post(f"{path}/figures", data=figures | {"cause_detail": "Thrice, write to •••"})
    assert refused.status_code == 409 and "what is masked cannot be changed" in refused.text
