"""What surveys keep of a customer: what they answered."""

from __future__ import annotations

from utility_crm.kit.personal import Aging, Holding, Personal
from utility_crm.web.words import mark

PERSONAL = Personal(
    holdings=(
        Holding(
            "survey_answers",
            mark("Answers to surveys"),
            "t.survey_id in (select id from surveys s where s.customer_id = any(:people))",
            {"comment": "''"},
        ),
        Holding(
            "surveys",
            mark("Surveys"),
            "t.customer_id = any(:people)",
            {"comment": "''"},
            hidden=("user_id", "team_id", "reason"),
            sweeps=("comment",),
        ),
    ),
    agings=(
        Aging(
            "survey_comments",
            mark("Words of answers to surveys"),
            "surveys",
            "decided_at",
            24,
            mark("as long as its figures are looked at"),
            old="t.decided_at < :cut and t.comment <> ''",
            now={"comment": "''"},
            person="t.customer_id",
        ),
    ),
    apart={"survey_plans": "the house's own: which questions are asked when"},
)
