"""Answers outside the page: the same sentence, figures that add up, and what they were made from."""

from __future__ import annotations

import re
from datetime import date, timedelta
from decimal import Decimal

import pytest
from billing_world import NOW, Supplied, World, two_rate
from sqlalchemy import text
from sqlalchemy.orm import Session
from warm_household import daily_degrees, heated, in_an_area, warmed

from billing.actions.issuing import issue_cycle
from billing.actions.payments import take_payment
from billing.answers.asking import answered
from billing.answers.registry import answers
from billing.answers.told import AnswerDocument
from billing.cycles import Month
from billing.what_if.jobs import learn_how_far_off
from utility_crm.kit.errors import NotFound

TODAY = date(2026, 11, 20)


@pytest.fixture
def billed(world: World) -> Supplied:
    """August to October on the two-rate tariff; 9 October was missing and filled."""
    world.tariff(two_rate())
    one = world.supplied("night")
    world.random(one.channel_id, date(2026, 7, 31), 70, 11)
    values: list[int | None] = list(world.random(one.channel_id, date(2026, 10, 9), 24, 12))
    world.read(one.channel_id, date(2026, 10, 9), [None] * 48 + values[48:])
    for month in (8, 9, 10):
        issue_cycle(
            world.session, Month(2026, month), 1, [one.account_id],
            issued_on=date(2026, month + 1, 3), known_at=NOW - timedelta(days=10), now=NOW,
        )  # fmt: skip
    return one


def ask(session: Session, account: str, question: str, language: str = "en", **given: str) -> AnswerDocument:
    return answered(session, account, question, now=NOW, today=TODAY, language=language, params=given)


@pytest.mark.parametrize("language", ["en", "ru"])
def test_every_question_is_told_of_a_billed_account(
    session: Session, billed: Supplied, language: str
) -> None:
    for one in answers():
        document = ask(session, billed.account, one.key, language)
        assert document["question"] == one.key and document["account"] == billed.account
        assert document["sentence"], one.key
        if document["adds_up"] is not None:
            parts = sum(Decimal(part["amount"]) for part in document["adds_up"]["parts"])
            assert parts == Decimal(document["adds_up"]["total"]), one.key
            assert Decimal(document["adds_up"]["left_over"]) == 0, one.key


def test_every_question_is_told_of_an_account_without_a_bill(session: Session, world: World) -> None:
    one = world.supplied()
    for asked in answers():
        assert ask(session, one.account, asked.key)["sentence"], asked.key


def test_an_answer_is_about_the_account_that_was_named(session: Session, billed: Supplied) -> None:
    document = ask(session, billed.account, "owe")
    bills = [one["id"] for one in document["evidence"]]
    assert len(bills) == 3
    other = ask(session, billed.account, "why", bill=bills[1])
    assert [one["id"] for one in other["evidence"]] == [bills[1], bills[0]]


def test_why_states_the_weathers_fit_and_can_look_back_a_year(session: Session, world: World) -> None:
    one, degrees = world.supplied("flat"), daily_degrees()
    warmed(world, in_an_area(world, one), degrees)
    heated(world, one.channel_id, degrees)
    for month in (Month(2025, 10), Month(2026, 9), Month(2026, 10)):
        issue_cycle(session, month, 1, [one.account_id], issued_on=TODAY, known_at=NOW, now=NOW)
    for given, before in ({}, "2026-09-000001"), ({"against": "year-ago"}, "2025-10-000001"):
        document = ask(session, one.account, "why", **given)
        assert document["evidence"][1]["id"] == before
        found = {figure["name"]: figure["value"] for figure in document["figures"]}
        assert (found["weather_r2"], found["heating_balance"]) == ("1.0", "15.0")
        assert document["adds_up"] is not None and document["adds_up"]["left_over"] == "0.00"
        assert "weather" in {part["name"] for part in document["adds_up"]["parts"]}
    with pytest.raises(NotFound) as refused:
        ask(session, one.account, "why", bill="2026-09-000001", against="year-ago")
    assert refused.value.code == "no_bill_a_year_ago"


def test_what_is_not_there_is_said(session: Session, billed: Supplied) -> None:
    with pytest.raises(NotFound) as refused:
        ask(session, billed.account, "weather")
    assert "why" in refused.value.message
    with pytest.raises(NotFound):
        ask(session, "A-none", "why")


def test_the_own_tariff_again_is_what_was_billed(session: Session, billed: Supplied) -> None:
    document = ask(session, billed.account, "tariff", shift="30")
    found = {one["name"]: one["value"] for one in document["figures"]}
    assert document["adds_up"] is not None and len(document["adds_up"]["parts"]) == 3
    assert found["billed"] == document["adds_up"]["total"]
    assert found["verdict.flat"] == "short" and "Stay with Day & Night" in document["sentence"]
    assert Decimal(found["saving_on.flat"]) == Decimal(found["billed"]) - Decimal(found["cost_on.flat"])
    # At one price for all hours nothing is gained by moving use about.
    assert abs(Decimal(found["cost_shifted.flat"]) - Decimal(found["cost_on.flat"])) < Decimal("0.02")


def test_the_next_bill_has_an_interval_once_the_clock_has_looked_back(
    session: Session, world: World, billed: Supplied
) -> None:
    before = {one["name"]: one["value"] for one in ask(session, billed.account, "next")["figures"]}
    assert "low" not in before and before["starts_on"] == "2026-11-01"
    for number in range(6):
        other = world.supplied("night")
        for month in range(1, 11):
            first = date(2026, month, 1)
            world.random(other.channel_id, first - timedelta(days=1), 33, 100 * number + month)
            issue_cycle(
                session, Month(2026, month), 1, [other.account_id],
                issued_on=TODAY, known_at=NOW, now=NOW,
            )  # fmt: skip
    assert "household: " in learn_how_far_off(session, NOW)
    document = ask(session, billed.account, "next")
    found = {one["name"]: one["value"] for one in document["figures"]}
    low, middle, high = (Decimal(found[name]) for name in ("low", "forecast", "high"))
    assert low < middle < high and found["forecast"] == before["forecast"]
    assert found["certainty"] == "0.80" and "80\N{NO-BREAK SPACE}%" in document["sentence"]


def test_each_line_has_its_rule_and_its_arithmetic(session: Session, billed: Supplied) -> None:
    document = ask(session, billed.account, "charge")
    found = {one["name"]: (one["value"], one["unit"]) for one in document["figures"]}
    assert document["adds_up"] is not None and len(document["adds_up"]["parts"]) == 4
    assert "energy used at all other hours" in document["if_asked_on"]
    assert found["price"] == ("0.32", "GBP") and found["price_since"] == ("2024-01-01", "")
    quantity, price = Decimal(found["quantity"][0]), Decimal(found["price"][0])
    assert abs(quantity * price - Decimal(found["amount"][0])) <= Decimal("0.005")
    tax = ask(session, billed.account, "charge", line="4")
    assert "VAT is 5\N{NO-BREAK SPACE}% of £" in tax["sentence"]
    first = ask(session, billed.account, "charge", line="1")
    assert "the same for each month" in first["if_asked_on"] and " × " in first["if_asked_on"]


def test_parts_add_up_to_what_is_open(session: Session, billed: Supplied) -> None:
    owed = ask(session, billed.account, "owe")
    document = ask(session, billed.account, "parts", count="4")
    assert owed["adds_up"] is not None and document["adds_up"] is not None
    assert document["adds_up"]["total"] == owed["adds_up"]["total"]
    assert [part["name"] for part in document["adds_up"]["parts"]] == [
        "2026-12-04", "2027-01-04", "2027-02-04", "2027-03-04",
    ]  # fmt: skip
    settle_all(session, billed)
    assert "Nothing is open" in ask(session, billed.account, "parts")["sentence"]


def test_parts_are_said_so_that_they_add_up(session: Session, world: World, billed: Supplied) -> None:
    session.execute(
        text("update bills set due_on = '2026-12-20' where account_id = :a"), {"a": billed.account_id}
    )
    owed = ask(session, billed.account, "owe")["adds_up"]
    assert owed is not None
    minor = int(Decimal(owed["total"]) * 100)
    count = next(each for each in (2, 3, 4, 6, 12) if minor % each)
    document = ask(session, billed.account, "parts", count=str(count))
    said = re.findall(r"(\d+) × £([\d.]+)", document["sentence"])
    assert sum(int(many) * Decimal(amount) for many, amount in said) == Decimal(owed["total"])
    # No part is asked for before the bill is due.
    assert document["adds_up"] is not None
    assert document["adds_up"]["parts"][0]["name"] == "2026-12-20"


def settle_all(session: Session, one: Supplied) -> None:
    open_minor = session.scalar(
        text("select sum(open_minor) from bills where account_id = :a"), {"a": one.account_id}
    )
    take_payment(
        session,
        one.account_id,
        int(open_minor),
        reference="all",
        received_at=NOW,
        posted_on=TODAY,
        method="card",
    )


def test_a_stuck_meter_is_named_and_neighbours_are_of_the_same_kind(
    session: Session, world: World, billed: Supplied
) -> None:
    assert "Nothing speaks against the meter" in ask(session, billed.account, "meter")["sentence"]
    area = session.scalar(
        text("insert into network_nodes (code, name, kind) values ('N', 'North', 'area') returning id")
    )
    session.execute(
        text(
            "insert into findings (rule, channel_id, first_day, last_day, severity, detail) "
            "values ('stuck', :channel, '2026-10-03', '2026-10-04', 'warn', '{}')"
        ),
        {"channel": billed.channel_id},
    )
    others = [world.supplied("night") for _ in range(6)]
    for number, other in enumerate(others):
        world.even(other.channel_id, date(2026, 9, 29), 35, 100_000 * (number + 1))
    industry = others.pop()
    session.execute(
        text("update customers set segment = 'industry' where id = :id"), {"id": industry.customer_id}
    )
    session.execute(text("update premises set node_id = :area"), {"area": area})
    ids = [one.account_id for one in (*others, industry)]
    issue_cycle(session, Month(2026, 10), 1, ids, issued_on=TODAY, known_at=NOW, now=NOW)
    document = ask(session, billed.account, "meter")
    found = {one["name"]: one["value"] for one in document["figures"]}
    assert "the same value for long" in document["sentence"] and found["to_look_at"] == "1"
    # October has an hour more than 31 days of 24.
    assert (found["neighbours"], found["neighbours_50"]) == ("5", "14.419354")
    assert document["evidence"][1]["kind"] == "finding"
