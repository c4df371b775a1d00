"""The simulated weather of each area: the plan's days with the hours of a day, a little apart by area."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import numpy as np

from utility_crm.demo.plan import Plan

HOURS = 24
WARMEST_HOUR, SWING = 15, 2.6
APART = (0.0, -0.8, 0.5, 1.1)
"""Degrees by which the areas differ: moor and harbour."""


def temperature_rows(plan: Plan) -> Iterator[tuple[int, date, list[int]]]:
    """(area's id, day of UTC, millicelsius of each hour). A day's mean is the plan's, moved by the area."""
    hour = np.arange(HOURS) + 0.5
    shape = SWING * np.cos(2 * np.pi * (hour - WARMEST_HOUR) / HOURS)
    areas = [node.id for node in plan.nodes if node.kind == "area"]
    for area, apart in zip(areas, APART, strict=True):
        for place in range(plan.calendar.days):
            degrees = plan.weather.celsius[place] + apart + shape
            yield area, plan.calendar.day(place), np.rint(degrees * 1000).astype(int).tolist()
