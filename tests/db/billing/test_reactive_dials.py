"""Supplies read by dials of kWh and of kVArh, where the tariff charges reactive energy."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

from billing_world import NOW, Supplied, World, flat
from sqlalchemy import text
from sqlalchemy.orm import Session

from billing.actions.issuing import issue_cycle
from billing.corrections.finding import find_corrections
from billing.cycles import Month
from billing.explaining import explain_bill
from billing.queries.bills import bills_of
from meters.registers.recording import Taken, record_read
from meters.usage import settle_readings

KWH = 1_000_000


def midnight(month: int, day: int = 1) -> datetime:
    """Local midnight in London: summer time until 25 October."""
    return datetime(2026, month, day, tzinfo=UTC) - timedelta(hours=month < 11)


def reacting() -> dict[str, Any]:
    found = flat("reactive")
    charge = {"kind": "reactive", "code": "reactive", "label": "Reactive", "price": "0.05", "allowed": "50"}
    found["versions"][0]["charges"].insert(2, charge)
    dear = [{**one, "price": "0.08"} if one["code"] == "reactive" else one
            for one in found["versions"][0]["charges"]]  # fmt: skip
    found["versions"].append({**found["versions"][0], "starts_on": "2026-10-16", "charges": dear})
    return found


def supplied(world: World, session: Session) -> Supplied:
    made = world.supplied("reactive", starts_on=date(2026, 9, 1))
    session.execute(text("delete from channels where id = :id"), {"id": made.channel_id})
    return made


def told(world: World, house: Supplied, at: datetime, kwh: float, **kvarh: float) -> None:
    point = world.point_code(house.service_point_id)
    record_read(world.session, point, Taken("T1", round(kwh * KWH)), at, "actual")
    for name, figure in kvarh.items():
        record_read(world.session, point, Taken(name, round(figure * KWH), unit="kVArh"), at, "actual")


def test_kvarh_dials_are_billed_explained_put_right_and_held_without_reads(
    world: World, session: Session
) -> None:
    """September: 100 kVArh beside 180 kWh, 10 beyond half at 5 p. October: 90 beside 120 up to the 16th,
    30 beyond at 5 p; 128 beside 160 of two dials, 48 beyond at 8 p."""
    world.tariff(reacting())
    one, unread, without = (supplied(world, session) for _ in range(3))
    half = midnight(10, 16)
    for at, kwh, q1, q2 in (
        (midnight(9), 1000, 100, 50), (midnight(10), 1180, 160, 90),
        (half, 1300, 250, 90), (midnight(11), 1460, 300, 168),
    ):  # fmt: skip
        told(world, one, at, kwh, Q1=q1, Q2=q2)
        told(world, without, at, kwh)
        told(world, unread, at, kwh, **({"Q1": q1} if at < half else {}))
    held: dict[int, tuple[str, str]] = {}
    accounts = [one.account_id, unread.account_id, without.account_id]
    for month in (9, 10):
        done = issue_cycle(
            session, Month(2026, month), 1, accounts,
            issued_on=date(2026, month + 1, 3), known_at=settle_readings(session), now=NOW,
        )  # fmt: skip
        held |= {hold.account_id: (hold.code, hold.reason) for hold in done.held}
    rows = session.execute(
        text(
            "select b.starts_on, l.quantity_micro, l.amount_minor from bill_lines l join bills b on b.id = "
            "l.bill_id where b.account_id = :one and l.unit = 'kVArh' order by b.id, l.position"
        ),
        {"one": one.account_id},
    )
    assert [tuple(row) for row in rows] == [
        (date(2026, 9, 1), 10 * KWH, 50),
        (date(2026, 10, 1), 30 * KWH, 150),
        (date(2026, 10, 1), 48 * KWH, 384),
    ]
    assert set(held) == {unread.account_id, without.account_id}
    assert held[unread.account_id][0] == "no_readings" and "what register Q1 of" in held[unread.account_id][1]
    assert held[without.account_id][0] == "not_rateable"
    assert "reactive energy, which is not known of all days" in held[without.account_id][1]

    october, september = bills_of(session, [one.account_id])
    why = explain_bill(session, october, september)
    assert why.left_over_minor == 0
    details = {row.effect: row.detail for row in why.rows if row.amount_minor}
    assert details["reactive"] == "7.0 kVArh a day, was 3.3"

    point = world.point_code(one.service_point_id)
    record_read(session, point, Taken("Q2", 158 * KWH, unit="kVArh"), midnight(11), "actual", despite=True)
    at = settle_readings(session)
    find_corrections(session, known_at=at, today=date(2026, 11, 22), now=at, country="GB")
    (proposed,) = session.execute(text("select bill_id, before_minor, after_minor from corrections")).all()
    # 10 kVArh less at 8 p and VAT.
    assert (proposed.bill_id, proposed.after_minor - proposed.before_minor) == (october.id, -84)
