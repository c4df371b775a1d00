"""The meters' part of the demo utility: service points, meters, channels, and 15 months of half-hours."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta
from typing import Any

import numpy as np
from sqlalchemy import text

from meters.balance.balancing import DAYS_BACK, balance_days
from meters.completeness import recount
from meters.demo.block_copy import copying_blocks
from meters.demo.blocks import BlockWriter, FeedCounts, Row, export_channels
from meters.demo.faults import corrections, make_faults
from meters.demo.feeds import FEED_COLUMNS, feed_rows
from meters.demo.findings import find_in_demo
from meters.demo.odd_days import odd_supplies
from meters.demo.transformers import MeteredNode, TransformerMeters, metered_nodes
from meters.demo.visits import write_visits
from meters.sources import learn_sources
from utility_crm.demo.context import DemoBuild
from utility_crm.demo.plan import Plan

CHUNK = 100
"""Supplies at a time: 15 MB of half-hours."""

_WHEN_REPLACED = """
    update block_history h set replaced_at = f.received_at from feeds f where f.id = h.replaced_by
"""


def build(context: DemoBuild) -> None:
    """Write service points, meters, channels, blocks, what was replaced, and the feeds that brought it."""
    plan = context.plan
    nodes = metered_nodes(plan, len(plan.supplies) + len(export_channels(plan)) + 1)
    _points(context, nodes)
    faults = make_faults(plan)
    corrected = list(corrections(plan, faults))
    days = {"first": plan.calendar.first_day, "last": plan.as_of}
    context.connection.execute(text("select make_block_partitions(:first, :last)"), days)
    counts, replaced = FeedCounts(plan), list[Row]()
    steps, supplies = context.steps, len(plan.supplies)
    with steps.step("Half-hours", supplies) as advance, copying_blocks(context.driver) as copy:
        transformers = TransformerMeters(plan, nodes)
        odd = odd_supplies(plan, faults, np.array([one.node.id for one in nodes]))
        writer = BlockWriter(plan, faults, corrected, copy, counts, transformers, odd)
        for start in range(0, supplies, CHUNK):
            chunk = slice(start, min(start + CHUNK, supplies))
            replaced += writer.write(chunk)
            advance(chunk.stop - chunk.start)
        writer.write_transformers()
    with steps.step("Feeds", 3) as advance:
        context.copy_rows("feeds", FEED_COLUMNS, feed_rows(plan, counts.counted(), faults, corrected))
        advance(1)
        columns = ("channel_id", "day", "micro", "quality", "feed_id", "replaced_by", "replaced_at")
        context.copy_rows("block_history", columns, replaced)
        context.connection.execute(text(_WHEN_REPLACED))
        advance(1)
        context.analyse("blocks", "feeds", "block_history")
    _balance(context)
    with context.steps.step("What is missing"), context.session() as session:
        recount(session, plan.as_of, datetime.combine(plan.as_of, time(6), UTC))
        learn_sources(session, datetime.combine(plan.as_of, time(6), UTC))
    find_in_demo(context)
    write_visits(context)


def _balance(context: DemoBuild) -> None:
    """As the clock would have left it this morning."""
    as_of = context.plan.as_of
    with context.steps.step("Energy balance"), context.session() as session:
        days = [as_of - timedelta(days=back) for back in range(DAYS_BACK, 0, -1)]
        balance_days(session, days, datetime.combine(as_of, time(6), UTC))


def _points(context: DemoBuild, nodes: list[MeteredNode]) -> None:
    """One point a premise; where there are panels, a second channel counts what is given to the network."""
    plan = context.plan
    with context.steps.step("Meters"):
        at = plan.calendar.first_day
        columns: tuple[str, ...] = ("id", "code", "premise_id", "fuel", "created_at")
        points = ((one.id, one.service_point, one.id, "electricity", at) for one in plan.supplies)
        context.copy_rows("service_points", columns, points)
        metered = ((one.service_point_id, one.service_point, None, "electricity", at) for one in nodes)
        context.copy_rows("service_points", columns, metered)
        measured = ((one.node.id, one.service_point_id) for one in nodes)
        context.copy_rows("node_meters", ("node_id", "service_point_id"), measured)
        columns = ("serial", "service_point_id", "installed_on", "removed_before")
        context.copy_rows("meters", columns, _meters(plan))
        columns = ("id", "service_point_id", "name", "unit", "direction", "offset_minutes")
        context.copy_rows("channels", columns, _channels(plan))
        own = ((one.channel_id, one.service_point_id, "import", "kWh", "import", 0) for one in nodes)
        context.copy_rows("channels", columns, own)
        context.analyse("service_points", "meters", "channels")


def _meters(plan: Plan) -> Iterator[tuple[Any, ...]]:
    for one in plan.supplies:
        first, *second = one.serials
        yield (first, one.id, one.opened_on, one.exchanged_on)
        for serial in second:
            yield (serial, one.id, one.exchanged_on, None)


def _channels(plan: Plan) -> Iterator[tuple[Any, ...]]:
    for one in plan.supplies:
        yield (one.id, one.id, "import", "kWh", "import", 0)
    for place, channel in export_channels(plan).items():
        yield (channel, place + 1, "export", "kWh", "export", 0)
