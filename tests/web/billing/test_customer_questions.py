"""The four questions of the customer page, answered from bills and readings."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from html import unescape

import pytest
from billing_world import NOW, Supplied, World
from sqlalchemy import event, text
from sqlalchemy.orm import Session
from starlette.testclient import TestClient

from billing.actions.issuing import issue_cycle
from billing.customer.around import timeline
from billing.cycles import Month
from billing.explaining import explain_bill
from billing.queries.bills import bill_before, bills_of
from billing.wording import labels_apart, names_apart
from utility_crm.kit.parts import CustomerCall
from utility_crm.tickets.macros.figures import figures_for
from utility_crm.web.formats import money, signed_money

MakeClient = Callable[..., TestClient]


def words(html: str) -> str:
    """What a person reads: tags gone, blanks as one."""
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", html)))


@pytest.fixture
def agent(make_client: MakeClient) -> TestClient:
    return make_client("agent")


def call_of(session: Session, one: Supplied) -> CustomerCall:
    return CustomerCall(session, one.customer_id, NOW, NOW.date())


def page(agent: TestClient, one: Supplied, **query: str) -> str:
    answer = agent.get(f"/customers/{one.customer_id}", params=query)
    assert answer.status_code == 200, answer.text
    return words(answer.text)


def test_the_page_opens_with_why(agent: TestClient, billed: Supplied, session: Session) -> None:
    newest = bills_of(session, [billed.account_id])[0]
    before = bill_before(session, newest)
    assert before is not None
    found = explain_bill(session, newest, before)
    shown = page(agent, billed)
    assert "Why is October different?" in shown
    said = found.sentence.replace("“", "")
    assert re.sub(r"\s", "", said) in re.sub(r"\s", "", shown)
    assert f"Effects add up to {signed_money(found.difference_minor, 'GBP')}; left over £0.00" in shown
    for row in found.rows:
        assert signed_money(row.amount_minor, "GBP") in shown
        assert row.detail in shown
    assert "Sep" in shown


def test_what_is_said_of_the_bill_is_a_figure_of_ready_answers(
    agent: TestClient, billed: Supplied, session: Session
) -> None:
    said = figures_for(call_of(session, billed), ["bill compared"])["bill compared"]
    assert said and said.split(";")[0].split(".")[0] in page(agent, billed)
    russian = figures_for(replace(call_of(session, billed), language="ru"), ["bill compared"])
    assert "Счёт за октябрь" in str(russian["bill compared"])


def test_the_left_column_answers_all_four(agent: TestClient, billed: Supplied, session: Session) -> None:
    shown = page(agent, billed)
    october, september, _ = bills_of(session, [billed.account_id])
    difference = signed_money(october.total_minor - september.total_minor, "GBP")
    assert f"Why is it different? {difference} on September" in shown
    late = money(september.open_minor + bills_of(session, [billed.account_id])[2].open_minor, "GBP")
    assert f"{late} late" in shown
    assert "Was it estimated? In part" in shown
    assert re.search(r"When do I use most\? \d\d:00–\d\d:\d\d|When do I use most\? \d\d:30–\d\d:\d\d", shown)


def test_another_bill_to_compare_with(agent: TestClient, billed: Supplied, session: Session) -> None:
    october, _, august = bills_of(session, [billed.account_id])
    shown = page(agent, billed, ask="why", against=august.number)
    difference = signed_money(october.total_minor - august.total_minor, "GBP")
    assert f"Effects add up to {difference}; left over £0.00" in shown
    whole = agent.get(f"/customers/{billed.customer_id}?ask=why").text
    # The list of keys takes its words from here.
    assert 'data-key="c" aria-label="Compare with another bill">another</a>' in whole


def test_the_same_month_of_two_years_is_told_apart(billed: Supplied, session: Session) -> None:
    october, september, _ = bills_of(session, [billed.account_id])
    old = replace(october, starts_on=date(2025, 10, 1), ends_before=date(2025, 11, 1))
    assert names_apart(october, old, "en") == ("October 2026", "October 2025")
    assert labels_apart(october, old, "en") == ("Oct 2026", "Oct 2025")
    assert names_apart(october, september, "en") == ("October", "September")


def test_a_first_bill_says_there_is_none_before(
    agent: TestClient, billed: Supplied, session: Session
) -> None:
    august = bills_of(session, [billed.account_id])[2]
    shown = page(agent, billed, ask="why", bill=august.number)
    assert "there is no earlier bill to compare it with" in shown
    assert "What is this first bill?" in shown
    assert "Why is August different?" not in shown


def test_of_several_accounts_each_is_named_and_reached(
    agent: TestClient, billed: Supplied, world: World, session: Session
) -> None:
    assert not any(billed.account in one.detail for one in timeline(call_of(session, billed)))
    assert 'aria-label="Account"' not in agent.get(f"/customers/{billed.customer_id}").text
    other = world.supplied("flat")
    world.even(other.channel_id, date(2026, 9, 30), 33, 100_000)
    issue_cycle(
        session, Month(2026, 10), 1, [other.account_id],
        issued_on=date(2026, 11, 12), known_at=NOW, now=NOW,
    )  # fmt: skip
    session.execute(
        text("update accounts set payer_id = :mine where id = :other"),
        {"mine": billed.customer_id, "other": other.account_id},
    )
    number, theirs = (bills_of(session, [one.account_id])[0].number for one in (billed, other))
    for bill, mine in ((number, billed), (theirs, other)):
        html = agent.get(f"/customers/{billed.customer_id}", params={"ask": "why", "bill": bill}).text
        assert mine.account in re.findall(r'<h2 id="sheet-h">.*?</h2>', html, re.DOTALL)[0]
        links = re.findall(r'<a href="[^"]*bill=([^"&]+)"[^>]*?( aria-current="true")?>(A\d+)</a>', html)
        assert links == [
            (number, ' aria-current="true"' if mine is billed else "", billed.account),
            (theirs, ' aria-current="true"' if mine is other else "", other.account),
        ]
    whose = {
        f"/bills/{bill.number}": one.account
        for one in (billed, other)
        for bill in bills_of(session, [one.account_id])
    }
    told = [entry for entry in timeline(call_of(session, billed)) if entry.href in whose]
    assert all(entry.detail.split(", ")[0] == whose[entry.href] for entry in told)
    assert len(told) == 4


def test_a_customer_without_a_bill(agent: TestClient, world: World) -> None:
    one = world.supplied()
    shown = page(agent, one)
    assert "There is no bill yet." in shown
    for ask in ("owe", "estimated", "most"):
        page(agent, one, ask=ask)


def test_a_held_period_is_said(agent: TestClient, world: World, session: Session) -> None:
    one = world.supplied()
    session.execute(
        text(
            "insert into held_bills (account_id, starts_on, ends_before, code, reason) values "
            "(:a, '2026-10-01', '2026-11-01', 'no_readings', 'Service point X has no reading.')"
        ),
        {"a": one.account_id},
    )
    shown = page(agent, one)
    assert "There is no bill yet: Service point X has no reading." in shown
    assert "Not billed yet: 1 Oct to 31 Oct" in shown


def test_what_is_owed_and_a_payment(agent: TestClient, billed: Supplied, session: Session) -> None:
    bills = bills_of(session, [billed.account_id])
    owed = sum(bill.total_minor for bill in bills)
    assert f"You owe {money(owed, 'GBP')}" in page(agent, billed, ask="owe")
    august = bills[2]
    form = {
        "account": billed.account,
        "amount": f"{august.total_minor / 100:.2f}",
        "reference": "card-1",
        "method": "card",
    }
    for _ in range(2):
        answer = agent.post(f"/customers/{billed.customer_id}/payments", data=form)
        assert answer.status_code == 303, answer.text
    shown = page(agent, billed, ask="owe")
    assert f"You owe {money(owed - august.total_minor, 'GBP')}" in shown
    assert "2 bills are open, one of them late" in shown
    assert "card-1" in shown


@pytest.mark.parametrize("amount", ["", "ten", "0", "-5", "1.234", "1e3x", "inf"])
def test_an_amount_that_is_none_books_nothing(
    agent: TestClient, billed: Supplied, session: Session, amount: str
) -> None:
    form = {"account": billed.account, "amount": amount, "reference": "card-1", "method": "card"}
    answer = agent.post(f"/customers/{billed.customer_id}/payments", data=form)
    assert answer.status_code == 422
    assert session.scalar(text("select count(*) from payments")) == 0


def test_a_payment_goes_to_an_account_of_the_customer(
    agent: TestClient, billed: Supplied, world: World
) -> None:
    other = world.supplied()
    form = {"account": other.account, "amount": "5", "reference": "card-1", "method": "card"}
    assert agent.post(f"/customers/{billed.customer_id}/payments", data=form).status_code == 404


def test_what_was_estimated_and_read_since(agent: TestClient, billed: Supplied, world: World) -> None:
    shown = page(agent, billed, ask="estimated")
    assert "Yes: 48 readings of October were not read, and were estimated." in shown
    assert "Fri 9 Oct" in shown
    assert "not read yet" in shown
    world.even(billed.channel_id, date(2026, 10, 9), 1, 100_000, feed_id=world.feed(NOW - timedelta(days=1)))
    shown = page(agent, billed, ask="estimated")
    assert "Yes, in part. Read since, it was" in shown
    assert "4.60" in shown  # 46 of the 48 lie on the 9th by London's clock
    assert "estimates put right" in page(agent, billed, ask="why") or "estimated too" in page(agent, billed)


def test_when_most_is_used(agent: TestClient, billed: Supplied) -> None:
    shown = page(agent, billed, ask="most", day="2026-10-17")
    assert "of your energy is used in the four hours from" in shown
    assert "By the hour of the clock" in shown


def test_a_fragment_is_the_sheet_alone(agent: TestClient, billed: Supplied) -> None:
    answer = agent.get(f"/customers/{billed.customer_id}?ask=owe", headers={"HX-Request": "true"})
    assert "You owe" in words(answer.text)
    assert "<html" not in answer.text


def test_statements_of_a_page_do_not_grow_with_its_bills(
    agent: TestClient, billed: Supplied, session: Session
) -> None:
    def count() -> int:
        seen: list[str] = []
        connection = session.connection()

        def note(*args: object) -> None:
            seen.append(str(args[2]))

        event.listen(connection, "before_cursor_execute", note)
        page(agent, billed)
        event.remove(connection, "before_cursor_execute", note)
        return len(seen)

    page(agent, billed)  # from now on the customer is among those looked at last
    with_three = count()
    session.execute(text("update bills set status = 'cancelled' where number like '2026-08-%'"))
    assert count() == with_three
