"""What do we supply? Ended, changed and begun from the customer page, and shown before it is done."""

from __future__ import annotations

import re
from datetime import date
from typing import Any

import pytest
from billing_world import NOW, Supplied, World, flat
from sqlalchemy import text
from sqlalchemy.orm import Session

from billing.actions.agreements import set_term
from billing.actions.payments import take_payment
from tests.web.conftest import MakeClient
from utility_crm.kit.module import resolve


@pytest.fixture
def agent(make_client: MakeClient) -> Any:
    return make_client("agent", installed=[resolve("billing.module:MODULE")])


def post(client: Any, path: str, data: dict[str, Any], *, asked: str = "") -> str:
    """The page that follows; asked: what is asked back first, and then answered."""
    done = client.post(path, data=data)
    if asked:
        assert done.status_code == 200 and asked in done.text
        token = re.search(r'name="sure" value="(\w+)"', done.text)
        assert token is not None
        done = client.post(path, data={**data, "sure": token[1]})
    assert done.status_code == 303, done.text
    return str(client.get(done.headers["location"]).text)


NOWHERE = "No forwarding address"


@pytest.fixture
def home(billed: Supplied, world: World) -> Supplied:
    """Billed to October, and read up to today."""
    world.even(billed.channel_id, date(2026, 11, 2), 18)
    return billed


def test_the_place_and_its_tariff(home: Supplied, agent: Any) -> None:
    page = agent.get(f"/customers/{home.customer_id}?ask=supply").text
    assert "What do we supply?" in page and "Test Row on Day &amp; Night since 1 Jan 2024" in page
    assert "act=out" in page and "One place is supplied" in page


def test_until_when_it_was_agreed_is_said(home: Supplied, agent: Any, session: Session) -> None:
    page = f"/customers/{home.customer_id}?ask=supply"
    assert "agreed until" not in agent.get(page).text
    set_term(session, home.agreement_id, date(2027, 1, 4))
    assert "agreed until 4 Jan 2027" in agent.get(page).text


def test_the_end_of_a_supply_is_shown_then_done(
    home: Supplied, agent: Any, session: Session, world: World
) -> None:
    path = f"/customers/{home.customer_id}"
    asked = f"{path}?ask=supply&act=out&agreement={home.agreement_id}"
    form = agent.get(asked).text
    assert "nothing is done yet" in form and "Last day" in form
    owed = world.scalar("select balance_minor from account_balances")
    shown = agent.get(f"{asked}&last_on=2026-11-12&reason=moved").text
    assert "Your supply ended on" in shown and "The final bill" in shown and "issued at once" in shown
    assert world.scalar("select count(*) from bills") == 3

    # They have paid more than is charged, so something is returned.
    take_payment(
        session,
        home.account_id,
        owed + 100_00,
        reference="p",
        received_at=NOW,
        posted_on=date(2026, 11, 20),
    )
    shown = agent.get(f"{asked}&last_on=2026-11-12&reason=moved").text
    assert "after the final bill, today, we return" in shown
    data = {
        "agreement": home.agreement_id,
        "last_on": "2026-11-12",
        "reason": "moved",
        "settle": "yes",
    }
    done = post(agent, f"{path}/supply/end", data, asked=NOWHERE)
    assert "£100.00" not in done and "is returned, and the account is closed" in done
    assert world.scalar("select balance_minor from account_balances") == 0
    assert world.scalar("select closed_on from accounts where id = :a", a=home.account_id) == date(
        2026, 11, 20
    )
    refunded = world.scalar("select amount_minor from payments where amount_minor < 0")
    final = world.scalar("select total_minor from bills where starts_on = '2026-11-01'")
    assert -refunded == 100_00 - final
    assert "Nothing is supplied to them now." in agent.get(f"{path}?ask=supply").text


def test_a_last_day_that_is_not_over_says_why_there_is_no_amount(home: Supplied, agent: Any) -> None:
    path = f"/customers/{home.customer_id}?ask=supply&act=out&agreement={home.agreement_id}&reason=moved"
    shown = agent.get(f"{path}&last_on={NOW.date()}").text
    assert "the amount is known once they are read" in shown


def test_days_billed_already_are_put_right(home: Supplied, agent: Any, world: World) -> None:
    path = f"/customers/{home.customer_id}"
    shown = agent.get(
        f"{path}?ask=supply&act=out&agreement={home.agreement_id}&last_on=2026-10-20&reason=moved"
    ).text
    assert "the bills for the days after it are put right" in shown
    data = {"agreement": home.agreement_id, "last_on": "2026-10-20", "reason": "moved"}
    data["forward_to"] = "7 Elm Walk\nWestmoor"
    refused = agent.post(f"{path}/supply/end", data=data)
    assert refused.status_code == 409 and "already charges for days from 21 Oct 2026 on" in refused.text
    assert "7 Elm Walk\nWestmoor</textarea>" in refused.text
    assert post(agent, f"{path}/supply/end", {**data, "correct": "yes"})
    assert world.scalar("select ends_before from agreements") == date(2026, 10, 21)


def test_another_tariff(home: Supplied, agent: Any, session: Session) -> None:
    path = f"/customers/{home.customer_id}"
    query = f"{path}?ask=supply&act=tariff&agreement={home.agreement_id}&tariff=flat&from="
    assert "shows both tariffs" in agent.get(query + "2026-11-10").text
    assert "is no day" in agent.get(query + "soon").text
    data = {"agreement": home.agreement_id, "tariff": "flat", "from": "2026-11-10"}
    assert "is on Flat from 10 Nov 2026" in post(agent, f"{path}/supply/tariff", data)
    rows = session.execute(text("select starts_on, end_reason from agreements order by starts_on")).all()
    assert [tuple(row) for row in rows] == [
        (date(2024, 1, 1), "changed_tariff"), (date(2026, 11, 10), None),
    ]  # fmt: skip


def test_supply_begins_at_a_free_place_only(home: Supplied, agent: Any, world: World) -> None:
    customer, _ = world.account(name="Bea Example")
    free, _ = world.point()
    path = f"/customers/{customer}"
    query = f"{path}?ask=supply&act=in&tariff=flat&from=2026-11-15&point="
    taken = agent.get(query + world.point_code(home.service_point_id)).text
    assert f"Account {home.account} is supplied there" in taken and "supply/begin" not in taken
    assert "There is no service point XX" in agent.get(query + "XX").text
    shown = agent.get(query + world.point_code(free)).text
    assert "The first bill, after that day" in shown
    account = world.scalar("select number from accounts where customer_id = :c", c=customer)
    data = {
        "account": account, "point": world.point_code(free), "tariff": "flat", "from": "2026-11-15",
    }  # fmt: skip
    assert "on Flat from 15 Nov 2026" in post(agent, f"{path}/supply/begin", data)
    assert agent.post(f"{path}/supply/begin", data={**data, "account": home.account}).status_code == 404
    world.tariff(flat("works", eligibility={"segments": ["industry"]}))
    other, _ = world.point()
    query = f"{path}?ask=supply&act=in&tariff=works&from=2026-11-15&point={world.point_code(other)}"
    shown = agent.get(query).text
    assert "another kind of customer" in shown and "supply/begin" not in shown


def test_whose_place_it_is_not_nobody_ends(home: Supplied, agent: Any, world: World) -> None:
    other, _ = world.account()
    data = {"agreement": home.agreement_id, "last_on": "2026-11-12", "reason": "moved"}
    assert agent.post(f"/customers/{other}/supply/end", data=data).status_code == 404


def test_a_marketer_sees_it_and_changes_nothing(home: Supplied, make_client: MakeClient) -> None:
    client = make_client("marketer", installed=[resolve("billing.module:MODULE")])
    path = f"/customers/{home.customer_id}"
    assert "act=out" not in client.get(f"{path}?ask=supply").text
    data = {"agreement": home.agreement_id, "last_on": "2026-11-12", "reason": "moved"}
    assert client.post(f"{path}/supply/end", data=data).status_code == 403


def test_a_booked_tariff_is_said_and_taken_back(home: Supplied, agent: Any, session: Session) -> None:
    path = f"/customers/{home.customer_id}"
    data = {"agreement": home.agreement_id, "tariff": "flat", "from": "2026-12-01"}
    page = post(agent, f"{path}/supply/tariff", data)
    assert "from 1 Dec 2026 on Flat" in page and "until 30 Nov" not in page
    assert "act=back" in page and "What was told of it" in page
    back = {"agreement": home.agreement_id, "because": ""}
    refused = agent.post(f"{path}/supply/back", data=back)
    assert refused.status_code == 422 and "Say why it is taken back" in refused.text
    page = post(agent, f"{path}/supply/back", {**back, "because": "they thought again"})
    assert "does not happen" in page and "they thought again" in page
    assert "since 1 Jan 2024" in page
    rows = session.execute(text("select starts_on, ends_before from agreements")).all()
    assert [tuple(row) for row in rows] == [(date(2024, 1, 1), None)]
    gone = agent.post(f"{path}/supply/back", data={**back, "because": "again"})
    assert gone.status_code == 409 and "Nothing is booked" in gone.text
    told = agent.get(path).text
    assert "</b> back: Another tariff from 1 Dec 2026: Flat" in told and "they thought again, by" in told


def test_another_tariff_of_today_is_taken_back_at_the_desk(
    home: Supplied, agent: Any, session: Session
) -> None:
    path = f"/customers/{home.customer_id}"
    page = post(
        agent,
        f"{path}/supply/tariff",
        {"agreement": home.agreement_id, "tariff": "flat", "from": "2026-11-20"},
    )
    (made,) = session.scalars(text("select id from agreements where ends_before is null")).all()
    assert f"act=back&amp;agreement={made}" in page and "Take back what was told" in page
    shown = agent.get(f"{path}?ask=supply&act=back&agreement={made}").text
    assert "Flat from 20 Nov 2026 is as if it had not been; Day &amp; Night goes on." in shown
    page = post(agent, f"{path}/supply/back", {"agreement": made, "because": "a slip"})
    assert "Day &amp; Night since 1 Jan 2024" in page and "act=back" not in page


def test_a_day_that_looks_like_a_slip_is_asked_back_about(home: Supplied, agent: Any, world: World) -> None:
    path = f"/customers/{home.customer_id}"
    data = {
        "agreement": home.agreement_id, "last_on": "2036-11-30", "reason": "moved",
        "forward_to": "7 Elm Walk, Westmoor",
    }  # fmt: skip
    query = f"{path}?ask=supply&act=out&agreement={home.agreement_id}&last_on=2036-11-30&reason=moved"
    shown = agent.get(query).text
    assert "Is the day meant?" in shown and "bills between" in shown
    asked = agent.post(f"{path}/supply/end", data=data)
    assert asked.status_code == 200 and "30 Nov 2036 is 10 years from now" in asked.text
    assert world.scalar("select ends_before from agreements") is None
    bad = agent.post(f"{path}/supply/end", data={**data, "forward_to": "somewhere"})
    assert (
        bad.status_code == 422 and "a street and a town" in bad.text and ">somewhere</textarea>" in bad.text
    )
    page = post(agent, f"{path}/supply/end", data, asked="10 years from now")
    assert "the last bill goes to 7 Elm Walk, Westmoor" in page


def test_what_another_tariff_would_have_cost_stands_beside_the_change(
    home: Supplied, agent: Any, world: World
) -> None:
    limits = {"eligibility": {"segments": ["industry"]}}
    world.tariff(flat("works", price="0.01", **limits))
    path = f"/customers/{home.customer_id}?ask=supply&act=tariff&agreement={home.agreement_id}"
    form = agent.get(path).text
    assert "One tariff is not for them" in form
    assert "Works is for another kind of customer: industry, not households." in form
    shown = agent.get(f"{path}&tariff=flat&from=2026-12-01").text
    billed = world.scalar("select sum(total_minor) from bills where status = 'issued'")
    assert f"£{billed / 100:,.2f}" in shown and "What the last 3 bills would have been" in shown
    assert "it takes a year to tell" in shown and "too little known" in shown
    refused = agent.get(f"{path}&tariff=works&from=2026-12-01").text
    assert "supply/tariff" not in refused.split("<main")[1]
    data = {"agreement": home.agreement_id, "tariff": "works", "from": "2026-12-01"}
    done = agent.post(f"/customers/{home.customer_id}/supply/tariff", data=data)
    assert done.status_code == 409 and "another kind of customer" in done.text
