"""`utility-crm churn train`, `score`, `fit`, `models`"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Annotated, Any

import typer
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from churn.commands.app import app
from churn.registered import Registered, registered
from churn.registry_words import STATES, VERDICTS
from churn.tables import ChurnScore
from utility_crm.kit.clock import utc_now
from utility_crm.kit.commands import AsJson, emit, speaking
from utility_crm.kit.database import unit_of_work
from utility_crm.kit.errors import Invalid
from utility_crm.kit.runtime import database
from utility_crm.kit.today import utility_today

AsOf = Annotated[
    datetime | None, typer.Option("--as-of", formats=["%Y-%m-%d"], help="the date; today by default")
]


@app.command()
def fit(as_of: AsOf = None, as_json: AsJson = False) -> None:
    """Learn a model from what is known on a date, then score everybody with the champion."""
    from churn.actions import fit_and_score  # frames and models, for this command alone

    now = utc_now()
    with speaking(as_json):
        with database() as engine, unit_of_work(engine) as session:
            done = fit_and_score(session, _day_of_list(session, as_of, now), now)
        document = {
            "status": done.status,
            "as_of": done.as_of.isoformat(),
            "customers": done.customers,
            "usual": done.usual,
            "model": done.model_id,
            "figures": dict(done.figures),
        }
        emit(document, as_json, lambda: _fit_words(document))
        if done.status != "scored":
            raise typer.Exit(1)


@app.command()
def train(as_of: AsOf = None, as_json: AsJson = False) -> None:
    """Learn a model and hold it against the champion; nobody is scored."""
    from churn.actions import train as learn

    now = utc_now()
    with speaking(as_json):
        with database() as engine, unit_of_work(engine) as session:
            done = learn(session, _day(as_of, now), now)
        document = {
            "status": done.status,
            "as_of": done.as_of.isoformat(),
            "model": done.model_id,
            "state": done.state,
            "why": done.why,
            "figures": dict(done.figures),
        }
        emit(document, as_json, lambda: _train_words(document))
        if done.status in ("too_few", "too_short"):
            raise typer.Exit(1)


@app.command()
def score(as_of: AsOf = None, as_json: AsJson = False) -> None:
    """Score everybody who is supplied on a date with the champion; the list is of that date then, which
    may not be before the list's own."""
    from churn.actions import score as score_everybody

    now = utc_now()
    with speaking(as_json):
        with database() as engine, unit_of_work(engine) as session:
            done = score_everybody(session, _day_of_list(session, as_of, now), now, again=True)
        document = {
            "status": done.status,
            "as_of": done.as_of.isoformat(),
            "customers": done.customers,
            "usual": done.usual,
            "model": done.model_id,
        }
        emit(document, as_json, lambda: _score_words(document))
        if done.status == "no_model":
            raise typer.Exit(1)


@app.command()
def models(as_json: AsJson = False) -> None:
    """The registry: every model with its state, what it learned from, and what a later time said of it."""
    with speaking(as_json), database() as engine, unit_of_work(engine) as session:
        found = registered(session)
        document = {"models": [_model_document(one) for one in found]}
        emit(document, as_json, lambda: "\n".join(map(_model_words, found)) or "No model yet.")


def _day_of_list(session: Session, as_of: datetime | None, now: datetime) -> date:
    """Raises Invalid, too, for a date before that of the list there is: the old would take its place."""
    day = _day(as_of, now)
    newest = session.scalar(select(func.max(ChurnScore.as_of)))
    if newest is not None and day < newest:
        raise Invalid(
            "as_of",
            f"the list is of {newest} already, and one of {day} would take its place; "
            "`churn evaluate` and the model card tell of earlier dates",
            "--as-of",
        )
    return day


def _day(as_of: datetime | None, now: datetime) -> date:
    """Raises Invalid for a date to come: its scores would take the place of today's."""
    today = utility_today(now)
    if as_of is None:
        return today
    if as_of.date() > today:
        raise Invalid(
            "as_of", f"{as_of.date()} is after today, {today}: nothing is known of it yet", "--as-of"
        )
    return as_of.date()


def _fit_words(document: Mapping[str, Any]) -> str:
    first = f"{document['status']}: {document['customers']} customers as of {document['as_of']}"
    return "\n".join([first, *_test_words(document["figures"])])


def _train_words(document: Mapping[str, Any]) -> str:
    first = f"model {document['model']}: {STATES[document['state']]}, {VERDICTS[document['why']]}"
    said = [f"{first} ({document['status']}, as of {document['as_of']})"]
    return "\n".join([*said, *_test_words(document["figures"])])


def _score_words(document: Mapping[str, Any]) -> str:
    if document["model"] is None:
        return "no champion yet: run `utility-crm churn train`"
    return (
        f"{document['status']}: {document['customers']} customers as of {document['as_of']} with model "
        f"{document['model']}, usual {document['usual']:.1%}"
    )


def _test_words(figures: Mapping[str, Any]) -> list[str]:
    test = figures.get("test")
    if not test:
        return []
    if not test["figures"]:
        return [f"tested on {test['date']}: {test['leavers']} left, too few to say"]
    found = test["figures"]
    return [
        f"tested on {test['date']}: {test['leavers']} of {test['customers']} left; "
        f"AUC {found['auc']:.3f} ({found['auc_low']:.3f} to {found['auc_high']:.3f}), "
        f"lift {found['lift']:.2f}, Brier {found['brier']:.4f} (usual {found['brier_usual']:.4f}), "
        f"said {found['predicted']:.1%}, happened {found['observed']:.1%}"
    ]


def _model_document(one: Registered) -> dict[str, Any]:
    return {
        "model": one.model_id,
        "state": one.state,
        "why": one.why,
        "as_of": one.as_of.isoformat(),
        "fitted_at": one.fitted_at.isoformat(),
        "champion_since": _written(one.champion_since),
        "retired_at": _written(one.retired_at),
        "retired_why": one.retired_why,
        "kind": one.kind,
        "fingerprint": one.fingerprint,
        "rows": one.rows,
        "leavers": one.leavers,
        "versions": dict(one.versions),
        "features": list(one.features),
        "feature_version": one.feature_version,
        "test": one.tested,
        "gain": one.gain,
    }


def _written(at: datetime | None) -> str | None:
    return None if at is None else at.isoformat()


def _model_words(one: Registered) -> str:
    why = VERDICTS.get(one.retired_why if one.state == "retired" else one.why, "")
    test = "" if one.tested is None else f", AUC {one.tested['auc']:.3f}, lift {one.tested['lift']:.2f}"
    data = f", data {one.fingerprint[:12]}" if one.fingerprint else ""
    return (
        f"{one.model_id:>5}  {one.state:<10}  as of {one.as_of}  {one.rows} rows, {one.leavers} left"
        f"{data}{test}  {why}"
    )
