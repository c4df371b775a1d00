"""Rooms of the billing page beside bills: deposits, fixed amounts, places without supply."""

from __future__ import annotations

import re
from datetime import date

import pytest
from billing_world import NOW, World
from sqlalchemy import text
from sqlalchemy.orm import Session
from starlette.testclient import TestClient

from billing.actions.payments import take_payment
from billing.life.budgets import start_budget
from billing.life.deemed import set_deemed_terms
from billing.life.deposits import take_deposit
from tests.web.conftest import MakeClient

from .test_customer_questions import words


@pytest.fixture
def ops(make_client: MakeClient) -> TestClient:
    return make_client("ops")


def page(ops: TestClient, ask: str) -> str:
    answer = ops.get("/billing", params={"ask": ask})
    assert answer.status_code == 200
    return words(answer.text)


def test_none_of_them_is_said_in_words(ops: TestClient, world: World) -> None:
    assert "No deposit is kept." in page(ops, "deposits")
    assert "Nobody pays a fixed amount." in page(ops, "budgets")
    shown = page(ops, "places")
    assert "Every place is supplied, or was given up." in shown and "None is set" in shown


def test_deposits_with_what_they_earned_and_those_to_go_back(
    ops: TestClient, world: World, session: Session
) -> None:
    paid, unpaid = world.supplied(name="Ada Example"), world.supplied(name="Ben Example")
    gone = world.supplied(name="Cy Example", ends_before=date(2026, 10, 1), reason="moved")
    for number, one in enumerate((paid, unpaid, gone)):
        take_deposit(
            session, one.account_id, 10_000, reference=f"D{number}", taken_on=date(2025, 11, 22),
            interest_ppm=20_000,
        )  # fmt: skip
    take_payment(session, paid.account_id, 10_000, reference="P1", received_at=NOW, posted_on=NOW.date())
    shown = page(ops, "deposits")
    assert "3 deposits are kept, £300.00" in shown and "One should go back" in shown
    rows = shown[shown.index("those to go back first") :]
    assert rows.index("Cy Example") < rows.index("Ada Example") < rows.index("Ben Example")
    assert "£100.00 not paid yet" in rows and re.search(r"2\.00\s?%", rows)
    session.execute(text("update deposits set returned_on = taken_on, interest_minor = 0"))
    assert "No deposit is kept." in page(ops, "deposits")


def test_fixed_amounts_and_when_they_settle(ops: TestClient, world: World, session: Session) -> None:
    far, near = world.supplied(name="Ada Example"), world.supplied(name="Ben Example")
    start_budget(session, far.account_id, 9_000, date(2026, 11, 1), settles_on=date(2199, 11, 1))
    start_budget(session, near.account_id, 8_000, date(2020, 11, 1), settles_on=date(2021, 11, 1))
    shown = page(ops, "budgets")
    assert "2 accounts pay a fixed amount. One settles within a month." in shown
    rows = shown[shown.index("those that settle next first") :]
    assert rows.index("Ben Example") < rows.index("Ada Example") and "£80.00" in rows
    assert rows.count("settles soon") == 1


def test_places_without_supply_and_the_terms_that_hold_there(
    ops: TestClient, world: World, session: Session
) -> None:
    gone = world.supplied(name="Cy Example", ends_before=date(2026, 10, 1), reason="moved")
    world.supplied(name="Dee Example", ends_before=date(2026, 10, 1), reason="switched")
    tariff = session.scalar(text("select id from tariffs where code = 'flat'"))
    assert isinstance(tariff, int)
    set_deemed_terms(session, "electricity", "household", tariff, date(2026, 1, 1), "the gazette")
    shown = page(ops, "places")
    assert "One place has had no supply since somebody moved out." in shown
    assert world.point_code(gone.service_point_id) in shown and "Cy Example" in shown
    assert "Dee Example" not in shown and "the gazette" in shown and "electricity, GBP" in shown


def test_a_marketer_sees_none_of_it(make_client: MakeClient, world: World) -> None:
    shown = words(make_client("marketer").get("/billing?ask=deposits").text)
    assert "Which deposits are kept?" not in shown and "There are 2 tariffs." in shown
