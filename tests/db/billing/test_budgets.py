"""A fixed amount on each bill, settled after a year; deposits with interest."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from billing_world import NOW, Supplied, World
from sqlalchemy import text
from sqlalchemy.orm import Session

from billing.actions.adjustments import Reason, credit
from billing.actions.issuing import issue_cycle
from billing.actions.payments import take_payment
from billing.corrections.approving import approve_corrections
from billing.corrections.finding import find_corrections
from billing.cycles import Month
from billing.explaining import explain_bill
from billing.life.budgets import end_budget, propose_budget, start_budget
from billing.life.deposits import return_deposits, take_deposit
from billing.life.moving import move_out
from billing.life.settling import settle_account
from billing.queries.bills import BillRow, bill_before, bills_of
from utility_crm.kit.errors import Conflict, Invalid, Refused


def rows(session: Session, statement: str, **values: Any) -> list[Any]:
    return list(session.execute(text(statement), values))


def bill(session: Session, month: Month, one: Supplied) -> BillRow:
    issue_cycle(session, month, 1, [one.account_id], issued_on=month.plus(1).starts_on, known_at=NOW, now=NOW)
    return bills_of(session, [one.account_id])[0]


def budget_account(session: Session) -> int:
    """What the ledger keeps apart: positive is used and not billed yet."""
    statement = (
        "select coalesce(sum(case when debit = 'budget' then amount_minor else -amount_minor end), 0) "
        "from ledger_entries where 'budget' in (debit, credit)"
    )
    return int(session.scalar(text(statement)) or 0)


@pytest.fixture
def year(world: World, session: Session) -> Supplied:
    """Read for a year, with more use in winter."""
    one = world.supplied(starts_on=date(2025, 7, 1))
    for month in range(14):
        first = Month(2025, 7).plus(month)
        days = (first.plus(1).starts_on - first.starts_on).days
        winter = first.month in (11, 12, 1, 2)
        world.even(one.channel_id, first.starts_on, days, 350_000 if winter else 150_000)
    world.even(one.channel_id, date(2025, 6, 30), 1)
    return one


class TestBudget:
    def test_a_year_of_fixed_amounts_and_its_settlement(self, year: Supplied, session: Session) -> None:
        start_budget(session, year.account_id, 8000, date(2025, 8, 1), settles_on=date(2026, 7, 1))
        first = bill(session, Month(2025, 7), year)
        assert first.total_minor != 8000
        monthly = [bill(session, Month(2025, 8).plus(number), year) for number in range(10)]
        assert {one.total_minor for one in monthly} == {8000}
        charges = [
            row[0]
            for row in rows(
                session,
                "select sum(amount_minor) from bill_lines where bill_id = any(:bills) "
                "and charge <> 'budget' group by bill_id",
                bills=[one.id for one in monthly],
            )
        ]
        assert budget_account(session) == sum(charges) - 80_000
        found = explain_bill(session, monthly[3], bill_before(session, monthly[3]))
        effects = {row.effect: row.amount_minor for row in found.rows}
        assert (found.difference_minor, found.left_over_minor) == (0, 0)
        assert effects["budget"] == -sum(amount for name, amount in effects.items() if name != "budget")

        last = bill(session, Month(2026, 6), year)
        own = rows(
            session,
            "select label, amount_minor from bill_lines where bill_id = :b and agreement_id is null",
            b=last.id,
        )
        assert own == [("Yearly settlement", sum(charges) - 80_000)]
        assert budget_account(session) == 0
        old, new = rows(session, "select * from budget_plans order by starts_on")
        assert (old.ends_before, new.starts_on, new.settles_on) == (
            date(2026, 7, 1), date(2026, 7, 1), date(2027, 7, 1),
        )  # fmt: skip
        assert new.amount_minor % 100 == 0 and new.amount_minor * 12 >= new.basis_minor
        assert bill(session, Month(2026, 7), year).total_minor == new.amount_minor

    def test_moving_out_settles(self, year: Supplied, session: Session) -> None:
        start_budget(session, year.account_id, 8000, date(2025, 7, 1))
        for number in range(3):
            bill(session, Month(2025, 7).plus(number), year)
        move_out(session, year.agreement_id, date(2025, 10, 11), "moved", today=date(2025, 11, 20), now=NOW)
        assert budget_account(session) == 0
        charged = session.scalar(text("select sum(amount_minor) from bill_lines where charge <> 'budget'"))
        assert session.scalar(text("select sum(total_minor) from bills")) == charged
        assert rows(session, "select ends_before from budget_plans") == [(date(2025, 10, 11),)]

    def test_a_plan_that_ends_settles_with_the_next_bill(self, year: Supplied, session: Session) -> None:
        start_budget(session, year.account_id, 3000, date(2025, 7, 1))
        bill(session, Month(2025, 7), year)
        end_budget(session, year.account_id, date(2025, 8, 1))
        assert budget_account(session) > 0
        bill(session, Month(2025, 8), year)
        assert budget_account(session) == 0
        with pytest.raises(Conflict):
            start_budget(session, year.account_id, 3000, date(2025, 7, 15))
        with pytest.raises(Invalid):
            start_budget(session, year.account_id, 0, date(2026, 7, 15))

    def test_a_corrected_bill_leaves_the_amount_and_changes_what_is_carried(
        self, year: Supplied, world: World, session: Session
    ) -> None:
        start_budget(session, year.account_id, 8000, date(2025, 10, 1))
        bill(session, Month(2025, 10), year)
        before = budget_account(session)
        feed = world.feed(NOW + timedelta(hours=1))
        world.even(year.channel_id, date(2025, 10, 5), 10, 250_000, feed_id=feed)
        later, today = NOW + timedelta(days=1), date(2025, 11, 25)
        find_corrections(session, known_at=later, today=today, now=later, country="GB")
        ids = [row.id for row in rows(session, "select id from corrections")]
        approve_corrections(session, ids, user_id=None, decision="late", today=today, now=later, country="GB")
        assert bills_of(session, [year.account_id])[0].total_minor == 8000
        assert budget_account(session) - before == 1260  # 48 kWh at 0.25, and VAT

    def test_nothing_is_proposed_of_nothing(self, year: Supplied, session: Session) -> None:
        with pytest.raises(Refused):
            propose_budget(session, year.account_id, date(2026, 1, 1))


class TestDeposits:
    def test_taken_kept_and_set_against_the_final_bill(
        self, year: Supplied, session: Session, world: World
    ) -> None:
        taken = date(2025, 7, 1)
        first = take_deposit(
            session, year.account_id, 20000, reference="dep-1", taken_on=taken, interest_ppm=40_000
        )
        again = take_deposit(
            session, year.account_id, 20000, reference="dep-1", taken_on=taken, interest_ppm=40_000
        )
        assert first == again
        take_payment(
            session, year.account_id, 20000, reference="p", received_at=datetime(2025, 7, 1, tzinfo=UTC),
            posted_on=taken,
        )  # fmt: skip
        assert world.scalar("select balance_minor from account_balances") == 0
        today = date(2025, 9, 11)
        done = move_out(session, year.agreement_id, date(2025, 9, 11), "moved", today=today, now=NOW)
        assert len(done.bill_ids) == 3
        charged = world.scalar("select sum(total_minor) from bills")
        settled = settle_account(session, year.account_id, today=today, now=NOW)
        interest = round(20000 * 0.04 * 72 / 365)
        assert (settled.deposit_minor, settled.interest_minor) == (20000, interest)
        assert settled.refunded_minor == max(20000 + interest - charged, 0)
        assert settled.owed_minor == max(charged - 20000 - interest, 0)
        assert settled.closed == (settled.owed_minor == 0)
        assert return_deposits(session, year.account_id, today) == ()
        again_settled = settle_account(session, year.account_id, today=today, now=NOW)
        assert (again_settled.deposit_minor, again_settled.refunded_minor) == (0, 0)

    def test_a_deposit_that_was_never_paid_bears_nothing(self, year: Supplied, session: Session) -> None:
        take_deposit(
            session, year.account_id, 9000, reference="d", taken_on=date(2025, 7, 1), interest_ppm=90_000
        )
        (back,) = return_deposits(session, year.account_id, date(2026, 7, 1))
        assert (back.amount_minor, back.interest_minor) == (9000, 0)
        assert session.scalar(text("select balance_minor from account_balances")) == 0


def test_what_is_held_is_given_back_each_time_an_account_is_settled(world: World, session: Session) -> None:
    """Twice a day, too: the second settlement is no repeat of the first."""
    account = world.account()[1]
    for turn in (1, 2):
        credit(session, account, 500, Reason(f"c{turn}", "goodwill", NOW.date()))
        settled = settle_account(session, account, today=NOW.date(), now=NOW)
        assert (settled.refunded_minor, settled.owed_minor) == (500, 0)
        assert world.scalar("select balance_minor from account_balances") == 0
    assert world.scalar("select count(*) from payments where amount_minor = -500") == 2
    assert settle_account(session, account, today=NOW.date(), now=NOW).refunded_minor == 0
