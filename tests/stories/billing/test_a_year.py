"""A simulated year of one household: gaps, a price change, late money, a reading that came late, moving
out."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise

import pytest
from billing_world import Supplied, World, flat, flat_version, two_rate
from sqlalchemy import text
from sqlalchemy.orm import Session

from billing.actions.agreements import end_agreement
from billing.actions.holds import release_held
from billing.actions.issuing import Issued, issue_cycle
from billing.actions.payments import take_payment
from billing.cycles import Month
from billing.explaining import explain_bill
from billing.queries.accounts import standing
from billing.queries.bill_parts import parts_of_bills, read_parts
from billing.queries.bills import BillRow, bill_before, bills_of
from billing.queries.held import held_accounts
from utility_crm.auth.tables import User

PRICES = [flat_version("2025-01-01", "0.25"), flat_version("2026-04-01", "0.28", "0.55")]


class Household:
    """Lives from January to December 2026; its meter sends a month at a time, on the second of the next."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.world = World(session)
        self.world.tariff(flat("steady", versions=PRICES))
        self.world.tariff(two_rate())
        self.one: Supplied = self.world.supplied("steady", starts_on=date(2026, 1, 1))
        self.supply(date(2025, 12, 31), date(2026, 1, 1), date(2026, 1, 1))

    def supply(
        self, first: date, before: date, arrives_on: date, holes: dict[date, int] | None = None
    ) -> None:
        """Readings of some days; holes: how many half-hours of a day are missing, from its sixth on."""
        for number in range((before - first).days):
            day = first + timedelta(days=number)
            self.world.random(self.one.channel_id, day, 1, day.toordinal())
        feed = self.world.feed(datetime.combine(arrives_on, time(4, 30), UTC))
        self.session.execute(
            text("update blocks set feed_id = :feed where day >= :first and day < :before"),
            {"feed": feed, "first": first, "before": before},
        )
        for day, count in (holes or {}).items():
            for slot in range(6, 6 + count):
                statement = f"update blocks set micro[{slot}] = null where day = :day"
                self.session.execute(text(statement), {"day": day})

    def month(self, number: int, holes: dict[date, int] | None = None) -> None:
        month = Month(2026, number)
        after = month.plus(1).starts_on
        self.supply(month.starts_on, after, after + timedelta(days=1), holes)

    def bill(self, number: int) -> Issued:
        month = Month(2026, number)
        issued_on = month.plus(1).starts_on + timedelta(days=2)
        at = datetime.combine(issued_on, time(6), UTC)
        return issue_cycle(
            self.session, month, 1, [self.one.account_id], issued_on=issued_on, known_at=at, now=at
        )

    def pay(self, bill: BillRow, on: date) -> None:
        take_payment(
            self.session, self.one.account_id, bill.total_minor, reference=f"pay-{bill.number}",
            received_at=datetime.combine(on, time(9), UTC), posted_on=on,
        )  # fmt: skip

    def newest(self) -> BillRow:
        return bills_of(self.session, [self.one.account_id])[0]


@pytest.fixture
def home(session: Session) -> Household:
    return Household(session)


def test_a_year(home: Household, session: Session) -> None:
    for number in (1, 2, 3):
        home.month(number)
        assert len(home.bill(number).bill_ids) == 1
        home.pay(home.newest(), Month(2026, number).plus(1).starts_on + timedelta(days=10))
    assert standing(session, home.one.customer_id, date(2026, 4, 20))[0].balance_minor == 0

    # April: new prices, and a morning that nobody read.
    home.month(4, {date(2026, 4, 14): 12})
    home.bill(4)
    april = home.newest()
    assert april.estimated_readings == 12
    found = explain_bill(session, april, bill_before(session, april))
    effects = {row.effect: row.amount_minor for row in found.rows}
    assert effects["price"] > 0 and effects["fixed"] > 0 and found.left_over_minor == 0
    assert [caveat.code for caveat in found.caveats] == ["still_estimated"]

    # May: two days are missing; ops lets the gap be filled.
    home.month(5, {date(2026, 5, 12): 40, date(2026, 5, 13): 40})
    assert [hold.code for hold in home.bill(5).held] == ["missing"]
    user = User(login="sana", name="Sana", role="ops", password_hash="x")
    session.add(user)
    session.flush()
    (held,) = held_accounts(session)
    release_held(session, held.id, user.id, datetime(2026, 6, 4, tzinfo=UTC), "The fitter was there")
    assert len(home.bill(5).bill_ids) == 1
    assert home.newest().estimated_readings == 80

    # The April morning is read at last; April's bill stands, and its estimate shows against May's.
    feed = home.world.feed(datetime(2026, 6, 10, tzinfo=UTC))
    home.world.even(home.one.channel_id, date(2026, 4, 14), 1, 900_000, feed_id=feed)
    may = home.newest()
    found = explain_bill(session, may, bill_before(session, may))
    assert {row.effect for row in found.rows} >= {"estimate"}
    assert found.left_over_minor == 0

    # From June nothing is paid until one large sum comes in September.
    for number in (6, 7, 8):
        home.month(number)
        home.bill(number)
    before = standing(session, home.one.customer_id, date(2026, 9, 20))[0]
    assert (before.open_bills, before.late_bills) == (5, 5)
    home.pay(april, date(2026, 9, 20))
    home.pay(may, date(2026, 9, 21))
    after = standing(session, home.one.customer_id, date(2026, 9, 21))[0]
    assert (after.open_bills, after.balance_minor) == (
        3,
        before.balance_minor - april.total_minor - may.total_minor,
    )

    # Day & Night from 15 September; out on 20 November.
    end_agreement(session, home.one.agreement_id, date(2026, 9, 15), "changed_tariff")
    second = home.world.agreement(home.one.account_id, home.one.service_point_id, "night", date(2026, 9, 15))
    for number in (9, 10):
        home.month(number)
        home.bill(number)
        found = explain_bill(session, home.newest(), bill_before(session, home.newest()))
        assert "tariff" in {row.effect for row in found.rows}
        assert found.left_over_minor == 0
    end_agreement(session, second.id, date(2026, 11, 20), "moved")
    home.month(11)
    home.bill(11)
    assert (home.newest().starts_on, home.newest().ends_before) == (date(2026, 11, 1), date(2026, 11, 20))
    home.month(12)
    assert home.bill(12) == Issued()

    check_all(home, session)


def check_all(home: Household, session: Session) -> None:
    """Every day was billed once, every bill can be made again, and the books agree."""
    bills = sorted(bills_of(session, [home.one.account_id]), key=lambda bill: bill.starts_on)
    assert len(bills) == 11
    assert bills[0].starts_on == date(2026, 1, 1)
    assert all(one.ends_before == two.starts_on for one, two in pairwise(bills))
    for bill in bills:
        parts = read_parts(session, bill, parts_of_bills(session, [bill.id])[bill.id])
        assert sum(part.side.bill().total_minor for part in parts) == bill.total_minor
    balance = session.scalar(text("select balance_minor from account_balances"))
    paid = session.scalar(text("select sum(amount_minor) from payments"))
    posted = session.scalar(
        text(
            "select sum(case debit when 'receivable' then amount_minor else -amount_minor end) "
            "from ledger_entries"
        )
    )
    assert balance == posted == sum(bill.total_minor for bill in bills) - paid
    assert sum(bill.open_minor for bill in bills) == balance
