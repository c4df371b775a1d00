"""Bill runs on tariffs that look back: a ratchet upon months before, and a minimum of the year."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import numpy as np
import pytest
from billing_world import NOW, Supplied, World, flat
from sqlalchemy import text
from sqlalchemy.orm import Session

from billing.actions.agreements import change_tariff
from billing.actions.issuing import Issued, issue_cycle
from billing.corrections.approving import approve_corrections
from billing.corrections.candidates import issued_bills
from billing.corrections.finding import find_corrections
from billing.corrections.rerating import remade
from billing.cycles import Month
from billing.domain.plans.supply_state import PastDemand, SupplyState
from billing.domain.rating.rate import rate_bill
from billing.explaining import explain_bill
from billing.queries.bill_parts import ReadPart, parts_of_bills, read_parts
from billing.queries.bills import BillRow, bills_of
from billing.what_if.replaying import BilledMonth, replayed
from meters.registers.recording import Taken, record_read

SEPTEMBER, OCTOBER = Month(2026, 9), Month(2026, 10)
BEGAN, FIRST = date(2026, 9, 1), date(2026, 8, 31)
DAYS = 63
ENERGY = {"kind": "energy", "code": "energy", "periods": [{"label": "All hours", "price": "0.20"}]}
RATCHET = {
    "kind": "demand",
    "code": "demand",
    "window": 30,
    "periods": [{"label": "Highest", "price": "10"}],
    "ratchet": {"percent": "80", "months": 11},
}
LEAST = {"kind": "minimum", "code": "least", "label": "Least", "price": "365", "per": "year"}


@pytest.fixture
def world(session: Session) -> World:
    made = World(session)
    for code, charges in {"ratchet": [ENERGY, RATCHET], "yearly": [ENERGY, LEAST]}.items():
        made.tariff(flat(code, versions=[{"starts_on": "2024-01-01", "charges": charges}]))
    return made


def issue(session: Session, month: Month, *accounts: Supplied) -> Issued:
    ids = [one.account_id for one in accounts]
    return issue_cycle(session, month, 1, ids, issued_on=month.plus(1).starts_on, known_at=NOW, now=NOW)


def peaked(world: World, *, peak_micro_kwh: int, tariff: str = "ratchet") -> Supplied:
    """Even use, and one half-hour on 10 September in which more was drawn."""
    one = world.supplied(tariff, starts_on=BEGAN)
    used: list[Any] = [100_000] * (DAYS * 48)
    used[10 * 48 + 30] = peak_micro_kwh
    world.read(one.channel_id, FIRST, used)
    return one


def part_of(session: Session, bill: BillRow) -> ReadPart:
    (part,) = read_parts(session, bill, parts_of_bills(session, [bill.id])[bill.id])
    return part


def demand_lines(session: Session, bill: BillRow) -> list[tuple[int, int]]:
    rows = session.execute(
        text("select quantity_micro, amount_minor from bill_lines where bill_id = :b and charge = 'demand'"),
        {"b": bill.id},
    )
    return [(quantity, amount) for quantity, amount in rows]


def test_a_ratchet_looks_back_upon_the_bill_before(world: World, session: Session) -> None:
    high, low = peaked(world, peak_micro_kwh=2_000_000), peaked(world, peak_micro_kwh=110_000)
    for month in (SEPTEMBER, OCTOBER):
        assert issue(session, month, high, low).held == ()
    after, before = bills_of(session, [high.account_id])
    # 4 kW in September; October draws 0.2 kW, and is billed 80 % of the four. Beside one who drew 0.22.
    assert [amount for _, amount in demand_lines(session, before)] == [4_000]
    assert [amount for _, amount in demand_lines(session, after)] == [3_200]
    other, _ = bills_of(session, [low.account_id])
    assert [amount for _, amount in demand_lines(session, other)] == [200]
    part = part_of(session, after)
    most = PastDemand("demand", "Highest", BEGAN, np.array([4_000_000], dtype=np.int64))
    plain = rate_bill(
        part.side.usage,
        part.part.tariff,
        part.part.period,
        timezone=part.part.timezone,
        state=SupplyState(demands=(most,)),
    )
    assert plain.total_minor == after.total_minor == part.side.bill().total_minor
    alone = rate_bill(part.side.usage, part.part.tariff, part.part.period, timezone=part.part.timezone)
    assert alone.total_minor == after.total_minor - 3_000

    found = explain_bill(session, after, before)
    assert found.left_over_minor == 0
    months = [BilledMonth(bill, (part_of(session, bill),)) for bill in (before, after)]
    again = replayed(months, months[0].parts[0].part.tariff)
    assert list(again.cost_minor) == [before.total_minor, after.total_minor]
    issued = issued_bills(session, {before.id: "readings", after.id: "readings"})
    assert [one.differs for one in remade(session, issued, NOW, date(2026, 11, 20), "GB")] == [False, False]


def test_a_second_run_changes_nothing(world: World, session: Session) -> None:
    one = peaked(world, peak_micro_kwh=2_000_000)
    for month in (SEPTEMBER, OCTOBER):
        issue(session, month, one)
    everything = text("select * from bill_traces order by bill_id, kind, code, label, month")
    kept = session.execute(everything).all()
    assert [(row.kind, row.amount) for row in kept] == [
        ("days", 0), ("demand", 4_000_000), ("days", 0), ("demand", 200_000),
    ]  # fmt: skip
    for month in (SEPTEMBER, OCTOBER):
        assert not issue(session, month, one).bill_ids
    assert session.execute(everything).all() == kept


def test_a_year_so_far_is_held_against_its_minimum_when_supply_ends(world: World, session: Session) -> None:
    stays, leaves = (
        world.supplied("yearly", starts_on=BEGAN, ends_before=ends, reason=reason)
        for ends, reason in ((None, None), (date(2026, 11, 1), "moved"))
    )  # fmt: skip
    for one in (stays, leaves):
        world.even(one.channel_id, FIRST, DAYS, 10_000)
    for month in (SEPTEMBER, OCTOBER):
        assert issue(session, month, stays, leaves).held == ()
    (kept, first), (last, before) = (bills_of(session, [one.account_id]) for one in (stays, leaves))
    # 14.40 kWh in September and 14.90 in October come to 2.88 and 2.98; a day is at least 1.00, of 61 days.
    assert (first.total_minor, kept.total_minor, before.total_minor) == (288, 298, 288)
    assert last.total_minor == 6_100 - 288
    for bill in (kept, last):
        assert part_of(session, bill).side.bill().total_minor == bill.total_minor
    assert explain_bill(session, last, before).left_over_minor == 0


def test_another_tariff_closes_the_year_of_the_one_before(world: World, session: Session) -> None:
    one = world.supplied("yearly", starts_on=BEGAN)
    world.even(one.channel_id, FIRST, DAYS, 10_000)
    assert issue(session, SEPTEMBER, one).held == ()
    change_tariff(session, one.agreement_id, world.tariff(flat("next", standing="0.10")), date(2026, 10, 11))
    assert issue(session, OCTOBER, one).held == ()
    bill, before = bills_of(session, [one.account_id])
    rows = session.execute(
        text("select label, starts_on, ends_before, amount_minor from bill_lines where bill_id = :b "
             "and charge = 'minimum'"), {"b": bill.id},
    ).all()  # fmt: skip
    # Forty days of at least 1.00; September came to 2.88, ten days of October to 0.96.
    turn = date(2026, 10, 11)
    assert [tuple(row) for row in rows] == [
        ("Least, the year closed with the agreement", date(2026, 10, 1), turn, 4_000 - 288 - 96)
    ]
    parts = read_parts(session, bill, parts_of_bills(session, [bill.id])[bill.id])
    assert sum(part.side.bill().total_minor for part in parts) == bill.total_minor
    assert explain_bill(session, bill, before).left_over_minor == 0


def test_a_month_that_no_bill_tells_is_reckoned_from_its_readings(world: World, session: Session) -> None:
    """September was never billed, or billed before bills left traces: October's bill is the same."""
    one, other, plain = (peaked(world, peak_micro_kwh=2_000_000) for _ in range(3))
    for month in (SEPTEMBER, OCTOBER):
        issue(session, month, plain)
    assert issue(session, SEPTEMBER, other).held == ()
    forget = "delete from bill_traces where bill_id in (select id from bills where account_id = :a)"
    session.execute(text(forget), {"a": other.account_id})
    assert issue(session, OCTOBER, one, other).held == ()
    right = bills_of(session, [plain.account_id])[0]
    for house in (one, other):
        bill = bills_of(session, [house.account_id])[0]
        assert demand_lines(session, bill) == demand_lines(session, right)
        assert demand_lines(session, bill)[0][1] == 3_200 and bill.total_minor == right.total_minor
        assert part_of(session, bill).side.bill().total_minor == bill.total_minor
        issued = issued_bills(session, {bill.id: "readings"})
        assert [again.differs for again in remade(session, issued, NOW, date(2026, 11, 20), "GB")] == [False]


def test_a_month_that_was_not_read_holds_the_bill_and_is_named(world: World, session: Session) -> None:
    one = peaked(world, peak_micro_kwh=2_000_000)
    session.execute(text("delete from blocks where day = '2026-09-20'"))
    (held,) = issue(session, OCTOBER, one).held
    assert held.code == "looks_back" and "in 2026-09 is not known" in held.reason


def test_a_year_by_the_dial_is_held_against_its_minimum(world: World, session: Session) -> None:
    """Billed month by month, or the last alone with the month before reckoned from the reads."""
    both, last = (
        world.supplied("yearly", starts_on=BEGAN, ends_before=date(2026, 11, 1), reason="moved")
        for _ in range(2)
    )
    session.execute(text("delete from channels"))
    for house in (both, last):
        for at, kwh in ((datetime(2026, 8, 31, 23), 0), (datetime(2026, 9, 30, 23), 14.4),
                        (datetime(2026, 11, 1), 29.3)):  # fmt: skip
            read = Taken("T1", round(kwh * 1_000_000))
            record_read(
                session, world.point_code(house.service_point_id), read, at.replace(tzinfo=UTC), "actual"
            )
    known_at = datetime(2999, 1, 1, tzinfo=UTC)
    for month, houses in ((SEPTEMBER, [both]), (OCTOBER, [both, last])):
        ids = [one.account_id for one in houses]
        on = month.plus(1).starts_on
        assert issue_cycle(session, month, 1, ids, issued_on=on, known_at=known_at, now=NOW).held == ()
    final, first = bills_of(session, [both.account_id])
    (alone,) = bills_of(session, [last.account_id])
    assert (first.total_minor, final.total_minor, alone.total_minor) == (288, 6_100 - 288, 6_100 - 288)
    assert explain_bill(session, final, first).left_over_minor == 0
    assert explain_bill(session, alone, None).document()["after"] == "58.12"

    nobody = world.supplied("yearly", starts_on=BEGAN)
    session.execute(text("delete from channels"))
    point = world.point_code(nobody.service_point_id)
    record_read(session, point, Taken("T1", 0), datetime(2026, 9, 30, 23, tzinfo=UTC), "actual")
    record_read(session, point, Taken("T1", 9_000_000), datetime(2026, 11, 1, tzinfo=UTC), "actual")
    (held,) = issue_cycle(
        session, OCTOBER, 1, [nobody.account_id], issued_on=date(2026, 11, 1), known_at=known_at, now=NOW
    ).held
    assert held.code == "looks_back" and "in 2026-09 is not known" in held.reason


def test_a_corrected_month_is_told_to_all_that_look_back_upon_it(world: World, session: Session) -> None:
    one = world.supplied("ratchet", starts_on=date(2026, 8, 1))
    used: list[Any] = [100_000] * (94 * 48)
    used[10 * 48 + 30] = 2_000_000
    world.read(one.channel_id, date(2026, 7, 31), used)
    for month in (Month(2026, 8), SEPTEMBER, OCTOBER):
        assert issue(session, month, one).held == ()
    floors = [demand_lines(session, bill)[0][1] for bill in bills_of(session, [one.account_id])]
    assert floors == [3_200, 3_200, 4_000]
    world.even(one.channel_id, date(2026, 8, 10), 1, 100_000, feed_id=world.feed(NOW + timedelta(days=1)))
    today, waiting = date(2026, 11, 25), "select id, bill_id from corrections where state = 'proposed'"
    for later, count in ((2, 1), (3, 2)):  # August's bill, then both that were held up by it
        at = NOW + timedelta(days=later)
        find_corrections(session, known_at=at, today=today, now=at, country="GB")
        found = session.execute(text(waiting)).all()
        assert len(found) == count
        approve_corrections(
            session, [row.id for row in found], user_id=None, decision="read again", today=today, now=at,
            country="GB",
        )  # fmt: skip
    right = [bill for bill in bills_of(session, [one.account_id]) if bill.status == "issued"]
    assert [demand_lines(session, bill)[0][1] for bill in right] == [200, 200, 200]
    for bill in right:
        assert part_of(session, bill).side.bill().total_minor == bill.total_minor
