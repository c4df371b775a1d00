"""A reason as it is stored: its group, its points, and the customer's own figures that it is said with."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import date
from typing import Any

import numpy as np

from churn.domain.reasons import Reason

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


def reason_document(reason: Reason, record: Mapping[Any, Any]) -> dict[str, Any]:
    """A reason as JSON."""
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
