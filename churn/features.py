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
from churn.tariff_fit import tariff_fit

KEY = ["as_of", "customer_id"]
WORDS = ("since", "tariff_name", "currency", "cheaper", "shock_on")
NUMBERS = (
    "shock_minor", "shock_before_minor", "step_minor", "before_minor", "same_minor", "year_minor",
    "bills", "estimated_bills", "late_day_count", "overdue_minor",
    "complaint_count", "unanswered_count", "unanswered_days", "contact_count",
    "cost_minor", "price_rise_minor", "saving_minor",
)  # fmt: skip
FIGURES = (*WORDS, *NUMBERS)
"""What the reasons say in words, beside the facts that the model sees."""

DAYS_IN_YEAR = 365.25
MOST_CHANGE = 1.1
"""A bill three times the other, or a third of it, says no more than that."""


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
        tariff_fit(session, known.supplies(session, dates, zone)),
    ):
        base = base.merge(part, on=KEY, how="left")
    return _facts(base).sort_values(KEY, ignore_index=True)


def _facts(raw: pd.DataFrame) -> pd.DataFrame:
    number = _numbers(raw)
    usual = number("usual_minor")
    cost = number("cost_minor")
    days = (pd.to_datetime(raw["as_of"]) - pd.to_datetime(raw["since"])).dt.days.to_numpy(dtype=np.float64)
    late, overdue = number("late_days", 0.0), number("overdue_minor", 0.0)
    complaints, unanswered = number("complaints", 0.0), number("unanswered", 0.0)
    contacts = number("contacts", 0.0)
    facts: dict[str, FloatArray] = {
        "tenure": np.log1p(np.maximum(days, 0.0) / DAYS_IN_YEAR),
        "bill_step": _change(number("step_daily"), number("before_daily")),
        "bill_shock": np.clip(number("shock"), 0.0, MOST_CHANGE),
        "bill_year": _change(number("same_daily"), number("year_daily")),
        "price_rise": np.clip(_ratio(number("price_rise_minor"), cost), -1.0, 1.0),
        "saving": np.clip(_ratio(number("saving_minor"), cost), 0.0, 1.0),
        "night_flat": number("night_flat"),
        "late_days": np.log1p(np.minimum(late, 365.0)),
        "overdue": np.clip(np.where(overdue > 0, _ratio(overdue, np.maximum(usual, 1.0)), 0.0), 0.0, 3.0),
        "complaints": np.minimum(complaints, 3.0),
        "unanswered": np.minimum(unanswered, 2.0),
        "contacts": np.minimum(contacts, 5.0),
        "estimated": _ratio(number("estimated_bills"), number("bills")),
        "service_points": np.minimum(number("service_points"), 5.0),
        "export": number("export", 0.0),
    }
    categories = {name: raw[name].fillna("").astype(str).to_numpy(dtype=object) for name in CATEGORICAL}
    figures = {
        "late_day_count": late,
        "complaint_count": complaints,
        "unanswered_count": unanswered,
        "contact_count": contacts,
        "overdue_minor": overdue,
    }
    figures |= {name: number(name) for name in NUMBERS if name not in figures}
    kept = {name: raw[name].to_numpy(dtype=object) for name in (*KEY, *WORDS)}
    return pd.DataFrame(kept | facts | categories | figures).astype({"customer_id": "int64"})


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
