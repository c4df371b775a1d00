"""Score everybody who is supplied with the champion, and say why."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import pandas as pd
from sqlalchemy import delete, select, text
from sqlalchemy.dialects.postgresql import insert as insert_or_update
from sqlalchemy.orm import Session

from churn.actions.registering import champion, is_usable, one_at_a_time
from churn.actions.supplied import supplies
from churn.actions.watching import came_true, drift_document, newest_over
from churn.domain.drift import Watched
from churn.domain.facts import CATEGORICAL, GROUP_OF, NUMERIC_NAMES
from churn.domain.feature_table import FloatArray
from churn.domain.kept import Kept
from churn.domain.models import Model, model_of
from churn.domain.reasons import grouped
from churn.domain.scoring import chance, points
from churn.features import features
from churn.kept_facts import frame_of, keep, kept_on
from churn.reason_documents import reason_documents
from churn.tables import ChurnModel, ChurnRun, ChurnScore
from churn.training import past
from utility_crm.kit.driver import driver_cursor
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


@dataclass(frozen=True, slots=True, eq=False)
class Judged:
    """chances: float64 (customers,); reasons: JSON of each."""

    chances: FloatArray
    reasons: list[str]


def score(session: Session, as_of: date, now: datetime, *, again: bool = False) -> Scored:
    """Score everybody supplied on `as_of` with the champion, from what is known on its morning.

    Repeating it for the date that was scored last changes nothing, unless `again` or under another champion,
    who finds the facts of that morning kept.
    """
    one_at_a_time(session)
    model = champion(session)
    if model is None or not is_usable(model_of(model.parameters)):
        return Scored("no_model", as_of, 0, 0.0, None)
    if not again and (known := _already(session, as_of, model.id)) is not None:
        return known
    over = newest_over(as_of)
    facts = None if again else kept_on(session, as_of)
    frame = features(session, [over] if facts is not None else [as_of, over], settings().timezone)
    if facts is None:
        facts = keep(session, as_of, now, frame[frame["as_of"] == as_of])
    drift = _drift(session, model, frame_of(facts), frame, over)
    return scored_from(session, as_of, now, facts, model, drift)


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


def scored_from(
    session: Session, as_of: date, now: datetime, facts: Kept, kept: ChurnModel, drift: Mapping[str, Any]
) -> Scored:
    """Judge everybody by facts that were read, and write it in place of the earlier scores."""
    found = judged(facts, model_of(kept.parameters))
    session.execute(delete(ChurnScore))
    written(session, facts, found, kept.id, as_of)
    usual = float(found.chances.mean()) if len(facts) else 0.0
    run = {
        "model_id": kept.id,
        "scored_at": now,
        "customers": len(facts),
        "usual": usual,
        "drift": dict(drift),
    }
    session.execute(
        insert_or_update(ChurnRun)
        .values(as_of=as_of, **run)
        .on_conflict_do_update(index_elements=[ChurnRun.as_of], set_=run)
    )
    return Scored("scored", as_of, len(facts), usual, kept.id)


def judged(facts: Kept, model: Model) -> Judged:
    """What the model says of everybody, and why."""
    terms = model.terms(facts.table(NUMERIC_NAMES, CATEGORICAL))
    chances = chance(terms.sum(axis=1) + model.intercept)
    usual_terms = terms.mean(axis=0) if len(facts) else terms.sum(axis=0)
    why = grouped(points(terms, model.intercept, usual_terms), model.facts, GROUP_OF)
    return Judged(chances, reason_documents(facts, why))


def written(session: Session, facts: Kept, found: Judged, model_id: int, as_of: date) -> None:
    """Write all rows by one COPY; a backslash is the only mark of it that JSON may have."""
    rows = "".join(
        f"{customer}\t{model_id}\t{as_of}\t{score!r}\t{why}\n"
        for customer, score, why in zip(
            facts.customer_ids.tolist(), found.chances.tolist(), found.reasons, strict=True
        )
    )
    told = "copy churn_scores (customer_id, model_id, as_of, score, reasons) from stdin"
    with driver_cursor(session) as cursor, cursor.copy(told) as copy:
        copy.write(rows.replace("\\", "\\\\"))
    session.execute(text("analyze churn_scores"))  # or whoever reads them next has a plan for a table of none
