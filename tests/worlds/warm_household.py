"""A household that heats by the weather of its area, over a year and a month."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import numpy.typing as npt
from billing_world import Supplied, World
from sqlalchemy import text

from utility_crm.network.tables import NetworkNode
from utility_crm.network.temperatures import store_temperatures

FIRST, DAYS = date(2025, 9, 30), 398
"""Up to 1 November 2026."""
Floats = npt.NDArray[np.float64]


def daily_degrees() -> Floats:
    """Each day's mean: a year's wave, and four days at a time that are colder or warmer."""
    rng = np.random.default_rng(3)
    of_year = np.array([(FIRST + timedelta(days=day)).timetuple().tm_yday for day in range(DAYS)])
    noise = np.repeat(rng.normal(0, 3, DAYS // 4 + 1), 4)[:DAYS]
    found: Floats = np.round(11 - 8 * np.cos(2 * np.pi * (of_year - 20) / 365) + noise, 3)
    return found


def in_an_area(world: World, *accounts: Supplied) -> str:
    """Their premises hang on a transformer of a feeder of an area, whose code is returned."""
    parent, code = None, ""
    for kind in ("area", "feeder", "transformer"):
        node = NetworkNode(code=f"{kind}-{world.count}", name=kind, kind=kind, parent_id=parent)
        world.session.add(node)
        world.session.flush()
        parent, code = node.id, code or node.code
    world.session.execute(
        text(
            "update premises p set node_id = :node from service_points s "
            "where s.premise_id = p.id and s.id = any(:points)"
        ),
        {"node": parent, "points": [one.service_point_id for one in accounts]},
    )
    return code


def warmed(world: World, area: str, degrees: Floats) -> None:
    """Each day's mean in all of its hours."""
    days = [FIRST + timedelta(days=day) for day in range(DAYS)]
    store_temperatures(world.session, area, days, [[round(one * 1000)] * 24 for one in degrees.tolist()])


def heated(world: World, channel_id: int, degrees: Floats) -> None:
    """9.6 kWh a day, and one more for each degree below 15."""
    each = (200_000 + np.maximum(0, 15 - degrees) * 1e6 / 48).astype(np.int64)
    world.read(channel_id, FIRST, np.repeat(each, 48).tolist())
