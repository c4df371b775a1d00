"""The knowledge base names no customer; who searched in it for what is words without a name."""

from __future__ import annotations

from utility_crm.kit.personal import Aging, Holding, Personal
from utility_crm.web.words import mark

HOUSE = "the house's own articles"

PERSONAL = Personal(
    holdings=(
        Holding(
            "article_misses",
            mark("Searches that found nothing"),
            "t.words ilike any(:like)",
            "delete",
            out=None,
        ),
        Holding(
            "article_votes",
            mark("What was missing in articles"),
            "t.missing ilike any(:like)",
            {"missing": "''"},
            out=None,
        ),
    ),
    agings=(
        Aging(
            "article_misses",
            mark("Searches that found nothing"),
            "article_misses",
            "last_at",
            12,
            mark("what nobody wrote in a year nobody misses"),
            old="t.last_at < :cut",
        ),
    ),
    apart={
        "articles": HOUSE,
        "article_versions": HOUSE,
        "article_words": HOUSE,
        "article_steps": HOUSE,
        "article_approvals": HOUSE,
    },
)
