"""Channels as a person names them: by service point, and by name where it has several."""

from __future__ import annotations

from dataclasses import dataclass
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from meters.tables import Channel, ChannelLimit, ServicePoint
from utility_crm.kit.errors import Invalid, NotFound
from utility_crm.kit.settings import settings
from utility_crm.network.tables import Premise


@dataclass(frozen=True, slots=True)
class NamedChannel:
    """A channel of a service point; `zone` is its premise's, the utility's where it stands nowhere."""

    id: int
    service_point: str
    name: str
    unit: str
    direction: str
    zone: ZoneInfo


def named_channels(session: Session, service_point: str, channel: str = "") -> list[NamedChannel]:
    """All channels of a service point, or the one of that name. Raises NotFound."""
    statement = (
        select(Channel.id, ServicePoint.code, Channel.name, Channel.unit, Channel.direction, Premise.timezone)
        .join(ServicePoint, ServicePoint.id == Channel.service_point_id)
        .outerjoin(Premise, Premise.id == ServicePoint.premise_id)
        .where(ServicePoint.code == service_point)
        .order_by(Channel.name)
    )
    rows = [row for row in session.execute(statement) if channel in ("", row.name)]
    if not rows:
        what = f"no channel {channel!r} at" if channel else "no channel at"
        raise NotFound("no_such_channel", f"There is {what} service point {service_point!r}.", service_point)
    default = settings().timezone
    return [NamedChannel(*row[:5], ZoneInfo(row[5] or default)) for row in rows]


def limit_channel(session: Session, channel_id: int, micro_an_hour: int) -> None:
    """Say what a channel's meter can count in an hour at most, in millionths of its unit: it goes before the
    default of its segment. Raises Invalid for none."""
    if micro_an_hour <= 0:
        raise Invalid("bad_limit", "A meter can count more than nothing.", "limit")
    values = {"micro_an_hour": micro_an_hour}
    statement = insert(ChannelLimit).values(channel_id=channel_id, **values)
    session.execute(statement.on_conflict_do_update(index_elements=[ChannelLimit.channel_id], set_=values))
