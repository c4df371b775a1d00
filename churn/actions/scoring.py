"""Score everybody who is supplied with the champion, and say why."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import pandas as pd
from sqlalchemy import delete, insert, select
from sqlalchemy.dialects.postgresql import insert as insert_or_update
from sqlalchemy.orm import Session

from churn.actions.registering import champion, is_usable, one_at_a_time
from churn.actions.supplied import supplies
from churn.actions.watching import came_true, drift_document, newest_over
from churn.domain.drift import Watched
from churn.domain.facts import CATEGORICAL, GROUP_OF, NUMERIC_NAMES
from churn.domain.models import model_of
from churn.domain.reasons import grouped
from churn.domain.scoring import points
from churn.features import features
from churn.model import table_of
from churn.reason_documents import reason_document
from churn.tables import ChurnModel, ChurnRun, ChurnScore
from churn.training import past
from utility_crm.kit.settings import settings


@dataclass(frozen=True, slots=True)
class Scored:
    """What a run did. status: `scored`; `unchanged`, where the champion has scored this date before;
    `no_model`, nobody is champion yet, or it asks for what is no longer known. usual: the mean chance."""

    status: str
    as_of: date
    customers: int
    usual: float
    model_id: int | None


def score(session: Session, as_of: date, now: datetime, *, again: bool = False) -> Scored:
    """Score everybody supplied on `as_of` with the champion, from what is known on its morning.

    Repeating it for the date that was scored last changes nothing, unless `again` or under another champion.
    """
    one_at_a_time(session)
    model = champion(session)
    if model is None or not is_usable(model_of(model.parameters)):
        return Scored("no_model", as_of, 0, 0.0, None)
    if not again and (known := _already(session, as_of, model.id)) is not None:
        return known
    over = newest_over(as_of)
    frame = features(session, [as_of, over], settings().timezone)
    present = frame[frame["as_of"] == as_of].reset_index(drop=True)
    drift = _drift(session, model, present, frame, over)
    return _scored(session, as_of, now, present, model, drift)


def _drift(
    session: Session, kept: ChurnModel, present: pd.DataFrame, frame: pd.DataFrame, over: date
) -> dict[str, Any]:
    """What changed since the champion learned. A model that learned after the newest window that is over has
    seen its outcomes; of its twin, which had not, is asked whether it came true."""
    watched = Watched.read(kept.watched)
    if watched is None or not len(present):
        return {}
    honest = kept.parameters if kept.as_of <= over else kept.twin
    checked = None
    if honest and (frame["as_of"] == over).any():
        true = came_true(past(frame, supplies(session), [over]), model_of(honest))
        checked = None if true is None else (over, true)
    return drift_document(watched, present, model_of(kept.parameters), checked)


def _already(session: Session, as_of: date, model_id: int) -> Scored | None:
    last = session.scalar(
        select(ChurnRun).order_by(ChurnRun.scored_at.desc(), ChurnRun.as_of.desc()).limit(1)
    )
    if last is None or (last.as_of, last.model_id) != (as_of, model_id):
        return None
    return Scored("unchanged", as_of, last.customers, last.usual, model_id)


def _scored(
    session: Session,
    as_of: date,
    now: datetime,
    present: pd.DataFrame,
    kept: ChurnModel,
    drift: Mapping[str, Any],
) -> Scored:
    model = model_of(kept.parameters)
    table = table_of(present, NUMERIC_NAMES, CATEGORICAL)
    terms = model.terms(table)
    chances = model.chances(table)
    usual_terms = terms.mean(axis=0) if len(present) else terms.sum(axis=0)
    why = grouped(points(terms, model.intercept, usual_terms), model.facts, GROUP_OF).reasons()
    session.execute(delete(ChurnScore))
    rows = [
        {
            "customer_id": record["customer_id"],
            "model_id": kept.id,
            "as_of": as_of,
            "score": chance,
            "reasons": [reason_document(reason, record) for reason in reasons],
        }
        for record, chance, reasons in zip(present.to_dict("records"), chances.tolist(), why, strict=True)
    ]
    if rows:
        session.execute(insert(ChurnScore), rows)
    usual = float(chances.mean()) if rows else 0.0
    run = {
        "model_id": kept.id,
        "scored_at": now,
        "customers": len(rows),
        "usual": usual,
        "drift": dict(drift),
    }
    session.execute(
        insert_or_update(ChurnRun)
        .values(as_of=as_of, **run)
        .on_conflict_do_update(index_elements=[ChurnRun.as_of], set_=run)
    )
    return Scored("scored", as_of, len(rows), usual, kept.id)
