"""Things found beside customers: tickets, bills and meters by their number, articles by words."""

from __future__ import annotations

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from tests.web.conftest import MakeClient
from tests.web.people import People
from utility_crm.auth.teams import add_team
from utility_crm.customers.search import find_all
from utility_crm.kit.clock import utc_now
from utility_crm.kit.parts import SearchHit
from utility_crm.tickets.actions import open_ticket
from utility_crm.tickets.domain.numbers import FIRST, number_of, typed_id

HX = {"HX-Request": "true"}


@pytest.mark.parametrize(
    ("typed", "row"),
    [
        ("#10432", 432), ("10432", 432), ("# 10432", 432), ("№10432", 432), ("#432", 432), ("T-432", 432),
        ("т 432", 432), ("432", None), ("9999", None), ("10000", None), ("#0", None),
        ("43 Mill Lane", None), ("", None), ("#", None), ("T-", None),
    ],
)  # fmt: skip
def test_a_ticket_is_meant_by_its_number_however_short(typed: str, row: int | None) -> None:
    assert typed_id(typed) == row
    assert FIRST == 10_000


def test_a_thing_is_found_with_its_customer_and_for_those_who_may(
    session: Session, make_client: MakeClient, people: People
) -> None:
    def things(_session: Session, words: str, _limit: int) -> list[SearchHit]:
        if words != "X-77":
            return []
        return [SearchHit(people.margaret, "X-77", 0, "/x/77", "Bill", "bills.read", first=True)]

    found = find_all(session, "X-77", country="GB", finders=[things])
    assert [one.customer for one in found.openings] == ["Margaret Ashdown"]
    assert [one.customer_id for one in found.customers] == [people.margaret]
    client = make_client("agent", installed=[])
    client.app.state.searches = (things,)  # type: ignore[attr-defined]
    assert client.get("/customers?q=X-77").headers["location"] == "/x/77"
    listed = client.get("/customers/found?q=X-77", headers=HX).text
    assert listed.index("/x/77") < listed.index(f"/customers/{people.margaret}")

    def unseen(_session: Session, _words: str, _limit: int) -> list[SearchHit]:
        return [SearchHit(None, "X-77", 0, "/x/77", "Bill", "people.write", first=True)]

    client.app.state.searches = (unseen,)  # type: ignore[attr-defined]
    assert "/x/77" not in client.get("/customers/found?q=X-77", headers=HX).text


def test_articles_are_fetched_below_the_customers_once_words_are_typed(
    make_client: MakeClient, people: People
) -> None:
    client = make_client("agent", installed=[])
    client.app.state.found_beside = (("/m/named", "articles.read"),)  # type: ignore[attr-defined]
    assert 'hx-get="/m/named?q=ashd"' in client.get("/customers/found?q=ashd", headers=HX).text
    for typed in ("as", "4100", "a@b.example"):
        assert "/m/named" not in client.get("/customers/found", params={"q": typed}, headers=HX).text
    assert people.margaret


def test_another_teams_ticket_is_not_found_by_its_number(
    session: Session, make_client: MakeClient, people: People
) -> None:
    """Nor whose it is; who is in the team, or sees all, finds it."""
    team = add_team(session, "Legal")
    number = number_of(
        open_ticket(
            session, kind="other", subject="S", text="T", channel="call", now=utc_now(), by=None,
            customer_id=people.margaret, team_id=team,
        )
    )  # fmt: skip
    agent, supervisor = make_client("agent"), make_client("supervisor")
    for client, finds in ((agent, False), (supervisor, True)):
        found = client.get(f"/customers/found?q={number}", headers=HX).text
        assert (f"/tickets/{number}" in found) is finds
        assert (client.get(f"/tickets/{number}").status_code == 200) is finds
    session.execute(text("insert into team_members (team_id, user_id) select :team, id from users where "
                         "role = 'agent'"), {"team": team})  # fmt: skip
    assert f"/tickets/{number}" in agent.get(f"/customers/found?q={number}", headers=HX).text
