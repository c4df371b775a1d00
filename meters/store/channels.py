"""Service points and channels that a feed names: found, or made; and locked, so that one feed at a time
writes them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy.orm import Session

from meters.feeds.feed_days import FeedChannel
from utility_crm.kit.driver import driver_cursor

ChannelName = tuple[str, str]
"""Service point's code, channel's name."""


@dataclass(frozen=True, slots=True)
class StoredChannel:
    """A channel as it stands; what exists keeps its unit, direction and standard time."""

    id: int
    unit: str
    direction: str
    offset_minutes: int


_INCOMING = """
create temp table if not exists incoming_channels (
    service_point text, name text, unit text, direction text, offset_minutes smallint
) on commit delete rows
"""
_COPY = "copy incoming_channels from stdin"

# In the order of their codes, then of their names: another feed may be making the same ones, and whoever is
# second waits for the first.
_MAKE_POINTS = """
insert into service_points (code, fuel)
select i.service_point, case when bool_or(i.unit = 'm3') then 'gas' else 'electricity' end
from incoming_channels i
where not exists (select from service_points s where s.code = i.service_point)
group by i.service_point order by i.service_point
on conflict do nothing
"""
_MAKE_CHANNELS = """
insert into channels (service_point_id, name, unit, direction, offset_minutes)
select s.id, i.name, i.unit, i.direction, i.offset_minutes
from incoming_channels i join service_points s on s.code = i.service_point
where i.name is not null
  and not exists (select from channels c where c.service_point_id = s.id and c.name = i.name)
order by s.id, i.name
on conflict do nothing
"""
_LOCK = """
select count(*) from (
    select from incoming_channels i
    join service_points s on s.code = i.service_point
    join channels c on c.service_point_id = s.id and c.name = i.name
    order by c.id for no key update of c
) locked
"""
_FOUND = """
select i.place - 1, c.id, c.unit, c.direction, c.offset_minutes
from unnest(%s::text[], %s::text[]) with ordinality as i(service_point, name, place)
join service_points s on s.code = i.service_point
join channels c on c.service_point_id = s.id and c.name = i.name
"""


def lock_channels(
    session: Session, channels: Iterable[Sequence[FeedChannel]], points: Iterable[str] = ()
) -> None:
    """Make what is missing of these channels and service points, as they are told, and lock the channels.

    All are locked until the transaction ends, always in the same order, so that two feeds of the same
    channels wait for each other instead of standing in each other's way. A new service point has no premise:
    it is unassigned. `points` are service points without a channel.
    """
    with driver_cursor(session) as cursor:
        cursor.execute(_INCOMING)
        cursor.execute("delete from incoming_channels")  # of an earlier call in this transaction
        with cursor.copy(_COPY) as copy:
            for some in channels:
                for one in some:
                    copy.write_row((*one.name, one.unit.base, one.direction, one.offset_minutes))
            for point in points:
                copy.write_row((point, None, None, None, None))
        cursor.execute("analyze incoming_channels")
        for statement in (_MAKE_POINTS, _MAKE_CHANNELS, _LOCK):
            cursor.execute(statement)


def stored_channels(session: Session, names: Sequence[ChannelName]) -> dict[ChannelName, StoredChannel]:
    """The channels of these names, as they stand."""
    points, channels = [point for point, _name in names], [name for _point, name in names]
    with driver_cursor(session) as cursor:
        rows = cursor.execute(_FOUND, (points, channels)).fetchall()
    return {names[place]: StoredChannel(*found) for place, *found in rows}
