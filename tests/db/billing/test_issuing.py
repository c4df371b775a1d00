"""Bills of a cycle: what is charged, what is skipped, what is held, and that it happens once."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from billing_world import NOW, Supplied, World, flat, flat_version, two_rate
from sqlalchemy import text
from sqlalchemy.orm import Session

from billing.actions.agreements import end_agreement
from billing.actions.issuing import Issued, issue_cycle
from billing.actions.payments import take_payment
from billing.cycles import Month
from billing.explaining import explain_bill
from billing.queries.bills import bills_of

OCTOBER = Month(2026, 10)
FIRST = date(2026, 10, 1)


def issue(session: Session, *accounts: Supplied, month: Month = OCTOBER, cycle_day: int = 1) -> Issued:
    return issue_cycle(
        session,
        month,
        cycle_day,
        [account.account_id for account in accounts],
        issued_on=date(2026, 11, 3),
        known_at=NOW,
        now=NOW,
    )


def bills(session: Session) -> list[Any]:
    return list(session.execute(text("select * from bills order by id")))


def lines(session: Session, bill_id: int) -> list[Any]:
    return list(
        session.execute(text("select * from bill_lines where bill_id = :b order by position"), {"b": bill_id})
    )


def test_a_month_is_charged_to_the_penny(world: World, session: Session) -> None:
    one = world.supplied()
    world.even(one.channel_id, date(2026, 9, 30), 33)
    assert len(issue(session, one).bill_ids) == 1
    (bill,) = bills(session)
    # 31 days of local October hold 1,490 half-hours: the clock went back on the 25th.
    assert bill.micro_kwh == 1490 * 200_000
    assert [(line.charge, line.label, line.amount_minor) for line in lines(session, bill.id)] == [
        ("fixed", "Standing charge", 1550),
        ("energy", "All hours", 7450),
        ("tax", "VAT", 450),
    ]
    assert (bill.total_minor, bill.open_minor, bill.number) == (9450, 9450, "2026-10-000001")
    assert (bill.starts_on, bill.ends_before) == (FIRST, date(2026, 11, 1))
    assert bill.due_on == date(2026, 11, 17)


def test_a_second_run_changes_nothing(world: World, session: Session) -> None:
    accounts = [world.supplied() for _ in range(3)]
    for account in accounts:
        world.even(account.channel_id, date(2026, 9, 30), 33)
    assert len(issue(session, *accounts).bill_ids) == 3
    before = bills(session)
    again = issue(session, *accounts)
    assert (again.bill_ids, again.unchanged, again.held) == ((), 3, ())
    assert bills(session) == before


def test_a_cycle_that_begins_on_the_fifteenth(world: World, session: Session) -> None:
    one = world.supplied(cycle_day=15)
    world.even(one.channel_id, date(2026, 9, 1), 61)
    issue(session, one, cycle_day=15)
    (bill,) = bills(session)
    assert (bill.starts_on, bill.ends_before) == (date(2026, 9, 15), date(2026, 10, 15))


def test_moving_in_and_out_is_billed_for_its_own_days(world: World, session: Session) -> None:
    came = world.supplied(starts_on=date(2026, 10, 11))
    left = world.supplied()
    end_agreement(session, left.agreement_id, date(2026, 10, 6), "moved")
    for account in (came, left):
        world.even(account.channel_id, date(2026, 9, 30), 33)
    issue(session, came, left)
    days = [((bill.ends_before - bill.starts_on).days, bill.micro_kwh) for bill in bills(session)]
    assert days == [(21, (21 * 48 + 2) * 200_000), (5, 5 * 48 * 200_000)]


def test_a_price_change_inside_the_period_makes_lines_a_segment(world: World, session: Session) -> None:
    versions = [flat_version("2024-01-01", "0.25"), flat_version("2026-10-11", "0.30")]
    world.tariff(flat("steady", versions=versions))
    one = world.supplied("steady")
    world.even(one.channel_id, date(2026, 9, 30), 33)
    issue(session, one)
    (bill,) = bills(session)
    energy = [line for line in lines(session, bill.id) if line.charge == "energy"]
    assert [(line.starts_on, line.ends_before, line.price_micro, line.quantity_micro) for line in energy] == [
        (FIRST, date(2026, 10, 11), 250_000, 480 * 200_000),
        (date(2026, 10, 11), date(2026, 11, 1), 300_000, 1010 * 200_000),
    ]


def test_two_service_points_make_one_bill(world: World, session: Session) -> None:
    world.tariff(two_rate())
    one = world.supplied()
    point_id, channel_id = world.point()
    second = world.agreement(one.account_id, point_id, "night", date(2026, 1, 1))
    for channel in (one.channel_id, channel_id):
        world.even(channel, date(2026, 9, 30), 33)
    issue(session, one)
    (bill,) = bills(session)
    by_agreement = {line.agreement_id for line in lines(session, bill.id)}
    assert by_agreement == {one.agreement_id, second.id}
    assert bill.total_minor == sum(line.amount_minor for line in lines(session, bill.id))
    assert bill.micro_kwh == 2 * 1490 * 200_000


def test_a_tariff_changed_inside_the_period(world: World, session: Session) -> None:
    world.tariff(two_rate())
    one = world.supplied()
    end_agreement(session, one.agreement_id, date(2026, 10, 11), "changed_tariff")
    world.agreement(one.account_id, one.service_point_id, "night", date(2026, 10, 11))
    world.even(one.channel_id, date(2026, 9, 30), 33)
    issue(session, one)
    (bill,) = bills(session)
    assert (bill.starts_on, bill.ends_before) == (FIRST, date(2026, 11, 1))
    assert bill.micro_kwh == 1490 * 200_000


@pytest.mark.parametrize(("gap", "billed"), [(1, True), (48, True), (50, True), (51, False), (96, False)])
def test_up_to_a_day_missing_is_filled_and_flagged(
    world: World, session: Session, gap: int, billed: bool
) -> None:
    one = world.supplied()
    # A day of this October is up to 25 hours long.
    values: list[int | None] = [200_000] * (33 * 48)
    start = 12 * 48
    values[start : start + gap] = [None] * gap
    world.read(one.channel_id, date(2026, 9, 30), values)
    done = issue(session, one)
    if not billed:
        assert [(hold.account, hold.code) for hold in done.held] == [(one.account, "missing")]
        assert f"{gap} of 1,490 readings are missing" in done.held[0].reason
        assert bills(session) == []
        return
    (bill,) = bills(session)
    assert bill.micro_kwh == 1490 * 200_000
    assert (bill.estimated_readings, bill.estimated_micro_kwh) == (gap, gap * 200_000)
    (fill,) = session.execute(text("select * from bill_fills"))
    assert (len(fill.starts_at), set(fill.micro_kwh)) == (gap, {200_000})
    assert fill.starts_at[0].isoformat() == "2026-10-12T00:00:00+00:00"


@pytest.mark.parametrize(("second", "billed"), [(18, True), (19, False)])
def test_a_day_may_be_missing_in_a_period_not_in_each_of_its_tariffs(
    world: World, session: Session, second: int, billed: bool
) -> None:
    """The limit is 25 hours, the longest day of this October: 32 half-hours lack before the change."""
    world.tariff(two_rate())
    one = world.supplied()
    end_agreement(session, one.agreement_id, date(2026, 10, 11), "changed_tariff")
    world.agreement(one.account_id, one.service_point_id, "night", date(2026, 10, 11))
    values: list[int | None] = [200_000] * (33 * 48)
    values[5 * 48 : 5 * 48 + 32] = [None] * 32
    values[20 * 48 : 20 * 48 + second] = [None] * second
    world.read(one.channel_id, date(2026, 9, 30), values)
    done = issue(session, one)
    assert [hold.code for hold in done.held] == ([] if billed else ["missing"])
    assert [bill.estimated_readings for bill in bills(session)] == ([50] if billed else [])


def test_a_part_of_one_day_without_a_reading_is_a_gap_of_one_day(world: World, session: Session) -> None:
    world.tariff(two_rate())
    one = world.supplied()
    end_agreement(session, one.agreement_id, date(2026, 10, 31), "changed_tariff")
    world.agreement(one.account_id, one.service_point_id, "night", date(2026, 10, 31))
    values: list[int | None] = [200_000] * (33 * 48)
    values[31 * 48 : 32 * 48] = [None] * 48
    world.read(one.channel_id, date(2026, 9, 30), values)
    issue(session, one)
    (bill,) = bills(session)
    assert (bill.estimated_readings, bill.micro_kwh) == (48, 1490 * 200_000)


def test_a_gap_on_a_holiday_is_filled_from_holidays(world: World, session: Session) -> None:
    """26 December is filled from the 25th and New Year's Day, not from the Saturdays around it."""
    world.tariff(two_rate())
    one = world.supplied("night")
    first = date(2025, 11, 30)
    values: list[int | None] = [100_000] * (48 * 45)
    for holiday in (date(2025, 12, 25), date(2026, 1, 1)):
        start = (holiday - first).days * 48
        values[start : start + 48] = [900_000] * 48
    gap = (date(2025, 12, 26) - first).days * 48 + 20
    values[gap : gap + 4] = [None] * 4
    world.read(one.channel_id, first, values)
    issue(session, one, month=Month(2025, 12))
    (fill,) = session.execute(text("select * from bill_fills"))
    assert fill.micro_kwh == [900_000] * 4


def test_a_holiday_without_its_like_waits_for_a_word(world: World, session: Session) -> None:
    world.tariff(two_rate())
    one = world.supplied("night", starts_on=date(2026, 8, 20))
    values: list[int | None] = [100_000] * (48 * 40)
    gap = (date(2026, 8, 31) - date(2026, 8, 19)).days * 48 + 20
    values[gap : gap + 4] = [None] * 4
    world.read(one.channel_id, date(2026, 8, 19), values)
    (held,) = issue(session, one, month=Month(2026, 8)).held
    assert held.code == "not_fillable"
    session.execute(text("update held_bills set released_at = now()"))
    assert len(issue(session, one, month=Month(2026, 8)).bill_ids) == 1
    assert bills(session)[0].estimated_readings == 4


def test_no_readings_at_all_is_held(world: World, session: Session) -> None:
    one = world.supplied()
    (held,) = issue(session, one).held
    assert (held.code, held.starts_on) == ("no_readings", FIRST)
    assert session.scalar(text("select code from held_bills")) == "no_readings"


@pytest.mark.parametrize("minutes", [30, 15])
@pytest.mark.parametrize("known_gap", [True, False])
def test_a_month_without_a_reading_waits_for_a_word_where_days_near_can_fill_it(
    world: World, session: Session, minutes: int, known_gap: bool
) -> None:
    """The four nearest days of each type lie in September and November, whether October came in empty or not
    at all."""
    one = world.supplied()
    slots = 1440 // minutes
    for first, days in ((date(2026, 8, 31), 30), (date(2026, 11, 2), 18)):
        world.read(one.channel_id, first, [100_000] * (slots * days), slots=slots)
    if known_gap:
        world.read(one.channel_id, date(2026, 10, 1), [None] * (slots * 31), slots=slots)
    (held,) = issue(session, one).held
    assert (held.code, bills(session)) == ("missing", [])
    assert "has no reading in these days; days near could fill them" in held.reason
    session.execute(text("update held_bills set released_at = now()"))
    assert len(issue(session, one).bill_ids) == 1
    (bill,) = bills(session)
    count = 1490 * 30 // minutes
    assert (bill.estimated_readings, bill.micro_kwh) == (count, count * 100_000)
    row = bills_of(session, [one.account_id])[0]
    assert explain_bill(session, row, None).document()["after"] == f"{row.total_minor / 100:.2f}"


def test_a_month_that_nothing_can_fill_stays_held_whoever_releases_it(world: World, session: Session) -> None:
    """Three whole days near, none of them a Saturday or a Sunday."""
    one = world.supplied()
    world.even(one.channel_id, date(2026, 11, 9), 4)
    for _ in range(2):
        (held,) = issue(session, one).held
        assert (held.code, bills(session)) == ("no_readings", [])
        assert "no whole days near to fill them" in held.reason
        session.execute(text("update held_bills set released_at = now()"))


def test_an_unassigned_service_point_is_never_billed(world: World, session: Session) -> None:
    one = world.supplied()
    world.even(one.channel_id, date(2026, 9, 30), 33)
    session.execute(text("update service_points set premise_id = null"))
    (held,) = issue(session, one).held
    assert (held.code, bills(session)) == ("unassigned", [])


def test_one_bad_service_point_holds_the_whole_account(world: World, session: Session) -> None:
    one = world.supplied()
    point_id, _ = world.point()
    world.agreement(one.account_id, point_id, "flat", date(2026, 1, 1))
    world.even(one.channel_id, date(2026, 9, 30), 33)
    done = issue(session, one)
    assert (done.bill_ids, [hold.code for hold in done.held]) == ((), ["no_readings"])
    assert world.point_code(point_id) in done.held[0].reason


def test_money_paid_before_covers_the_bill(world: World, session: Session) -> None:
    one = world.supplied()
    world.even(one.channel_id, date(2026, 9, 30), 33)
    take_payment(
        session, one.account_id, 5000, reference="early", received_at=NOW, posted_on=date(2026, 9, 1)
    )
    issue(session, one)
    (bill,) = bills(session)
    assert (bill.total_minor, bill.open_minor) == (9450, 4450)


def test_the_ledger_says_what_the_balance_says(world: World, session: Session) -> None:
    accounts = [world.supplied() for _ in range(4)]
    for seed, account in enumerate(accounts):
        world.random(account.channel_id, date(2026, 8, 31), 63, seed)
    issue(session, *accounts, month=Month(2026, 9))
    issue(session, *accounts)
    rows = session.execute(
        text(
            """
            select a.account_id, a.balance_minor,
                   (select sum(case debit when 'receivable' then amount_minor else -amount_minor end)
                    from ledger_entries l where l.account_id = a.account_id) as posted,
                   (select sum(total_minor) from bills b where b.account_id = a.account_id) as billed
            from account_balances a
            """
        )
    ).all()
    assert len(rows) == 4
    assert all(row.balance_minor == row.posted == row.billed > 0 for row in rows)
    taxes = session.scalar(text("select sum(amount_minor) from ledger_entries where credit = 'tax'"))
    assert taxes == session.scalar(text("select sum(amount_minor) from bill_lines where charge = 'tax'"))


def test_numbers_follow_one_another_and_leave_no_hole(world: World, session: Session) -> None:
    accounts = [world.supplied() for _ in range(4)]
    for account in (accounts[0], accounts[2], accounts[3]):
        world.even(account.channel_id, date(2026, 9, 30), 33)
    issue(session, *accounts[:3])
    issue(session, *accounts)
    assert [bill.number for bill in bills(session)] == [f"2026-10-{number:06d}" for number in (1, 2, 3)]


def test_a_later_reading_releases_an_account_by_itself(world: World, session: Session) -> None:
    one = world.supplied()
    world.even(one.channel_id, date(2026, 9, 30), 10)
    assert issue(session, one).held[0].code == "missing"
    world.even(one.channel_id, date(2026, 10, 10), 23, feed_id=world.feed(NOW - timedelta(days=1)))
    assert len(issue(session, one).bill_ids) == 1


def test_lines_sum_to_totals_whatever_was_used(world: World, session: Session) -> None:
    world.tariff(two_rate())
    accounts = [world.supplied(tariff) for tariff in ("flat", "night") * 6]
    for seed, account in enumerate(accounts):
        world.random(account.channel_id, date(2026, 9, 30), 33, seed)
    issue(session, *accounts)
    totals = session.execute(
        text(
            "select b.total_minor, sum(l.amount_minor) from bills b join bill_lines l on l.bill_id = b.id "
            "group by b.id"
        )
    ).all()
    assert len(totals) == 12
    assert all(total == of_lines for total, of_lines in totals)


def test_a_tariff_that_looks_back_is_not_billed_without_its_months_before(
    world: World, session: Session
) -> None:
    document = flat("yearly")
    least = {"kind": "minimum", "code": "least", "label": "Least", "price": "99", "per": "year"}
    document["versions"][0]["charges"].append(least)
    world.tariff(document)
    one = world.supplied(tariff="yearly")
    world.even(one.channel_id, date(2026, 9, 30), 33)
    done = issue(session, one)
    assert not done.bill_ids and [hold.code for hold in done.held] == ["looks_back"]
    assert "Tariff yearly looks back on months before" in done.held[0].reason
    assert "in 2024-01 is not known" in done.held[0].reason
