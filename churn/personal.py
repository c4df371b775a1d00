"""What is reckoned about a customer: the score."""

from __future__ import annotations

from utility_crm.kit.personal import Holding, Personal
from utility_crm.web.words import mark

_FACTS = """
    select t.customer_id, n.name as fact,
           case when t.facts[n.place] = 'NaN' then null
                when jsonb_exists(l.layout->'words', n.name)
                    then l.layout->'words'->n.name->>cast(t.facts[n.place] as integer)
                when jsonb_exists(l.layout->'days', n.name)
                    then cast(date '0001-01-01' + cast(t.facts[n.place] as integer) - 1 as text)
                else cast(t.facts[n.place] as text) end as value
    from churn_facts t cross join churn_facts_layouts l
    cross join jsonb_array_elements_text(l.layout->'names') with ordinality as n (name, place)
    where t.customer_id = any(:people) order by t.customer_id, n.place
"""
"""By name, with days and words as they are said."""

PERSONAL = Personal(
    holdings=(
        Holding(
            "churn_scores",
            mark("Whether we think that you may leave, and why"),
            "t.customer_id = any(:people)",
            "delete",
            hidden=("model_id",),
        ),
        Holding(
            "churn_facts",
            mark("What that thought is made of"),
            "t.customer_id = any(:people)",
            "delete",
            out=_FACTS,
        ),
    ),
    apart={
        "churn_models": "weights of all customers together",
        "churn_runs": "means of all customers together",
        "churn_facts_layouts": "names of columns",
    },
)
