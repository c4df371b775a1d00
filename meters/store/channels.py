"""Service points and channels that a feed names: found, or made; and locked, so that one feed at a time
writes them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from operator import itemgetter

from sqlalchemy import BigInteger, Text, any_, literal, select
from sqlalchemy.dialects.postgresql import ARRAY, insert
from sqlalchemy.orm import Session

from meters.domain.blocks import Block
from meters.tables import Channel, ServicePoint

ChannelName = tuple[str, str]
"""Service point's code, channel's name."""


@dataclass(frozen=True, slots=True)
class StoredChannel:
    """A channel as it stands; what exists keeps its unit, direction and standard time."""

    id: int
    unit: str
    direction: str
    offset_minutes: int


def channels_for(
    session: Session, first_blocks: Mapping[ChannelName, Block]
) -> dict[ChannelName, StoredChannel]:
    """The channels of these names; missing ones, and their service points, are made as a block of theirs
    says.

    All are locked until the transaction ends, always in the same order, so that two feeds of the same
    channels wait for each other instead of standing in each other's way. A new service point has no premise:
    it is unassigned.
    """
    points = _service_points(session, first_blocks)
    missing = {name: block for name, block in first_blocks.items() if name[0] not in points}
    if missing:
        _make_service_points(session, missing)
        points |= _service_points(session, missing)
    found = _channels(session, points, first_blocks)
    missing = {name: block for name, block in first_blocks.items() if name not in found}
    if missing:
        _make_channels(session, points, missing)
    return _channels(session, points, first_blocks, locked=True)


def _service_points(session: Session, names: Iterable[ChannelName]) -> dict[str, int]:
    codes = list({code for code, _name in names})
    among = ServicePoint.code == any_(literal(codes, ARRAY(Text())))
    statement = select(ServicePoint.code, ServicePoint.id).where(among)
    return {row.code: row.id for row in session.execute(statement)}


def _make_service_points(session: Session, first_blocks: Mapping[ChannelName, Block]) -> None:
    """Another feed may be making the same ones: then this waits for it, and leaves them as they are."""
    fuels = {
        name[0]: "gas" if block.unit.base == "m3" else "electricity" for name, block in first_blocks.items()
    }
    rows = [{"code": code, "fuel": fuel} for code, fuel in sorted(fuels.items())]
    session.execute(insert(ServicePoint).on_conflict_do_nothing(), rows)


def _make_channels(
    session: Session, points: Mapping[str, int], first_blocks: Mapping[ChannelName, Block]
) -> None:
    rows = [
        {
            "service_point_id": points[code],
            "name": name,
            "unit": block.unit.base,
            "direction": block.direction,
            "offset_minutes": block.offset_minutes,
        }
        for (code, name), block in first_blocks.items()
    ]
    rows.sort(key=itemgetter("service_point_id", "name"))
    session.execute(insert(Channel).on_conflict_do_nothing(), rows)


def _channels(
    session: Session, points: Mapping[str, int], wanted: Iterable[ChannelName], locked: bool = False
) -> dict[ChannelName, StoredChannel]:
    names = set(wanted)
    codes = {points[code]: code for code, _name in names}
    statement = (
        select(
            Channel.service_point_id,
            Channel.name,
            Channel.id,
            Channel.unit,
            Channel.direction,
            Channel.offset_minutes,
        )
        .where(Channel.service_point_id == any_(literal(list(codes), ARRAY(BigInteger()))))
        .order_by(Channel.id)
    )
    if locked:
        statement = statement.with_for_update(key_share=True)
    return {
        (codes[row.service_point_id], row.name): StoredChannel(
            row.id, row.unit, row.direction, row.offset_minutes
        )
        for row in session.execute(statement)
        if (codes[row.service_point_id], row.name) in names
    }
