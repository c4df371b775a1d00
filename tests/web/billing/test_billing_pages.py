"""The bill page and the billing room."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta

import pytest
from billing_world import NOW, Supplied, World
from hypothesis import given
from hypothesis import strategies as st
from ledger_world import bill as booked
from sqlalchemy import text
from sqlalchemy.orm import Session
from starlette.testclient import TestClient

from billing.corrections.approving import approve_corrections
from billing.corrections.finding import find_corrections
from billing.domain.money import amount_text
from billing.domain.tariffs.file import default_decimals
from billing.money_in.typed import typed_minor
from billing.queries.bills import bills_of, lines_of_bill
from utility_crm.kit.errors import Invalid
from utility_crm.web.formats import money

from .test_customer_questions import words

MakeClient = Callable[..., TestClient]


@pytest.fixture
def ops(make_client: MakeClient) -> TestClient:
    return make_client("ops")


@pytest.mark.parametrize("ask", ["total", "why", "charge", "estimated", "price", "paid", "again", "nonsense"])
def test_every_question_of_a_bill(
    make_client: MakeClient, billed: Supplied, session: Session, ask: str
) -> None:
    agent = make_client("agent")
    for bill in bills_of(session, [billed.account_id]):
        answer = agent.get(f"/bills/{bill.number}", params={"ask": ask})
        assert answer.status_code == 200, answer.text
        shown = words(answer.text)
        assert bill.number in shown
        for line in lines_of_bill(session, bill.id):
            assert line.label in shown
            assert money(line.amount_minor, "GBP") in shown
        assert f"lines add up to {money(bill.total_minor, 'GBP')}; left over £0.00" in shown
        assert "it is the same to the penny" in shown


@pytest.mark.parametrize("ask", ["charge", "total", "paid", "again"])
def test_a_bill_without_lines_says_what_is_known(
    make_client: MakeClient, billed: Supplied, session: Session, ask: str
) -> None:
    made = booked(session, billed.account_id, 6350, number="OLD-7")
    page = make_client("agent").get("/bills/OLD-7", params={"ask": ask})
    assert page.status_code == 200, page.text
    shown = words(page.text)
    assert "No lines of this bill are kept" in shown and money(made.total_minor, "GBP") in shown
    assert "it is the same to the penny" not in shown  # nothing to make it again from
    assert ("still open" in shown) == (ask == "paid")


def test_the_invoice_by_rate_and_its_document(
    make_client: MakeClient, billed: Supplied, session: Session
) -> None:
    agent = make_client("agent")
    bill = bills_of(session, [billed.account_id])[0]
    page = agent.get(f"/bills/{bill.number}").text
    net, tax = session.execute(
        text("select net_minor, tax_minor from invoices where bill_id = :bill"), {"bill": bill.id}
    ).one()
    shown = words(page)
    assert f"{money(net, 'GBP')} net and {money(tax, 'GBP')} tax make {money(net + tax, 'GBP')}" in shown
    assert f"VAT 5 % {money(net, 'GBP')} {money(tax, 'GBP')}" in shown
    assert f'href="/bills/{bill.number}.pdf"' in page
    document = agent.get(f"/bills/{bill.number}.pdf")
    assert document.headers["content-type"] == "application/pdf" and document.content.startswith(b"%PDF-1.7")
    assert f"{bill.number}.pdf" in document.headers["content-disposition"]
    assert document.content == agent.get(f"/bills/{bill.number}.pdf").content


def test_a_bill_taken_back_says_so_and_what_stands_in_its_place(
    make_client: MakeClient, billed: Supplied, world: World, session: Session
) -> None:
    later = NOW + timedelta(days=5)
    world.even(
        billed.channel_id, date(2026, 10, 12), 3, 900_000, feed_id=world.feed(later - timedelta(hours=1))
    )
    when = {"today": later.date(), "now": later, "country": "GB"}
    find_corrections(session, known_at=later, **when)
    ids = session.scalars(text("select id from corrections where state = 'proposed'")).all()
    approve_corrections(session, ids, user_id=None, decision="read late", **when)
    agent = make_client("agent")
    page = agent.get("/bills/2026-10-000001?ask=paid").text
    assert "Taken back CN-2026-000001" in words(page)
    assert "taken back by credit note CN-2026-000001; bill 2026-10-000002 stands in its place" in words(page)
    assert agent.get("/bills/CN-2026-000001.pdf").content.startswith(b"%PDF")
    assert "In the place of 2026-10-000001" in words(agent.get("/bills/2026-10-000002").text)


def test_what_is_open_before_it_is_said(make_client: MakeClient, billed: Supplied, session: Session) -> None:
    agent = make_client("agent")
    last, middle, first = bills_of(session, [billed.account_id])
    owed = money(middle.open_minor + first.open_minor, "GBP")
    assert f"Before it, open {owed}" in words(agent.get(f"/bills/{last.number}").text)
    assert "Before it, open" not in words(agent.get(f"/bills/{first.number}").text)


def test_a_line_can_be_asked_about(make_client: MakeClient, billed: Supplied, session: Session) -> None:
    agent = make_client("agent")
    bill = bills_of(session, [billed.account_id])[0]
    for line in lines_of_bill(session, bill.id):
        shown = words(agent.get(f"/bills/{bill.number}", params={"line": line.position}).text)
        assert f"Where {money(line.amount_minor, 'GBP')} comes from" in shown


def test_a_bill_that_would_be_another_today(
    make_client: MakeClient, billed: Supplied, world: World, session: Session
) -> None:
    world.even(billed.channel_id, date(2026, 10, 9), 1, 10_000, feed_id=world.feed(NOW))
    bill = bills_of(session, [billed.account_id])[0]
    shown = words(make_client("agent").get(f"/bills/{bill.number}?ask=again").text)
    assert "No: on the readings we have today it would be" in shown
    assert "48 readings came in or were put right" in shown


def test_no_such_bill(make_client: MakeClient, may_fail: None) -> None:
    agent = make_client("agent")
    for path in ("/bills/2026-01-000001", "/bills/2026-01-000001.pdf"):
        assert agent.get(path).status_code == 404


def test_who_was_not_billed_is_named(ops: TestClient, world: World, session: Session) -> None:
    assert "Every day of supply in cycles that are over is billed" in words(
        ops.get("/billing?ask=unbilled").text
    )
    one = world.supplied(name="Elsa Example", starts_on=date(2026, 10, 1))
    shown = words(ops.get("/billing?ask=unbilled").text)
    assert "One stretch of days was supplied and is neither billed nor held." in shown
    assert one.account in shown and "31 Oct 2026" in shown


def test_tariffs_are_there_for_marketers_and_nothing_else(make_client: MakeClient, world: World) -> None:
    marketer = make_client("marketer")
    shown = words(marketer.get("/billing?ask=held").text)
    assert "There are 2 tariffs." in shown
    assert "cannot be billed" not in shown
    shown = words(marketer.get("/billing/tariffs/night").text)
    assert "00:00–07:00" in shown
    assert "12.00" in shown
    assert marketer.post("/billing/runs", data={"period": "2026-10"}).status_code == 403
    assert marketer.post("/billing/held/1", data={"reason": "so"}).status_code == 403
    assert make_client("agent").get("/billing").status_code == 403


def test_bills_are_found_by_number(make_client: MakeClient, billed: Supplied, session: Session) -> None:
    agent = make_client("agent")
    number = bills_of(session, [billed.account_id])[0].number
    answer = agent.get("/customers", params={"q": number})
    assert answer.headers["location"] == f"/bills/{number}"  # the bill itself, not the page it lies on


@pytest.mark.parametrize(
    "typed",
    ["1e5", "1_000", "٤٣", "４３", "+5", "-5", "NaN", "Infinity", ".5", "5.", "1,00.00", "1,000.00,0",
     "1.00,000.00", "4 3", "", "0",
     "43.171", "43.17" + "0" * 30 + "1", "9" * 13],
)  # fmt: skip
def test_what_is_no_amount_is_not_booked(typed: str) -> None:
    with pytest.raises(Invalid, match="is no amount"):
        typed_minor(typed, "GBP")


def test_amounts_as_typed() -> None:
    assert typed_minor("43.17", "GBP") == 4317
    assert typed_minor(" 43,1 ", "EUR") == 4310
    assert typed_minor("43", "JPY") == 43


@pytest.mark.parametrize(
    ("typed", "currency", "language", "minor"),
    [
        ("1,250", "GBP", "en", 125000), ("12,50", "GBP", "en", 1250), ("1,250.00", "GBP", "en", 125000),
        ("£1,250.00", "GBP", "en", 125000), ("1,250,000", "GBP", "en", 125000000),
        ("1.250,00", "GBP", "en", 125000), ("0,250", "GBP", "en", 25), ("1,250", "JPY", "en", 1250),
        ("1 250,00", "GBP", "ru", 125000), ("1\u00a0250,00", "GBP", "ru", 125000),
        ("1\u202f250", "GBP", "ru", 125000), ("12.50", "GBP", "ru", 1250),
        ("1.250", "KWD", "en", 1250), ("1,250", "KWD", "ru", 1250),
    ],
)  # fmt: skip
def test_thousands_and_parts_by_the_language(typed: str, currency: str, language: str, minor: int) -> None:
    assert typed_minor(typed, currency, language) == minor


@pytest.mark.parametrize(
    ("typed", "language", "few", "many"),
    [("1.250", "en", "1.25", "1250.00"), ("1.250", "ru", "1,25", "1250,00"),
     ("1,250", "ru", "1,25", "1250,00")],
)  # fmt: skip
def test_what_may_be_either_is_not_booked(typed: str, language: str, few: str, many: str) -> None:
    with pytest.raises(Invalid, match="write it so") as refused:
        typed_minor(typed, "GBP", language)
    assert (refused.value.code, refused.value.where) == ("ambiguous_amount", "amount")
    assert (refused.value.values["few"], refused.value.values["many"]) == (few, many)


@given(
    st.integers(1, 10**12 - 1),
    st.sampled_from(["GBP", "EUR", "USD", "JPY", "KWD"]),
    st.sampled_from(["en", "ru"]),
)
def test_an_amount_shown_is_read_back(minor: int, currency: str, language: str) -> None:
    assert typed_minor(money(minor, currency, language), currency, language) == minor
    assert typed_minor(amount_text(minor, default_decimals(currency)), currency) == minor
