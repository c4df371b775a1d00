"""Whom a tariff is for: what is offered, what is refused, and what every refusal says."""

from __future__ import annotations

from datetime import date

import pytest
from billing_world import NOW, Supplied, World, flat
from sqlalchemy import text
from sqlalchemy.orm import Session

from billing.actions.issuing import issue_cycle
from billing.actions.tariffs import import_tariff
from billing.cycles import Month
from billing.domain.rating.load_shift import Shift
from billing.life.booking import Telling, begin_supply, switch_tariff
from billing.queries.bills import bills_of
from billing.queries.choices import tariff_choices
from billing.what_if.account import account_what_if
from utility_crm.kit.errors import Invalid, Refused

TODAY = date(2026, 11, 20)
TOLD = Telling(TODAY, NOW)


@pytest.fixture
def home(world: World, session: Session) -> Supplied:
    one = world.supplied(starts_on=date(2026, 10, 1))
    world.even(one.channel_id, date(2026, 9, 30), 33)
    issue_cycle(
        session, Month(2026, 10), 1, [one.account_id], issued_on=date(2026, 11, 3), known_at=NOW, now=NOW
    )
    limits = {
        "homes": {"segments": ["household"]},
        "works": {"segments": ["industry"]},
        "strong": {"connection_kw": {"least": "15"}},
        "north": {"areas": ["NORTH"]},
        "gone": {"closed_from": "2026-12-01"},
    }
    for code, eligibility in limits.items():
        world.tariff(flat(code, price="0.10", eligibility=eligibility))
    world.tariff(flat("later", versions=[{**flat()["versions"][0], "starts_on": "2027-01-01"}]))
    return one


def reasons(session: Session, one: Supplied, on: date) -> dict[str, list[str]]:
    found = tariff_choices(session, one.account_id, one.service_point_id, on)
    return {choice.code: [reason.code for reason in choice.unfit] for choice in found}


def test_every_tariff_is_listed_with_what_stands_in_the_way(
    home: Supplied, world: World, session: Session
) -> None:
    assert reasons(session, home, TODAY) == {
        "flat": [], "homes": [], "gone": [], "works": ["segment"], "strong": ["connection_unknown"],
        "north": ["area"], "later": ["not_yet"],
    }  # fmt: skip
    assert reasons(session, home, date(2027, 1, 1))["gone"] == ["closed"]
    session.execute(text("update service_points set connection_micro_kw = 14999999"))
    assert reasons(session, home, TODAY)["strong"] == ["connection_below"]
    session.execute(text("update service_points set connection_micro_kw = 15000000"))
    assert reasons(session, home, TODAY)["strong"] == []


def test_what_is_not_for_them_is_refused_and_not_offered(
    home: Supplied, world: World, session: Session
) -> None:
    for code, words in (
        ("works", "another kind of customer"), ("strong", "power; that of this one is not known"),
        ("north", "areas NORTH"), ("later", "no prices before 2027-01-01"),
    ):  # fmt: skip
        with pytest.raises(Refused, match=words) as refused:
            switch_tariff(session, home.agreement_id, world.tariffs[code], date(2026, 12, 1), TOLD)
        assert refused.value.where == "tariff"
    _, other = world.account()
    point, _ = world.point()
    with pytest.raises(Refused, match="takes no new customers since 2026-12-01"):
        begin_supply(session, other, point, world.tariffs["gone"], date(2026, 12, 5), TOLD)
    begin_supply(session, other, point, world.tariffs["gone"], date(2026, 11, 25), TOLD)
    found = account_what_if(session, bills_of(session, [home.account_id]), TODAY, Shift(0))
    assert {one.tariff.code for one in found.others} == {"homes", "gone"}


def test_whom_it_is_for_may_change_though_it_was_billed(world: World, session: Session) -> None:
    one = world.supplied(starts_on=date(2026, 10, 1))
    world.even(one.channel_id, date(2026, 9, 30), 33)
    issue_cycle(
        session, Month(2026, 10), 1, [one.account_id], issued_on=date(2026, 11, 3), known_at=NOW, now=NOW
    )
    done = import_tariff(session, flat(eligibility={"closed_from": "2026-12-01"}))
    assert done.outcome == "changed"
    with pytest.raises(Invalid) as refused:
        import_tariff(session, flat(eligibility={"areas": []}))
    assert refused.value.where == "eligibility.areas"
