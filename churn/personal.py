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

_THEIRS = "cast(x->>'customer_id' as bigint)"
"""Whose an element of `churn_models.figures->'lost'` is: who left in the test, with what was said of them."""

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
        Holding(
            "churn_models",
            mark("What we thought before your supply ended"),
            f"""exists (select from jsonb_array_elements(t.figures->'lost') x
                        where {_THEIRS} = any(:people))""",
            {
                "figures": f"""jsonb_set(t.figures, '{{lost}}', coalesce(
                    (select jsonb_agg(x order by place)
                     from jsonb_array_elements(t.figures->'lost') with ordinality as told (x, place)
                     where {_THEIRS} <> all(:people)), '[]'))"""
            },
            out=f"""select {_THEIRS} as customer_id, t.figures#>>'{{test,date}}' as as_of,
                           x->>'score' as chance, x->>'rank' as place
                    from churn_models t cross join jsonb_array_elements(t.figures->'lost') x
                    where {_THEIRS} = any(:people) order by t.id""",
        ),
    ),
    apart={
        "churn_runs": "means of all customers together",
        "churn_facts_layouts": "names of columns",
    },
)
