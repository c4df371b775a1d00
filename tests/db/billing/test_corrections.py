"""Issued bills put right: found, shown, approved once, and never changed themselves."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from billing_world import NOW, Supplied, World, flat, flat_version, two_rate
from sqlalchemy import text
from sqlalchemy.orm import Session

from billing.actions.agreeing import agree_plan
from billing.actions.disputing import close_dispute, open_dispute
from billing.actions.issuing import issue_cycle
from billing.actions.judging import Judged, judge_agreed
from billing.actions.payments import take_payment
from billing.actions.tariffs import import_tariff
from billing.commands.corrections import corrections_document, corrections_text
from billing.corrections.approving import Corrected, approve_corrections, dismiss_corrections
from billing.corrections.finding import Look, find_corrections
from billing.corrections.queries import decided_corrections, open_corrections
from billing.cycles import Month
from billing.explaining import explain_bill
from billing.invoices import number_gaps
from billing.queries.bill_parts import parts_of_bills
from billing.queries.bills import bill_before, bills_of
from billing.queries.dunning import agreed_on, disputed_minor, dunnable_minor
from billing.queries.ledger import check_ledger
from meters.tables import Channel, Meter
from utility_crm.kit.errors import Conflict, Invalid, Refused

LATER = NOW + timedelta(days=5)
TODAY = date(2026, 11, 25)


def bill(session: Session, month: Month, *accounts: Supplied, known_at: datetime = NOW) -> None:
    issue_cycle(
        session, month, 1, [one.account_id for one in accounts], issued_on=month.plus(1).starts_on,
        known_at=known_at, now=known_at,
    )  # fmt: skip


def look(session: Session, known_at: datetime = LATER, *, country: str = "GB") -> Look:
    return find_corrections(session, known_at=known_at, today=TODAY, now=known_at, country=country)


def rows(session: Session, statement: str, **values: Any) -> list[Any]:
    return list(session.execute(text(statement), values))


def proposals(session: Session) -> list[Any]:
    return rows(session, "select * from corrections order by bill_id")


def approve(session: Session, *ids: int, decision: str = "readings came late") -> Corrected:
    return approve_corrections(
        session, ids, user_id=None, decision=decision, today=TODAY, now=LATER, country="GB"
    )


def check_books(session: Session) -> None:
    """Every balance is its entries, and the issued bills less what was paid."""
    for row in rows(
        session,
        """
        select b.balance_minor,
               (select coalesce(sum(case debit when 'receivable' then amount_minor else -amount_minor end), 0)
                from ledger_entries e where e.account_id = b.account_id
                  and 'receivable' in (debit, credit)) as posted,
               (select coalesce(sum(total_minor), 0) from bills i
                where i.account_id = b.account_id and i.status = 'issued') as charged,
               (select coalesce(sum(amount_minor), 0) from payments p
                where p.account_id = b.account_id) as paid,
               (select coalesce(sum(open_minor), 0) from bills i where i.account_id = b.account_id) as open
        from account_balances b
        """,
    ):
        assert row.balance_minor == row.posted == row.charged - row.paid
        assert row.open == max(row.balance_minor, 0)
    assert check_ledger(session).differences == ()


@pytest.fixture
def october(world: World, session: Session) -> Supplied:
    """One account, billed for October on estimates of 0.2 kWh a half-hour: 94.50."""
    one = world.supplied()
    world.even(one.channel_id, date(2026, 9, 30), 33, quality=2)
    bill(session, Month(2026, 10), one)
    return one


def read_again(world: World, one: Supplied, first: date, days: int, micro_kwh: int) -> None:
    feed = world.feed(LATER - timedelta(days=1))
    world.even(one.channel_id, first, days, micro_kwh, feed_id=feed)


def test_a_bill_that_nothing_changed_is_not_even_looked_at(october: Supplied, session: Session) -> None:
    assert look(session).bills == 0
    assert proposals(session) == []


@pytest.mark.parametrize(("first", "bills"), [(date(2026, 11, 1), 0), (date(2026, 10, 31), 1)])
def test_readings_of_other_days_are_no_reason_to_look(
    october: Supplied, world: World, session: Session, first: date, bills: int
) -> None:
    """The last day of October in London is that of standard time; the day before it begins in summer time."""
    read_again(world, october, first, 1, 300_000)
    assert look(session).bills == bills


def test_the_hour_in_which_two_calendars_differ_is_looked_at(
    october: Supplied, world: World, session: Session
) -> None:
    """October began at 23:00 of 30 September, UTC: a block of that day holds its first hour."""
    read_again(world, october, date(2026, 9, 30), 1, 300_000)
    found = look(session)
    assert (found.bills, found.differ) == (1, 1)


def test_readings_that_came_late_show_as_a_bill_that_would_differ(
    october: Supplied, world: World, session: Session
) -> None:
    read_again(world, october, date(2026, 10, 5), 10, 300_000)
    found = look(session)
    assert (found.bills, found.differ, found.held) == (1, 1, 0)
    (one,) = proposals(session)
    # Ten days of 48 half-hours use 48 kWh more: 12.00, and 0.60 of VAT.
    assert (one.state, one.cause, one.before_minor, one.after_minor) == ("proposed", "readings", 9450, 10710)
    assert one.after_micro_kwh - one.before_micro_kwh == 48_000_000
    assert rows(session, "select status, total_minor, open_minor from bills") == [("issued", 9450, 9450)]
    # The same look again, and one that begins where it ended, propose nothing twice.
    look(session)
    look(session, LATER + timedelta(hours=1))
    assert len(proposals(session)) == 1


def test_a_credit_note_and_a_new_bill_take_its_place(
    october: Supplied, world: World, session: Session
) -> None:
    take_payment(session, october.account_id, 5000, reference="p1", received_at=NOW, posted_on=NOW.date())
    issued = rows(session, "select * from bill_lines order by position")
    read_again(world, october, date(2026, 10, 5), 10, 300_000)
    look(session)
    (one,) = proposals(session)
    done = approve(session, one.id)
    assert (done.credit_notes, done.credited_minor, done.charged_minor) == (
        ("CN-2026-000001",), 9450, 10710,
    )  # fmt: skip
    old, new = rows(session, "select * from bills order by id")
    assert (old.status, old.total_minor, old.open_minor) == ("cancelled", 9450, 0)
    assert (new.status, new.total_minor, new.open_minor, new.number) == (
        "issued", 10710, 5710, "2026-10-000002",
    )  # fmt: skip
    assert (new.starts_on, new.ends_before, new.id) == (old.starts_on, old.ends_before, done.new_bill_ids[0])
    # The credit note is the bill with the sign turned, line by line, and the bill stands as it was issued.
    assert rows(session, "select * from bill_lines where bill_id = :b order by position", b=old.id) == issued
    back = rows(session, "select * from credit_note_lines order by position")
    (paper,) = rows(session, "select * from invoices where series = 'credit_note'")
    assert (paper.number, paper.net_minor, paper.tax_minor, paper.gross_minor) == (
        "CN-2026-000001", -9000, -450, -9450,
    )  # fmt: skip
    assert [(line.label, line.quantity_micro, line.price_micro, line.amount_minor) for line in back] == [
        (line.label, -line.quantity_micro, line.price_micro, -line.amount_minor) for line in issued
    ]
    check_books(session)
    by_account = dict(
        rows(
            session,
            "select side, sum(amount) from (select debit, amount_minor from ledger_entries union all "
            "select credit, -amount_minor from ledger_entries) as e(side, amount) group by side",
        )
    )
    assert by_account == {"cash": 5000, "receivable": 5710, "revenue": -10200, "tax": -510}
    # Approving again does nothing; nor is the new bill found to differ.
    assert approve(session, one.id) == Corrected(unchanged=1)
    assert look(session, LATER + timedelta(days=1)).differ == 0
    check_books(session)


def test_a_credit_is_given_and_pays_what_is_open(october: Supplied, world: World, session: Session) -> None:
    take_payment(session, october.account_id, 9450, reference="p1", received_at=NOW, posted_on=NOW.date())
    read_again(world, october, date(2026, 10, 5), 10, 100_000)
    look(session)
    (one,) = proposals(session)
    approve(session, one.id)
    assert world.scalar("select balance_minor from account_balances") == -1260
    check_books(session)


def test_many_at_once_come_out_as_one_by_one(world: World, session: Session) -> None:
    world.tariff(two_rate())
    accounts = [world.supplied("night" if number % 2 else "flat") for number in range(6)]
    for seed, one in enumerate(accounts):
        world.random(one.channel_id, date(2026, 8, 31), 63, seed)
    for month in (Month(2026, 9), Month(2026, 10)):
        bill(session, month, *accounts)
    feed = world.feed(LATER - timedelta(days=1))
    for seed, one in enumerate(accounts[:5]):
        world.random(one.channel_id, date(2026, 9, 25), 12, 100 + seed, feed_id=feed)
    found = look(session)
    assert (found.bills, found.differ) == (10, 10)
    waiting = proposals(session)
    savepoint = session.begin_nested()
    for one in waiting:
        approve(session, one.id)
    singly = rows(session, "select account_id, starts_on, total_minor from bills where status = 'issued'")
    savepoint.rollback()
    done = approve(session, *(one.id for one in waiting))
    assert len(done.credit_notes) == len(set(done.credit_notes)) == 10
    together = rows(session, "select account_id, starts_on, total_minor from bills where status = 'issued'")
    assert sorted(together) == sorted(singly)
    assert number_gaps(session) == ()
    check_books(session)


def put_right(world: World, session: Session, one: Supplied, micro_kwh: int, days: int = 3) -> int:
    """Read again and approved; what the new bill comes to."""
    read_again(world, one, date(2026, 10, 1), days, micro_kwh)
    look(session)
    (found,) = [row for row in proposals(session) if row.state == "proposed"]
    approve(session, found.id)
    return int(found.after_minor)


WINTER = date(2027, 2, 1)
"""Every bill here is late by then."""


@pytest.mark.parametrize(("micro_kwh", "paid"), [(150_000, 0), (150_000, 3150), (300_000, 3150), (0, 8000)])
def test_a_plan_goes_over_to_the_new_bill(
    october: Supplied, world: World, session: Session, micro_kwh: int, paid: int
) -> None:
    account = october.account_id
    agree_plan(session, account, 3, date(2026, 11, 20), today=date(2026, 11, 19))
    if paid:
        at = datetime(2026, 11, 20, tzinfo=UTC)
        take_payment(session, account, paid, reference="p1", received_at=at, posted_on=at.date())
    after = put_right(world, session, october, micro_kwh)
    assert after != 9450
    (plan,) = agreed_on(session, [account]).plans
    assert (plan.state, plan.total_minor, plan.paid_minor) == ("running", after, paid)
    assert sum(one.amount_minor for one in plan.instalments) == after
    assert [one.amount_minor for one in plan.instalments[:2]] == [3150, 3150]
    assert plan.put_right == "2026-10-000002"
    assert dunnable_minor(session, account, WINTER) == 0
    # It is kept by paying it, and broken by not paying it.
    savepoint = session.begin_nested()
    assert judge_agreed(session, WINTER) == Judged(plans_broken=1)
    savepoint.rollback()
    take_payment(session, account, after - paid, reference="p2", received_at=LATER, posted_on=LATER.date())
    assert [one.state for one in agreed_on(session, [account]).plans] == ["kept"]
    check_books(session)


def test_a_plan_of_which_nothing_is_left_ends(october: Supplied, session: Session) -> None:
    agree_plan(session, october.account_id, 3, TODAY, today=TODAY)
    session.execute(
        text(
            "update agreements set starts_on = '2023-01-01', ends_before = '2023-02-01', end_reason = 'moved'"
        )
    )
    look(session)
    approve(session, proposals(session)[0].id)
    (plan,) = agreed_on(session, [october.account_id]).plans
    assert (plan.state, plan.ended_on) == ("cancelled", TODAY)


def test_a_dispute_of_a_bill_that_charges_nothing_any_more_is_settled(
    october: Supplied, session: Session
) -> None:
    number = open_dispute(session, "2026-10-000001", 3000, "we had moved out", today=TODAY)
    session.execute(
        text(
            "update agreements set starts_on = '2023-01-01', ends_before = '2023-02-01', end_reason = 'moved'"
        )
    )
    look(session)
    approve(session, proposals(session)[0].id)
    (one,) = agreed_on(session, [october.account_id]).disputes
    assert (one.id, one.state, one.closed_on) == (number, "settled", TODAY)
    because = session.scalar(text("select closed_because from disputes"))
    assert because == "rebilled_to_nothing"
    with pytest.raises(Conflict):
        close_dispute(session, number, won=True, today=TODAY)
    check_books(session)


@pytest.mark.parametrize(("disputed", "carried"), [(3000, 3000), (9450, 9261)])
def test_a_dispute_goes_over_to_the_new_bill(
    october: Supplied, world: World, session: Session, disputed: int, carried: int
) -> None:
    account = october.account_id
    number = open_dispute(session, "2026-10-000001", disputed, "too much", today=TODAY)
    after = put_right(world, session, october, 150_000)
    (one,) = agreed_on(session, [account]).disputes
    assert (one.bill, one.state, one.amount_minor) == ("2026-10-000002", "open", carried)
    assert disputed_minor(session, account) == carried
    assert dunnable_minor(session, account, WINTER) == after - carried
    close_dispute(session, number, won=True, today=TODAY)
    assert world.scalar("select balance_minor from account_balances") == after - carried


def test_a_plan_beside_a_dispute_goes_over_with_it(october: Supplied, world: World, session: Session) -> None:
    account = october.account_id
    open_dispute(session, "2026-10-000001", 3450, "too much", today=TODAY)
    agree_plan(session, account, 3, TODAY, today=TODAY)
    take_payment(session, account, 2000, reference="p1", received_at=LATER, posted_on=TODAY)
    after = put_right(world, session, october, 150_000)
    (plan,) = agreed_on(session, [account]).plans
    assert (plan.total_minor, plan.paid_minor) == (6000 + after - 9450, 2000)


def test_what_was_credited_already_is_said_before_a_correction(
    october: Supplied, world: World, session: Session
) -> None:
    number = open_dispute(session, "2026-10-000001", 3000, "too much", today=TODAY)
    close_dispute(session, number, won=True, today=TODAY)
    read_again(world, october, date(2026, 10, 1), 31, 130_000)
    look(session)
    (row,) = open_corrections(session)
    assert row.credited_minor == 3000
    document = corrections_document([row], None)
    assert document["bills"][0]["credited_already"] == "30.00"
    assert "(30.00 credited already)" in corrections_text(document)
    approve(session, row.id)
    assert decided_corrections(session)[0].credited_minor == 3000  # the credit note is none of it


def test_no_reason_no_correction(october: Supplied, world: World, session: Session) -> None:
    read_again(world, october, date(2026, 10, 5), 10, 300_000)
    look(session)
    (one,) = proposals(session)
    with pytest.raises(Invalid):
        approve(session, one.id, decision=" ")
    assert rows(session, "select count(*) from credit_notes") == [(0,)]


def test_what_changed_after_it_was_shown_is_not_issued(
    october: Supplied, world: World, session: Session
) -> None:
    read_again(world, october, date(2026, 10, 5), 10, 300_000)
    look(session)
    (one,) = proposals(session)
    session.execute(text("update corrections set after_minor = after_minor - 1"))
    with pytest.raises(Conflict, match=r"was shown as .* GBP and would be .* GBP now"):
        approve(session, one.id)
    # Readings that come still later change nothing of what was shown.
    session.execute(text("update corrections set after_minor = after_minor + 1"))
    world.even(october.channel_id, date(2026, 10, 5), 3, 900_000, feed_id=world.feed(LATER + timedelta(1)))
    assert approve(session, one.id).charged_minor == 10710
    assert look(session, LATER + timedelta(days=2)).differ == 1


def test_a_dismissed_one_stays_away_until_more_comes_in(
    october: Supplied, world: World, session: Session
) -> None:
    read_again(world, october, date(2026, 10, 5), 10, 300_000)
    look(session)
    (one,) = proposals(session)
    assert (
        dismiss_corrections(session, [one.id], user_id=None, decision="agreed by telephone", now=LATER) == 1
    )
    with pytest.raises(Conflict):
        approve(session, one.id)
    look(session, LATER + timedelta(days=2))
    assert [row.state for row in proposals(session)] == ["dismissed"]
    world.even(
        october.channel_id, date(2026, 10, 6), 1, 800_000, feed_id=world.feed(LATER + timedelta(days=3))
    )
    assert look(session, LATER + timedelta(days=4)).differ == 1


def test_readings_that_return_to_what_was_billed_drop_the_proposal(
    october: Supplied, world: World, session: Session
) -> None:
    read_again(world, october, date(2026, 10, 5), 10, 300_000)
    look(session)
    world.even(october.channel_id, date(2026, 10, 5), 10, 200_000, feed_id=world.feed(LATER), quality=2)
    look(session, LATER + timedelta(days=1))
    assert [row.state for row in proposals(session)] == ["superseded"]


def test_what_cannot_be_made_again_is_held(october: Supplied, world: World, session: Session) -> None:
    feed = world.feed(LATER - timedelta(days=1))
    world.read(october.channel_id, date(2026, 10, 5), [None] * 480, feed_id=feed)
    assert look(session).held == 1
    (one,) = proposals(session)
    assert one.state == "held" and "480 of 1,490 readings are missing" in one.reason
    with pytest.raises(Refused):
        approve(session, one.id)


def test_a_supply_that_had_ended_is_credited_for_the_days_after(
    october: Supplied, session: Session, world: World
) -> None:
    session.execute(text("update agreements set ends_before = '2026-10-11', end_reason = 'moved'"))
    look(session)
    (one,) = proposals(session)
    assert (one.cause, one.after_minor) == ("supply", 3045)  # ten days: 5.00 + 24.00, and VAT
    approve(session, one.id)
    new = rows(session, "select starts_on, ends_before, total_minor from bills where status = 'issued'")
    assert new == [(date(2026, 10, 1), date(2026, 10, 11), 3045)]
    check_books(session)


def test_a_supply_that_never_was_leaves_a_credit_note_alone(
    october: Supplied, session: Session, world: World
) -> None:
    session.execute(
        text(
            "update agreements set starts_on = '2023-01-01', ends_before = '2023-02-01', end_reason = 'moved'"
        )
    )
    look(session)
    (one,) = proposals(session)
    done = approve(session, one.id)
    assert (one.after_minor, done.new_bill_ids) == (0, ())
    assert world.scalar("select balance_minor from account_balances") == 0
    check_books(session)


class TestBackBilling:
    """In Great Britain a household pays nothing more for what it used over twelve months before the bill."""

    def made(self, world: World, session: Session, month: Month, micro_kwh: int, **more: Any) -> Supplied:
        one = world.supplied(**more)
        first = month.starts_on
        world.even(one.channel_id, first - timedelta(days=1), 33, quality=2)
        known_at = datetime(month.year, month.month, 28, tzinfo=UTC) + timedelta(days=10)
        bill(session, month, one, known_at=known_at)
        world.even(one.channel_id, first - timedelta(days=1), 33, micro_kwh, feed_id=world.feed(NOW))
        return one

    def test_use_of_long_ago_is_not_charged(self, world: World, session: Session) -> None:
        self.made(world, session, Month(2025, 10), 300_000)
        look(session)
        (one,) = proposals(session)
        assert (one.before_minor, one.after_minor, one.not_charged_minor) == (9450, 9450, 3911)
        assert one.protected_before == date(2025, 11, 1)
        approve(session, one.id)
        lines = rows(
            session,
            "select l.charge, l.label, l.amount_minor from bill_lines l join bills b on b.id = l.bill_id "
            "where b.status = 'issued' and l.agreement_id is null order by position",
        )
        assert lines == [
            ("discount", "Not charged: used before 2025-11-01", -3725),
            ("tax", "VAT", -186),
        ]
        check_books(session)
        assert look(session, LATER + timedelta(days=1)).differ == 0

    def test_a_credit_of_long_ago_is_given(self, world: World, session: Session) -> None:
        self.made(world, session, Month(2024, 10), 100_000)
        look(session)
        (one,) = proposals(session)
        assert (one.before_minor, one.after_minor, one.not_charged_minor) == (9450, 5539, 0)

    def test_a_bill_across_the_limit_is_charged_for_the_days_within(
        self, world: World, session: Session
    ) -> None:
        self.made(world, session, Month(2025, 11), 300_000)
        look(session)
        (one,) = proposals(session)
        # 24 days lie before 25 November 2025: 115.2 kWh more, 28.80 and 1.44 of VAT.
        assert one.protected_before == date(2025, 11, 25)
        assert (one.before_minor, one.not_charged_minor, one.after_minor) == (9135, 3024, 9135 + 756)

    @pytest.mark.parametrize("country", ["GB", "US"])
    def test_no_limit_where_there_is_none(self, world: World, session: Session, country: str) -> None:
        one = self.made(world, session, Month(2025, 10), 300_000)
        segment = "industry" if country == "GB" else "household"
        session.execute(text("update customers set segment = :s"), {"s": segment})
        look(session, country=country)
        (found,) = proposals(session)
        assert (found.after_minor, found.not_charged_minor) == (13361, 0)
        assert one.account_id > 0


def test_the_database_keeps_a_credit_note_as_it_is(october: Supplied, world: World, session: Session) -> None:
    read_again(world, october, date(2026, 10, 5), 10, 300_000)
    look(session)
    approve(session, proposals(session)[0].id)
    for statement in (
        "update credit_notes set total_minor = 0",
        "delete from credit_note_lines",
    ):
        with pytest.raises(Exception, match="never changes"), session.begin_nested():
            session.execute(text(statement))


def test_a_line_that_was_left_out_is_an_effect_of_its_own(world: World, session: Session) -> None:
    one = world.supplied()
    world.even(one.channel_id, date(2025, 8, 31), 63, quality=2)
    for month in (Month(2025, 9), Month(2025, 10)):
        bill(session, month, one, known_at=datetime(2025, 11, 3, tzinfo=UTC))
    world.even(one.channel_id, date(2025, 9, 30), 33, 300_000, feed_id=world.feed(NOW))
    look(session)
    for row in proposals(session):
        approve(session, row.id)
    october = bills_of(session, [one.account_id])[0]
    assert (october.status, october.total_minor) == ("issued", 9450)
    found = explain_bill(session, october, bill_before(session, october))
    effects = {row.effect: row.amount_minor for row in found.rows}
    # 1.21 of it was left out of September, whose last day was read again too.
    assert effects["corrections"] == -3911 + 121 and effects["volume"] > 3500
    assert found.left_over_minor == 0
    assert found.difference_minor == 9450 - 9135
    back = explain_bill(session, bill_before(session, october) or october, october)
    assert {row.effect: -row.amount_minor for row in back.rows} == effects
    assert explain_bill(session, october, None).document()["after"] == "94.50"


def test_a_tariff_put_right_changes_no_bill_until_it_is_approved(
    october: Supplied, world: World, session: Session
) -> None:
    dearer = flat(versions=[flat_version("2024-01-01", "0.25"), flat_version("2026-10-16", "0.30")])
    with pytest.raises(Conflict, match="has been billed"):
        import_tariff(session, dearer)
    assert import_tariff(session, dearer, correct=True).outcome == "changed"
    issued = bills_of(session, [october.account_id])[0]
    # It is still made again, and explained, by what the tariff said then.
    assert explain_bill(session, issued, None).document()["after"] == "94.50"
    look(session)
    (one,) = proposals(session)
    # Sixteen days of 48 half-hours, and the hour that came twice: 154 kWh at 0.05 more, and VAT.
    assert (one.cause, one.after_minor - one.before_minor) == ("tariff", 809)
    approve(session, one.id)
    assert look(session, LATER + timedelta(days=1)).differ == 0
    new = bills_of(session, [october.account_id])[0]
    assert explain_bill(session, new, None).document()["after"] == "102.59"
    # Put right a second time, the bill that replaced it is found.
    dearest = flat(versions=[flat_version("2024-01-01", "0.25"), flat_version("2026-10-16", "0.31")])
    import_tariff(session, dearest, correct=True)
    assert explain_bill(session, new, None).document()["after"] == "102.59"
    assert look(session, LATER + timedelta(days=2)).differ == 1


def test_both_meters_of_a_period_are_named(october: Supplied, session: Session) -> None:
    for serial, first, before in (
        ("OLD", date(2020, 1, 1), date(2026, 10, 12)),
        ("NEW", date(2026, 10, 12), None),
    ):
        session.add(
            Meter(
                serial=serial, service_point_id=october.service_point_id, installed_on=first,
                removed_before=before,
            )
        )  # fmt: skip
    session.flush()
    issued = bills_of(session, [october.account_id])[0]
    (part,) = parts_of_bills(session, [issued.id])[issued.id]
    assert part.meter == "OLD, NEW"


def test_credit_that_a_corrected_bill_leaves_reaches_the_next(world: World, session: Session) -> None:
    """Solar power: September gives more than was read at first, so October has more to take."""
    energy = {"kind": "energy", "code": "energy", "periods": [{"label": "All hours", "price": "0.20"}]}
    charges = [{**energy, "net": {"by": "bill"}}]
    world.tariff(flat("net", versions=[{"starts_on": "2024-01-01", "charges": charges}]))
    one = world.supplied("net")
    point = one.service_point_id
    sun = Channel(service_point_id=point, name="B1", unit="kWh", direction="export", offset_minutes=0)
    session.add(sun)
    session.flush()
    world.even(one.channel_id, date(2026, 8, 31), 63, 100_000)
    world.even(sun.id, date(2026, 8, 31), 63, 100_000)
    for month in (Month(2026, 9), Month(2026, 10)):
        bill(session, month, one)
    assert [row.total_minor for row in bills_of(session, [one.account_id])] == [0, 0]
    # Both months are read again: September gave 50 Wh more in each half-hour of ten days, October less.
    feed = world.feed(LATER - timedelta(days=1))
    world.even(sun.id, date(2026, 9, 5), 10, 150_000, feed_id=feed)
    world.even(sun.id, date(2026, 10, 5), 20, 50_000, feed_id=feed)
    assert look(session).differ == 2
    september, october = proposals(session)
    assert (september.after_minor, october.after_minor) == (0, 960)  # 48 kWh at 0.20
    done = approve(session, september.id, october.id)
    assert (len(done.credit_notes), done.waiting) == (1, 1)
    look(session, LATER + timedelta(days=1))
    again = [row for row in proposals(session) if row.state == "proposed"]
    # The 24 kWh that September leaves now pay half of it.
    assert [(row.bill_id, row.after_minor) for row in again] == [(october.bill_id, 480)]
    approve(session, again[0].id)
    assert look(session, LATER + timedelta(days=2)).differ == 0
    assert [row.total_minor for row in bills_of(session, [one.account_id]) if row.status == "issued"] == [
        480,
        0,
    ]
    check_books(session)
