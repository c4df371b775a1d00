"""Reactive energy beside what is billed by intervals, where the tariff charges it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

import numpy as np
from sqlalchemy import select
from sqlalchemy.orm import Session

from billing.domain.plans.supply_state import ReactiveUse
from billing.domain.reckoning.axis import axis_of, day_starts_at, epoch_minute
from billing.drafting.parts import Placed
from meters.tables import Channel, ServicePoint
from meters.usage import UsageTable, usage


def with_reactive(session: Session, placed: Sequence[Placed], known_at: datetime | None) -> list[Placed]:
    """Each with the kVArh of its days in its state where all of them were read; else with none, by which it
    cannot be rated. Two statements, none where no tariff reads it."""
    asking = [item for item in placed if item.tariff.reads_reactive]
    if not asking:
        return list(placed)
    points = {item.supply.service_point for item in asking}
    channels: dict[str, list[int]] = {}
    rows = session.execute(
        select(ServicePoint.code, Channel.id)
        .join(Channel, Channel.service_point_id == ServicePoint.id)
        .where(ServicePoint.code.in_(points), Channel.unit == "kVArh", Channel.direction == "import")
    )
    for code, channel_id in rows:
        channels.setdefault(code, []).append(channel_id)
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
        found = _by_day(item, *at[mine[0]]) if len(mine) == 1 and mine[0] in at else None
        done.append(item if found is None else replace(item, state=replace(item.state, reactive=found)))
    return done


def _by_day(item: Placed, table: UsageTable, row: int) -> ReactiveUse | None:
    """None where a reading of the period is missing: it is never guessed."""
    first = epoch_minute(table.starts_at)
    axis = axis_of(item.zone, table.interval_minutes, first, item.period)
    offset = (axis.first_minute - first) // table.interval_minutes
    columns = slice(offset, offset + axis.size)
    values, missing = table.micro[row, columns], table.missing[row, columns]
    if offset < 0 or values.size < axis.size or missing.any():
        return None
    days = np.zeros((1, item.period.days), dtype=np.int64)
    np.add.at(days[0], axis.day_index, values)
    return ReactiveUse(item.period.starts_on, days)
