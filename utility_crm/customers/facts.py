"""What the ground knows of everybody that segments may be made of."""

from __future__ import annotations

from utility_crm.kit.facts import FactOffer
from utility_crm.web.words import mark

_NOW = "o.starts_on <= :today and (o.ends_before is null or o.ends_before > :today)"
_LIVE = f"from occupancies o join premises p on p.id = o.premise_id and {_NOW}"
_AREAS = """select n.id, coalesce(g.code, f.code, n.code) as code from network_nodes n
    left join network_nodes f on f.id = n.parent_id left join network_nodes g on g.id = f.parent_id"""

FACTS = (
    FactOffer(
        "customer_kind",
        mark("Household or business"),
        "choice",
        "select id as customer_id, segment as value from customers",
        words={
            "household": mark("household"),
            "small_business": mark("small business"),
            "industry": mark("industry"),
        },
    ),
    FactOffer(
        "area",
        mark("Area"),
        "choice",
        f"select o.customer_id, r.code as value {_LIVE} join ({_AREAS}) r on r.id = p.node_id",
        choices="select code, name from network_nodes where parent_id is null order by name",
        several=True,
    ),
    FactOffer(
        "city",
        mark("City"),
        "choice",
        f"select o.customer_id, p.city as value {_LIVE} where p.city <> ''",
        choices="select distinct city, city as name from premises where city <> '' order by city limit 200",
        several=True,
    ),
    FactOffer(
        "language",
        mark("Language"),
        "choice",
        "select id as customer_id, language as value from customers",
        words={"en": mark("English"), "ru": mark("Russian")},
        choices="select distinct language, language as name from customers order by language",
    ),
    FactOffer(
        "customer_since",
        mark("Customer since"),
        "date",
        "select id as customer_id, since as value from customers",
    ),
    FactOffer(
        "tag",
        mark("Tag"),
        "choice",
        "select id as customer_id, unnest(tags) as value from customers where tags <> '{}'",
        choices="select distinct tag, tag as name from customers, unnest(tags) as tag order by tag limit 200",
        several=True,
        absent_is_none=True,
    ),
    FactOffer(
        "needs_care",
        mark("Needs care"),
        "yes-no",
        "select customer_id, true as value from customer_flags",
        several=True,
        absent_is_none=True,
        leave_out_only=True,
    ),
)
"""Vulnerability and medical need are there to be left out of a segment alone, in one word: nobody is chosen
for them, and no segment tells which of them it was."""
