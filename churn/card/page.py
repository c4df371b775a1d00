"""The page of the model's card: six questions, answered from what is stored."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
from sqlalchemy.orm import Session

from churn.card.curves import FactCurve, LifeCurves, NamedFact, fact_curves, life_curves, named_facts
from churn.domain.drift import CAME_TRUE
from churn.domain.models import model_of
from churn.domain.survival import HORIZONS, MonthlyHazard
from churn.registered import InUse, Registered, Run, last_run, model_in_use, registered
from churn.registry_words import VERDICTS, WATCHED_WORDS
from churn.words import Words

QUESTIONS = ("good", "facts", "fair", "changed", "when", "models")
MEASURES = ("roc_auc", "pr_auc", "top_decile_lift", "calibration_error")


@dataclass(frozen=True, slots=True)
class Beside:
    """A model's figures on the same later customers. who: `in_use`, `challenger`, `before`, `baseline`;
    figures: by measure (value, low, high)."""

    who: str
    model_id: int | None
    figures: Mapping[str, Sequence[float]]


@dataclass(frozen=True, slots=True)
class LostWithin:
    """The chance to be lost within some months of a customer with the usual chance, and of one with twice it;
    seen: whether so many months have been seen."""

    months: int
    usual: float
    twice: float
    seen: bool


@dataclass(frozen=True, slots=True)
class CardPage:
    """Everything the template shows. Parts of questions that were not chosen are empty."""

    chosen: str
    model: InUse | None
    run: Run | None
    models: tuple[Registered, ...]
    beside: tuple[Beside, ...]
    groups: tuple[Mapping[str, Any], ...]
    off: int
    news: tuple[str, ...]
    survival: Mapping[str, Any]
    strongest: str = ""
    curves: tuple[FactCurve, ...] = ()
    named: tuple[NamedFact, ...] = ()
    lives: LifeCurves | None = None
    within: tuple[LostWithin, ...] = ()

    @property
    def came_true(self) -> Mapping[str, Any] | None:
        """What was said on the newest date whose window is over, and what happened."""
        found: Mapping[str, Any] | None = self.run.drift.get(CAME_TRUE) if self.run else None
        return found

    @property
    def tested_on(self) -> date | None:
        written = self.model.figures.get("test", {}).get("date") if self.model else None
        return None if written is None else date.fromisoformat(written)


def card_page(session: Session, chosen: str, language: str) -> CardPage:
    """The page with one question answered in full; the others in short."""
    words = Words(language)
    model = model_in_use(session)
    run = last_run(session)
    models = tuple(registered(session))
    if model is None:
        return CardPage(chosen, None, None, models, (), (), 0, (), {})
    figures = model.figures
    groups = tuple(figures.get("fairness", ()))
    usual = run.usual if run else 0.0
    curves = fact_curves(model_of(model.parameters), model.watched, language)
    survival = figures.get("survival", {})
    return CardPage(
        chosen,
        model,
        run,
        models,
        _beside(model, models),
        groups,
        sum(not one["low"] <= one["said"] <= one["high"] for by in groups for one in by["groups"]),
        tuple(words._(WATCHED_WORDS.get(name, name)) for name in (run.news if run else ())),
        survival,
        words.fact(curves[0].fact) if curves else "",
        curves if chosen == "facts" else (),
        named_facts(model_of(model.parameters)) if chosen == "facts" else (),
        life_curves(survival.get("curves", ())) if chosen == "when" else None,
        _within(survival.get("hazard"), usual),
    )


def _beside(model: InUse, models: Sequence[Registered]) -> tuple[Beside, ...]:
    """The newest comparison that the model in use had part in."""
    waiting = next((one for one in models if one.state == "challenger" and one.compared), None)
    found = waiting.compared if waiting is not None else model.figures.get("compared")
    if not found or (waiting is not None and found["champion_id"] != model.model_id):
        found, waiting = model.figures.get("compared"), None
    if not found:
        return ()
    before = found["champion_id"]
    roles: dict[str, tuple[str, int | None]] = (
        {"champion": ("in_use", model.model_id), "challenger": ("challenger", waiting.model_id)}
        if waiting is not None
        else {"challenger": ("in_use", model.model_id), "champion": ("before", before)}
    )
    roles["baseline"] = ("baseline", None)
    order = ("in_use", "challenger", "before", "baseline")
    rows = [Beside(roles[role][0], roles[role][1], figures) for role, figures in found["models"].items()]
    return tuple(sorted(rows, key=lambda row: order.index(row.who)))


def _within(hazard: Mapping[str, Any] | None, usual: float) -> tuple[LostWithin, ...]:
    if hazard is None or not usual:
        return ()
    read = MonthlyHazard.read(hazard)
    said = read.lost_within(np.array([usual, min(2 * usual, 0.95)]), max(HORIZONS))
    return tuple(
        LostWithin(months, float(said[0, months - 1]), float(said[1, months - 1]), months <= read.seen)
        for months in HORIZONS
    )


def why(model: Registered) -> str:
    """The word to be translated of why a model is in its state."""
    return VERDICTS.get(model.retired_why if model.state == "retired" else model.why, "")
