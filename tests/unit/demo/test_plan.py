"""Who the simulated customers are, and that a seed and a date say everything about them."""

from __future__ import annotations

import itertools
from collections import Counter, defaultdict
from dataclasses import fields
from datetime import date

import numpy as np
import pytest

from utility_crm.demo.people import LANDLINES, MOBILE
from utility_crm.demo.plan import Plan, make_plan
from utility_crm.demo.planted import PLANTED
from utility_crm.demo.story import LATE_DAYS

AS_OF = date(2026, 11, 20)


def same(one: Plan, other: Plan) -> bool:
    for name in ("customers", "supplies", "agreements", "nodes", "contacts"):
        if getattr(one, name) != getattr(other, name):
            return False
    for part in ("homes", "energy", "bills", "weather"):
        mine, theirs = getattr(one, part), getattr(other, part)
        for field in fields(mine):
            if not np.array_equal(getattr(mine, field.name), getattr(theirs, field.name)):
                return False
    return bool(
        np.array_equal(one.leaving.day, other.leaving.day) and one.leaving.reason == other.leaving.reason
    )


def test_the_same_seed_and_date_are_the_same_plan() -> None:
    assert same(make_plan(3, AS_OF, 60), make_plan(3, AS_OF, 60))


def test_another_seed_or_date_is_another() -> None:
    first = make_plan(3, AS_OF, 60)
    assert not same(first, make_plan(4, AS_OF, 60))
    assert not same(first, make_plan(3, date(2026, 11, 21), 60))


def test_segments_and_areas_have_their_shares(plan: Plan) -> None:
    segments = Counter(customer.segment for customer in plan.customers)
    assert segments == {"household": 1700, "small_business": 260, "industry": 40}
    areas = Counter(supply.address.area for supply in plan.supplies)
    assert set(areas) == {0, 1, 2, 3}
    assert min(areas.values()) > 250
    kinds = Counter(node.kind for node in plan.nodes)
    assert kinds == {"area": 4, "feeder": 12, "transformer": 48}


def test_every_number_is_given_once(plan: Plan) -> None:
    for values in (
        [customer.number for customer in plan.customers],
        [supply.account_number for supply in plan.supplies],
        [supply.service_point for supply in plan.supplies],
        [serial for supply in plan.supplies for serial in supply.serials],
        [customer.phone for customer in plan.customers if customer.phone],
        [customer.email for customer in plan.customers if customer.email],
        [(supply.address.line, supply.address.postcode) for supply in plan.supplies],
    ):
        assert len(set(values)) == len(values)


def test_an_account_number_shows_a_slip_of_the_finger(plan: Plan) -> None:
    for supply in plan.supplies:
        assert len(supply.account_number) == 10
        assert int(supply.account_number) % 97 == 1
        slipped = supply.account_number[:-1] + str((int(supply.account_number[-1]) + 1) % 10)
        assert int(slipped) % 97 != 1


def test_nobody_real_can_be_reached(plan: Plan) -> None:
    for customer in plan.customers:
        assert customer.email.endswith(".example") or not customer.email
        assert customer.phone.startswith((MOBILE, *LANDLINES)) or not customer.phone
        assert customer.email or customer.phone


def test_everybody_came_before_the_readings_begin(plan: Plan) -> None:
    assert all(customer.since < plan.calendar.first_day for customer in plan.customers)
    assert all(supply.opened_on < plan.calendar.first_day for supply in plan.supplies)


def test_agreements_of_a_supply_follow_each_other(plan: Plan) -> None:
    by_supply = defaultdict(list)
    for agreement in plan.agreements:
        by_supply[agreement.supply].append(agreement)
    assert len(by_supply) == len(plan.supplies)
    for mine in by_supply.values():
        for one, other in itertools.pairwise(mine):
            assert one.ends_before == other.starts_on
            assert one.end_reason == "changed_tariff"
            assert one.tariff != other.tariff
        assert all((one.ends_before is None) == (one.end_reason is None) for one in mine)


def test_some_payers_are_not_holders_and_some_organisations_have_several_sites(plan: Plan) -> None:
    assert 5 <= sum(supply.payer != supply.customer for supply in plan.supplies) <= 60
    sites = Counter(supply.customer for supply in plan.supplies)
    several = [place for place, count in sites.items() if count > 1]
    assert len(several) > 10
    assert all(plan.customers[place].kind == "organisation" for place in several)


def test_those_written_by_hand_are_there_and_stay(plan: Plan) -> None:
    for place, planted in enumerate(PLANTED):
        assert plan.customers[place].name == planted.name
        assert plan.leaving.reason[place] is None
        if planted.address is not None:
            assert plan.supplies[place].address.line == planted.address[0]
    margaret = plan.customers[0]
    assert any(flag.kind == "medical" for flag in margaret.flags)
    assert plan.bills.paid[0, -2:].tolist() == [-1, -1]


def test_flags_have_consent_before_and_a_review_after(plan: Plan) -> None:
    flags = [flag for customer in plan.customers for flag in customer.flags]
    assert 50 < len(flags) < 200
    assert all(flag.consented_on < flag.review_on and flag.consented_on < plan.as_of for flag in flags)


def test_a_year_of_use_is_of_the_size_of_such_customers(plan: Plan) -> None:
    a_year = plan.energy.total[: len(plan.customers)].sum(axis=1) * 365 / plan.calendar.days
    segment = np.array([customer.segment for customer in plan.customers])
    assert 2400 < np.median(a_year[segment == "household"]) < 4000
    assert 10_000 < np.median(a_year[segment == "small_business"]) < 22_000
    assert 200_000 < np.median(a_year[segment == "industry"]) < 800_000


def test_heating_follows_the_cold(plan: Plan) -> None:
    heats = plan.homes.heat_slope > 0
    cold = plan.weather.celsius < 4
    warm = plan.weather.celsius > 16
    assert cold.sum() > 10 and warm.sum() > 10
    assert plan.energy.heating[heats][:, cold].mean() > 4
    assert plan.energy.heating[:, warm].sum() == 0
    assert plan.energy.heating[~heats].sum() == 0


def test_every_complaint_is_answered_some_of_them_late(plan: Plan) -> None:
    """What waits at the as-of date is young; before it, many a complaint waited for weeks."""
    complaints = [contact for contact in plan.contacts if contact.complaint]
    waiting = [contact for contact in complaints if contact.answered_at is None]
    assert 10 < len(waiting) < 60
    assert all((plan.as_of - contact.at.date()).days <= LATE_DAYS[1] for contact in waiting)
    waits = [(one.answered_at - one.at).days for one in complaints if one.answered_at is not None]
    assert max(waits) <= LATE_DAYS[1]
    assert 0.25 < np.mean([wait >= LATE_DAYS[0] - 1 for wait in waits]) < 0.55
    assert all(one.answered_at is None or one.answered_at.date() < plan.as_of for one in complaints)


@pytest.mark.parametrize("as_of", [date(2024, 2, 29), date(2025, 3, 31), date(2027, 1, 1)])
def test_any_as_of_date_makes_a_plan(as_of: date) -> None:
    made = make_plan(1, as_of, 40)
    assert made.calendar.days in range(455, 460)
    assert all(contact.at.date() < as_of for contact in made.contacts)
