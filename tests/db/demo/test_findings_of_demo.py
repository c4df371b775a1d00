"""The simulated utility's queue: what was planted is found where it was planted, and nothing else."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
from demo_world import AS_OF, CUSTOMERS, SEED
from sqlalchemy import Connection, text

from meters.demo.faults import make_faults
from meters.demo.odd_days import odd_supplies
from meters.demo.transformers import metered_nodes
from utility_crm.demo.plan import make_plan

RULE = {
    "spike": {"spike", "above_capacity"},
    "capacity": {"above_capacity"},
    "stuck": {"stuck"},
    "nothing": {"stuck"},
    "unit": {"unit_mismatch"},
    "clock": {"clock_drift"},
}


def test_every_odd_meter_is_found_and_no_other(demo: Connection) -> None:
    plan = make_plan(SEED, AS_OF, CUSTOMERS)
    nodes = metered_nodes(plan, len(plan.supplies) + 1)
    odd = odd_supplies(plan, make_faults(plan), np.array([one.node.id for one in nodes]))
    open_ones = (
        "select channel_id, rule, last_day, feed_id from findings where state = 'open' and rule <> 'missing'"
    )
    found = {row.channel_id: row for row in demo.execute(text(open_ones))}
    plain = {place + 1 for place, kind in odd.items() if kind != "clock"}
    assert plain and plain <= set(found) <= {place + 1 for place in odd}, "a shifted clock may hide"
    for channel, row in found.items():
        kind = odd[channel - 1]
        assert row.rule in RULE[kind] and row.last_day >= AS_OF - timedelta(days=4)
        assert row.feed_id is not None


def test_every_gap_of_a_day_that_came_is_one(demo: Connection) -> None:
    days = """
        select count(*) from blocks
        where array_position(micro, null) is not null and day >= cast(:as_of as date) - 90
    """
    holed = demo.scalar(text(days), {"as_of": AS_OF})
    named = "select sum(last_day - first_day + 1) from findings where rule = 'missing'"
    assert holed and demo.scalar(text(named)) == holed
    old = "select count(*) from findings where rule = 'missing' and state = 'open' and last_day < :until"
    assert demo.scalar(text(old), {"until": AS_OF - timedelta(days=14)}) == 0
    decided = "select count(*) from findings where state = 'accepted' and (decided_by is null or reason = '')"
    assert demo.scalar(text(decided)) == 0


def test_every_channel_has_a_history(demo: Connection) -> None:
    without = "select count(*) from channels where id not in (select channel_id from channel_profiles)"
    assert demo.scalar(text(without)) == 0
