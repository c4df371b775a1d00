"""Who was not billed, found by the days of supply that no bill charges for."""

from __future__ import annotations

from datetime import date, timedelta

from billing_world import NOW, Supplied, World
from sqlalchemy import text
from sqlalchemy.orm import Session

from billing.actions.issuing import issue_cycle
from billing.cycles import Month
from billing.jobs import watch_who_is_billed
from billing.queries.monitors import monitors

TODAY = date(2026, 11, 20)


def issue(world: World, one: Supplied, *months: Month) -> None:
    for month in months:
        done = issue_cycle(
            world.session, month, 1, [one.account_id],
            issued_on=month.cycle(1)[1], known_at=NOW, now=NOW,
        )  # fmt: skip
        assert len(done.bill_ids) == 1


def billed(world: World, *months: int) -> Supplied:
    one = world.supplied(starts_on=date(2026, 6, 1))
    world.even(one.channel_id, date(2026, 5, 31), 155)
    issue(world, one, *(Month(2026, month) for month in months))
    return one


def test_whoever_has_every_bill_is_not_named(world: World, session: Session) -> None:
    billed(world, 6, 7, 8, 9, 10)
    found = monitors(session, TODAY)
    assert found.all == ()


def test_missing_cycles_and_what_was_not_billed_since(world: World, session: Session) -> None:
    gap, behind, never = (
        billed(world, 6, 7, 10),
        billed(world, 6, 7, 8),
        world.supplied(starts_on=date(2026, 9, 5)),
    )
    gone = world.supplied(starts_on=date(2026, 9, 10), ends_before=date(2026, 9, 20), reason="moved")
    world.supplied(starts_on=date(2026, 11, 5))
    found = monitors(session, TODAY)
    assert [(one.account, one.starts_on, one.ends_before) for one in found.missing_cycles] == [
        (gap.account, date(2026, 8, 1), date(2026, 10, 1))
    ]
    assert [(one.account, one.starts_on, one.last_on) for one in found.unbilled] == [
        (behind.account, date(2026, 9, 1), date(2026, 10, 31)),
        (never.account, date(2026, 9, 5), date(2026, 10, 31)),
        (gone.account, date(2026, 9, 10), date(2026, 9, 19)),
    ]
    assert found.unbilled[2].days == 10


def test_a_hold_explains_it_and_an_end_that_is_fresh_is_waited_for(world: World, session: Session) -> None:
    one = billed(world, 6, 7, 8, 9)
    assert monitors(session, date(2026, 11, 3)).all == ()
    assert len(monitors(session, date(2026, 11, 4)).unbilled) == 1
    session.execute(
        text("insert into held_bills (account_id, starts_on, ends_before, code, reason) "
             "values (:a, '2026-10-01', '2026-11-01', 'zero_use', '')"), {"a": one.account_id},
    )  # fmt: skip
    assert monitors(session, TODAY).all == ()


def test_a_first_bill_after_the_last_end_that_is_looked_at(world: World, session: Session) -> None:
    one = world.supplied(starts_on=date(2026, 10, 15))
    world.even(one.channel_id, date(2026, 10, 14), 20)
    issue(world, one, Month(2026, 10))
    assert monitors(session, date(2026, 11, 2)).all == ()


def test_days_between_two_supplies_are_nobodys(world: World, session: Session) -> None:
    one = world.supplied(starts_on=date(2026, 8, 1), ends_before=date(2026, 9, 1), reason="moved")
    world.even(one.channel_id, date(2026, 7, 31), 95)
    issue(world, one, Month(2026, 8))
    world.agreement(one.account_id, one.service_point_id, "flat", date(2026, 10, 1))
    issue(world, one, Month(2026, 10))
    assert monitors(session, TODAY).all == ()


def test_staff_is_told_once_of_each_new_set(world: World, session: Session) -> None:
    def letters() -> int:
        found = session.scalar(text("select count(*) from staff_mail"))
        assert isinstance(found, int)
        return found

    assert watch_who_is_billed(session, NOW) == "every day of supply is billed or held"
    one = billed(world, 6, 7, 10)
    before = letters()
    assert watch_who_is_billed(session, NOW).startswith("0 never billed, 1 missing")
    assert letters() == before + 1
    watch_who_is_billed(session, NOW + timedelta(hours=1))
    assert letters() == before + 1
    told = session.scalar(text("select text from staff_mail order by id desc limit 1"))
    assert one.account in str(told) and "2026-08-01" in str(told)
    billed(world, 6, 7, 8)
    watch_who_is_billed(session, NOW + timedelta(hours=2))
    assert letters() == before + 2
