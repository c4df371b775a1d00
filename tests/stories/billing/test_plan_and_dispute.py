"""Two years of one household: bills month by month, a payment plan that breaks, a dispute that is won."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

import pytest
from billing_world import Supplied, World, check_books, flat
from sqlalchemy import text
from sqlalchemy.orm import Session

from billing.actions.agreeing import agree_plan, take_promise
from billing.actions.disputing import close_dispute, open_dispute
from billing.actions.issuing import issue_cycle
from billing.actions.payments import take_payment
from billing.actions.promises import take_back_promise
from billing.cycles import Month
from billing.jobs import judge_agreements, remind_of_late_bills
from billing.money_in.taking import take_file
from billing.queries.bills import bills_of
from billing.queries.dunning import agreed_on, dunnable_minor
from billing.queries.ledger import check_ledger
from billing.queries.statements import statement_of

FIRST = Month(2025, 1)


class Life:
    """One account, the clock, and what the jobs do each morning that matters."""

    def __init__(self, world: World, session: Session) -> None:
        self.session = session
        world.tariff(flat())
        self.one: Supplied = world.supplied(starts_on=date(2025, 1, 1))
        world.even(self.one.channel_id, date(2024, 12, 31), 732)
        session.execute(
            text(
                "insert into contact_points (customer_id, kind, value, normal) "
                "values (:c, 'email', 'ada@mail.example', 'ada@mail.example')"
            ),
            {"c": self.one.customer_id},
        )
        self.paid = 0

    def morning(self, day: date) -> None:
        now = datetime.combine(day, time(9), UTC)
        judge_agreements(self.session, now)
        remind_of_late_bills(self.session, now)
        check_books(self.session)

    def bill(self, month: Month) -> str:
        issued_on = month.plus(1).starts_on + timedelta(days=2)
        at = datetime.combine(issued_on, time(6), UTC)
        issue_cycle(self.session, month, 1, [self.one.account_id], issued_on=issued_on, known_at=at, now=at)
        return bills_of(self.session, [self.one.account_id])[0].number

    def pay(self, amount_minor: int, on: date) -> None:
        self.paid += 1
        take_payment(
            self.session, self.one.account_id, amount_minor, reference=f"p{self.paid}",
            received_at=datetime.combine(on, time(12), UTC), posted_on=on,
        )  # fmt: skip

    def open_bills(self) -> dict[str, int]:
        found = bills_of(self.session, [self.one.account_id])
        return {bill.number: bill.open_minor for bill in reversed(found) if bill.open_minor}

    def reminders(self) -> int:
        return int(self.session.scalar(text("select count(*) from outbox")) or 0)


@pytest.fixture
def life(session: Session) -> Life:
    return Life(World(session), session)


def test_a_plan_breaks_and_a_dispute_is_won(life: Life, session: Session) -> None:
    account = life.one.account_id
    for place in range(12):  # a year paid in time: nobody is reminded
        number = life.bill(FIRST.plus(place))
        due = FIRST.plus(place + 1).starts_on + timedelta(days=10)
        life.pay(life.open_bills()[number], due)
        life.morning(due + timedelta(days=10))
    assert life.open_bills() == {} and life.reminders() == 0

    # The winter is not paid: January and February are late, each reminded of once.
    for place in (12, 13):
        life.bill(FIRST.plus(place))
    life.morning(date(2026, 3, 25))
    life.morning(date(2026, 3, 26))
    assert life.reminders() == 2
    january, february = life.open_bills()
    owed = sum(life.open_bills().values())

    # A plan in four parts holds reminders back; the next bill is none of it.
    agree_plan(session, account, 4, date(2026, 4, 1), today=date(2026, 3, 27))
    check_books(session)
    march = life.bill(FIRST.plus(14))
    life.pay(-(-owed // 4), date(2026, 4, 1))
    assert dunnable_minor(session, account, date(2026, 4, 16)) == 0
    life.morning(date(2026, 5, 4))  # the second part was due on the first; money takes three days
    assert agreed_on(session, [account]).running
    life.morning(date(2026, 5, 5))
    (plan,) = agreed_on(session, [account]).plans
    assert (plan.state, plan.ended_on) == ("broken", date(2026, 5, 5))
    assert life.reminders() == 3  # March, which was late by itself
    late = life.open_bills()
    assert list(late) == [january, february, march]
    assert dunnable_minor(session, account, date(2026, 5, 5)) == sum(late.values())

    # A promise that they take back counts no more, and stays written.
    hasty = take_promise(session, account, late[january], date(2026, 5, 15), today=date(2026, 5, 5))
    assert dunnable_minor(session, account, date(2026, 5, 5)) == sum(late.values()) - late[january]
    noon = datetime(2026, 5, 5, 12, tzinfo=UTC)
    take_back_promise(session, hasty, "paid tomorrow they say", today=date(2026, 5, 5), now=noon)
    assert dunnable_minor(session, account, date(2026, 5, 5)) == sum(late.values())
    assert [(one.state, one.taken_back_at) for one in agreed_on(session, [account]).promises] == [
        ("taken_back", noon)
    ]

    # They promise January's rest, and keep it; February they dispute in part, and are right.
    take_promise(session, account, late[january], date(2026, 5, 15), today=date(2026, 5, 6))
    disputed = 2500
    dispute = open_dispute(session, february, disputed, "the heater was ours", today=date(2026, 5, 6))
    assert dunnable_minor(session, account, date(2026, 5, 6)) == late[february] - disputed + late[march]
    life.pay(late[january], date(2026, 5, 14))
    life.morning(date(2026, 5, 16))
    assert agreed_on(session, [account]).promises[0].state == "kept"
    close_dispute(session, dispute, won=True, today=date(2026, 6, 1))
    check_books(session)
    assert life.open_bills() == {february: late[february] - disputed, march: late[march]}

    # What is left is paid in parts, and a bank's file pays it whole: the plan is kept with the file.
    left = sum(life.open_bills().values())
    agree_plan(session, account, 2, date(2026, 6, 20), today=date(2026, 6, 1))
    content = f"date,amount,text\n2026-06-02,{left / 100:.2f},{life.one.account}\n".encode()
    take_file(session, "june.csv", content, now=datetime(2026, 6, 3, 6, tzinfo=UTC), currency="GBP")
    (newest, _) = agreed_on(session, [account]).plans
    assert (newest.state, newest.ended_on, life.open_bills()) == ("kept", date(2026, 6, 2), {})

    # The second year goes on as the first, and the books agree to the end.
    for place in range(15, 24):
        number = life.bill(FIRST.plus(place))
        due = FIRST.plus(place + 1).starts_on + timedelta(days=10)
        life.pay(life.open_bills()[number], due)
        life.morning(due + timedelta(days=10))
    assert life.open_bills() == {} and life.reminders() == 3
    found = statement_of(session, life.one.account, None, date(2027, 3, 1))
    kinds = [row.kind for row in found.rows]
    assert (kinds.count("bill"), kinds.count("credit"), found.closing_minor) == (24, 1, 0)
    assert check_ledger(session).differences == ()
