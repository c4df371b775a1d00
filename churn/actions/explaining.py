"""A customer's chance taken apart: every fact with what it adds, so that nothing is left over."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
from sqlalchemy import select
from sqlalchemy.orm import Session

from churn.actions.registering import is_usable
from churn.domain.facts import CATEGORICAL, GROUP_OF, NUMERIC, NUMERIC_NAMES, natural
from churn.domain.feature_table import FeatureTable
from churn.domain.kept import Kept
from churn.domain.models import model_of
from churn.domain.reasons import grouped
from churn.domain.scoring import chance, points
from churn.features import features
from churn.kept_facts import kept_on, packed
from churn.reason_documents import FIGURES_OF
from churn.tables import ChurnModel, ChurnScore
from utility_crm.customers.tables import Customer
from utility_crm.kit.errors import NotFound, Refused
from utility_crm.kit.settings import settings
from utility_crm.web.words import mark

_KINDS = {fact.name: fact.kind for fact in NUMERIC}


@dataclass(frozen=True, slots=True)
class Term:
    """One fact. value: as people say it (a ratio less one, days, years), None where unknown. log_odds: what
    it adds to them; usual_log_odds: what it adds on average over everybody. points: percentage points
    against the average customer."""

    fact: str
    group: str
    value: float | str | None
    log_odds: float
    usual_log_odds: float
    points: float


@dataclass(frozen=True, slots=True)
class Explained:
    """intercept and the terms' log-odds add up to log_odds, whose chance is `chance`; average (the chance of
    a customer average in every fact) and the points, over 100, add up to `chance`. usual: the mean of
    everybody's. stored: what was kept when everybody was scored. reasons: points by group of facts, the
    largest first, with the figures that they are said with."""

    customer_id: int
    number: str
    as_of: date
    model_id: int
    chance: float
    stored: float
    usual: float
    average: float
    intercept: float
    log_odds: float
    terms: tuple[Term, ...]
    reasons: tuple[Mapping[str, Any], ...]

    @property
    def is_as_stored(self) -> bool:
        """Whether the facts of the day are still what they were when everybody was scored: what the tables
        keep no history of may have been changed since."""
        return abs(self.chance - self.stored) < 1e-9


def explain(session: Session, number: str) -> Explained:
    """Raises NotFound for nobody's number, Refused where the customer has not been scored, was not supplied
    on that day after all, or the model asks for a fact that is no longer known."""
    customer_id = session.scalar(select(Customer.id).where(Customer.number == number))
    if customer_id is None:
        raise NotFound("customer", mark("There is no customer %(number)s."), number=number)
    stored = session.scalar(select(ChurnScore).where(ChurnScore.customer_id == customer_id))
    if stored is None:
        raise Refused("not_scored", mark("Customer %(number)s has not been scored."), number=number)
    facts = kept_on(session, stored.as_of)
    if facts is None:  # another morning's are kept by now
        facts = packed(features(session, [stored.as_of], settings().timezone))
    places = np.flatnonzero(facts.customer_ids == customer_id)
    model = model_of(session.get_one(ChurnModel, stored.model_id).parameters)
    if not places.size or not is_usable(model):
        words = mark("The score of customer %(number)s is out of date: score anew.")
        raise Refused("score_outlived", words, number=number)
    place = places[0]
    table = facts.table(NUMERIC_NAMES, CATEGORICAL)
    terms = model.terms(table)
    usual_terms = terms.mean(axis=0)
    moved = points(terms[[place]], model.intercept, usual_terms)
    log_odds = float(terms[place].sum() + model.intercept)
    found = grouped(moved, model.facts, GROUP_OF)
    by_points = sorted(zip(found.groups, found.points[0].tolist(), strict=True), key=lambda one: -one[1])
    return Explained(
        customer_id,
        number,
        stored.as_of,
        stored.model_id,
        float(chance(np.array([log_odds]))[0]),
        stored.score,
        float(model.chances(table).mean()),
        float(chance(np.array([usual_terms.sum() + model.intercept]))[0]),
        model.intercept,
        log_odds,
        tuple(
            Term(fact, GROUP_OF[fact], _said(fact, table, place), term, usual, one)
            for fact, term, usual, one in zip(
                model.facts,
                terms[place].tolist(),
                usual_terms.tolist(),
                moved[0].tolist(),
                strict=True,
            )
        ),
        tuple(
            {"group": group, "points": one, "figures": _figures(facts, group, place)}
            for group, one in by_points
        ),
    )


def _figures(facts: Kept, group: str, place: np.intp) -> dict[str, Any]:
    """What a reason is said with."""
    rows = np.array([place])
    return {name: json.loads(facts.json(name, rows)[0]) for name in (*FIGURES_OF[group], "currency")}


def _said(fact: str, table: FeatureTable, place: np.intp) -> float | str | None:
    if fact in CATEGORICAL:
        return str(table.categorical[fact][place])
    value = float(table.numeric[fact][place])
    return None if np.isnan(value) else float(natural(_KINDS[fact], np.array([value]))[0])
