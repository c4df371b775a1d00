"""Groups of customers by which a model is checked, and never told: kind, area, language, needing care."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from sqlalchemy import BigInteger, bindparam, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Session

from churn.domain.feature_table import TextArray

BY = ("segment", "area", "language", "care")
CARE, NO_CARE = "care", "no_care"
MAIN_LANGUAGES = 2
"""Languages told by name; the others together are "other"."""
OTHER = "other"

_GROUPS = text(
    """
    with recursive root as (
        select id, name, id as node_id from network_nodes where parent_id is null
        union all
        select r.id, r.name, n.id from network_nodes n join root r on n.parent_id = r.node_id),
    supplied as (
        select distinct on (a.customer_id) a.customer_id, r.name as area
        from agreements g
        join accounts a on a.id = g.account_id
        join service_points s on s.id = g.service_point_id
        join premises p on p.id = s.premise_id
        join root r on r.node_id = p.node_id
        where a.customer_id = any(:customers)
        order by a.customer_id, g.starts_on, g.id)
    select c.id, c.segment, coalesce(p.area, ''), split_part(c.language, '-', 1),
           exists (select from customer_flags f where f.customer_id = c.id)
    from customers c
    left join supplied p on p.customer_id = c.id
    where c.id = any(:customers)
    """
).bindparams(bindparam("customers", type_=ARRAY(BigInteger())))


def groups_of(session: Session, customers: Sequence[int]) -> dict[str, TextArray]:
    """Of every kind of group in `BY`, the name of each customer's: text (customers,). As they are now."""
    found = {row[0]: row[1:] for row in session.execute(_GROUPS, {"customers": list(set(customers))})}
    unknown = ("", "", "", False)
    rows = [found.get(customer, unknown) for customer in customers]
    languages = [str(row[2]) for row in rows]
    often = sorted(set(languages), key=lambda one: (-languages.count(one), one))[:MAIN_LANGUAGES]
    columns = (
        [str(row[0]) for row in rows],
        [str(row[1]) for row in rows],
        [one if one in often else OTHER for one in languages],
        [CARE if row[3] else NO_CARE for row in rows],
    )
    return {by: np.array(names, dtype=object) for by, names in zip(BY, columns, strict=True)}
