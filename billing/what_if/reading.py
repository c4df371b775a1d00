"""The readings of a chunk of supplies, as matrices that one pass can rate."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, timedelta

import numpy as np
from sqlalchemy.orm import Session

from billing.domain.reckoning.axis import day_starts_at
from billing.domain.reckoning.usage import UsageMatrix
from billing.what_if.supplies import BaseSupply, alike_supplies, year_of
from meters.bulk_usage import bulk_usage
from meters.usage import usage

Readable = tuple[list[BaseSupply], UsageMatrix]


def readings_of(session: Session, chunk: Sequence[BaseSupply], today: date) -> Iterator[Readable]:
    """Groups of supplies on one tariff, clock and cycle, each with a matrix of its readings, a row a supply.

    Supplies without any reading in the year are in no group. Channels on a grid of their own are read by
    themselves.
    """
    years = [year_of(day, today) for day in {one.cycle_day for one in chunk}]
    # A day of a channel's standard time is at most 14 hours off the local one.
    first = min(year[0].starts_on for year in years) - timedelta(days=1)
    last = max(year[-1].ends_before for year in years)
    found = bulk_usage(session, [one.channel_id for one in chunk], first, last)
    if found is None:
        return
    rows = {channel: row for row, channel in enumerate(found.channel_ids)}
    for group in alike_supplies(chunk):
        mine = [one for one in group if one.channel_id in rows]
        if mine:
            places = [rows[one.channel_id] for one in mine]
            # The whole table in its order needs no copy.
            chosen = slice(None) if places == list(range(len(rows))) else np.array(places)
            missing = None if found.missing is None else found.missing[chosen]
            yield mine, UsageMatrix(found.starts_at, found.interval_minutes, found.micro[chosen], missing)
    yield from _on_other_grids(session, [one for one in chunk if one.channel_id in found.others], today)


def _on_other_grids(session: Session, supplies: Sequence[BaseSupply], today: date) -> Iterator[Readable]:
    for one in supplies:
        year = year_of(one.cycle_day, today)
        starts_at = day_starts_at(year[0].starts_on, one.timezone) - timedelta(days=1)
        ends_before = day_starts_at(year[-1].ends_before, one.timezone) + timedelta(days=1)
        for table in usage(session, [one.channel_id], starts_at, ends_before):
            yield (
                [one],
                UsageMatrix(table.starts_at, table.interval_minutes, table.micro, table.missing),
            )
