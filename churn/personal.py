"""What is reckoned about a customer: the score."""

from __future__ import annotations

from utility_crm.kit.personal import Holding, Personal
from utility_crm.web.words import mark

PERSONAL = Personal(
    holdings=(
        Holding(
            "churn_scores",
            mark("Whether we think that you may leave, and why"),
            "t.customer_id = any(:people)",
            "delete",
            hidden=("model_id",),
        ),
    ),
    apart={
        "churn_models": "weights of all customers together",
        "churn_runs": "means of all customers together",
    },
)
