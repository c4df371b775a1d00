"""Two simulated years of one home: moving in, a deposit, new prices, an estimate read later, another meter, a
tariff put right, a fixed amount, another tariff, moving out, and whoever comes next."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from typing import Any

import pytest
from billing_world import World, check_books, flat, flat_version, two_rate
from sqlalchemy import text
from sqlalchemy.orm import Session

from billing.actions.agreements import change_tariff
from billing.actions.issuing import issue_cycle
from billing.actions.payments import take_payment
from billing.actions.tariffs import import_tariff
from billing.corrections.approving import Corrected, approve_corrections
from billing.corrections.finding import find_corrections
from billing.cycles import Month
from billing.explaining import explain_bill
from billing.invoices import number_gaps
from billing.life.budgets import start_budget
from billing.life.deemed import deem_supply, set_deemed_terms, unsupplied_points
from billing.life.deposits import take_deposit
from billing.life.moving import move_in, move_out
from billing.life.settling import settle_account
from billing.queries.bill_parts import parts_of_bills
from billing.queries.bills import BillRow, bill_before, bills_of
from billing.queries.ledger import check_ledger
from meters.tables import Meter
from utility_crm.customers.tables import Account

PRICES = [flat_version("2024-01-01", "0.24"), flat_version("2025-06-16", "0.27", "0.55")]


class Home:
    """Its meter sends a month at a time, on the second of the next; bills follow on the third, and are paid
    on the twelfth."""

    def __init__(self, session: Session) -> None:
        self.session, self.world = session, World(session)
        self.world.tariff(flat("steady", versions=PRICES))
        self.world.tariff(two_rate())
        deemed = self.world.tariff(flat("deemed", price="0.36"))
        set_deemed_terms(session, "electricity", "household", deemed, date(2025, 1, 1), "published terms")
        self.customer_id, self.account_id = self.world.account()
        self.point_id, self.channel_id = self.world.point()
        self.read(date(2024, 12, 31), date(2025, 1, 1), date(2025, 1, 1))

    def read(
        self, first: date, before: date, on: date, *, holes: dict[date, int] | None = None, again: int = 0
    ) -> None:
        """The days of [first, before), known on a day; holes: half-hours of a day without a reading. again:
        another look at them, which reads so much more in every half-hour."""
        feed = self.world.feed(datetime.combine(on, time(4, 30), UTC))
        values: list[int | None] = []
        for number in range((before - first).days):
            day = first + timedelta(days=number)
            half_hours: list[int | None] = [
                100_000 + (day.toordinal() * 7919 + slot * 104_729) % 150_000 + again for slot in range(48)
            ]
            lost = (holes or {}).get(day, 0)
            half_hours[12 : 12 + lost] = [None] * lost
            values += half_hours
        self.world.read(self.channel_id, first, values, feed_id=feed)

    def month(self, month: Month, *, holes: dict[date, int] | None = None) -> BillRow:
        after = month.plus(1).starts_on
        self.read(month.starts_on, after, after + timedelta(days=1), holes=holes)
        return self.bill(month, self.account_id)

    def bill(self, month: Month, account_id: int) -> BillRow:
        on = month.plus(1).starts_on + timedelta(days=2)
        at = datetime.combine(on, time(6), UTC)
        done = issue_cycle(self.session, month, 1, [account_id], issued_on=on, known_at=at, now=at)
        assert (len(done.bill_ids), done.held) == (1, ())
        check_books(self.session)
        return bills_of(self.session, [account_id])[0]

    def pay(self, on: date) -> None:
        """All that is owed, if anything."""
        owed = self.balance()
        if owed > 0:
            at = datetime.combine(on, time(9), UTC)
            reference = f"paid-{on.isoformat()}"
            take_payment(
                self.session, self.account_id, owed, reference=reference, received_at=at, posted_on=on
            )

    def live(self, first: Month, last: Month) -> None:
        """Months in which nothing happens."""
        month = first
        while month <= last:
            self.month(month)
            self.pay(month.plus(1).starts_on + timedelta(days=11))
            month = month.plus(1)

    def balance(self) -> int:
        found = self.session.scalar(
            text("select balance_minor from account_balances where account_id = :a"), {"a": self.account_id}
        )
        return int(found or 0)

    def put_right(self, on: date, why: str) -> Corrected:
        at = datetime.combine(on, time(12), UTC)
        find_corrections(self.session, known_at=at, today=on, now=at, country="GB")
        ids = list(self.session.scalars(text("select id from corrections where state = 'proposed'")))
        done = approve_corrections(
            self.session, ids, user_id=None, decision=why, today=on, now=at, country="GB"
        )
        check_books(self.session)
        return done

    def effects(self, bill: BillRow) -> dict[str, int]:
        found = explain_bill(self.session, bill, bill_before(self.session, bill))
        assert found.kind == "first" or found.left_over_minor == 0
        return {row.effect: row.amount_minor for row in found.rows}

    def rows(self, statement: str, **values: Any) -> list[Any]:
        return list(self.session.execute(text(statement), values))


@pytest.fixture
def home(session: Session) -> Home:
    return Home(session)


def test_two_years(home: Home, session: Session) -> None:
    # They move in on 8 January 2025 and leave a deposit.
    steady = home.world.tariffs["steady"]
    agreement = move_in(session, home.account_id, home.point_id, steady, date(2025, 1, 8))
    take_deposit(
        session, home.account_id, 10_000, reference="deposit", taken_on=date(2025, 1, 8), interest_ppm=30_000
    )
    home.pay(date(2025, 1, 9))
    first = home.month(Month(2025, 1))
    assert (first.starts_on, first.days) == (date(2025, 1, 8), 24)
    home.pay(date(2025, 2, 12))
    home.live(Month(2025, 2), Month(2025, 5))

    # New prices in the middle of June: one bill of two parts, and the rise has its effect.
    june = home.month(Month(2025, 6))
    split = "select starts_on from bill_lines where bill_id = :b and charge = 'energy' order by position"
    assert home.rows(split, b=june.id) == [(date(2025, 6, 1),), (date(2025, 6, 16),)]
    assert {"price", "fixed"} <= set(home.effects(june))
    home.pay(date(2025, 7, 12))
    home.live(Month(2025, 7), Month(2025, 8))

    # A day of September is not read and estimated; what was read comes in October, and is more.
    september = home.month(Month(2025, 9), holes={date(2025, 9, 18): 20})
    assert september.estimated_readings == 20
    home.pay(date(2025, 10, 12))
    home.read(date(2025, 9, 18), date(2025, 9, 19), date(2025, 10, 20), again=400_000)
    done = home.put_right(date(2025, 10, 21), "the fitter read it")
    assert (len(done.credit_notes), len(done.new_bill_ids)) == (1, 1)
    assert home.balance() == done.charged_minor - done.credited_minor > 0
    again = bills_of(session, [home.account_id])[0]
    assert (again.starts_on, again.estimated_readings) == (september.starts_on, 0)
    october = home.month(Month(2025, 10))
    assert "estimate" not in home.effects(october)  # it stands against what was read
    home.pay(date(2025, 11, 12))

    # Another meter in the middle of November: nothing is split, and the bill names both.
    for serial, since, before in (
        ("M-1", date(2020, 1, 1), date(2025, 11, 14)), ("M-2", date(2025, 11, 14), None),
    ):  # fmt: skip
        point = home.point_id
        session.add(Meter(serial=serial, service_point_id=point, installed_on=since, removed_before=before))
    session.flush()
    november = home.month(Month(2025, 11))
    (part,) = parts_of_bills(session, [november.id])[november.id]
    assert (part.meter, part.period.days) == ("M-1, M-2", 30)
    home.pay(date(2025, 12, 12))
    home.live(Month(2025, 12), Month(2026, 1))

    # The price of January was wrong; it is put right for the better, and they have paid: it pays February.
    wrong = [*PRICES, flat_version("2026-01-01", "0.25", "0.55")]
    assert import_tariff(session, flat("steady", versions=wrong), correct=True).outcome == "changed"
    done = home.put_right(date(2026, 2, 20), "the price list was wrong")
    assert len(done.credit_notes) == 1 and done.charged_minor < done.credited_minor
    assert home.balance() == done.charged_minor - done.credited_minor
    home.live(Month(2026, 2), Month(2026, 2))

    # From March a fixed amount; what is carried waits.
    start_budget(session, home.account_id, 7500, date(2026, 3, 1))
    march, april = home.month(Month(2026, 3)), home.month(Month(2026, 4))
    assert (march.total_minor, april.total_minor) == (7500, 7500)
    assert "budget" in home.effects(april)
    home.pay(date(2026, 5, 12))
    home.live(Month(2026, 5), Month(2026, 7))

    # Day & Night from 15 August.
    second = change_tariff(session, agreement.id, home.world.tariffs["night"], date(2026, 8, 15))
    august = home.month(Month(2026, 8))
    assert august.total_minor == 7500 and len(parts_of_bills(session, [august.id])[august.id]) == 2
    home.pay(date(2026, 9, 12))
    home.live(Month(2026, 9), Month(2026, 10))

    leave(home, session, second.id)
    come(home, session)
    check_books(session)
    check_all(home, session)


def leave(home: Home, session: Session, agreement_id: int) -> None:
    """Out on 12 November 2026: the final bill settles the fixed amount, the deposit comes back."""
    today, now = date(2026, 11, 20), datetime(2026, 11, 20, 10, tzinfo=UTC)
    home.read(date(2026, 11, 1), date(2026, 12, 1), date(2026, 11, 20))
    done = move_out(session, agreement_id, date(2026, 11, 13), "moved", today=today, now=now)
    final = bills_of(session, [home.account_id])[0]
    assert (list(done.bill_ids), final.ends_before) == ([final.id], date(2026, 11, 13))
    charged = (
        "select sum(amount_minor) from bill_lines l join bills b on b.id = l.bill_id "
        "where b.status = 'issued' and (l.charge <> 'budget') = :charges"
    )
    assert home.rows(charged, charges=False) == [(0,)]
    owed = home.balance()
    settled = settle_account(session, home.account_id, today=today, now=now)
    interest = round(10_000 * 0.03 * (today - date(2025, 1, 8)).days / 365)
    assert (settled.deposit_minor, settled.interest_minor) == (10_000, interest)
    assert settled.refunded_minor == max(10_000 + interest - owed, 0)
    assert settled.owed_minor == max(owed - 10_000 - interest, 0)
    home.pay(today)
    assert settle_account(session, home.account_id, today=today, now=now).closed
    assert session.get_one(Account, home.account_id).closed_on == today


def come(home: Home, session: Session) -> None:
    """Somebody lives there since; their days are billed on deemed terms until they agree on a tariff."""
    (empty,) = unsupplied_points(session, date(2026, 11, 25))
    assert (empty.since, empty.service_point_id) == (date(2026, 11, 13), home.point_id)
    _, occupier = home.world.account(name="The occupier")
    deem_supply(session, home.point_id, occupier, date(2026, 11, 13))
    move_in(session, occupier, home.point_id, home.world.tariffs["steady"], date(2026, 12, 5))
    assert home.bill(Month(2026, 11), occupier).days == 18
    home.read(date(2026, 12, 1), date(2027, 1, 1), date(2027, 1, 2))
    december = home.bill(Month(2026, 12), occupier)
    prices = home.rows(
        "select price_micro, ends_before - starts_on from bill_lines "
        "where bill_id = :b and charge = 'energy' order by starts_on",
        b=december.id,
    )
    assert [tuple(row) for row in prices] == [(360_000, 4), (250_000, 27)]


def check_all(home: Home, session: Session) -> None:
    """Every day was billed once, every bill can be made again and explained, the books agree, no number is
    missing, and nothing more would differ."""
    everybody = list(session.scalars(text("select id from accounts order by id")))
    live = [row for row in bills_of(session, everybody) if row.status == "issued"]
    ordered = sorted(live, key=lambda bill: bill.starts_on)
    assert (ordered[0].starts_on, ordered[-1].ends_before) == (date(2025, 1, 8), date(2027, 1, 1))
    assert all(one.ends_before == two.starts_on for one, two in pairwise(ordered))
    for bill in ordered:
        home.effects(bill)
    assert check_ledger(session).differences == ()
    assert number_gaps(session) == ()
    notes = home.rows(
        "select n.total_minor, b.total_minor, (select sum(amount_minor) from credit_note_lines l "
        "where l.credit_note_id = n.id) from credit_notes n join bills b on b.id = n.bill_id"
    )
    assert len(notes) == 2 and all(note == -billed == lines for note, billed, lines in notes)
    later = datetime(2027, 1, 10, tzinfo=UTC)
    look = find_corrections(session, known_at=later, today=later.date(), now=later, country="GB")
    assert (look.differ, look.held) == (0, 0)
