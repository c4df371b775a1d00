"""Reactive energy and power in kVA in what-ifs and forecasts: priced of what was read, else refused."""

from __future__ import annotations

from datetime import UTC, date, datetime

import numpy as np
from billing_world import NOW, Supplied, World, flat
from sqlalchemy.orm import Session

from billing.actions.issuing import issue_cycle
from billing.answers.asking import answered
from billing.cycles import Month
from billing.domain.rating.load_shift import Shift
from billing.domain.reckoning.usage import UsageMatrix
from billing.forecasting import Untold, next_bill
from billing.queries.bills import bills_of
from billing.queries.tariffs import tariff_named
from billing.what_if.account import AccountWhatIf, account_what_if
from billing.what_if.base import Sums
from billing.what_if.supplies import base_supplies
from meters.tables import Channel

TODAY = date(2026, 11, 3)
DAYS = 64


def world_of_two(world: World, session: Session) -> tuple[Supplied, Supplied]:
    """On power in kVA, with kVArh read; and on a flat tariff, without. Months of 0.3 kWh and 0.4 kVArh a
    half-hour, in the evening of 0.6 and 0.8: 2 kVA."""
    for code, unit in (("flat", None), ("apparent", "kVA"), ("other", "kVA"), ("active", "kW")):
        document = flat(code)
        if unit is not None:
            price = "8" if code == "other" else "10"
            demand = {"kind": "demand", "code": "demand", "window": 30, "unit": unit,
                      "periods": [{"label": "Highest", "price": price}]}  # fmt: skip
            document["versions"][0]["charges"].insert(2, demand)
        world.tariff(document)
    day = [1] * 32 + [2] * 6 + [1] * 10
    houses = world.supplied("apparent"), world.supplied("flat")
    for house in houses:
        world.read(house.channel_id, date(2026, 8, 30), [300_000 * one for one in day] * DAYS)
    channel = Channel(
        service_point_id=houses[0].service_point_id,
        name="Q1",
        unit="kVArh",
        direction="import",
        offset_minutes=0,
    )
    session.add(channel)
    session.flush()
    world.read(channel.id, date(2026, 8, 30), [400_000 * one for one in day] * DAYS)
    for month in (9, 10):
        done = issue_cycle(
            session, Month(2026, month), 1, [house.account_id for house in houses],
            issued_on=TODAY, known_at=NOW, now=NOW,
        )  # fmt: skip
        assert len(done.bill_ids) == 2
    return houses


def asked(session: Session, house: Supplied, percent: int = 0) -> AccountWhatIf:
    return account_what_if(session, bills_of(session, [house.account_id]), TODAY, Shift(percent))


def test_power_in_kva_is_replayed_of_the_kvarh_of_the_bills(world: World, session: Session) -> None:
    apparent, flat_one = world_of_two(world, session)
    found = asked(session, apparent, 50)
    bills = bills_of(session, [apparent.account_id])
    assert found.own is not None and found.own.cost_minor == tuple(one.total_minor for one in bills[::-1])
    totals = {one.tariff.code: one.replay for one in found.others}
    assert set(totals) == {"flat", "other", "active"} and not found.refused
    # 2 kVA at 8 and at 10, and 1.2 kW at 10, each with VAT, over two months.
    assert found.own.total_minor - totals["other"].total_minor == 2 * 420
    assert found.own.total_minor - totals["active"].total_minor == 2 * 840
    # Half of 4.2 kWh and 5.6 kVArh goes to fourteen half-hours of the night: 0.45 and 0.6 there, 1.5 kVA.
    assert found.own.total_minor - found.own.shifted_total_minor == 2 * 525

    refused = asked(session, flat_one)
    assert {one.tariff.code for one in refused.others} == {"active"}
    assert {one.tariff.code: one.refused for one in refused.refused} == dict.fromkeys(
        ("apparent", "other"),
        "'demand' is by the kVA, and the reactive energy is not known of every interval",
    )


def test_the_answers_say_that_it_cannot_be_told(world: World, session: Session) -> None:
    apparent, flat_one = world_of_two(world, session)
    for house in (apparent, flat_one):
        told = answered(session, house.account, "tariff", today=TODAY, now=NOW)
        assert told["sentence"]
    bills = bills_of(session, [apparent.account_id])
    found = next_bill(session, apparent.account_id, bills, 1, TODAY, lambda: None)
    assert found == Untold("reactive")
    said = answered(session, apparent.account, "next", today=TODAY, now=NOW)
    assert said["sentence"] == "The next bill cannot be told: reactive energy is not foretold."
    russian = answered(session, apparent.account, "next", today=TODAY, now=NOW, language="ru")
    assert "реактивная энергия не прогнозируется" in russian["sentence"]


def test_the_whole_base_leaves_them_out(world: World, session: Session) -> None:
    _apparent, house = world_of_two(world, session)
    (supply,) = base_supplies(session, TODAY, accounts=[house.account_id])
    year = UsageMatrix(datetime(2025, 10, 1, tzinfo=UTC), 30, np.full((1, 400 * 48), 300_000, dtype=np.int64))
    own, left_out = tariff_named(session, "flat"), {}
    for code in ("active", "apparent"):
        sums = Sums([supply])
        sums.add([supply], year, own, tariff_named(session, code), TODAY)
        left_out[code] = sums.told(1).left_out
    assert left_out == {"active": 0, "apparent": 1}
