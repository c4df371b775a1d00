"""What is booked of a supply is taken back before its day; who told it and who took it back is on record."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from billing_world import NOW, Supplied, World, flat, two_rate
from sqlalchemy import text
from sqlalchemy.orm import Session

from billing.actions.issuing import issue_cycle
from billing.cycles import Month
from billing.documents.reading import bill_facts
from billing.life.booking import Telling, begin_supply, end_supply, switch_tariff
from billing.life.deemed import deem_supply, set_deemed_terms
from billing.life.taking_back import (
    take_back_begin,
    take_back_either,
    take_back_end,
    take_back_last,
)
from billing.runs import issue_for_account
from utility_crm.customers.tables import Occupancy
from utility_crm.kit.errors import Conflict, Invalid, Refused

TODAY = date(2026, 11, 20)
TOLD = Telling(TODAY, NOW)


def rows(session: Session, statement: str, **values: Any) -> list[Any]:
    return [tuple(row) for row in session.execute(text(statement), values)]


def agreements(session: Session, one: Supplied) -> list[Any]:
    return rows(
        session,
        "select t.code, g.starts_on, g.ends_before from agreements g join tariffs t on t.id = g.tariff_id "
        "where g.service_point_id = :p order by g.starts_on",
        p=one.service_point_id,
    )


@pytest.fixture
def home(world: World, session: Session) -> Supplied:
    """Read up to 31 December, billed up to October."""
    one = world.supplied(starts_on=date(2026, 9, 1))
    world.tariff(two_rate())
    premise = world.scalar("select premise_id from service_points where id = :p", p=one.service_point_id)
    session.add(Occupancy(account_id=one.account_id, premise_id=premise, starts_on=date(2026, 9, 1)))
    world.even(one.channel_id, date(2026, 8, 31), 123)
    for month in (9, 10):
        run(session, one, Month(2026, month))
    return one


def run(session: Session, one: Supplied, month: Month) -> None:
    done = issue_cycle(
        session, month, 1, [one.account_id], issued_on=month.plus(1).starts_on, known_at=NOW, now=NOW
    )
    assert not done.held


def test_booked_taken_back_booked_again_and_moved_out(home: Supplied, world: World, session: Session) -> None:
    """November to January of one home; its last bill goes where they went."""
    night, december = world.tariffs["night"], date(2026, 12, 1)
    began = ("flat", date(2026, 9, 1))
    switch_tariff(session, home.agreement_id, night, december, TOLD)
    assert agreements(session, home) == [(*began, december), ("night", december, None)]
    with pytest.raises(Invalid, match="Say why"):
        take_back_end(session, home.agreement_id, "  ", TOLD)
    take_back_end(session, home.agreement_id, "they thought again", TOLD)
    assert agreements(session, home) == [(*began, None)]
    with pytest.raises(Conflict, match="Nothing is booked"):
        take_back_end(session, home.agreement_id, "again", TOLD)
    kept = (
        "select kind, effective_on, taken_back_because, told_at is not null from supply_changes order by id"
    )
    assert rows(session, kept) == [("tariff", december, "they thought again", True)]

    later = date(2026, 12, 11)
    made = switch_tariff(session, home.agreement_id, night, later, TOLD)
    run(session, home, Month(2026, 11))
    on_its_day = Telling(later, NOW + timedelta(days=21))
    with pytest.raises(Refused, match="change it again from a later day"):
        take_back_end(session, home.agreement_id, "too late", on_its_day)

    moves = date(2026, 12, 21)
    notice = Telling(date(2026, 12, 15), datetime(2026, 12, 15, 10, tzinfo=UTC))
    for address, wrong in (("somewhere", "a street and a town"), ("1 Elm Walk\nada@example.org", "no line")):
        with pytest.raises(Invalid, match=wrong) as refused:
            end_supply(session, made.id, moves, "moved", notice, forward_to=address)
        assert refused.value.where == "forward_to"
    end_supply(session, made.id, moves, "moved", notice, forward_to="7 Elm Walk, Westmoor, WM2 4AB")
    with pytest.raises(Conflict, match="take that back first"):
        take_back_end(session, home.agreement_id, "all of it", Telling(date(2026, 12, 5), NOW))
    # They stay a week longer: taken back, and told anew.
    take_back_end(session, made.id, "a week later", notice)
    assert rows(session, "select ends_before from occupancies") == [(None,)]
    assert rows(session, "select withdrawn_at is not null from forwarding_addresses") == [(True,)]
    moves = date(2026, 12, 28)
    end_supply(session, made.id, moves, "moved", notice, forward_to="9 Elm Walk\nWestmoor  WM2 4AB")
    issue_for_account(session, home.account_id, 1, Month(2026, 12), today=date(2027, 1, 3), now=NOW)

    bills = rows(session, "select id, starts_on, ends_before from bills order by starts_on")
    assert [row[1:] for row in bills[2:]] == [
        (date(2026, 11, 1), date(2026, 12, 1)), (date(2026, 12, 1), moves),
    ]  # fmt: skip
    november, last = bill_facts(session, [bills[2][0], bills[3][0]])
    assert last.addressee.address == ("9 Elm Walk", "Westmoor WM2 4AB")
    assert november.addressee.address != last.addressee.address
    assert [tuple(row[:3]) for row in rows(session, kept)] == [
        ("tariff", december, "they thought again"), ("tariff", later, None),
        ("end", date(2026, 12, 21), "a week later"), ("end", moves, None),
    ]  # fmt: skip


def test_a_tariff_changed_by_a_slip_is_taken_back_though_its_day_has_come(
    home: Supplied, world: World, session: Session
) -> None:
    """A form proposes today; who clicks too early is not on another tariff for good."""
    made = switch_tariff(session, home.agreement_id, world.tariffs["night"], date(2026, 11, 15), TOLD)
    with pytest.raises(Refused, match="change it again from a later day"):
        take_back_end(session, home.agreement_id, "late", Telling(TODAY, NOW + timedelta(days=1)))
    take_back_either(session, made.id, "the other customer was meant", TOLD)
    assert agreements(session, home) == [("flat", date(2026, 9, 1), None)]
    kept = "select kind, effective_on, taken_back_because from supply_changes"
    assert rows(session, kept) == [("tariff", date(2026, 11, 15), "the other customer was meant")]
    run(session, home, Month(2026, 11))
    tariffs = (
        "select distinct t.code from bill_lines l join agreements g on g.id = l.agreement_id join tariffs t"
    )
    assert rows(session, f"{tariffs} on t.id = g.tariff_id") == [("flat",)]


def test_what_a_bill_reaches_is_no_slip_any_more(home: Supplied, world: World, session: Session) -> None:
    made = switch_tariff(session, home.agreement_id, world.tariffs["night"], date(2026, 11, 15), TOLD)
    run(session, home, Month(2026, 11))
    with pytest.raises(Conflict, match="Nothing is booked"):
        take_back_either(session, made.id, "billed already", TOLD)
    with pytest.raises(Refused, match="change it again from a later day"):
        take_back_end(session, home.agreement_id, "billed already", TOLD)


def test_a_supply_that_began_by_a_slip_is_taken_back(home: Supplied, world: World, session: Session) -> None:
    point, _ = world.point()
    _, other = world.account()
    made = begin_supply(session, other, point, world.tariffs["flat"], TODAY, TOLD)
    with pytest.raises(Refused, match="end it instead"):
        take_back_begin(session, made.id, "a week later", Telling(TODAY, NOW + timedelta(days=7)))
    take_back_last(session, point, "another meter", TOLD)
    assert rows(session, "select count(*) from agreements where account_id = :a", a=other) == [(0,)]
    assert rows(session, "select count(*) from occupancies where account_id = :a", a=other) == [(0,)]


def test_a_day_that_looks_like_a_slip_is_asked_back_about(home: Supplied, session: Session) -> None:
    far = date(2036, 12, 1)
    for change in (
        lambda told: end_supply(session, home.agreement_id, far, "moved", told),
        lambda told: end_supply(session, home.agreement_id, date(2026, 9, 10), "moved", told, correct=True),
    ):
        with pytest.raises(Conflict, match="is it meant"):
            change(TOLD)
    end_supply(session, home.agreement_id, far, "moved", Telling(TODAY, NOW, sure=True))
    assert agreements(session, home) == [("flat", date(2026, 9, 1), far)]


def test_a_booked_move_in_is_taken_back_and_the_deemed_contract_goes_on(
    home: Supplied, world: World, session: Session
) -> None:
    deemed = world.tariff(flat("deemed", price="0.34"))
    set_deemed_terms(session, "electricity", "household", deemed, date(2026, 1, 1))
    end_supply(session, home.agreement_id, date(2026, 11, 13), "moved", TOLD)
    _, occupier = world.account()
    deem_supply(session, home.service_point_id, occupier, date(2026, 11, 13))
    _, other = world.account()
    made = begin_supply(
        session, other, home.service_point_id, world.tariffs["night"], date(2026, 12, 1), TOLD
    )
    assert agreements(session, home)[1:] == [
        ("deemed", date(2026, 11, 13), date(2026, 12, 1)), ("night", date(2026, 12, 1), None),
    ]  # fmt: skip
    take_back_begin(session, made.id, "the sale fell through", TOLD)
    assert agreements(session, home)[1:] == [("deemed", date(2026, 11, 13), None)]
    assert rows(session, "select count(*) from occupancies where account_id = :a", a=other) == [(0,)]
    assert rows(session, "select ends_before from occupancies where account_id = :a", a=occupier) == [(None,)]


def test_what_others_build_on_is_not_taken_back(home: Supplied, world: World, session: Session) -> None:
    end_supply(session, home.agreement_id, date(2026, 11, 30), "moved", TOLD)
    _, other = world.account()
    begin_supply(session, other, home.service_point_id, world.tariffs["flat"], date(2026, 12, 5), TOLD)
    with pytest.raises(Conflict, match="Somebody is to be supplied there from 2026-12-05"):
        take_back_end(session, home.agreement_id, "they stay", TOLD)
