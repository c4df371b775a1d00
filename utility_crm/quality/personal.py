"""Customers kept twice: who was compared with whom, and merged."""

from __future__ import annotations

from utility_crm.kit.personal import Aging, Holding, Personal
from utility_crm.web.words import mark

PERSONAL = Personal(
    holdings=(
        Holding(
            "merge_rows",
            mark("Rows of merges"),
            """t.merge_id in (select id from merges m
                where m.keep_id = any(:people) or m.gone_id = any(:people))""",
            "delete",
            out=None,
        ),
        Holding(
            "merges",
            mark("When you were kept twice"),
            "(t.keep_id = any(:people) or t.gone_id = any(:people))",
            "delete",
            out="""select t.at, t.undone_at from merges t
                   where t.keep_id = any(:people) or t.gone_id = any(:people) order by t.at""",
        ),
        Holding(
            "duplicate_pairs",
            mark("Who may be kept twice"),
            "(t.customer_a = any(:people) or t.customer_b = any(:people))",
            "delete",
            out=None,
            withheld=mark("It names others, who may be somebody else (GDPR, art. 15(4))."),
        ),
    ),
    agings=(
        Aging(
            "duplicate_pairs",
            mark("Pairs said to be two"),
            "duplicate_pairs",
            "decided_at",
            60,
            mark("so that nobody is asked again soon"),
            old="t.decided_at < :cut and t.state <> 'open'",
            person="t.customer_a, t.customer_b",
        ),
    ),
)
