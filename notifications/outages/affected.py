"""What an outage reaches, as a part of other statements: for a lateral join with `outages`."""

from __future__ import annotations

# The nodes below the outage's own and those of its second reports, without the parts that came back earlier.
PLACES_OFF = """
    with recursive below as (
        (select outages.node_id as id
         union
         select second.node_id from outages as second where second.merged_into = outages.id)
        union
        select node.id from network_nodes as node join below on node.parent_id = below.id
    ), back as (
        select part.node_id as id from outages as part where part.split_from = outages.id
        union
        select node.id from network_nodes as node join back on node.parent_id = back.id
    )
    select id from below where not exists (select from back where back.id = below.id)
"""

# Customers there now (`:now` is the present instant), as the figures of reliability count them: premises
# where somebody is supplied. An array of nodes, since of a common table nobody knows how few it will hold.
CUSTOMERS_OFF = f"""
    select count(*) as customers from premises
    where premises.node_id = any (array(select off.id from ({PLACES_OFF}) as off))
      and exists (select from occupancies
                  where occupancies.premise_id = premises.id
                    and occupancies.starts_on <= cast(cast(:now as timestamptz) as date)
                    and (occupancies.ends_before is null
                         or occupancies.ends_before > cast(cast(:now as timestamptz) as date)))
"""
