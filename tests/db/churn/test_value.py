"""Costs, margins of bills and next actions on the real server."""

from __future__ import annotations

import random
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from billing.tables import Agreement, Bill, BillLine, Dispute
from churn.campaigns.audience import CARE_FIRST, Audience
from churn.campaigns.tables import Campaign, CampaignMember, LoyaltyPoint
from churn.domain.value.margins import NOT_EARNED, Cost, Margin, Scope, Supplied, margin_of, shared_out
from churn.tables import ChurnModel, ChurnRun, ChurnScore
from churn.value.costs import Brought, bring_costs, drop_cost, rates
from churn.value.counting import Counted, count_values
from churn.value.margins import bill_margins, standings
from churn.value.page import Asked, value_page
from churn.value.points import POINTS, PointRow, redeem_points, take_points_back
from churn.value.queries import next_ones, state, value_of, values
from churn.value.tables import CostRate, CustomerValue, ValueDay
from meters.tables import ServicePoint
from tests.db.churn.conftest import Person, Supplier
from tests.worlds.campaign_world import HOUSEHOLD, NOW, TODAY, launched, populate
from utility_crm.customers.tables import CustomerFlag
from utility_crm.kit.errors import Conflict, Invalid, NotFound, Refused
from utility_crm.kit.gathering import gathered
from utility_crm.kit.settings import settings

pytestmark = pytest.mark.usefixtures("plain_settings")

HOMES = Audience(HOUSEHOLD)
WHOLE = """kind,valid_from,price,fuel,tariff,segment,area
purchase,2024-01-01,0.10,,,,
network_kwh,2024-01-01,0.05,,,,
network_day,2024-01-01,0.2,,,,
"""


def brought(session: Session, tmp_path: Path, words: str = WHOLE) -> Brought:
    file = tmp_path / "costs.csv"
    file.write_text(words, encoding="utf-8")
    return bring_costs(session, file, currency="GBP", source="a test", now=NOW)


def line(session: Session, bill: int, place: int, agreement: int | None, **given: Any) -> None:
    usual: dict[str, Any] = {
        "charge": "energy", "label": "Energy", "quantity_micro": 300_000_000, "unit": "kWh",
        "price_micro": 300_000, "amount_minor": 9_000,
    }  # fmt: skip
    session.add(BillLine(bill_id=bill, position=place, agreement_id=agreement, **(usual | given)))
    session.flush()


def a_bill(
    session: Session, supplier: Supplier, person: Person, month: int = 10, total_minor: int = 0
) -> int:
    """300 kWh in a month of 2026 for 90.00, and 4.50 of tax; nothing of it is owed."""
    first, last = date(2026, month, 1), date(2026, month + 1, 1)
    bill = supplier.billed(person, first, last, total_minor)
    line(session, bill, 1, person.agreement, starts_on=first, ends_before=last)
    line(
        session, bill, 2, person.agreement, starts_on=first, ends_before=last, charge="tax", amount_minor=450
    )
    return bill


def scored(session: Session, chances: dict[int, float]) -> None:
    model = ChurnModel(fitted_at=NOW - timedelta(hours=9), as_of=TODAY, parameters={}, figures={"usual": 0.1})
    session.add(model)
    session.flush()
    session.add_all(
        ChurnScore(customer_id=one, model_id=model.id, as_of=TODAY, score=chance, reasons=[])
        for one, chance in chances.items()
    )
    session.flush()


def test_costs_come_in_whole_or_not_at_all(session: Session, supplier: Supplier, tmp_path: Path) -> None:
    assert brought(session, tmp_path) == Brought(3, 0, 0)
    assert brought(session, tmp_path, WHOLE.replace("0.10", "0.11")) == Brought(0, 1, 2)
    assert [one.price_micro for one in rates(session) if one.kind == "purchase"] == [110_000]
    narrow = "kind,valid_from,price,tariff,segment,area\npurchase,2025-01-01,0.09,steady,household,AREA1\n"
    assert brought(session, tmp_path, narrow).new == 1
    found = next(one for one in rates(session) if one.tariff)
    assert (found.tariff, found.segment, found.area, found.source) == (
        "steady", "household", "AREA1", "a test",
    )  # fmt: skip
    drop_cost(session, found.id)
    assert len(rates(session)) == 3
    with pytest.raises(NotFound):
        drop_cost(session, found.id)


@pytest.mark.parametrize(
    ("row", "code"),
    [
        ("gift,2024-01-01,0.1,,,,", "kind"),
        ("purchase,1.1.2024,0.1,,,,", "day"),
        ("purchase,2024-01-01,cheap,,,,", "price"),
        ("purchase,2024-01-01,0.1234567,,,,", "price"),
        ("purchase,2024-01-01,-1,,,,", "price"),
        ("purchase,2024-01-01,0.1,steam,,,", "fuel"),
        ("purchase,2024-01-01,0.1,,nosuch,,", "tariff"),
        ("purchase,2024-01-01,0.1,,,everyone,", "segment"),
        ("purchase,2024-01-01,0.1,,,,NOWHERE", "area"),
        ("network_day,2024-01-01,0.3,,,,", "twice"),
        ("purchase,2024-01-01,0.1,,,,,more", "cells"),
    ],
)
def test_a_wrong_row_is_told_with_its_line(
    session: Session, supplier: Supplier, tmp_path: Path, row: str, code: str
) -> None:
    with pytest.raises(Invalid) as told:
        brought(session, tmp_path, WHOLE + row + "\n")
    assert (told.value.code, told.value.where) == (code, "line 5")
    assert session.scalar(select(CostRate.id).limit(1)) is None


def test_a_file_in_another_writing_is_told_with_its_line(session: Session, tmp_path: Path) -> None:
    file = tmp_path / "costs.csv"
    file.write_bytes("kind,valid_from,price,tariff\npurchase,2024-01-01,0.1,S\u00fcd\n".encode("latin-1"))
    with pytest.raises(Invalid) as told:
        bring_costs(session, file, currency="GBP", source="a test", now=NOW)
    assert (told.value.code, told.value.where) == ("encoding", "line 2")


def test_the_margin_of_a_bill_is_without_tax(session: Session, supplier: Supplier, tmp_path: Path) -> None:
    person = supplier.moves_in()
    bill = a_bill(session, supplier, person)
    assert bill_margins(session, TODAY)[bill] == Margin(9_000, None, 31)
    brought(session, tmp_path)
    # 300 kWh x 0.15 + 31 days x 0.20
    assert bill_margins(session, TODAY)[bill] == Margin(9_000, 5_120)
    brought(session, tmp_path, "kind,valid_from,price\nother_day,2026-10-02,0.10\n")
    assert bill_margins(session, TODAY)[bill] == Margin(9_000, 5_420)


def test_one_statement_says_what_the_plain_reading_says(session: Session, supplier: Supplier) -> None:
    """Random bills of one or two agreements, random costs of every scope, some days without any."""
    draw = random.Random(62)
    segments, fuels = ("household", "industry"), ("electricity", "gas")
    tariffs = {"steady": supplier.steady, "day_night": supplier.day_night}
    costs, seen = [], set()
    for _ in range(70):
        scope = Scope(
            draw.choices(fuels, (9, 1))[0], draw.choice(("", "", *tariffs)),
            draw.choice(("", "", *segments)), draw.choice(("", "AREA1", "OTHER")),
        )  # fmt: skip
        kind = draw.choice(("purchase", "network_kwh", "network_day", "other_day"))
        valid_from = date(2026, 1, 1) + timedelta(days=draw.randrange(0, 300))
        if (kind, valid_from, scope) in seen:
            continue
        seen.add((kind, valid_from, scope))
        costs.append(Cost(kind, valid_from, draw.randrange(0, 400_000), scope))
    session.add_all(
        CostRate(
            kind=one.kind, fuel=one.scope.fuel, valid_from=one.valid_from, price_micro=one.price_micro,
            tariff_id=tariffs.get(one.scope.tariff), segment=one.scope.segment or None,
            area=one.scope.area or None, currency="GBP", brought_at=NOW,
        )
        for one in costs
    )  # fmt: skip
    wanted: dict[int, Margin] = {}
    for _ in range(40):
        segment = draw.choice(segments)
        person = supplier.moves_in(segment=segment, tariff=supplier.steady, since=date(2025, 1, 1))
        first = date(2026, 1, 5) + timedelta(days=draw.randrange(0, 250))
        days, micro = draw.randrange(2, 35), draw.randrange(0, 900_000_000)
        last = first + timedelta(days=days)
        bill = supplier.add(
            Bill(
                number=f"B{person.account}", account_id=person.account, starts_on=first, ends_before=last,
                issued_on=last, due_on=last, currency="GBP", total_minor=0, open_minor=0, micro_kwh=micro,
            )
        )  # fmt: skip
        spans = [(person.agreement, "steady", first, last)]
        if draw.random() < 0.5:  # the tariff changed inside the bill
            changed = first + timedelta(days=draw.randrange(1, days))
            agreement = session.get_one(Agreement, person.agreement)
            agreement.ends_before, agreement.end_reason = changed, "changed_tariff"
            session.flush()
            second = supplier.agrees(person.account, person.point, supplier.day_night, changed)
            spans = [
                (person.agreement, "steady", first, changed),
                (second, "day_night", changed, last),
            ]
        weights, revenue, place = [], 0, 0
        for agreement_id, _code, starts_on, ends_before in spans:
            charged = draw.choice((0, draw.randrange(1, 500_000_000)))
            weights.append(charged)
            for charge, quantity in (("energy", charged), ("fixed", 1), ("tax", 1), ("discount", 1)):
                place += 1
                amount = draw.randrange(-500, 9_000)
                revenue += 0 if charge in NOT_EARNED else amount
                line(
                    session, bill, place, agreement_id, starts_on=starts_on, ends_before=ends_before,
                    charge=charge, quantity_micro=quantity, amount_minor=amount,
                )  # fmt: skip
        shares = shared_out(micro, weights, [(ends - starts).days for *_, starts, ends in spans])
        parts = [
            Supplied(Scope("electricity", code, segment, "AREA1"), starts, ends, share)
            for (_, code, starts, ends), share in zip(spans, shares, strict=True)
        ]
        wanted[bill] = margin_of(revenue, parts, costs, 2)
    session.flush()
    found = bill_margins(session, date(2026, 11, 20))
    assert found == wanted
    assert 0 < sum(one.margin_minor is None for one in wanted.values()) < len(wanted)


def test_a_year_is_the_sum_of_its_bills_and_one_unknown_day_hides_it(
    session: Session, supplier: Supplier, tmp_path: Path
) -> None:
    person = supplier.moves_in()
    bills = [a_bill(session, supplier, person, month) for month in (7, 8, 9)]
    brought(session, tmp_path)
    (one,) = standings(session, TODAY)
    told = bill_margins(session, TODAY)
    assert one.margin_minor == sum(told[bill].margin_minor or 0 for bill in bills)
    assert (one.revenue_minor, one.days, one.unknown_days) == (27_000, 92, 0)
    session.execute(text("update cost_rates set valid_from = '2026-07-02' where kind = 'network_day'"))
    (one,) = standings(session, TODAY)
    assert one.margin_minor is None and one.unknown_days == 1 and one.revenue_minor == 27_000


def test_days_that_no_bill_holds_are_no_days_of_a_margin(
    session: Session, supplier: Supplier, tmp_path: Path
) -> None:
    """A bill of long ago that was put right lately stands far from the others."""
    person = supplier.moves_in()
    a_bill(session, supplier, person)
    first, last = date(2025, 3, 1), date(2025, 3, 31)
    old = supplier.add(
        Bill(
            number="B-again", account_id=person.account, starts_on=first, ends_before=last,
            issued_on=date(2026, 11, 2), due_on=date(2026, 11, 2), currency="GBP", total_minor=0,
            open_minor=0, micro_kwh=300_000_000,
        )
    )  # fmt: skip
    line(session, old, 1, person.agreement, starts_on=first, ends_before=last)
    brought(session, tmp_path)
    (one,) = standings(session, TODAY)
    assert one.days == 30 + 31 and one.margin_minor is not None


def test_water_is_shared_out_by_what_it_charges(session: Session, supplier: Supplier, tmp_path: Path) -> None:
    """300 kWh and 50 m3 on one bill: each is bought at its own price."""
    person = supplier.moves_in()
    point = supplier.add(
        ServicePoint(code="W1", premise_id=session.scalar(text("select id from premises")), fuel="water")
    )
    water = supplier.agrees(person.account, point, supplier.steady, date(2024, 1, 1))
    first, last = date(2026, 10, 1), date(2026, 11, 1)
    bill = supplier.add(
        Bill(
            number="B-water", account_id=person.account, starts_on=first, ends_before=last, issued_on=last,
            due_on=last, currency="GBP", total_minor=0, open_minor=0, micro_kwh=350_000_000,
        )
    )  # fmt: skip
    line(session, bill, 1, person.agreement, starts_on=first, ends_before=last)
    line(
        session, bill, 2, water, starts_on=first, ends_before=last, unit="m3", quantity_micro=50_000_000,
        amount_minor=8_000,
    )  # fmt: skip
    brought(
        session,
        tmp_path,
        WHOLE + WHOLE.split("\n", 1)[1].replace(",,,,", ",water,,,").replace("0.10", "1.10"),
    )
    # 300 x 0.15 + 50 x 1.15 + 31 days x 0.20 of each
    assert bill_margins(session, TODAY)[bill] == Margin(17_000, 4_500 + 5_750 + 2 * 620)


def test_without_costs_nothing_is_called_worth(session: Session, supplier: Supplier) -> None:
    person = supplier.moves_in()
    a_bill(session, supplier, person)
    scored(session, {person.customer: 0.2})
    assert count_values(session, TODAY, NOW) == Counted(True, 1, 0)
    (one,) = values(session)
    assert one.revenue_minor == 9_000
    assert (one.margin_minor, one.worth_minor, one.at_stake_minor) == (None, None, None)
    known = state(session)
    assert known is not None and known.known == 0 and known.worth_minor is None


def test_it_is_counted_once_a_day_unless_something_came_in(
    session: Session, supplier: Supplier, tmp_path: Path
) -> None:
    person = supplier.moves_in()
    a_bill(session, supplier, person)
    scored(session, {person.customer: 0.2})
    assert count_values(session, TODAY, NOW).done
    assert not count_values(session, TODAY, NOW + timedelta(minutes=30)).done
    model = session.scalars(select(ChurnModel.id)).one()
    at = NOW + timedelta(minutes=40)  # the day's scores come, and nothing was learned
    session.add(ChurnRun(as_of=TODAY, model_id=model, scored_at=at, customers=1, usual=0.3))
    session.execute(text("update churn_scores set score = 0.3"))
    assert count_values(session, TODAY, NOW + timedelta(minutes=45)).done
    assert [one.chance for one in values(session)] == [0.3]
    assert not count_values(session, TODAY, NOW + timedelta(minutes=50)).done
    later = NOW + timedelta(hours=1)
    brought(session, tmp_path)
    session.execute(text("update cost_rates set brought_at = :at"), {"at": later})
    assert count_values(session, TODAY, later + timedelta(minutes=1)) == Counted(True, 1, 1)
    assert session.scalars(select(ValueDay.day)).all() == [TODAY]
    one = value_of(session, "C00001")
    assert one is not None and one.month_minor == round((9_000 - 5_120) * 365.25 / 12 / 31)
    assert one.worth_minor is not None and one.at_stake_minor is not None
    assert one.at_stake_minor + one.worth_minor < 24 * one.month_minor and one.at_stake_minor > 0


def finished(session: Session, supplier: Supplier, lost: dict[str, int]) -> str:
    """A campaign of points that is over; of each arm so many have left since."""
    key = launched(
        session, supplier, name="Thank you", offer="points", amount=500, tariff_id=None, audience=HOMES
    )
    members = session.scalars(select(CampaignMember).where(CampaignMember.campaign_id == key)).all()
    for arm, count in lost.items():
        for member in [one for one in members if one.arm == arm][:count]:
            session.execute(
                text(
                    "update agreements g set ends_before = :day, end_reason = 'switched' from accounts a"
                    " where a.id = g.account_id and a.customer_id = :customer"
                ),
                {"day": TODAY + timedelta(days=20), "customer": member.customer_id},
            )
    row = session.get_one(Campaign, key)
    row.state, row.decides_on = "finished", TODAY + timedelta(days=60)
    session.flush()
    session.expire_all()
    return row.code


def test_next_actions_follow_campaigns(session: Session, supplier: Supplier, tmp_path: Path) -> None:
    brought(session, tmp_path)
    populate(session, supplier, 120)
    code = finished(session, supplier, {"control": 20, "A": 1, "B": 1})
    later: datetime = NOW + timedelta(days=100)
    today = TODAY + timedelta(days=100)
    fresh = [supplier.moves_in() for _ in range(6)]
    for one in fresh:
        a_bill(session, supplier, one)
    chances = {one.customer: 0.3 for one in fresh}
    chances[fresh[4].customer] = 0.01
    others = session.scalars(
        text("select id from customers where id <> all(:mine)"), {"mine": [one.customer for one in fresh]}
    )
    scored(session, chances | dict.fromkeys(others, 0.05))
    supplier.says(fresh[0], today - timedelta(days=3), complaint=True)
    session.add(
        CustomerFlag(
            customer_id=fresh[1].customer, kind="vulnerable", consented_at=NOW, review_on=date(2028, 1, 1)
        )
    )
    bill = session.scalars(select(Bill).where(Bill.account_id == fresh[2].account)).one()
    session.add(
        Dispute(account_id=fresh[2].account, bill_id=bill.id, amount_minor=100, reason="x", opened_on=TODAY)
    )
    session.flush()
    count_values(session, today, later)
    kept = {row.customer_id: row for row in session.scalars(select(CustomerValue))}
    told = [(kept[one.customer].step, kept[one.customer].reason) for one in fresh]
    assert told == [
        ("care", "complaint"), ("care", "vulnerable"), ("care", "dispute"), ("offer", "works"),
        ("alone", "low"), ("offer", "works"),
    ]  # fmt: skip
    best = kept[fresh[3].customer]
    assert best.offer == code and best.saved_minor is not None and best.saved_minor > 0
    assert set(CARE_FIRST) >= {"complaint", "debt", "vulnerable"}
    first = next_ones(session, step="offer")[0]
    assert first.customer_id in {fresh[3].customer, fresh[5].customer}
    known = state(session)
    assert known is not None and known.offer_name(code) == "Thank you"


def test_who_is_asked_now_stays_so_and_who_is_left_alone_is_not_asked(
    session: Session, supplier: Supplier
) -> None:
    people = populate(session, supplier, 30)
    key = launched(session, supplier)
    scored(session, {one.customer: 0.3 for one in people})
    count_values(session, TODAY, NOW)
    arms = {
        row.customer_id: row.arm
        for row in session.scalars(select(CampaignMember).where(CampaignMember.campaign_id == key))
    }
    for row in session.scalars(select(CustomerValue)):
        asked = ("alone", "another_offer") if arms[row.customer_id] == "control" else ("offer", "asked_now")
        assert (row.step, row.reason) == asked
    assert "control" in arms.values()


def test_a_list_narrowed_twice_is_counted_as_it_is_narrowed(session: Session, supplier: Supplier) -> None:
    for segment in ("household", "household", "industry"):
        supplier.moves_in(segment=segment)
    count_values(session, TODAY, NOW)
    for segment, many in (("household", 2), ("industry", 1), ("small_business", 0), ("", 3)):
        page = value_page(session, Asked.of("next", segment, "unknown", "", "", 0), NOW)
        assert (page.count, len(page.rows)) == (many, many)
    assert not value_page(session, Asked.of("next", "", "", "", "", 10**30), NOW).rows


def test_what_does_harm_is_not_offered(session: Session, supplier: Supplier, tmp_path: Path) -> None:
    brought(session, tmp_path)
    populate(session, supplier, 120)
    finished(session, supplier, {"control": 1, "A": 22, "B": 22})
    fresh = supplier.moves_in()
    a_bill(session, supplier, fresh)
    scored(session, {fresh.customer: 0.3})
    count_values(session, TODAY + timedelta(days=100), NOW + timedelta(days=100))
    row = session.get_one(CustomerValue, fresh.customer)
    assert (row.step, row.reason) == ("alone", "harms")
    assert row.saved_minor is not None and row.saved_minor < 0


@pytest.fixture
def worth_a_penny(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("UTILITY_CRM_POINT_WORTH_MICRO", "12500")
    settings.cache_clear()


def given_points(session: Session, person: Person, count: int = 500) -> str:
    session.add(LoyaltyPoint(customer_id=person.customer, points=count, at=NOW))
    session.flush()
    number = session.scalar(text("select number from accounts where id = :id"), {"id": person.account})
    assert isinstance(number, str)
    return number


def balances(session: Session, person: Person) -> tuple[int, int]:
    """Points, and what is owed."""
    points = session.scalar(
        text("select sum(points) from loyalty_points where customer_id = :id"), {"id": person.customer}
    )
    owed = session.scalar(
        text("select balance_minor from account_balances where account_id = :id"), {"id": person.account}
    )
    return int(points or 0), int(owed or 0)


def test_points_are_credited_once_and_taken_back_once(
    session: Session, supplier: Supplier, worth_a_penny: None
) -> None:
    person = supplier.moves_in()
    number = given_points(session, person)
    common: dict[str, Any] = {"words": "Points", "today": TODAY, "now": NOW, "by": None}
    done = redeem_points(session, person.customer, number, 333, seen=500, **common)
    assert (done.points, done.amount_minor) == (333, 416)  # 4.1625, rounded down
    assert balances(session, person) == (167, -416)
    with pytest.raises(Conflict):  # the same form again
        redeem_points(session, person.customer, number, 333, seen=500, **common)
    assert balances(session, person) == (167, -416)
    rows = [PointRow(*row) for row in gathered(session, [POINTS], {"customer": person.customer})[0]]
    assert [(row.points, row.credited_minor, row.account) for row in rows] == [
        (-333, 416, number), (500, None, None),
    ]  # fmt: skip
    undone = take_points_back(session, person.customer, rows[0].id, **common)
    assert (undone.points, undone.amount_minor) == (333, 416)
    assert balances(session, person) == (500, 0)
    with pytest.raises(Conflict):
        take_points_back(session, person.customer, rows[0].id, **common)
    with pytest.raises(NotFound):
        take_points_back(session, supplier.moves_in().customer, rows[0].id, **common)


def test_what_cannot_be_redeemed_is_refused(
    session: Session, supplier: Supplier, worth_a_penny: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    person, other = supplier.moves_in(), supplier.moves_in()
    number, theirs = given_points(session, person), given_points(session, other)
    common: dict[str, Any] = {"seen": 500, "words": "Points", "today": TODAY, "now": NOW, "by": None}
    with pytest.raises(Refused, match="500 points"):
        redeem_points(session, person.customer, number, 501, **common)
    with pytest.raises(NotFound):
        redeem_points(session, person.customer, theirs, 100, **common)
    monkeypatch.setenv("UTILITY_CRM_POINT_WORTH_MICRO", "1")
    settings.cache_clear()
    with pytest.raises(Refused, match="nothing"):
        redeem_points(session, person.customer, number, 100, **common)
    monkeypatch.delenv("UTILITY_CRM_POINT_WORTH_MICRO")
    settings.cache_clear()
    with pytest.raises(Refused, match="Nobody set"):
        redeem_points(session, person.customer, number, 100, **common)
    assert balances(session, person) == (500, 0)


def test_harm_is_not_offered_where_nobody_left_alone_has_left(
    session: Session, supplier: Supplier, tmp_path: Path
) -> None:
    brought(session, tmp_path)
    populate(session, supplier, 120)
    finished(session, supplier, {"A": 22, "B": 22})
    fresh = supplier.moves_in()
    a_bill(session, supplier, fresh)
    scored(session, {fresh.customer: 0.3})
    count_values(session, TODAY + timedelta(days=100), NOW + timedelta(days=100))
    row = session.get_one(CustomerValue, fresh.customer)
    assert (row.step, row.reason, row.saved_minor) == ("alone", "harms", None)
