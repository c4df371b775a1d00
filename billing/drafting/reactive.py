"""Reactive energy beside what is billed by intervals, where the tariff charges it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from billing.domain.plans.reactive_by_day import reactive_by_day
from billing.domain.reckoning.axis import day_starts_at
from billing.drafting.parts import Placed, usage_row
from meters.tables import Channel, ServicePoint
from meters.usage import usage


def reactive_axis(item: Placed) -> tuple[int, int] | None:
    """The epoch minute and the length at which the intervals of its reactive energy begin; None without any.
    One pass rates those who share them."""
    found = item.state.reactive
    if found is None or found.intervals is None:
        return None
    return found.intervals.first_minute, found.intervals.interval_minutes


def reactive_channels(session: Session, points: Collection[str]) -> dict[str, list[int]]:
    """Channels of reactive energy taken, by the code of their service point; one statement."""
    channels: dict[str, list[int]] = {}
    rows = session.execute(
        select(ServicePoint.code, Channel.id)
        .join(Channel, Channel.service_point_id == ServicePoint.id)
        .where(ServicePoint.code.in_(points), Channel.unit == "kVArh", Channel.direction == "import")
    )
    for code, channel_id in rows:
        channels.setdefault(code, []).append(channel_id)
    return channels


def with_reactive(session: Session, placed: Sequence[Placed], known_at: datetime | None) -> list[Placed]:
    """Each with the kVArh of its days and intervals in its state where all of them were read;
    else with none, by which it cannot be rated. Two statements, none where no tariff reads it."""
    asking = [item for item in placed if item.tariff.reads_reactive]
    if not asking:
        return list(placed)
    channels = reactive_channels(session, {item.supply.service_point for item in asking})
    starts_at = min(day_starts_at(item.period.starts_on, item.zone) for item in asking)
    ends_before = max(day_starts_at(item.period.ends_before, item.zone) for item in asking)
    wanted = [channel_id for found in channels.values() for channel_id in found]
    at = {
        channel_id: (table, row)
        for table in usage(session, wanted, starts_at, ends_before, known_at)
        for row, channel_id in enumerate(table.channel_ids)
    }
    done = []
    for item in placed:
        mine = channels.get(item.supply.service_point, []) if item.tariff.reads_reactive else []
        found = None
        if len(mine) == 1 and mine[0] in at:
            found = reactive_by_day(usage_row(*at[mine[0]]), item.period, item.zone)
        done.append(item if found is None else replace(item, state=replace(item.state, reactive=found)))
    return done
