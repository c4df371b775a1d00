"""Bills of registers and of gas, and tariffs of every kind of charge, as pages and as documents."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

import pytest
from billing_world import NOW, Supplied, World, flat
from sqlalchemy import text
from sqlalchemy.orm import Session
from starlette.testclient import TestClient

from billing.actions.issuing import issue_cycle
from billing.cycles import Month
from billing.queries.bills import bills_of
from meters.registers.recording import Taken, record_read

from .test_customer_questions import words

MakeClient = Callable[..., TestClient]
LATER = datetime(2999, 1, 1, tzinfo=UTC)


def gas() -> dict[str, Any]:
    values = [{"from": "2024-01-01", "value": "39.4"}]
    volume = {"commodity": "gas", "correction": "1.02264", "calorific_values": values}
    return {**flat("gas", price="0.06"), "volume": volume}


@pytest.fixture
def warmed(world: World, session: Session) -> Supplied:
    """September and October of gas, by a dial."""
    world.tariff(gas())
    one = world.supplied("gas", name="Ada Example")
    session.execute(text("delete from channels where id = :id"), {"id": one.channel_id})
    for month, m3 in ((9, 4000), (10, 4040), (11, 4140)):
        at = (
            datetime(2026, month, 1, tzinfo=UTC)
            if month == 11
            else datetime(2026, month - 1, 30 + month % 2, 23, tzinfo=UTC)
        )
        record_read(
            session, world.point_code(one.service_point_id), Taken("G1", m3 * 1_000_000, unit="m3"), at
        )
    for month, issued_on in ((9, date(2026, 10, 3)), (10, date(2026, 11, 10))):
        issue_cycle(
            session, Month(2026, month), 1, [one.account_id], issued_on=issued_on, known_at=LATER, now=NOW
        )  # fmt: skip
    return one


def test_a_bill_of_gas_opens_states_its_conversion_and_prints(
    make_client: MakeClient, warmed: Supplied, session: Session
) -> None:
    agent = make_client("agent")
    found = bills_of(session, [warmed.account_id])
    assert len(found) == 2
    for bill in found:
        page = agent.get(f"/bills/{bill.number}")
        assert page.status_code == 200
        assert "Gas metered, × 1.02264 × 39.4 MJ/m³ ÷ 3.6" in words(page.text)
        assert agent.get(f"/bills/{bill.number}.pdf").status_code == 200
    for ask in ("why", "owe", "estimated", "most"):
        assert agent.get(f"/customers/{warmed.customer_id}", params={"ask": ask}).status_code == 200


def test_the_page_says_why_a_bill_of_gas_differs(make_client: MakeClient, warmed: Supplied) -> None:
    """40 m³ in September, 100 in October."""
    page = make_client("agent").get(f"/customers/{warmed.customer_id}", params={"ask": "why"})
    shown = words(page.text)
    assert "Your October bill is £" in shown and "using more a day" in shown
    assert "3.2 m³ a day, was 1.3" in shown
    assert "cannot be compared" not in shown


def test_a_tariff_of_every_kind_of_charge_is_shown(make_client: MakeClient, world: World) -> None:
    found = flat("all-kinds")
    peaks = [{"month": "2026-01", "hours": ["08:00-10:00"]}]
    found["versions"][0]["charges"] += [
        {
            "kind": "capacity",
            "code": "network",
            "label": "Network",
            "price": "9",
            "window": 60,
            "peaks": peaks,
        },
        {"kind": "reactive", "code": "reactive", "label": "Reactive", "price": "0.03", "allowed": "33"},
        {
            "kind": "discount",
            "code": "social",
            "label": "First",
            "percent": "50",
            "up_to": "100",
            "per": "month",
        },
        {
            "kind": "late_fee",
            "code": "late",
            "label": "Late",
            "percent": "1.5",
            "per": "month",
            "after_days": 14,
        },
        {"kind": "late_fee", "code": "notice", "label": "Notice", "amount": "5"},
    ]
    world.tariff(found)
    shown = words(make_client("marketer").get("/billing/tariffs/all-kinds").text)
    for said in (
        "the mean of the power in the grid's own peak hours, 60 minutes each",
        "kVArh beyond 33 % of the kWh",
        "the first 100 kWh a month alone",
        "of what is overdue, after 14 days",
        "once",
    ):
        assert said in shown
