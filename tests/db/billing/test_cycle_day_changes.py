"""A cycle day that changes after bills were issued leaves no day uncharged, and none charged twice."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import pairwise

from billing_world import NOW, World
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text
from sqlalchemy.orm import Session

from billing.actions.issuing import issue_cycle
from billing.cycles import Month
from billing.life.moving import move_out
from billing.queries.monitors import monitors
from billing.queries.supplies import due_accounts

FIRST = date(2026, 3, 1)


def set_day(session: Session, account_id: int, day: int) -> None:
    session.execute(
        text("update accounts set cycle_day = :day where id = :id"), {"day": day, "id": account_id}
    )


def run(session: Session, account_id: int, month: Month, today: date) -> list[int]:
    """As a run does it: who is due and not done."""
    due = [one for one in due_accounts(session, month, today, [account_id]) if not one.billed]
    ids: list[int] = []
    for one in due:
        done = issue_cycle(session, month, one.cycle_day, [one.id], issued_on=today, known_at=NOW, now=NOW)
        assert not done.held
        ids += done.bill_ids
    return ids


def periods(session: Session, account_id: int) -> list[tuple[date, date]]:
    rows = session.execute(
        text("select starts_on, ends_before from bills where account_id = :a order by starts_on"),
        {"a": account_id},
    )
    return [(row[0], row[1]) for row in rows]


def test_later_and_earlier_days_split_the_cycle(world: World, session: Session) -> None:
    one = world.supplied(starts_on=FIRST)
    world.even(one.channel_id, date(2026, 2, 28), 250)
    run(session, one.account_id, Month(2026, 3), date(2026, 4, 3))
    set_day(session, one.account_id, 15)
    for month in (4, 5):
        assert len(run(session, one.account_id, Month(2026, month), date(2026, month, 20))) == 1
        assert run(session, one.account_id, Month(2026, month), date(2026, month, 20)) == []
    set_day(session, one.account_id, 5)
    run(session, one.account_id, Month(2026, 6), date(2026, 6, 20))
    run(session, one.account_id, Month(2026, 7), date(2026, 7, 20))
    days = [date(2026, 3, 1), date(2026, 4, 1), date(2026, 4, 15), date(2026, 5, 15), date(2026, 6, 5),
            date(2026, 7, 5)]  # fmt: skip
    assert periods(session, one.account_id) == list(pairwise(days))


def test_supply_that_begins_again_after_a_bill_in_the_cycle(world: World, session: Session) -> None:
    one = world.supplied(starts_on=FIRST, ends_before=date(2026, 3, 20), reason="moved")
    world.even(one.channel_id, date(2026, 2, 28), 60)
    run(session, one.account_id, Month(2026, 3), date(2026, 4, 3))
    assert run(session, one.account_id, Month(2026, 3), date(2026, 4, 3)) == []
    session.execute(
        text("insert into agreements (account_id, service_point_id, tariff_id, starts_on) "
             "select account_id, service_point_id, tariff_id, '2026-03-25' from agreements "
             "where account_id = :a"),
        {"a": one.account_id},
    )  # fmt: skip
    assert len(run(session, one.account_id, Month(2026, 3), date(2026, 4, 3))) == 1
    assert periods(session, one.account_id) == [
        (date(2026, 3, 1), date(2026, 3, 20)), (date(2026, 3, 25), date(2026, 4, 1)),
    ]  # fmt: skip


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(days=st.lists(st.integers(1, 28), min_size=7, max_size=7), leaves_after=st.integers(1, 20))
def test_any_sequence_of_days_charges_for_each_day_once(
    world: World, session: Session, days: list[int], leaves_after: int
) -> None:
    one = world.supplied(starts_on=FIRST)
    world.even(one.channel_id, date(2026, 2, 28), 250)
    month = Month(2026, 3)
    for number, day in enumerate(days):
        set_day(session, one.account_id, day)
        today = month.plus(number + 1).starts_on + timedelta(days=5)
        for back in (1, 0):
            run(session, one.account_id, month.plus(number - back), today)
    known = periods(session, one.account_id)
    assert known[0][0] == FIRST
    assert all(before[1] == after[0] for before, after in pairwise(known))
    assert monitors(session, known[-1][1] + timedelta(days=3)).missing_cycles == ()
    # They move out: what is left of the cycle is billed with it, whatever day the cycle begins on now.
    leaves = known[-1][1] + timedelta(days=leaves_after)
    whole = session.begin_nested()
    done = move_out(session, one.agreement_id, leaves, "moved", today=leaves, now=NOW)
    assert done.bill_ids and not done.holds
    known = periods(session, one.account_id)
    assert known[-1][1] == leaves
    assert all(before[1] == after[0] for before, after in pairwise(known))
    whole.rollback()
