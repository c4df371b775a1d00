"""What value keeps of a customer: what they are worth to us, worked out anew each day."""

from __future__ import annotations

from utility_crm.kit.personal import Holding, Personal
from utility_crm.web.words import mark

PERSONAL = Personal(
    holdings=(
        Holding(
            "customer_values",
            mark("What you bring us, and what we would do next"),
            "t.customer_id = any(:people)",
            "delete",
        ),
    ),
    apart={
        "cost_rates": "the house's own: what purchase and network cost",
        "value_days": "sums over all customers",
    },
)
