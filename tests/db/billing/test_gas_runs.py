"""Gas and water read by intervals of cubic metres: billed, explained, put right, or held."""

from __future__ import annotations

from datetime import date, timedelta
from fractions import Fraction
from typing import Any

from billing_world import NOW, Supplied, World, flat
from sqlalchemy import text
from sqlalchemy.orm import Session

from billing.actions.issuing import Issued, issue_cycle
from billing.corrections.finding import find_corrections
from billing.cycles import Month
from billing.explaining import explain_bill
from billing.queries.bills import bills_of
from meters.tables import Channel

LITRES_30 = 30_000
"""Of a cubic metre, in millionths: what each half-hour takes."""


def gas(code: str, *values: tuple[str, str]) -> dict[str, Any]:
    found = [{"from": on, "value": value} for on, value in values]
    volume = {"commodity": "gas", "correction": "1.02264", "calorific_values": found}
    return {**flat(code, price="0.06"), "volume": volume}


def burning(world: World, tariff: str) -> tuple[Supplied, int]:
    """A house with a channel of gas beside that of electricity, read over September and October."""
    house = world.supplied(tariff)
    channel = Channel(
        service_point_id=house.service_point_id, name="G1", unit="m3", direction="import", offset_minutes=0
    )
    world.session.add(channel)
    world.session.flush()
    world.even(channel.id, date(2026, 8, 31), 63, LITRES_30)
    world.even(house.channel_id, date(2026, 8, 31), 63, 999_000)
    return house, channel.id


def issue(session: Session, month: Month, *houses: Supplied) -> Issued:
    accounts = [house.account_id for house in houses]
    return issue_cycle(session, month, 1, accounts, issued_on=month.plus(1).starts_on, known_at=NOW, now=NOW)


def lines(session: Session, bill_id: int) -> list[tuple[Any, ...]]:
    rows = session.execute(
        text(
            "select charge, label, unit, quantity_micro, amount_minor from bill_lines "
            "where bill_id = :b order by position"
        ),
        {"b": bill_id},
    )
    return [tuple(row) for row in rows]


def test_each_reading_is_converted_by_the_heat_of_its_day(world: World, session: Session) -> None:
    world.tariff(gas("gas", ("2024-01-01", "39.4"), ("2026-10-16", "40.1")))
    house, channel_id = burning(world, "gas")
    for month in (9, 10):
        assert issue(session, Month(2026, month), house).held == ()
    october, september = bills_of(session, [house.account_id])
    heat = Fraction("1.02264") / Fraction("3.6") * LITRES_30
    kwh = [round(heat * Fraction(value)) for value in ("39.4", "40.1")]
    metered = 15 * 48 * LITRES_30, (16 * 48 + 2) * LITRES_30  # October has a day of 25 hours
    energy = 720 * kwh[0] + 770 * kwh[1]
    found = lines(session, october.id)
    assert [(line[2], line[3]) for line in found if line[2] == "m3"] == [("m3", one) for one in metered]
    assert [(line[3], line[4]) for line in found if line[0] == "energy"] == [
        (energy, round(energy * 6 / 1_000_000))
    ]
    assert october.micro_kwh == energy

    why = explain_bill(session, october, september)
    assert why.left_over_minor == 0
    effects = {row.effect: row for row in why.rows if row.amount_minor}
    assert effects["calorific"].amount_minor > 0
    assert effects["calorific"].detail == "a cubic metre is 11.295 kWh, was 11.192"

    later = NOW + timedelta(days=1)
    world.even(channel_id, date(2026, 10, 5), 1, 2 * LITRES_30, feed_id=world.feed(later))
    at = later + timedelta(hours=1)
    find_corrections(session, known_at=at, today=date(2026, 11, 22), now=at, country="GB")
    (proposed,) = session.execute(text("select bill_id, after_micro_kwh from corrections")).all()
    assert tuple(proposed) == (october.id, energy + 48 * (round(kwh[0] * 2) - kwh[0]))


def test_where_the_heat_is_not_known_the_account_is_held(world: World, session: Session) -> None:
    world.tariff(gas("late", ("2026-10-10", "39.4")))
    house, _channel_id = burning(world, "late")
    (held,) = issue(session, Month(2026, 10), house).held
    assert held.code == "missing_calorific"
    assert "there is no calorific value of 2026-10-01: the first is of 2026-10-10" in held.reason


def test_water_is_billed_in_cubic_metres(world: World, session: Session) -> None:
    world.tariff({**flat("water", price="2.10"), "volume": {"commodity": "water"}})
    house, _channel_id = burning(world, "water")
    issue(session, Month(2026, 9), house)
    (bill,) = bills_of(session, [house.account_id])
    (energy,) = [line for line in lines(session, bill.id) if line[0] == "energy"]
    assert energy[2:] == ("m3", 30 * 48 * LITRES_30, 9072)
