"""Who hears of a bill, of what falls due, of money that came, and of a direct debit that came back."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from billing_world import World
from ledger_world import bill
from sqlalchemy import text
from sqlalchemy.orm import Session

from billing.actions.agreeing import agree_plan, cancel_plan, take_promise
from billing.actions.direct_debits import add_mandate, collect, return_debits, set_creditor
from billing.actions.disputing import open_dispute
from billing.actions.payments import reverse_payment, take_payment
from billing.actions.suspending import assign_suspense, suspend
from billing.jobs import JOBS
from billing.money_in.entries import BankEntry
from billing.telling.jobs import tell_of_bills, tell_of_payments, tell_what_is_due
from utility_crm.customers.tables import ContactPoint
from utility_crm.kit.settings import settings

# January 2020 is billed on 1 February and due on the fifteenth.
BILLED = datetime(2020, 2, 1, 12, tzinfo=UTC)
NEAR = datetime(2020, 2, 12, 12, tzinfo=UTC)


@pytest.fixture
def account(world: World) -> int:
    customer, account = world.account()
    address = "ada@example.org"
    world.session.add(ContactPoint(customer_id=customer, kind="email", value=address, normal=address))
    world.session.flush()
    return account


def told(session: Session, notice: str) -> list[Any]:
    given = {"notice": notice}
    words = "select * from outbox where notice = :notice order by id"
    return list(session.execute(text(words), given))


def pay(session: Session, account_id: int, amount: int, reference: str, at: datetime = NEAR) -> int:
    return take_payment(
        session, account_id, amount, reference=reference, received_at=at, posted_on=at.date()
    ).id


def test_a_bill_is_told_of_once_and_only_while_it_is_news(session: Session, account: int) -> None:
    bill(session, account, 4512, number="B1")
    assert tell_of_bills(session, BILLED) == "1 queued of 1 bills issued"
    assert tell_of_bills(session, BILLED) == "0 queued of 0 bills issued"
    (notice,) = told(session, "bill_ready")
    assert (notice.key, notice.about, notice.state) == ("bill_ready:B1", "bill:B1", "waiting")
    assert notice.context["open_minor"] == notice.context["total_minor"] == 4512
    assert (notice.context["starts_on"], notice.context["last_on"]) == ("2020-01-01", "2020-01-31")
    bill(session, account, 4600, number="B2")  # issued on the first of March
    assert tell_of_bills(session, datetime(2020, 3, 5, 12, tzinfo=UTC)) == "0 queued of 0 bills issued"
    assert tell_of_bills in [job.run for job in JOBS]


def test_a_bill_paid_from_what_was_held_does_not_ask_for_money(session: Session, account: int) -> None:
    pay(session, account, 5000, "before", BILLED - timedelta(days=9))
    bill(session, account, 4512, number="B1")
    tell_of_bills(session, BILLED)
    (notice,) = told(session, "bill_ready")
    assert (notice.context["total_minor"], notice.context["open_minor"]) == (4512, 0)


def test_what_falls_due_is_told_a_few_days_before(session: Session, account: int) -> None:
    bill(session, account, 4512, number="B1")
    assert tell_what_is_due(session, NEAR - timedelta(days=1)).startswith("0 queued of 0 bills due soon")
    assert tell_what_is_due(session, NEAR).startswith("1 queued of 1 bills due soon")
    assert tell_what_is_due(session, NEAR).startswith("0 queued of 0 bills due soon")
    (notice,) = told(session, "payment_due")
    assert notice.context["due_on"] == "2020-02-15"
    assert notice.useful_before == datetime(2020, 2, 16, tzinfo=UTC), "the midnight that ends the due day"
    pay(session, account, 4512, "p")
    (notice,) = told(session, "payment_due")
    assert (notice.state, notice.reason) == ("withheld", "no_longer_true")


@pytest.mark.parametrize("held_by", ["dispute", "plan", "promise", "payment"])
def test_nobody_is_told_of_what_is_disputed_planned_promised_or_paid(
    session: Session, account: int, held_by: str
) -> None:
    bill(session, account, 4512, number="B1")
    today = NEAR.date()
    if held_by == "dispute":
        open_dispute(session, "B1", 4512, "wrong meter", today=today)
    elif held_by == "plan":
        agree_plan(session, account, 2, today + timedelta(days=20), today=today)
    elif held_by == "promise":
        take_promise(session, account, 4512, today + timedelta(days=9), today=today)
    else:
        pay(session, account, 4512, "p")
    assert tell_what_is_due(session, NEAR).startswith("0 queued of 0 bills due soon")


def test_an_instalment_is_told_of_until_it_is_covered_or_the_plan_ends(
    session: Session, account: int
) -> None:
    bill(session, account, 3000, number="B1")
    first_on = NEAR.date() + timedelta(days=2)
    plan = agree_plan(session, account, 3, first_on, today=NEAR.date())
    pay(session, account, 400, "part")
    assert tell_what_is_due(session, NEAR).endswith("1 queued of 1 instalments due soon")
    assert tell_what_is_due(session, NEAR).endswith("0 queued of 0 instalments due soon")
    (notice,) = told(session, "instalment_due")
    assert (notice.context["amount_minor"], notice.context["number"], notice.context["count"]) == (600, 1, 3)
    cancel_plan(session, plan, NEAR.date())
    tell_what_is_due(session, NEAR)
    assert told(session, "instalment_due")[0].state == "withheld"


def test_a_covered_instalment_is_left_in_peace(session: Session, account: int) -> None:
    bill(session, account, 3000, number="B1")
    agree_plan(session, account, 3, NEAR.date() + timedelta(days=2), today=NEAR.date())
    pay(session, account, 1000, "first")
    assert tell_what_is_due(session, NEAR).endswith("0 queued of 0 instalments due soon")


def test_money_that_came_is_thanked_for_unless_the_bank_took_it_back(session: Session, account: int) -> None:
    bill(session, account, 4512, number="B1")
    paid = pay(session, account, 4000, "T-1")
    assert tell_of_payments(session, NEAR) == "1 queued of 1 payments received"
    assert tell_of_payments(session, NEAR) == "0 queued of 0 payments received"
    (notice,) = told(session, "payment_received")
    assert (notice.context["amount_minor"], notice.context["balance_minor"]) == (4000, 512)
    assert tell_of_payments(session, NEAR + timedelta(days=8)) == "0 queued of 0 payments received"
    reverse_payment(session, paid, reference="T-1:back", reversed_at=NEAR, posted_on=NEAR.date())
    tell_of_payments(session, NEAR)
    assert told(session, "payment_received")[0].state == "withheld"


def test_fridays_money_in_the_file_of_monday_is_thanked_for(session: Session, account: int) -> None:
    friday = datetime(2020, 2, 14, tzinfo=UTC)
    pay(session, account, 4000, "bank:1", friday)
    assert (
        tell_of_payments(session, datetime(2020, 2, 17, 9, tzinfo=UTC)) == "1 queued of 1 payments received"
    )


def test_money_that_was_nobodys_is_thanked_for_once_it_is_theirs(session: Session, account: int) -> None:
    at, decided = datetime(2020, 2, 3, tzinfo=UTC), datetime(2020, 2, 17, 9, tzinfo=UTC)
    insert = text("""
        insert into payment_files (name, sha256, format, received_at, entries, booked, repeated, suspended,
                                   reversed, ignored) values ('f', 'x', 'csv', :at, 0, 0, 0, 0, 0, 0)
        returning id
    """)
    file = session.scalar(insert, {"at": at})
    assert file is not None
    who = BankEntry("1", "R1", at.date(), 4000, "GBP")
    suspend(session, file, [(who, "nobody")])
    (item,) = session.scalars(text("select id from suspense_items"))
    assign_suspense(session, item, account, now=decided, posted_on=decided.date(), by=None)
    assert tell_of_payments(session, decided) == "1 queued of 1 payments received"


@pytest.mark.parametrize(
    ("at", "day"),
    [(datetime(2020, 2, 12, tzinfo=UTC), "2020-02-12"), (datetime(2020, 2, 12, 3, tzinfo=UTC), "2020-02-11")],
)
def test_the_day_of_a_banks_file_is_that_day_west_of_greenwich_too(
    session: Session, account: int, at: datetime, day: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("UTILITY_CRM_TIMEZONE", "America/New_York")
    settings.cache_clear()
    pay(session, account, 4000, "bank:1", at)
    tell_of_payments(session, NEAR)
    monkeypatch.undo()
    settings.cache_clear()
    assert told(session, "payment_received")[0].context["received_on"] == day


@pytest.mark.parametrize(("code", "notices"), [("AM04", 1), ("MD07", 0)])
def test_a_returned_direct_debit_is_told_but_not_to_the_dead(
    session: Session, world: World, account: int, code: str, notices: int
) -> None:
    iban = "GB33BUKB20201555555555"
    set_creditor(session, "GBP", name="Example", iban=iban, creditor_id="GB1", return_fee_minor=350)
    on = date(2020, 1, 1)
    add_mandate(session, account, "M1", signed_on=on, name="Ada", iban=iban)
    bill(session, account, 1000, number="B1")
    collect(session, date(2020, 2, 15), NEAR)
    (name,) = session.scalars(text("select end_to_end_id from direct_debits"))
    for _ in range(2):
        return_debits(session, [(name, code)], now=NEAR)
    found = told(session, "payment_failed")
    assert len(found) == notices
    for one in found:
        assert one.context["fee_minor"] == 350
        assert one.context["code"] == "AM04"
        assert one.address == "ada@example.org"
