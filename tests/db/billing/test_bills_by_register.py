"""Supplies without intervals: billed by what their registers counted, held while nobody has read them."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest
from billing_world import NOW, Supplied, World, flat, two_rate
from sqlalchemy import text
from sqlalchemy.orm import Session

from billing.actions.issuing import Issued, issue_cycle
from billing.corrections.approving import approve_corrections
from billing.corrections.finding import find_corrections
from billing.customer.spoken import detail_of, plain, spoken
from billing.cycles import Month
from billing.domain.gate import GateBook
from billing.explaining import explain_bill
from billing.queries.bills import BillRow, bills_of
from meters.registers.recording import Taken, record_read
from meters.tables import Channel
from meters.usage import settle_readings

OCTOBER = Month(2026, 10)
KWH = 1_000_000
LATER = datetime(2999, 1, 1, tzinfo=UTC)
"""Reads are known from the instant at which they are recorded, which is now."""


def dials(code: str = "dials") -> dict[str, Any]:
    found = two_rate(code)
    energy = found["versions"][0]["charges"][1]
    energy["registers"] = [{"name": "T1", "label": "Day"}, {"name": "T2", "label": "Night"}]
    return found


@pytest.fixture
def house(world: World, session: Session) -> Supplied:
    """On the tariff `dials`; its meter has no channel."""
    world.tariff(dials())
    made = world.supplied("dials")
    session.execute(text("delete from channels where id = :id"), {"id": made.channel_id})
    return made


def told(world: World, house: Supplied, at: datetime, kind: str = "actual", **kwh: float) -> None:
    for register, figure in kwh.items():
        taken = Taken(register, round(figure * KWH))
        record_read(world.session, world.point_code(house.service_point_id), taken, at, kind)


def issue(session: Session, *houses: Supplied) -> Issued:
    accounts = [house.account_id for house in houses]
    return issue_cycle(session, OCTOBER, 1, accounts, issued_on=date(2026, 11, 3), known_at=LATER, now=NOW)


def lines(session: Session) -> list[tuple[Any, ...]]:
    rows = session.execute(
        text("select charge, label, quantity_micro, amount_minor from bill_lines order by bill_id, position")
    )
    return [tuple(row) for row in rows]


def midnight(month: int, day: int = 1) -> datetime:
    """Local midnight in London: summer time until 25 October."""
    if month in (9, 10):
        return datetime(2026, month, day, tzinfo=UTC).replace(day=day) - _HOUR
    return datetime(2026, month, day, tzinfo=UTC)


_HOUR = datetime(2026, 1, 1, 1) - datetime(2026, 1, 1)


def test_reads_at_both_ends_are_billed_by_label(world: World, session: Session, house: Supplied) -> None:
    told(world, house, midnight(10), T1=1000, T2=500)
    told(world, house, midnight(11), T1=1100, T2=560.5)
    assert len(issue(session, house).bill_ids) == 1
    assert lines(session) == [
        ("fixed", "Standing charge", KWH, 990),
        ("energy", "Night", round(60.5 * KWH), 726),
        ("energy", "Day", 100 * KWH, 3200),
        ("tax", "VAT", 4916 * 10_000, 246),
    ]
    (bill,) = session.execute(text("select micro_kwh, estimated_micro_kwh, estimated_readings from bills"))
    assert tuple(bill) == (round(160.5 * KWH), 0, 0)


def test_the_gate_lets_dials_through(world: World, session: Session, house: Supplied) -> None:
    told(world, house, midnight(10), T1=1000, T2=500)
    told(world, house, midnight(11), T1=1100, T2=560.5)
    accounts, on = [house.account_id], date(2026, 11, 3)
    done = issue_cycle(session, OCTOBER, 1, accounts, issued_on=on, known_at=LATER, now=NOW, gate=GateBook())
    assert (len(done.bill_ids), [one.code for one in done.held]) == (1, [])


def test_estimated_reads_are_flagged(world: World, session: Session, house: Supplied) -> None:
    told(world, house, midnight(10), T1=1000, T2=500)
    told(world, house, midnight(11), "deemed", T1=1100)
    told(world, house, midnight(11), T2=560)
    issue(session, house)
    (bill,) = session.execute(text("select micro_kwh, estimated_micro_kwh, estimated_readings from bills"))
    assert tuple(bill) == (160 * KWH, 100 * KWH, 1)


def test_a_read_days_after_the_end_is_parted_by_profile_and_flagged(
    world: World, session: Session, house: Supplied
) -> None:
    told(world, house, midnight(10), T1=1000, T2=500)
    told(world, house, midnight(11, 11), T1=1410, T2=500)
    issue(session, house)
    (bill,) = session.execute(text("select micro_kwh, estimated_micro_kwh from bills"))
    assert 250 * KWH < bill.micro_kwh < 350 * KWH  # 31 of 41 days
    assert bill.estimated_micro_kwh == bill.micro_kwh


def test_what_nobody_has_read_is_held_until_somebody_has(
    world: World, session: Session, house: Supplied
) -> None:
    told(world, house, midnight(10), T1=1000, T2=500)
    told(world, house, midnight(11), T1=1100)
    (held,) = issue(session, house).held
    assert held.code == "no_readings"
    assert "No read tells yet what register T2 of service point" in held.reason
    assert "from 2026-10-01 to 2026-11-01" in held.reason
    told(world, house, midnight(11), T2=501)
    assert len(issue(session, house).bill_ids) == 1


def test_no_register_and_one_that_the_tariff_does_not_know(
    world: World, session: Session, house: Supplied
) -> None:
    (held,) = issue(session, house).held
    assert (held.code, "has no reading in these days" in held.reason) == ("no_readings", True)
    told(world, house, midnight(10), T3=1)
    told(world, house, midnight(11), T3=9)
    (held,) = issue(session, house).held
    assert held.code == "not_rateable"
    assert "does not say whether register T3 counts Night or Day" in held.reason


def test_a_price_that_changes_inside_the_month_cuts_what_was_counted(world: World, session: Session) -> None:
    """The day register by a read on the day of the change, the night register by profile."""
    found = dials("changing")
    later = {**found["versions"][0], "starts_on": "2026-10-15"}
    charges = [dict(charge) for charge in later["charges"]]
    charges[1]["periods"] = [
        {"label": "Night", "price": "0.20", "hours": ["00:00-07:00"]},
        {"label": "Day", "price": "0.40", "otherwise": True},
    ]
    found["versions"].append({**later, "charges": charges})
    world.tariff(found)
    house = world.supplied("changing")
    session.execute(text("delete from channels where id = :id"), {"id": house.channel_id})
    told(world, house, midnight(10), T1=1000, T2=500)
    told(world, house, midnight(10, 15), T1=1040)
    told(world, house, midnight(11), T1=1100, T2=562)
    issue(session, house)
    found_lines = [line for line in lines(session) if line[0] == "energy"]
    days = [line for line in found_lines if line[1] == "Day"]
    nights = [line for line in found_lines if line[1] == "Night"]
    assert [(line[2], line[3]) for line in days] == [(40 * KWH, 1280), (60 * KWH, 2400)]
    assert sum(line[2] for line in nights) == 62 * KWH
    assert len(nights) == 2 and all(line[2] > 20 * KWH for line in nights)


def test_many_houses_are_billed_at_once_and_each_as_alone(world: World, session: Session) -> None:
    world.tariff(dials())
    houses = [world.supplied("dials") for _ in range(4)]
    session.execute(text("delete from channels"))
    for number, house in enumerate(houses):
        told(world, house, midnight(10), T1=0, T2=0)
        told(world, house, midnight(11), T1=100 + number, T2=50)
    issue(session, *houses)
    totals = session.execute(text("select total_minor from bills order by account_id")).scalars().all()
    assert totals == [round((990 + 600 + 3200 + 32 * number) * 1.05) for number in range(4)]


NOVEMBER = Month(2026, 11)


def issue_of(session: Session, month: Month, *houses: Supplied) -> Issued:
    accounts = [house.account_id for house in houses]
    ended = month.plus(1).starts_on
    known_at = settle_readings(session)
    return issue_cycle(session, month, 1, accounts, issued_on=ended, known_at=known_at, now=NOW)


def bills_by_time(session: Session, house: Supplied) -> list[BillRow]:
    found = [bill for bill in bills_of(session, [house.account_id]) if bill.status == "issued"]
    return sorted(found, key=lambda bill: bill.starts_on)


def test_bills_by_register_are_explained_rate_by_rate(
    world: World, session: Session, house: Supplied
) -> None:
    told(world, house, midnight(10), T1=1000, T2=500)
    told(world, house, midnight(11), T1=1100, T2=560)
    told(world, house, midnight(12), T1=1290, T2=562)
    issue_of(session, OCTOBER, house)
    issue_of(session, NOVEMBER, house)
    october, november = bills_by_time(session, house)
    found = explain_bill(session, november, october)
    assert found.left_over_minor == 0
    assert found.rows[0].effect == "use:Day"
    assert found.sentence == (
        "Your November bill is £22.93 more than October’s; using more at Day alone adds £31.84."
    )
    detail = {row.effect: row.detail for row in found.rows}
    assert detail["use:Day"] == "6.3 kWh a day, was 3.2"
    assert detail["use:Night"] == "0.1 kWh a day, was 1.9"
    assert explain_bill(session, october, None).sentence.startswith("Your October bill is £")
    said, more = (plain(runs) for runs in spoken(found, "ru"))
    assert "больше потребление по зоне «Day»" in said
    assert more.startswith("Меньше потребление по зоне «Night»")


def test_an_estimate_too_low_is_put_right_and_is_the_reason(
    world: World, session: Session, house: Supplied
) -> None:
    """October is billed on an estimate; the read of 1 December shows that it was far too low."""
    told(world, house, midnight(10), T1=1000, T2=500)
    told(world, house, midnight(11), "estimated", T1=1060)
    told(world, house, midnight(11), T2=560)
    issue_of(session, OCTOBER, house)
    told(world, house, midnight(12), T1=1305, T2=618)
    issue_of(session, NOVEMBER, house)
    october, november = bills_by_time(session, house)
    found = explain_bill(session, november, october)
    assert found.left_over_minor == 0
    first, *rest = found.rows
    assert first.effect == "estimate" and all(first.amount_minor > abs(row.amount_minor) for row in rest)
    assert "October estimated too low" in found.sentence
    assert "60.0 kWh guessed, 148.1 read" in first.detail
    assert "T1 on the dial 1,060.0 guessed, 1,305.0 read on 1 December" in first.detail
    said, _ = spoken(found, "ru")
    assert "исправление оценки, которая была занижена" in plain(said)
    shown = detail_of(first, "ru")
    assert "показание T1: оценка и снятое 1 060,0 → 1 305,0" in shown.replace("\xa0", " ")

    # The same read shows that October's bill would be another: it is put right by a credit note and a bill.
    at = settle_readings(session)
    look = find_corrections(session, known_at=at, today=date(2026, 12, 3), now=at, country="GB")
    assert look.differ == 1
    (proposed,) = session.execute(text("select id, bill_id, after_micro_kwh from corrections")).all()
    assert proposed.bill_id == october.id and proposed.after_micro_kwh > 200 * KWH
    done = approve_corrections(
        session, [proposed.id], user_id=None, decision="read", today=date(2026, 12, 3), now=at, country="GB"
    )
    assert len(done.new_bill_ids) == len(done.credit_notes) == 1
    right, november = bills_by_time(session, house)
    again = explain_bill(session, november, right)
    assert again.left_over_minor == 0 and "estimate" not in [row.effect for row in again.rows]
    # Nothing was charged twice or lost: both months together are what the dials counted.
    assert right.micro_kwh + november.micro_kwh == (305 + 118) * KWH


def test_gas_is_explained_by_heat_and_use(world: World, session: Session) -> None:
    """The service point has a channel of electricity, too; the gas is billed of the dial."""
    found = flat("gas", price="0.06")
    values = [{"from": "2024-01-01", "value": "39.4"}, {"from": "2026-11-01", "value": "40.1"}]
    world.tariff(
        {**found, "volume": {"commodity": "gas", "correction": "1.02264", "calorific_values": values}}
    )
    house = world.supplied("gas")
    code = world.point_code(house.service_point_id)
    for at, m3 in ((midnight(10), 4000), (midnight(11), 4093), (midnight(12), 4183)):
        record_read(session, code, Taken("G1", m3 * KWH, unit="m3"), at)
    issue_of(session, OCTOBER, house)
    issue_of(session, NOVEMBER, house)
    october, november = bills_by_time(session, house)
    gas = explain_bill(session, november, october)
    assert gas.left_over_minor == 0
    effects = {row.effect: row for row in gas.rows if row.amount_minor}
    assert set(effects) == {"days", "calorific"} and effects["calorific"].amount_minor > 0
    assert effects["calorific"].detail == "a cubic metre is 11.391 kWh, was 11.192"


def test_gas_is_billed_of_cubic_metres(world: World, session: Session) -> None:
    """A kWh register at the same place is another supply's, and not taken for gas."""
    found = flat("gas", price="0.06")
    values = [{"from": "2024-01-01", "value": "39.4"}]
    world.tariff(
        {**found, "volume": {"commodity": "gas", "correction": "1.02264", "calorific_values": values}}
    )
    house = world.supplied("gas")
    for at, m3, kwh in ((midnight(10), 4000, 7), (midnight(11), 4100, 9)):
        code = world.point_code(house.service_point_id)
        record_read(session, code, Taken("G1", m3 * KWH, unit="m3"), at)
        record_read(session, code, Taken("T1", kwh * KWH), at)
    issue(session, house)
    assert lines(session) == [
        ("fixed", "Gas metered, × 1.02264 × 39.4 MJ/m³ ÷ 3.6", 100 * KWH, 0),
        ("fixed", "Standing charge", 31 * KWH, 1550),
        ("energy", "All hours", 1_119_222_667, 6715),
        ("tax", "VAT", 8265 * 10_000, 413),
    ]


def test_a_dial_exchanged_for_a_meter_that_reads_itself_is_compared(
    world: World, session: Session, house: Supplied
) -> None:
    told(world, house, midnight(10), T1=1000, T2=500)
    told(world, house, midnight(11), T1=1100, T2=560.5)
    issue(session, house)
    channel = Channel(
        service_point_id=house.service_point_id, name="E1", unit="kWh", direction="import", offset_minutes=0
    )  # fmt: skip
    session.add(channel)
    session.flush()
    used = world.random(channel.id, date(2026, 11, 1), 31, 5)
    done = issue_cycle(
        session, Month(2026, 11), 1, [house.account_id], issued_on=date(2026, 12, 3), known_at=LATER, now=NOW
    )
    assert len(done.bill_ids) == 1
    november, october = bills_of(session, [house.account_id])
    assert november.micro_kwh == sum(used[: 30 * 48])
    found = explain_bill(session, november, october)
    effects = {row.effect: row.amount_minor for row in found.rows}
    assert found.left_over_minor == 0 and found.difference_minor == sum(effects.values())
    assert found.by_dials and set(effects) <= {"days", "use:Day", "use:Night"}
    assert effects["use:Day"] and effects["use:Night"]
    assert "at which hours it was used is not known" in found.if_asked_on
    assert "в какие часы был расход" in plain(spoken(found, "ru")[1])
