"""Churn's part of the demo utility: the model learns from what the plan let happen, and everybody is
scored."""

from __future__ import annotations

from datetime import UTC, datetime, time

from churn.actions import fit_and_score
from utility_crm.demo.context import DemoBuild


def build(context: DemoBuild) -> None:
    """Fit and score as the clock does each morning, on the as-of date."""
    as_of = context.plan.as_of
    with context.steps.step("Who may leave"), context.session() as session:
        fit_and_score(session, as_of, datetime.combine(as_of, time(6, 30), UTC))
        context.analyse("churn_scores")
