"""Tariff files come in once, never change what was billed; supply never overlaps."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from billing_world import NOW, World, flat, flat_version
from sqlalchemy.orm import Session

from billing.actions.agreements import end_agreement, start_agreement
from billing.actions.issuing import issue_cycle
from billing.actions.tariffs import import_tariff
from billing.cycles import Month, month_of_cycle
from billing.queries.tariffs import all_tariffs, tariff_named
from utility_crm.kit.errors import Conflict, Invalid, NotFound, Refused


def test_the_same_file_again_changes_nothing(world: World, session: Session) -> None:
    assert import_tariff(session, flat()).outcome == "unchanged"
    assert import_tariff(session, flat(name="Plain")).outcome == "changed"
    assert tariff_named(session, "flat").name == "Plain"
    assert [(row.code, row.agreements) for row in all_tariffs(session, date(2026, 11, 20))] == [("flat", 0)]


def test_a_fault_is_named_by_its_place(session: Session) -> None:
    document = flat("bad")
    document["versions"][0]["charges"][1]["periods"][0]["price"] = "cheap"
    with pytest.raises(Invalid) as fault:
        import_tariff(session, document)
    assert fault.value.where == "versions[0].charges[1].periods[0].price"
    with pytest.raises(NotFound):
        tariff_named(session, "bad")


def versions(*more: dict[str, Any]) -> list[dict[str, Any]]:
    return [flat_version("2024-01-01", "0.25"), *more]


def test_what_was_billed_keeps_its_price(world: World, session: Session) -> None:
    one = world.supplied()
    world.even(one.channel_id, date(2026, 9, 30), 33)
    issue_cycle(
        session, Month(2026, 10), 1, [one.account_id], issued_on=date(2026, 11, 3), known_at=NOW, now=NOW
    )
    for changed in (
        flat(price="0.26"),
        flat(versions=versions(flat_version("2026-10-31", "0.26"))),
        flat(timezone="UTC"),
        flat(rounding="half_even"),
    ):
        with pytest.raises(Conflict, match="has been billed for days before 2026-11-01"):
            import_tariff(session, changed)
    later = flat(versions=versions(flat_version("2026-11-01", "0.26")))
    assert import_tariff(session, later).outcome == "changed"


def test_supply_never_overlaps(world: World, session: Session) -> None:
    one = world.supplied()
    _, other = world.account()
    tariff = world.tariffs["flat"]
    with pytest.raises(Conflict, match="already has an agreement"):
        start_agreement(session, other, one.service_point_id, tariff, date(2026, 5, 1))
    end_agreement(session, one.agreement_id, date(2026, 5, 1), "moved")
    assert start_agreement(session, other, one.service_point_id, tariff, date(2026, 5, 1)).id
    with pytest.raises(Conflict, match="ends already"):
        end_agreement(session, one.agreement_id, date(2026, 4, 1), "moved")
    again = end_agreement(session, one.agreement_id, date(2026, 5, 1), "moved")
    assert again.ends_before == date(2026, 5, 1)


def test_supply_that_cannot_be(world: World, session: Session) -> None:
    _, account = world.account()
    point, _ = world.point(assigned=False)
    tariff = world.tariffs["flat"]
    with pytest.raises(Refused, match="not assigned"):
        start_agreement(session, account, point, tariff, date(2026, 1, 1))
    assigned, _ = world.point()
    euro = world.tariff(flat("euro", currency="EUR"))
    with pytest.raises(Refused, match="EUR"):
        start_agreement(session, account, assigned, euro, date(2026, 1, 1))
    with pytest.raises(NotFound):
        start_agreement(session, account, 10**9, tariff, date(2026, 1, 1))
    with pytest.raises(Invalid):
        start_agreement(session, account, assigned, tariff, date(2026, 1, 1), date(2026, 1, 1), "moved")


def test_supply_does_not_end_inside_what_was_billed(world: World, session: Session) -> None:
    one = world.supplied()
    world.even(one.channel_id, date(2026, 9, 30), 33)
    issue_cycle(
        session, Month(2026, 10), 1, [one.account_id], issued_on=date(2026, 11, 3), known_at=NOW, now=NOW
    )
    with pytest.raises(Conflict, match="already charges"):
        end_agreement(session, one.agreement_id, date(2026, 10, 20), "moved")
    assert end_agreement(session, one.agreement_id, date(2026, 11, 1), "moved").end_reason == "moved"


def test_supply_does_not_begin_inside_what_was_billed(world: World, session: Session) -> None:
    """Billed to 10 October: from the 11th on the run of the cycle charges for it, as a bill of its own."""
    one = world.supplied(ends_before=date(2026, 10, 11), reason="moved")
    point, _ = world.point()
    world.even(one.channel_id, date(2026, 9, 30), 33)
    issue_cycle(
        session, Month(2026, 10), 1, [one.account_id], issued_on=date(2026, 11, 3), known_at=NOW, now=NOW
    )
    tariff = world.tariffs["flat"]
    for day in (date(2026, 9, 1), date(2026, 10, 10)):
        with pytest.raises(Conflict, match="billed for all before 2026-10-11"):
            start_agreement(session, one.account_id, point, tariff, day)
    _, other = world.account()
    assert start_agreement(session, other, point, tariff, date(2026, 10, 20), date(2026, 10, 25), "moved").id
    assert start_agreement(session, one.account_id, point, tariff, date(2026, 10, 25)).id


def test_cycles_belong_to_the_month_of_their_last_day() -> None:
    assert Month(2026, 10).cycle(1) == (date(2026, 10, 1), date(2026, 11, 1))
    assert Month(2026, 1).cycle(15) == (date(2025, 12, 15), date(2026, 1, 15))
    assert Month(2026, 3).cycle(28) == (date(2026, 2, 28), date(2026, 3, 28))
    for cycle_day in range(1, 29):
        for number in range(24):
            month = Month(2025, 1).plus(number)
            starts_on, ends_before = month.cycle(cycle_day)
            assert ends_before == month.plus(1).cycle(cycle_day)[0]
            assert month_of_cycle(starts_on, cycle_day) == month
            assert month_of_cycle(ends_before, cycle_day) == month.plus(1)
