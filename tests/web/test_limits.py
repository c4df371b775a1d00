"""Who may see the customers of some areas only sees nothing of others: not their pages, not their names."""

from __future__ import annotations

from datetime import date

import pytest
from sqlalchemy import event, select
from sqlalchemy.orm import Session

from tests.web.conftest import MakeClient
from tests.web.people import People
from utility_crm.auth.tables import AuditRow, User
from utility_crm.customers.tables import Account, Contact, ContactPoint, Customer, Occupancy
from utility_crm.network.tables import NetworkNode, Premise


@pytest.fixture
def elsewhere(session: Session, people: People) -> Customer:
    """Somebody who lives in another area, complained, and shares a word of Margaret's name."""
    area = NetworkNode(code="L", name="Lowvale", kind="area")
    somebody = Customer(
        number="C200001", kind="person", name="Ashdown Prudence", segment="household", since=date(2020, 1, 1)
    )
    session.add_all([area, somebody])
    session.flush()
    premise = Premise(code="P9", node_id=area.id, address="9 Mill Lane", timezone="Europe/London")
    account = Account(
        number="4100999999", customer_id=somebody.id, payer_id=somebody.id, cycle_day=1, currency="GBP",
        opened_on=date(2020, 1, 1),
    )  # fmt: skip
    session.add_all([premise, account])
    session.flush()
    session.add_all(
        [
            Occupancy(account_id=account.id, premise_id=premise.id, starts_on=date(2020, 1, 1)),
            Contact(customer_id=somebody.id, channel="call", topic="bill", complaint=True, note="far away"),
            ContactPoint(customer_id=somebody.id, kind="phone", value="07700 900999", normal="+447700900999"),
        ]
    )
    session.flush()
    return somebody


@pytest.fixture
def limit(session: Session, people: People):
    """Lets the one agent see Moorside only."""

    def limited(login: str = "agent.en") -> User:
        user = session.scalars(select(User).where(User.login == login)).one()
        moorside = session.scalar(select(NetworkNode.id).where(NetworkNode.code == "M"))
        user.area_ids = [moorside]
        session.flush()
        return user

    return limited


def test_a_customer_of_another_area_is_as_if_not_there(
    make_client: MakeClient, people, elsewhere, limit
) -> None:
    client = make_client("agent")
    assert client.get(f"/customers/{elsewhere.id}").status_code == 200
    limit()
    assert client.get(f"/customers/{people.margaret}").status_code == 200
    foreign, nobody = client.get(f"/customers/{elsewhere.id}"), client.get("/customers/987654321")
    assert foreign.status_code == nobody.status_code == 404
    their_path = f"/customers/{elsewhere.id}"
    assert foreign.text.replace(their_path, "/customers/987654321") == nobody.text
    assert "Prudence" not in foreign.text


@pytest.mark.parametrize("who", ["bakery", "joseph"])
def test_who_lives_nowhere_is_seen_by_people_without_a_limit_alone(
    make_client: MakeClient, people, limit, who
) -> None:
    client = make_client("agent")
    assert client.get(f"/customers/{getattr(people, who)}").status_code == 200
    limit()
    assert client.get(f"/customers/{getattr(people, who)}").status_code == 404


def test_nothing_is_written_for_a_foreign_customer(
    session, make_client: MakeClient, people, elsewhere, limit
) -> None:
    client = make_client("agent")
    limit()
    said = {"channel": "call", "topic": "bill", "note": "they called"}
    assert client.post(f"/customers/{elsewhere.id}/contacts", data=said).status_code == 404
    assert client.post(f"/customers/{people.margaret}/contacts", data=said).status_code == 303
    assert session.scalars(select(Contact.customer_id).where(Contact.note == "they called")).all() == [
        people.margaret
    ]


@pytest.mark.parametrize("where", ["form", "query"])
def test_a_form_or_a_query_that_names_a_foreign_account_is_refused(
    make_client: MakeClient, people, elsewhere, limit, where
) -> None:
    client = make_client("agent")
    limit()
    path = f"/customers/{people.margaret}"
    foreign, unknown = (
        client.post(f"{path}/promises", data={"account": number, "amount": "5"})
        if where == "form"
        else client.get(f"{path}?ask=owe&account={number}")
        for number in ("4100999999", "77")
    )
    assert foreign.status_code == unknown.status_code == 404
    own = client.get(f"{path}?ask=owe&account=4100227815")
    assert own.status_code == 200


@pytest.mark.parametrize("typed", ["ashdown", "C200001", "4100999999", "07700 900999", "mill lane"])
def test_the_search_finds_nobody_else(make_client: MakeClient, people, elsewhere, limit, typed) -> None:
    client = make_client("agent")
    assert "Ashdown Prudence" in client.get("/customers/found", params={"q": typed}).text
    limit()
    found = client.get("/customers/found", params={"q": typed}).text
    assert "Prudence" not in found
    assert ("Margaret Ashdown" in found) is (typed == "ashdown")


@pytest.mark.parametrize("ask", ["last", "complaints", "care", "mine"])
def test_the_desk_shows_nobody_else(make_client: MakeClient, people, elsewhere, limit, ask) -> None:
    client = make_client("agent")
    before = client.get(f"/?ask={ask}").text
    limit()
    client.cookies.set("recent", f"{elsewhere.id}.{people.margaret}")
    page = client.get(f"/?ask={ask}").text
    assert "Prudence" not in page
    assert "Margaret Ashdown" in page  # among those opened last
    if ask == "complaints":
        assert "Prudence" in before


def test_pages_of_the_whole_utility_are_closed_and_not_in_the_top_bar(
    make_client: MakeClient, people, limit
) -> None:
    client = make_client("agent")
    assert client.get("/notices").status_code == 200 and 'href="/notices"' in client.get("/").text
    limit()
    refused = client.get("/notices")
    assert refused.status_code == 403 and "some areas only" in refused.text
    assert 'href="/notices"' not in client.get("/").text


def test_people_without_a_limit_are_asked_nothing_more(
    session, make_client: MakeClient, people, limit
) -> None:
    client = make_client("agent")
    sent: list[str] = []

    def count() -> int:
        sent.clear()
        assert client.get(f"/customers/{people.margaret}").status_code == 200
        return len(sent)

    def note(_c: object, _cur: object, statement: str, *_: object) -> None:
        sent.append(statement)

    count()
    bind = session.connection()
    event.listen(bind, "before_cursor_execute", note)
    free = count()
    assert not [one for one in sent if "(area_ids)s" in one]
    limit()
    limited = count()
    event.remove(bind, "before_cursor_execute", note)
    assert free < limited <= free + 2  # what they may see of what is named, and of who stands beside them


def test_what_was_refused_is_written_down_with_whose_it_was(
    session, make_client: MakeClient, people, elsewhere, limit
) -> None:
    client = make_client("agent")
    user = limit()
    client.get(f"/customers/{elsewhere.id}")
    row = session.execute(
        select(AuditRow.user_id, AuditRow.kind, AuditRow.customer_id).where(AuditRow.outcome == "refused")
    ).one()
    assert row == (user.id, "view", elsewhere.id)
