"""Feeds taken in by one call, and what the database then holds."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from meters.actions import TakenFeed, ingest
from meters.asking import asked
from utility_crm.network.tables import NetworkNode, Premise

Take = Callable[..., TakenFeed]


@pytest.fixture
def take(session: Session) -> Take:
    """`take(path, timezone="UTC", columns="...")`: what became of the file."""

    def taken(path: Path, **how: str) -> TakenFeed:
        return ingest(session, path, asked(**how))

    return taken


@pytest.fixture
def held(session: Session) -> Callable[..., list[int | None]]:
    """`held("SP1", day, channel="import")`: the micro-units of one stored day."""

    def values(point: str, day: date, channel: str = "import", table: str = "blocks") -> list[int | None]:
        statement = text(
            f"select b.micro from {table} b join channels c on c.id = b.channel_id "
            "join service_points s on s.id = c.service_point_id "
            "where s.code = :point and c.name = :channel and b.day = :day"
        )
        found = session.execute(statement, {"point": point, "channel": channel, "day": day}).scalars().all()
        assert len(found) <= 1, "a channel's day is one row"
        return found[0] if found else []

    return values


@pytest.fixture
def counts(session: Session) -> Callable[[str], int]:
    def count(table: str) -> int:
        found = session.scalar(text(f"select count(*) from {table}"))
        assert isinstance(found, int)
        return found

    return count


@pytest.fixture
def premise(session: Session) -> Callable[..., int]:
    """`premise("P1", "Europe/Moscow")`: the id of a premise in an area of its own."""

    def made(code: str, zone: str = "Europe/London", **more: Any) -> int:
        area = NetworkNode(code=f"A-{code}", name=f"Area {code}", kind="area", parent_id=None)
        session.add(area)
        session.flush()
        place = Premise(code=code, node_id=area.id, address="1 Mill Lane", timezone=zone, **more)
        session.add(place)
        session.flush()
        return place.id

    return made
