"""Every fact of every supplied customer on several dates, from what was known on each of them alone."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date

import numpy as np
import pandas as pd
from sqlalchemy.orm import Session

from churn import known
from churn.domain.facts import CATEGORICAL
from churn.domain.feature_table import FloatArray
from churn.domain.weather_use import expected_wh
from churn.tariff_fit import tariff_fit

KEY = ["as_of", "customer_id"]
WORDS = ("since", "tariff_name", "currency", "cheaper", "shock_on", "term_ends_before")
NUMBERS = (
    "shock_minor", "shock_before_minor", "step_minor", "before_minor", "same_minor", "year_minor",
    "bills", "estimated_bills", "late_day_count", "overdue_minor",
    "due_bills", "late_bills", "complaint_count", "unanswered_count", "unanswered_days", "waited_day_count",
    "contact_count",
    "cost_minor", "price_rise_minor", "saving_minor", "daily_kwh", "recent_kwh", "year_kwh", "felt_kwh",
    "expected_kwh", "outage_count", "outage_minutes", "asked_count", "accepted_count",
)  # fmt: skip
FIGURES = (*WORDS, *NUMBERS)
"""What the reasons say in words, beside the facts that the model sees."""

DAYS_IN_YEAR = 365.25
MOST_CHANGE = 1.1
"""A bill three times the other, or a third of it, says no more than that."""
MOST_TERM_DAYS = 730.0


def features(session: Session, dates: Sequence[date], zone: str) -> pd.DataFrame:
    """A row for each date and customer supplied on it: as_of, customer_id, the facts of
    `churn.domain.facts` (float64, NaN where unknown; text for categories) and FIGURES. Sorted by date and
    customer.

    zone: IANA name of the utility's own zone, whose midnights part what was known from what was not.
    """
    base = known.customers(session, dates, zone)
    for part in (
        known.bills(session, dates, zone),
        known.lateness(session, dates, zone),
        known.contacts(session, dates, zone),
        known.exporters(session, dates, zone).assign(export=1.0),
        known.use(session, dates, zone),
        known.outages(session, dates, zone),
        known.campaigns(session, dates, zone),
        tariff_fit(session, known.supplies(session, dates, zone)),
    ):
        base = base.merge(part, on=KEY, how="left")
    return _facts(base).sort_values(KEY, ignore_index=True)


def _facts(raw: pd.DataFrame) -> pd.DataFrame:
    number = _numbers(raw)
    usual = number("usual_minor")
    cost = number("cost_minor")
    late, overdue = number("late_days", 0.0), number("overdue_minor", 0.0)
    complaints, unanswered = number("complaints", 0.0), number("unanswered", 0.0)
    contacts, waited = number("contacts", 0.0), number("waited_days", 0.0)
    outage_minutes = number("outage_minutes", 0.0)
    asked, accepted = number("asked", 0.0), number("accepted", 0.0)
    used = _used(number)
    facts: dict[str, FloatArray] = {
        "tenure": np.log1p(np.maximum(_days(raw, "since"), 0.0) / DAYS_IN_YEAR),
        "bill_step": _change(number("step_daily"), number("before_daily")),
        "bill_shock": np.clip(number("shock"), 0.0, MOST_CHANGE),
        "bill_year": _change(number("same_daily"), number("year_daily")),
        "price_rise": np.clip(_ratio(number("price_rise_minor"), cost), -1.0, 1.0),
        "saving": np.clip(_ratio(number("saving_minor"), cost), 0.0, 1.0),
        "night_flat": number("night_flat"),
        "use": np.log1p(np.maximum(used["daily_kwh"], 0.0)),
        "use_change": _change(used["recent_kwh"], used["year_kwh"]),
        "beyond_weather": _change(used["felt_kwh"], used["expected_kwh"]),
        "evening_share": number("evening_share"),
        "late_share": _ratio(number("late_bills"), number("due_bills")),
        "late_days": np.log1p(np.minimum(late, 365.0)),
        "overdue": np.clip(np.where(overdue > 0, _ratio(overdue, np.maximum(usual, 1.0)), 0.0), 0.0, 3.0),
        "complaints": np.minimum(complaints, 3.0),
        "unanswered": np.minimum(unanswered, 2.0),
        "waited_days": np.log1p(waited),
        "contacts": np.minimum(contacts, 5.0),
        "outage_hours": np.log1p(outage_minutes / 60),
        "asked": np.minimum(asked, 3.0),
        "accepted": np.minimum(accepted, 2.0),
        "term_days": np.log1p(np.clip(-_days(raw, "term_ends_before"), 0.0, MOST_TERM_DAYS)),
        "estimated": _ratio(number("estimated_bills"), number("bills")),
        "service_points": np.minimum(number("service_points"), 5.0),
        "export": number("export", 0.0),
    }
    raw = raw.assign(contact_channel=raw["contact_channel"].fillna("none"))
    categories = {name: raw[name].fillna("").astype(str).to_numpy(dtype=object) for name in CATEGORICAL}
    figures = {
        "late_day_count": late,
        "complaint_count": complaints,
        "unanswered_count": unanswered,
        "waited_day_count": waited,
        "contact_count": contacts,
        "overdue_minor": overdue,
        "outage_count": number("outages", 0.0),
        "outage_minutes": outage_minutes,
        "asked_count": asked,
        "accepted_count": accepted,
        **used,
    }
    figures |= {name: number(name) for name in NUMBERS if name not in figures}
    kept = {name: raw[name].to_numpy(dtype=object) for name in (*KEY, *WORDS)}
    return pd.DataFrame(kept | facts | categories | figures).astype({"customer_id": "int64"})


def _used(number: Callable[..., FloatArray]) -> dict[str, FloatArray]:
    """kWh a day: of the bills of a year; of the last bills and those a year before; of the last bills whose
    weather is known, and what the earlier ones foretell for such weather."""
    felt_days = number("felt_days")
    sums = ("fitted", "days_days", "days_cold", "cold_cold", "days_wh", "cold_wh", "felt_days", "felt_cold")
    expected = expected_wh(*(number(name) for name in sums))
    return {
        "daily_kwh": _ratio(number("used_wh"), number("used_days")) / 1000,
        "recent_kwh": _ratio(number("recent_wh"), number("recent_days")) / 1000,
        "year_kwh": _ratio(number("year_wh"), number("year_days")) / 1000,
        "felt_kwh": _ratio(number("felt_wh"), felt_days) / 1000,
        "expected_kwh": _ratio(expected, felt_days) / 1000,
    }


def _days(raw: pd.DataFrame, since: str) -> FloatArray:
    """Days from a column's day to the date; NaN where it has none."""
    passed = pd.to_datetime(raw["as_of"]) - pd.to_datetime(raw[since])
    return np.asarray(passed.dt.days.to_numpy(na_value=np.nan), dtype=np.float64)


def _numbers(raw: pd.DataFrame) -> Callable[..., FloatArray]:
    """A column as float64, with another value for what is unknown."""

    def number(name: str, absent: float = np.nan) -> FloatArray:
        return pd.to_numeric(raw[name]).fillna(absent).to_numpy(dtype=np.float64, na_value=np.nan)

    return number


def _ratio(part: FloatArray, whole: FloatArray) -> FloatArray:
    """part / whole; NaN where the whole is not above zero."""
    return np.asarray(np.divide(part, whole, out=np.full(part.shape, np.nan), where=whole > 0))


def _change(now: FloatArray, before: FloatArray) -> FloatArray:
    """Natural log of now / before, kept within MOST_CHANGE; NaN unless both are above zero."""
    both = (now > 0) & (before > 0)
    ratio = np.divide(now, before, out=np.full(now.shape, np.nan), where=both)
    return np.asarray(np.clip(np.log(ratio), -MOST_CHANGE, MOST_CHANGE))
