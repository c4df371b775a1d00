"""What campaigns keep of a customer: which they were drawn into, what was said, and points."""

from __future__ import annotations

from utility_crm.kit.personal import Holding, Personal
from utility_crm.web.words import mark

PERSONAL = Personal(
    holdings=(
        Holding(
            "loyalty_points",
            mark("Loyalty points"),
            "t.customer_id = any(:people)",
            "delete",
            hidden=("member_id",),
        ),
        Holding(
            "campaign_members",
            mark("Offers that you were drawn for, and your answers"),
            "t.customer_id = any(:people)",
            "delete",
            hidden=(
                "answered_by",
                "before_minor",
                "billed_minor",
                "called_by",
                "held_until",
                "margin_minor",
                "stratum",
            ),
        ),
    ),
    apart={
        "campaigns": "the house's own: what is offered",
        "campaign_arms": "the house's own: words of offers",
        "campaign_days": "sums over all customers",
        "campaign_verdicts": "differences between sums over all customers",
        "campaign_counts": "sums over all customers",
        "campaign_events": "what was done to a campaign, by whom of us",
        "campaign_keys": "secrets that lots are drawn by",
    },
)
