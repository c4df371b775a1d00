"""Fit the model on what is known, and score everybody who is supplied.

Loads frames and scikit-learn: for jobs, commands and the demo's build, never for the web process.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import numpy as np
import pandas as pd
from sqlalchemy import delete, func, insert, select, text
from sqlalchemy.orm import Session

from billing.tables import Agreement, Bill
from churn.domain.facts import CATEGORICAL, GROUP_OF, NUMERIC_NAMES
from churn.domain.label import Supply
from churn.domain.models import model_of
from churn.domain.reasons import Reason, grouped
from churn.domain.scoring import points
from churn.domain.split import TimeSplit, time_split
from churn.features import features
from churn.model import table_of
from churn.tables import ChurnModel, ChurnScore
from churn.training import Learned, learn
from utility_crm.customers.tables import Account
from utility_crm.kit.settings import settings

_ONE_AT_A_TIME = 7_304_001  # advisory lock: fitting twice at once helps nobody

FIGURES_OF = {
    "bill_up": ("step_minor", "before_minor", "shock_minor", "shock_before_minor", "shock_on"),
    "bill_year": ("same_minor", "year_minor"),
    "price_rise": ("price_rise_minor",),
    "tariff_fit": ("saving_minor", "cheaper", "night_flat"),
    "arrears": ("overdue_minor", "late_day_count"),
    "complaints": ("complaint_count", "unanswered_count", "unanswered_days"),
    "contacts": ("contact_count",),
    "estimated": ("estimated_bills", "bills"),
    "tenure": ("since",),
    "service_points": ("service_points",),
    "export": ("export",),
    "segment": ("segment",),
    "tariff": ("tariff_name",),
    "payment_method": ("payment_method",),
}
"""The customer's own figures that each reason is said with; `currency` goes with every one."""


@dataclass(frozen=True, slots=True)
class Scored:
    """What a run did. status: `scored`; `unchanged`, where this date was scored before; `too_short`, no
    history to learn from and test on; `too_few`, too few have left. `figures` as `churn.training.learn`
    gives them."""

    status: str
    as_of: date
    customers: int
    model_id: int | None
    figures: Mapping[str, Any]


def fit_and_score(session: Session, as_of: date, now: datetime, *, again: bool = False) -> Scored:
    """Fit the model on windows that are over on the morning of `as_of`, and score everybody supplied then.

    Repeating it for a date that was scored changes nothing, unless `again`. Where no model can be made,
    earlier scores stay as they are and the attempt is kept, so that the page can say why.
    """
    session.execute(text("select pg_advisory_xact_lock(:lock)"), {"lock": _ONE_AT_A_TIME})
    if not again and (known := _already(session, as_of)) is not None:
        return known
    first_bill_on = session.scalar(select(func.min(Bill.issued_on)).where(Bill.status == "issued"))
    split = None if first_bill_on is None else time_split(as_of, first_bill_on)
    if split is None:
        return _kept(session, as_of, now, "too_short", Learned(None, {}))
    frame = features(session, [as_of, *split.known], settings().timezone)
    learned = _learned(session, frame, split)
    if learned.model is None:
        return _kept(session, as_of, now, "too_few", learned)
    return _scored(session, as_of, now, frame[frame["as_of"] == as_of], learned)


def _already(session: Session, as_of: date) -> Scored | None:
    last = session.execute(
        select(ChurnModel.id, ChurnModel.as_of, ChurnModel.figures).order_by(ChurnModel.id.desc()).limit(1)
    ).first()
    if last is None or last.as_of != as_of or last.figures["status"] != "scored":
        return None
    count = session.scalar(select(func.count()).select_from(ChurnScore).where(ChurnScore.model_id == last.id))
    return Scored("unchanged", as_of, count or 0, last.id, last.figures)


def _learned(session: Session, frame: pd.DataFrame, split: TimeSplit) -> Learned:
    rows = session.execute(
        select(Account.customer_id, Agreement.starts_on, Agreement.ends_before, Agreement.end_reason).join(
            Account, Account.id == Agreement.account_id
        )
    )
    supplies: dict[int, list[Supply]] = {}
    for customer_id, starts_on, ends_before, end_reason in rows:
        supplies.setdefault(customer_id, []).append(Supply(starts_on, ends_before, end_reason))
    return learn(frame, supplies, split)


def _kept(session: Session, as_of: date, now: datetime, status: str, learned: Learned) -> Scored:
    """Keep the model, or the attempt. A second vain attempt for a date takes the place of the first."""
    document = {"status": status, **learned.figures}
    if learned.model is None:
        last = session.scalar(select(ChurnModel).order_by(ChurnModel.id.desc()).limit(1))
        if last is not None and last.as_of == as_of and last.figures["status"] == status:
            last.fitted_at, last.figures = now, document
            session.flush()
            return Scored(status, as_of, 0, last.id, document)
    parameters = {} if learned.model is None else learned.model.document()
    model = ChurnModel(fitted_at=now, as_of=as_of, parameters=parameters, figures=document)
    session.add(model)
    session.flush()
    return Scored(status, as_of, 0, model.id, document)


def _scored(session: Session, as_of: date, now: datetime, present: pd.DataFrame, learned: Learned) -> Scored:
    assert learned.model is not None
    model = model_of(learned.model.document())  # score from what is stored, so that both are one
    table = table_of(present, NUMERIC_NAMES, CATEGORICAL)
    terms = model.terms(table)
    chances = model.chances(table)
    usual_terms = terms.mean(axis=0)
    why = grouped(points(terms, model.intercept, usual_terms), model.facts, GROUP_OF).reasons()
    figures = learned.figures | {"usual": float(chances.mean())}
    kept = _kept(session, as_of, now, "scored", Learned(model, figures))
    session.execute(delete(ChurnScore))
    rows = [
        {
            "customer_id": record["customer_id"],
            "model_id": kept.model_id,
            "as_of": as_of,
            "score": chance,
            "reasons": [_reason_document(reason, record) for reason in reasons],
        }
        for record, chance, reasons in zip(present.to_dict("records"), chances.tolist(), why, strict=True)
    ]
    session.execute(insert(ChurnScore), rows)
    return Scored("scored", as_of, len(rows), kept.model_id, kept.figures)


def _reason_document(reason: Reason, record: Mapping[Any, Any]) -> dict[str, Any]:
    """A reason as it is stored: its group, its points, and the figures it is said with."""
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
