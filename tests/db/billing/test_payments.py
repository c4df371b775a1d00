"""Money received is booked once, pays the oldest bill first, and the books agree."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from billing_world import NOW, Supplied, World
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text
from sqlalchemy.orm import Session

from billing.actions.bulk_payments import Received, take_payments
from billing.actions.issuing import issue_cycle
from billing.actions.payments import take_payment
from billing.cycles import Month
from billing.jobs import remind_of_late_bills
from billing.queries.accounts import standing
from billing.queries.ledger import check_ledger
from utility_crm.kit.errors import Conflict, Invalid, NotFound

TODAY = NOW.date()


@pytest.fixture
def billed(world: World, session: Session) -> Supplied:
    """An account with three bills of one size and a bit."""
    one = world.supplied()
    world.even(one.channel_id, date(2026, 7, 31), 93)
    for month in (8, 9, 10):
        issue_cycle(
            session, Month(2026, month), 1, [one.account_id],
            issued_on=date(2026, month + 1, 3), known_at=NOW, now=NOW,
        )  # fmt: skip
    return one


def pay(session: Session, account: Supplied, amount_minor: int, reference: str) -> bool:
    return take_payment(
        session, account.account_id, amount_minor, reference=reference, received_at=NOW, posted_on=TODAY
    ).repeated


def open_amounts(session: Session) -> list[tuple[int, int]]:
    rows = session.execute(text("select total_minor, open_minor from bills order by due_on"))
    return [(row[0], row[1]) for row in rows]


def check_books(session: Session, account: Supplied) -> int:
    """The balance is the sum of postings, and what is open less what is unallocated."""
    balance = session.scalar(text("select balance_minor from account_balances"))
    posted = session.scalar(
        text(
            "select sum(case when debit = 'receivable' then amount_minor else -amount_minor end) "
            "from ledger_entries"
        )
    )
    bills = open_amounts(session)
    still_open = sum(still for _, still in bills)
    assert balance == posted
    assert still_open == min(max(0, balance), sum(total for total, _ in bills))
    assert all(0 <= still <= total for total, still in bills)
    # Oldest first: a bill with something open has nothing paid after it.
    states = [still for _, still in bills]
    first_open = next((index for index, still in enumerate(states) if still), len(states))
    assert all(still == total for total, still in bills[first_open + 1 :])
    assert check_ledger(session).differences == ()
    assert isinstance(balance, int)
    return balance


def test_the_oldest_bill_is_paid_first(billed: Supplied, session: Session) -> None:
    (first, _), (second, _), (third, _) = open_amounts(session)
    pay(session, billed, first + 100, "bank-1")
    assert [still for _, still in open_amounts(session)] == [0, second - 100, third]
    pay(session, billed, second + third, "bank-2")
    assert [still for _, still in open_amounts(session)] == [0, 0, 0]
    assert check_books(session, billed) == -100


def test_a_repeated_reference_is_harmless(billed: Supplied, session: Session) -> None:
    assert not pay(session, billed, 5000, "bank-1")
    before = check_books(session, billed)
    assert pay(session, billed, 5000, "bank-1")
    assert check_books(session, billed) == before
    with pytest.raises(Conflict):
        pay(session, billed, 5001, "bank-1")


def test_money_given_back_opens_the_newest_bill_again(billed: Supplied, session: Session) -> None:
    totals = [total for total, _ in open_amounts(session)]
    pay(session, billed, sum(totals), "bank-1")
    pay(session, billed, -1000, "back-1")
    assert [still for _, still in open_amounts(session)] == [0, 0, 1000]
    assert check_books(session, billed) == 1000


def test_nothing_and_nobody_are_refused(billed: Supplied, session: Session) -> None:
    with pytest.raises(Invalid):
        pay(session, billed, 0, "bank-1")
    with pytest.raises(Invalid):
        pay(session, billed, 10, " ")
    with pytest.raises(NotFound):
        take_payment(session, 10**9, 1, reference="x", received_at=NOW, posted_on=TODAY)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.integers(-20_000, 40_000).filter(bool), min_size=1, max_size=6))
def test_the_books_agree_whatever_comes(billed: Supplied, session: Session, amounts: list[int]) -> None:
    with session.begin_nested() as savepoint:
        billed_minor = sum(total for total, _ in open_amounts(session))
        for number, amount in enumerate(amounts):
            pay(session, billed, amount, f"bank-{number}")
        assert check_books(session, billed) == billed_minor - sum(amounts)
        savepoint.rollback()


@pytest.mark.parametrize("by_file", [False, True])
def test_nobody_is_reminded_of_a_bill_that_is_paid(billed: Supplied, session: Session, by_file: bool) -> None:
    """It was late and the reminder waits for the morning, when the money comes."""
    session.execute(
        text(
            "insert into contact_points (customer_id, kind, value, normal) "
            "values (:c, 'email', 'ada@mail.example', 'ada@mail.example')"
        ),
        {"c": billed.customer_id},
    )
    night = datetime(2026, 10, 30, 23, 30, tzinfo=UTC)
    assert remind_of_late_bills(session, night).startswith("2 queued")
    paid, still_open = session.scalars(text("select number from bills order by id limit 2"))
    amount = open_amounts(session)[0][0]
    if by_file:
        take_payments(session, [Received(billed.account_id, amount, "GBP", "bank-1", night, TODAY)])
    else:
        pay(session, billed, amount, "bank-1")
    became = session.execute(text("select about, state, reason from outbox order by id")).all()
    assert became == [
        (f"bill:{paid}", "withheld", "no_longer_true"),
        (f"bill:{still_open}", "waiting", "quiet_hours"),
    ]


def test_a_batch_books_as_one_by_one(billed: Supplied, session: Session) -> None:
    batch = [
        Received(billed.account_id, amount, "GBP", f"bank-{number}", NOW, TODAY)
        for number, amount in enumerate((9000, 4000, -700))
    ]
    with session.begin_nested() as savepoint:
        assert take_payments(session, batch) == 3
        assert take_payments(session, batch) == 0
        in_one = check_books(session, billed), open_amounts(session)
        savepoint.rollback()
    for payment in batch:
        pay(session, billed, payment.amount_minor, payment.reference)
    assert (check_books(session, billed), open_amounts(session)) == in_one


def test_standing_counts_what_is_late(billed: Supplied, session: Session) -> None:
    totals = [total for total, _ in open_amounts(session)]
    pay(session, billed, 1000, "bank-1")
    (found,) = standing(session, billed.customer_id, TODAY)
    assert (found.balance_minor, found.open_bills, found.late_bills) == (sum(totals) - 1000, 3, 3)
    (found,) = standing(session, billed.customer_id, date(2026, 10, 17) + timedelta(days=1))
    assert (found.overdue_minor, found.late_bills) == (totals[0] + totals[1] - 1000, 2)
    assert found.late_since == date(2026, 9, 18)  # the due day itself is in time
