"""Reasons as they are stored: each group with its points and the customer's own figures that it is said with.

JSON is made a column at a time: everybody who has a reason is told their figures at once.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import numpy as np

from churn.domain.kept import IntArray, Kept
from churn.domain.reasons import LEAST_POINTS, REASONS, Grouped, Reason

FIGURES_OF = {
    "bill_up": ("step_minor", "before_minor", "shock_minor", "shock_before_minor", "shock_on"),
    "bill_year": ("same_minor", "year_minor"),
    "price_rise": ("price_rise_minor",),
    "tariff_fit": ("saving_minor", "cheaper", "night_flat"),
    "use": ("daily_kwh",),
    "use_change": ("recent_kwh", "year_kwh"),
    "beyond_weather": ("felt_kwh", "expected_kwh"),
    "evening": ("evening_share",),
    "arrears": ("overdue_minor", "late_day_count", "late_bills", "due_bills"),
    "complaints": ("complaint_count", "unanswered_count", "unanswered_days", "waited_day_count"),
    "contacts": ("contact_count",),
    "outages": ("outage_count", "outage_minutes"),
    "campaigns": ("asked_count", "accepted_count"),
    "term": ("term_ends_before",),
    "estimated": ("estimated_bills", "bills"),
    "tenure": ("since",),
    "service_points": ("service_points",),
    "export": ("export",),
    "segment": ("segment",),
    "tariff": ("tariff_name",),
    "payment_method": ("payment_method",),
    "contact_channel": ("contact_channel",),
}
"""Of each reason; `currency` goes with every one."""


def reason_documents(kept: Kept, points: Grouped) -> list[str]:
    """A JSON array a customer: their largest positive groups, largest first, none below half a point.

    points: of the same customers, in the same order.
    """
    order = np.argsort(-points.points, axis=1, kind="stable")[:, :REASONS]
    largest = np.take_along_axis(points.points, order, axis=1)
    said = largest >= LEAST_POINTS
    texts = np.full((len(kept), REASONS), "", dtype=object)
    for number, group in enumerate(points.groups):
        rows, places = np.nonzero(said & (order == number))
        if rows.size:
            texts[rows, places] = _documents(kept, group, rows, largest[rows, places].tolist())
    parts = texts.T.tolist()
    for later in parts[1:]:  # what is said is said first: a later one has one before it
        for place, text in enumerate(later):
            if text:
                later[place] = ", " + text
    return [f"[{''.join(of_one)}]" for of_one in zip(*parts, strict=True)]


def _documents(kept: Kept, group: str, rows: IntArray, points: Sequence[float]) -> list[str]:
    names = (*FIGURES_OF[group], "currency")
    figures = ", ".join(f'"{name}": %s' for name in names)
    form = f'{{"group": "{group}", "points": %.2f, "figures": {{{figures}}}}}'
    return [form % of_one for of_one in zip(points, *(kept.json(name, rows) for name in names), strict=True)]


def reason_document(reason: Reason, record: Mapping[Any, Any]) -> dict[str, Any]:
    """The same of one reason of one customer, from a record of a frame."""
    said = {name: _plain(record[name]) for name in (*FIGURES_OF[reason.group], "currency")}
    return {"group": reason.group, "points": round(reason.points, 2), "figures": said}


def _plain(value: Any) -> Any:
    """A value of a frame as JSON has it: whole numbers whole, unknown as null."""
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float):
        if math.isnan(value):
            return None
        return int(value) if value.is_integer() else value
    return value
