"""Whole days by COPY hold what `usage` gives of the same days."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pytest
from billing_world import World
from sqlalchemy.orm import Session

from meters.bulk_usage import bulk_usage
from meters.usage import usage

FIRST, DAYS = date(2026, 3, 1), 40
LAST = FIRST + timedelta(days=DAYS - 1)


@pytest.fixture
def world(session: Session) -> World:
    return World(session)


def filled(world: World, seed: int, gaps: float, slots: int = 48, offset: int = 0) -> int:
    channel = world.point(offset_minutes=offset)[1]
    draw = np.random.default_rng(seed)
    values = draw.integers(-5, 2**40, slots * DAYS).tolist()
    gone = draw.random(slots * DAYS) < gaps
    world.read(
        channel, FIRST, [None if no else one for one, no in zip(values, gone, strict=True)], slots=slots
    )
    return channel


def test_it_is_what_usage_gives(session: Session, world: World) -> None:
    whole, holed, other = filled(world, 1, 0), filled(world, 2, 0.01), filled(world, 3, 0, slots=96)
    short = world.point()[1]
    world.read(short, FIRST + timedelta(days=7), [1_000] * 96)
    ids = [holed, short, other, whole]
    found = bulk_usage(session, ids, FIRST, LAST)
    assert found is not None and found.missing is not None
    assert found.channel_ids == (holed, short, whole) and found.others == (other,)
    ends_before = found.starts_at + timedelta(days=DAYS)
    (table,) = usage(session, list(found.channel_ids), found.starts_at, ends_before)
    assert (table.starts_at, table.interval_minutes) == (found.starts_at, found.interval_minutes)
    assert (table.micro == found.micro).all() and (table.missing == found.missing).all()


def test_what_is_whole_needs_no_mask(session: Session, world: World) -> None:
    ids = [filled(world, 4, 0, offset=60), filled(world, 5, 0, offset=60)]
    found = bulk_usage(session, ids[::-1], FIRST, LAST)
    assert found is not None and found.missing is None and found.channel_ids == tuple(ids[::-1])
    (table,) = usage(session, ids[::-1], found.starts_at, found.starts_at + timedelta(days=DAYS))
    assert (table.micro == found.micro).all() and not table.missing.any()


def test_nothing_there_is_nothing(session: Session, world: World) -> None:
    channel = world.point()[1]
    assert bulk_usage(session, [channel], FIRST, LAST) is None
    assert bulk_usage(session, [], FIRST, LAST) is None
