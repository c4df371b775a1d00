"""A small utility with two months billed, seen through the pages."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from billing_world import NOW, Supplied, World, flat, two_rate
from sqlalchemy.orm import Session

from billing.actions.issuing import issue_cycle
from billing.cycles import Month


@pytest.fixture
def world(session: Session) -> World:
    made = World(session)
    made.tariff(flat())
    made.tariff(two_rate())
    return made


@pytest.fixture
def billed(world: World) -> Supplied:
    """A customer with August to October billed on the two-rate tariff; 9 October was estimated."""
    one = world.supplied("night", name="Ada Example")
    world.random(one.channel_id, date(2026, 7, 31), 70, 11)
    values: list[int | None] = list(world.random(one.channel_id, date(2026, 10, 9), 24, 12))
    world.read(one.channel_id, date(2026, 10, 9), [None] * 48 + values[48:])
    for month, issued_on in ((8, date(2026, 9, 3)), (9, date(2026, 10, 3)), (10, date(2026, 11, 10))):
        issue_cycle(
            world.session, Month(2026, month), 1, [one.account_id],
            issued_on=issued_on, known_at=NOW - timedelta(days=10), now=NOW,
        )  # fmt: skip
    return one
