"""A bill run reads the kVArh beside the kWh, where the tariff charges them."""

from __future__ import annotations

from datetime import date

from billing_world import NOW, World, flat
from sqlalchemy import text
from sqlalchemy.orm import Session

from billing.actions.issuing import issue_cycle
from billing.cycles import Month
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
