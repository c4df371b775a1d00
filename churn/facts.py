"""What churn knows of everybody that segments may be made of."""

from __future__ import annotations

from utility_crm.kit.facts import FactOffer
from utility_crm.web.words import mark

FACTS = (
    FactOffer(
        "chance_to_leave",
        mark("Chance to leave"),
        "number",
        "select customer_id, score * 100 as value from churn_scores",
        unit="%",
    ),
)
