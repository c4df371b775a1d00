"""A bill run reads the kVArh beside the kWh, where the tariff charges them."""

from __future__ import annotations

from datetime import date, timedelta

from billing_world import NOW, World, flat
from sqlalchemy import text
from sqlalchemy.orm import Session

from billing.actions.issuing import issue_cycle
from billing.corrections.finding import find_corrections
from billing.cycles import Month
from billing.explaining import explain_bill
from billing.queries.bills import bills_of
from meters.tables import Channel


def test_kvarh_beyond_the_share_are_billed_and_missing_ones_hold(world: World, session: Session) -> None:
    found = flat("reactive")
    charge = {"kind": "reactive", "code": "reactive", "label": "Reactive", "price": "0.05", "allowed": "50"}
    found["versions"][0]["charges"].insert(2, charge)
    world.tariff(found)
    one, other = world.supplied("reactive"), world.supplied("reactive")
    for number, house in enumerate((one, other)):
        world.even(house.channel_id, date(2026, 9, 30), 33)
        channel = Channel(
            service_point_id=house.service_point_id,
            name="Q1",
            unit="kVArh",
            direction="import",
            offset_minutes=0,
        )
        session.add(channel)
        session.flush()
        world.even(channel.id, date(2026, 9, 30), 33 if number == 0 else 20, 150_000)
    accounts = [one.account_id, other.account_id]
    done = issue_cycle(
        session, Month(2026, 10), 1, accounts, issued_on=date(2026, 11, 3), known_at=NOW, now=NOW
    )
    rows = session.execute(text("select charge, label, unit, quantity_micro, amount_minor from bill_lines"))
    # 1,490 half-hours of 0.15 kVArh, beyond half of as many of 0.2 kWh.
    assert ("demand", "Reactive", "kVArh", 1490 * 50_000, 373) in [tuple(row) for row in rows]
    assert len(done.bill_ids) == 1
    (held,) = done.held
    assert (held.account_id, held.code) == (other.account_id, "not_rateable")
    assert "reactive energy, which is not known of all days" in held.reason


def test_reactive_energy_is_explained_and_put_right(world: World, session: Session) -> None:
    found = flat("reactive")
    charge = {"kind": "reactive", "code": "reactive", "label": "Reactive", "price": "0.05", "allowed": "50"}
    found["versions"][0]["charges"].insert(2, charge)
    world.tariff(found)
    house = world.supplied("reactive")
    world.even(house.channel_id, date(2026, 8, 31), 63)
    channel = Channel(
        service_point_id=house.service_point_id, name="Q1", unit="kVArh", direction="import", offset_minutes=0
    )
    session.add(channel)
    session.flush()
    world.even(channel.id, date(2026, 8, 31), 31, 110_000)
    world.even(channel.id, date(2026, 10, 1), 32, 150_000)
    for month in (9, 10):
        issue_cycle(
            session, Month(2026, month), 1, [house.account_id], issued_on=date(2026, month + 1, 3),
            known_at=NOW, now=NOW,
        )  # fmt: skip
    october, september = bills_of(session, [house.account_id])
    why = explain_bill(session, october, september)
    assert why.left_over_minor == 0
    effects = {row.effect: row for row in why.rows if row.amount_minor}
    assert set(effects) >= {"reactive"} and effects["reactive"].amount_minor > 250
    assert effects["reactive"].detail == "7.2 kVArh a day, was 5.3"

    later = NOW + timedelta(days=1)
    world.even(channel.id, date(2026, 10, 10), 5, 40_000, feed_id=world.feed(later))
    at = later + timedelta(hours=1)
    find_corrections(session, known_at=at, today=date(2026, 11, 22), now=at, country="GB")
    (proposed,) = session.execute(text("select bill_id, before_minor, after_minor from corrections")).all()
    # 240 half-hours of 0.11 kVArh less, at 5 p and VAT.
    assert (proposed.bill_id, proposed.after_minor - proposed.before_minor) == (october.id, -139)


def test_demand_in_kva_is_billed_explained_and_held_without_its_readings(
    world: World, session: Session
) -> None:
    """Half-hours of 0.3 kWh beside 0.4 kVArh are 1 kVA; in October beside 0.72 they are 1.56. The days before
    the first bill are looked back upon, of both energies."""
    found = flat("apparent")
    charge = {
        "kind": "demand", "code": "demand", "window": 30, "unit": "kVA",
        "ratchet": {"percent": "50", "months": 3}, "periods": [{"label": "Highest", "price": "10"}],
    }  # fmt: skip
    found["versions"][0]["charges"].insert(2, charge)
    world.tariff(found)
    one, hourly, gap, without = (world.supplied("apparent", starts_on=date(2026, 8, 31)) for _ in range(4))
    for house, days, minutes in ((one, 63, 30), (hourly, 63, 60), (gap, 40, 30)):
        world.even(house.channel_id, date(2026, 8, 30), 64, 300_000)
        channel = Channel(
            service_point_id=house.service_point_id,
            name="Q1",
            unit="kVArh",
            direction="import",
            offset_minutes=0,
        )
        session.add(channel)
        session.flush()
        slots, each = 1440 // minutes, minutes // 30
        world.read(channel.id, date(2026, 8, 30), [400_000 * each] * (slots * 32), slots=slots)
        world.read(channel.id, date(2026, 10, 1), [720_000 * each] * (slots * (days - 31)), slots=slots)
    world.even(without.channel_id, date(2026, 8, 30), 64, 300_000)
    accounts = [house.account_id for house in (one, hourly, gap, without)]
    held: dict[int, str] = {}
    for month in (9, 10):
        done = issue_cycle(
            session, Month(2026, month), 1, accounts, issued_on=date(2026, month + 1, 3),
            known_at=NOW, now=NOW,
        )  # fmt: skip
        held |= {hold.account_id: hold.reason for hold in done.held}
    for house in (one, hourly):
        october, september = bills_of(session, [house.account_id])
        lines = session.execute(
            text("select bill_id, unit, quantity_micro from bill_lines where label = 'Highest' order by 1")
        )
        assert [tuple(row) for row in lines if row[0] in (october.id, september.id)] == [
            (september.id, "kVA month", 1_000_000),
            (october.id, "kVA month", 1_560_000),
        ]
        why = explain_bill(session, october, september)
        assert why.left_over_minor == 0
        assert {row.effect for row in why.rows if row.amount_minor} >= {"reactive"}
    assert set(held) == {gap.account_id, without.account_id}
    reason = "'demand' is by the kVA, and the reactive energy is not known of every interval"
    assert reason in held[gap.account_id]
    assert "drawn or billed in 2026-08 is not known" in held[without.account_id]
