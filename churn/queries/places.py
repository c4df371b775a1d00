"""Where customers are supplied."""

from __future__ import annotations

# One place for each customer: that of their oldest supply. Whoever has no supply without an end has left, or
# has said so, and is nobody to be kept. Worked out once, whatever the planner thinks of tables just filled.
PLACES = """
    with recursive root as (
        select id, code, name, id as node_id from network_nodes where parent_id is null
        union all
        select r.id, r.code, r.name, n.id from network_nodes n join root r on n.parent_id = r.node_id),
    supplied as materialized (
        select distinct on (a.customer_id) a.customer_id, t.name as tariff,
               r.code as area_code, coalesce(r.name, '') as area
        from agreements g
        join accounts a on a.id = g.account_id
        join tariffs t on t.id = g.tariff_id
        join service_points s on s.id = g.service_point_id
        left join premises p on p.id = s.premise_id
        left join root r on r.node_id = p.node_id
        where {which}
        order by a.customer_id, g.starts_on, g.id)
"""
"""SQL: of each customer the oldest supply that fits `which`, its tariff and area, as `supplied`."""
