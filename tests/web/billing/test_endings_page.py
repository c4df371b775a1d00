"""When does my contract end? What of it ends when, at one place and at hundreds."""

from __future__ import annotations

import re
from datetime import date, timedelta
from typing import Any

import pytest
from billing_world import Supplied, World, flat, flat_version
from sqlalchemy import event, text
from sqlalchemy.orm import Session

from billing.queries.endings import PAGE, read_key, sites_of, soonest
from tests.web.conftest import MakeClient
from utility_crm.kit.module import resolve

HX = {"HX-Request": "true"}
TODAY = date(2026, 11, 20)


@pytest.fixture
def agent(make_client: MakeClient) -> Any:
    return make_client("agent", installed=[resolve("billing.module:MODULE")])


def test_nothing_is_agreed_until_it_is_put_right_with_a_reason(
    billed: Supplied, agent: Any, session: Session
) -> None:
    path = f"/customers/{billed.customer_id}"
    page = agent.get(f"{path}?ask=ends").text
    assert "your supply goes on until you or we end it" in page and "no end agreed" in page
    form_page = agent.get(f"{path}?ask=ends&agreement={billed.agreement_id}").text
    assert "What was agreed at" in form_page
    terms = {"term_on": "2027-01-31", "fixed_on": "2026-12-31", "notice_days": "42", "why": "signed letter"}
    post = f"{path}/contracts/{billed.agreement_id}"
    for wrong, said in (
        ({"term_on": "2020-01-01"}, "The contract begins on"),
        ({"why": ""}, "Say why, or how we know."),
        ({"notice_days": "900"}, "is no number"),
        ({"fixed_on": "soon"}, "is no day such as"),
    ):
        refused = agent.post(post, data=terms | wrong)
        assert refused.status_code == 422 and said in refused.text, said
    assert agent.post(post, data=terms).status_code == 303
    page = agent.get(f"{path}?ask=ends").text
    flat_words = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", page))
    assert "the fixed price ends on 31 Dec 2026" in flat_words
    assert "tells us by 20 Dec 2026" in flat_words and "31 Jan 2027 the term ends" in flat_words
    kept = session.execute(text("select after from audit_log where what = 'contract'")).scalar_one()
    assert kept["why"] == "signed letter" and kept["term_on"] == "2027-01-31"
    other = agent.post(f"/customers/{billed.customer_id}/contracts/999999", data=terms)
    assert other.status_code == 404


def test_a_contract_of_somebody_else_is_not_changed(world: World, billed: Supplied, agent: Any) -> None:
    other = world.supplied("flat", name="Ben Example")
    terms = {"term_on": "2027-01-31", "why": "a slip"}
    answer = agent.post(f"/customers/{other.customer_id}/contracts/{billed.agreement_id}", data=terms)
    assert answer.status_code == 404
    assert world.scalar("select count(*) from agreements where term_ends_before is not null") == 0


def test_hundreds_of_places_are_paged_with_as_many_statements_as_one(
    world: World, agent: Any, session: Session
) -> None:
    one = world.supplied("flat", name="Works Example Ltd")
    places = 2 * PAGE + 7
    for _place in range(places - 1):
        world.agreement(one.account_id, world.point()[0], "flat", date(2025, 1, 1))
    ids = session.scalars(text("select id from agreements order by id")).all()
    for turn, agreement_id in enumerate(ids[:25]):
        session.execute(
            text("update agreements set term_ends_before = :day, notice_days = 30 where id = :id"),
            {"day": TODAY + timedelta(days=10 * (turn + 1)), "id": agreement_id},
        )
    sent: list[str] = []

    def note(_c: object, _cur: object, statement: str, *_: object) -> None:
        sent.append(statement)

    event.listen(session.get_bind(), "before_cursor_execute", note)
    page = agent.get(f"/customers/{one.customer_id}?ask=ends", headers=HX).text
    event.remove(session.get_bind(), "before_cursor_execute", note)
    assert sum("with coming as" in one for one in sent) == 1 and len(sent) < 14, sent
    assert f"{places} places" in page and page.count("<tr id=") == PAGE
    assert "within 90 days 9" in re.sub(r"<[^>]+>", "", page)
    seen: list[int] = []
    key = None
    while True:
        found = sites_of(session, one.customer_id, TODAY, after=key)
        seen += [site.agreement_id for site in found.rows]
        if not found.following:
            break
        key = read_key(found.following)
    assert len(seen) == len(set(seen)) == places and seen[:25] == list(ids[:25])
    soon = sites_of(session, one.customer_id, TODAY, within=90)
    assert len(soon.rows) == soon.within[90] == 9
    last = agent.get(f"/customers/{one.customer_id}?ask=ends&agreement={ids[-1]}", headers=HX).text
    assert "What was agreed at" in last


def test_new_prices_of_the_tariff_are_something_that_comes(world: World, session: Session) -> None:
    document = flat("stepped")
    document["versions"].append(flat_version("2027-01-01", "0.40"))
    world.tariff(document)
    one = world.supplied("stepped", name="Cleo Example")
    (site,) = sites_of(session, one.customer_id, TODAY).rows
    assert [(found.kind, found.on) for found in site.endings(TODAY)] == [("prices", date(2027, 1, 1))]


def test_days_and_keys_are_read() -> None:
    assert soonest((None, date(2026, 11, 20), date(2026, 12, 1)), TODAY) == date(2026, 11, 30)
    assert soonest((), TODAY) is None
    assert read_key("2026-12-01~7") == (date(2026, 12, 1), 7) and read_key("~7") == (None, 7)
    assert [read_key(wrong) for wrong in ("", "x", "2026-13-01~7", "~-1", "~" + "9" * 30)] == [None] * 5
