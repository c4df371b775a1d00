"""What churn can be asked: session in, frozen values out. Neither frames nor models are loaded here."""

from churn.queries.cards import ModelCard, model_card
from churn.queries.leaving import (
    HIGH_TIMES_USUAL,
    PAGE_ROWS,
    Crowd,
    Leaver,
    Narrowed,
    areas,
    crowd,
    leavers,
    reasons_at_the_top,
)
from churn.queries.lost import Lost, lost, other_ends
from churn.queries.reasons import StoredReason
from churn.queries.scores import SCORE, CustomerScore, customer_score

__all__ = [
    "HIGH_TIMES_USUAL", "PAGE_ROWS", "SCORE", "Crowd", "CustomerScore", "Leaver", "Lost", "ModelCard",
    "Narrowed", "StoredReason", "areas", "crowd", "customer_score", "leavers", "lost", "model_card",
    "other_ends", "reasons_at_the_top",
]  # fmt: skip
