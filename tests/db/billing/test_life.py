"""Moving out and in, another tariff, deemed supply: what is planned, and what is then done."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from billing_world import NOW, Supplied, World, flat, two_rate
from sqlalchemy import text
from sqlalchemy.orm import Session

from billing.actions.agreements import change_tariff
from billing.actions.issuing import issue_cycle
from billing.actions.payments import take_payment
from billing.corrections.finding import find_corrections
from billing.cycles import Month
from billing.life.deemed import deem_supply, set_deemed_terms, unsupplied_points
from billing.life.moving import MovedOut, close_account, move_in, move_out
from billing.life.previews import plan_change, plan_move_in, plan_move_out, supplied_here
from utility_crm.customers.tables import Account, Occupancy
from utility_crm.kit.errors import Conflict, Invalid, Refused

TODAY = date(2026, 11, 20)
LAST = date(2026, 11, 12)


def rows(session: Session, statement: str, **values: Any) -> list[Any]:
    return list(session.execute(text(statement), values))


def bill(session: Session, month: Month, *accounts: Supplied) -> None:
    issue_cycle(
        session, month, 1, [one.account_id for one in accounts], issued_on=month.plus(1).starts_on,
        known_at=NOW, now=NOW,
    )  # fmt: skip


@pytest.fixture
def home(world: World, session: Session) -> Supplied:
    """Read up to 19 November at 0.2 kWh a half-hour, billed up to September, nothing paid."""
    one = world.supplied(starts_on=date(2026, 9, 1))
    premise = world.scalar("select premise_id from service_points where id = :p", p=one.service_point_id)
    session.add(Occupancy(account_id=one.account_id, premise_id=premise, starts_on=date(2026, 9, 1)))
    world.even(one.channel_id, date(2026, 8, 31), 81)
    bill(session, Month(2026, 9), one)
    return one


def leave(session: Session, one: Supplied, last_on: date = LAST, **more: Any) -> MovedOut:
    return move_out(
        session, one.agreement_id, last_on + timedelta(days=1), "moved", today=TODAY, now=NOW, **more
    )


def test_moving_out_is_said_before_it_is_done_and_then_done(
    home: Supplied, world: World, session: Session
) -> None:
    mine = supplied_here(session, home.customer_id, TODAY)
    plan = plan_move_out(session, mine[0], mine, LAST, TODAY)
    # October is not billed yet either: 94.50, and twelve days of November: 6.00 + 28.80 and VAT.
    assert [(one.starts_on, one.last_on, one.total_minor) for one in plan.bills] == [
        (date(2026, 10, 1), date(2026, 10, 31), 9450),
        (date(2026, 11, 1), LAST, 3654),
    ]
    assert (plan.at_once, plan.goes_on, plan.corrects) == (True, False, None)
    assert (plan.balance_minor, plan.left_minor) == (9135, 9135 + 9450 + 3654)
    assert rows(session, "select count(*) from bills") == [(1,)]

    done = leave(session, home)
    assert (len(done.bill_ids), done.holds) == (2, ())
    issued = rows(session, "select starts_on, ends_before, total_minor from bills order by starts_on")
    assert [(row.starts_on, row.ends_before - timedelta(days=1), row.total_minor) for row in issued[1:]] == [
        (one.starts_on, one.last_on, one.total_minor) for one in plan.bills
    ]
    assert rows(session, "select ends_before from occupancies") == [(date(2026, 11, 13),)]
    # The run of the cycle finds it billed.
    bill(session, Month(2026, 11), home)
    assert rows(session, "select count(*) from bills") == [(3,)]
    assert leave(session, home).bill_ids == ()
    with pytest.raises(Conflict, match="not even"):
        close_account(session, home.account_id, TODAY)
    owed = world.scalar("select balance_minor from account_balances")
    assert owed == plan.left_minor
    take_payment(session, home.account_id, owed, reference="all", received_at=NOW, posted_on=TODAY)
    close_account(session, home.account_id, TODAY)
    assert session.get_one(Account, home.account_id).closed_on == TODAY


def test_a_day_to_come_is_billed_by_the_run_that_follows(home: Supplied, session: Session) -> None:
    mine = supplied_here(session, home.customer_id, TODAY)
    plan = plan_move_out(session, mine[0], mine, date(2026, 11, 25), TODAY)
    assert not plan.at_once and plan.left_minor is None
    assert plan.bills[-1].billed_on == date(2026, 12, 3)
    assert leave(session, home, date(2026, 11, 25)).bill_ids == ()
    assert rows(session, "select count(*) from bills") == [(1,)]


def test_readings_that_are_not_there_yet_hold_the_final_bill(
    home: Supplied, world: World, session: Session
) -> None:
    world.read(home.channel_id, date(2026, 11, 5), [None] * 48 * 8)
    mine = supplied_here(session, home.customer_id, TODAY)
    plan = plan_move_out(session, mine[0], mine, LAST, TODAY)
    assert plan.bills[-1].total_minor is None and "readings are missing" in plan.bills[-1].waits
    done = leave(session, home)
    assert (len(done.bill_ids), [hold.code for hold in done.holds]) == (1, ["missing"])


def test_an_account_with_other_supply_goes_on(home: Supplied, world: World, session: Session) -> None:
    point, channel = world.point()
    world.agreement(home.account_id, point, "flat", date(2026, 10, 1))
    world.even(channel, date(2026, 9, 30), 50)
    mine = supplied_here(session, home.customer_id, TODAY)
    plan = plan_move_out(session, next(one for one in mine if one.id == home.agreement_id), mine, LAST, TODAY)
    assert (plan.goes_on, plan.at_once) == (True, False)
    assert leave(session, home).bill_ids == ()
    with pytest.raises(Conflict, match="still supplied"):
        close_account(session, home.account_id, TODAY)


def test_told_late_the_bills_beyond_are_put_right(home: Supplied, session: Session) -> None:
    bill(session, Month(2026, 10), home)
    mine = supplied_here(session, home.customer_id, TODAY)
    plan = plan_move_out(session, mine[0], mine, date(2026, 10, 10), TODAY)
    assert (plan.corrects, plan.left_minor) == ("2026-10-000001", None)
    with pytest.raises(Conflict, match="already charges"):
        leave(session, home, date(2026, 10, 10))
    leave(session, home, date(2026, 10, 10), correct=True)
    found = find_corrections(session, known_at=NOW + timedelta(1), today=TODAY, now=NOW, country="GB")
    assert (found.bills, found.differ) == (1, 1)


def test_another_tariff_splits_the_bill_at_its_day(home: Supplied, world: World, session: Session) -> None:
    night = world.tariff(two_rate())
    mine = supplied_here(session, home.customer_id, TODAY)
    plan = plan_change(session, mine[0], night, "Day & Night", date(2026, 10, 11))
    assert plan.splits and (plan.period_starts_on, plan.period_last_on) == (
        date(2026, 10, 1), date(2026, 10, 31),
    )  # fmt: skip
    with pytest.raises(Invalid):
        plan_change(session, mine[0], night, "Day & Night", date(2026, 9, 1))
    change_tariff(session, home.agreement_id, night, date(2026, 10, 11))
    bill(session, Month(2026, 10), home)
    lines = rows(
        session,
        "select l.label, l.starts_on, l.ends_before, t.code from bill_lines l "
        "join bills b on b.id = l.bill_id join agreements g on g.id = l.agreement_id "
        "join tariffs t on t.id = g.tariff_id "
        "where b.starts_on = '2026-10-01' and l.charge = 'energy' order by position",
    )
    turn, end = date(2026, 10, 11), date(2026, 11, 1)
    assert lines == [
        ("All hours", date(2026, 10, 1), turn, "flat"),
        ("Night", turn, end, "night"),
        ("Day", turn, end, "night"),
    ]
    with pytest.raises(Conflict, match="already"):
        change_tariff(session, mine[0].id + 1, night, date(2026, 11, 11))


def test_moving_in_needs_a_free_place(home: Supplied, world: World, session: Session) -> None:
    customer, account = world.account()
    code = world.point_code(home.service_point_id)
    plan = plan_move_in(session, account, "A", 1, code, "Flat", date(2026, 11, 13))
    assert (plan.possible, plan.supplied) == (False, home.account)
    with pytest.raises(Conflict):
        move_in(session, account, home.service_point_id, world.tariffs["flat"], date(2026, 11, 13))
    leave(session, home)
    plan = plan_move_in(session, account, "A", 1, code, "Flat", date(2026, 11, 13))
    assert plan.possible and plan.first_bill_ends_before == date(2026, 12, 1)
    move_in(session, account, home.service_point_id, world.tariffs["flat"], date(2026, 11, 13))
    there = rows(session, "select account_id, starts_on, ends_before from occupancies order by starts_on")
    assert there[1] == (account, date(2026, 11, 13), None)
    (now_supplied,) = supplied_here(session, customer, TODAY)
    assert (now_supplied.kind, now_supplied.starts_on) == ("contract", date(2026, 11, 13))


class TestDeemed:
    def test_a_place_left_that_still_draws_is_found_and_supplied_on_deemed_terms(
        self, home: Supplied, world: World, session: Session
    ) -> None:
        deemed = world.tariff(flat("deemed", price="0.34"))
        set_deemed_terms(session, "electricity", "household", deemed, date(2026, 1, 1), "published terms")
        assert unsupplied_points(session, TODAY) == ()
        leave(session, home)
        (point,) = unsupplied_points(session, TODAY)
        # Seven days until today were read.
        assert (point.since, point.micro_kwh) == (date(2026, 11, 13), 7 * 48 * 200_000)
        assert (point.used_on, point.last_account) == (date(2026, 11, 19), home.account)

        _, occupier = world.account(name="The occupier")
        made = deem_supply(session, home.service_point_id, occupier, date(2026, 11, 13))
        assert (made.kind, made.tariff_id) == ("deemed", deemed)
        assert unsupplied_points(session, TODAY) == ()

        # They agree on a tariff: their deemed contract becomes it on that day.
        agreed = move_in(session, occupier, home.service_point_id, world.tariffs["flat"], date(2026, 12, 1))
        assert agreed.kind == "contract"
        session.refresh(made)
        assert (made.ends_before, made.end_reason) == (date(2026, 12, 1), "changed_tariff")

    def test_somebody_else_comes_and_the_deemed_contract_ends(
        self, home: Supplied, world: World, session: Session
    ) -> None:
        deemed = world.tariff(flat("deemed", price="0.34"))
        set_deemed_terms(session, "electricity", "household", deemed, date(2026, 1, 1))
        leave(session, home)
        _, occupier = world.account()
        made = deem_supply(session, home.service_point_id, occupier, date(2026, 11, 13))
        _, other = world.account()
        move_in(session, other, home.service_point_id, world.tariffs["flat"], date(2026, 11, 17))
        session.refresh(made)
        assert (made.ends_before, made.end_reason) == (date(2026, 11, 17), "moved")

    def test_without_terms_nobody_is_supplied(self, home: Supplied, world: World, session: Session) -> None:
        deemed = world.tariff(flat("deemed", price="0.34"))
        set_deemed_terms(session, "electricity", "household", deemed, date(2027, 1, 1))
        leave(session, home)
        _, occupier = world.account()
        with pytest.raises(Refused, match="No deemed terms"):
            deem_supply(session, home.service_point_id, occupier, date(2026, 11, 13))


def test_nothing_depends_on_the_hour(home: Supplied, session: Session) -> None:
    late = datetime(2026, 11, 20, 23, 59, tzinfo=UTC)
    done = move_out(
        session, home.agreement_id, date(2026, 11, 13), "moved", today=TODAY, now=late, bill_now=False
    )
    assert done.bill_ids == ()
