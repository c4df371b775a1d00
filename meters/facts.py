"""What meters know of everybody that segments may be made of."""

from __future__ import annotations

from utility_crm.kit.facts import FactOffer
from utility_crm.web.words import mark

_AT_HOME = """join service_points s on s.id = h.service_point_id
    join occupancies o on o.premise_id = s.premise_id and o.starts_on <= :today
        and (o.ends_before is null or o.ends_before > :today)"""
SENT_DAYS = 60
"""Whose meter sent nothing for longer is not read remotely, whatever it can."""

FACTS = (
    FactOffer(
        "read_remotely",
        mark("Meter read remotely"),
        "yes-no",
        f"""select distinct o.customer_id, true as value from channel_spans n
            join channels h on h.id = n.channel_id {_AT_HOME}
            where n.readings > 1 and n.last_day >= :today - {SENT_DAYS}""",
        absent_is_none=True,
    ),
    FactOffer(
        "feeds_in",
        mark("Feeds energy in"),
        "yes-no",
        f"""select distinct o.customer_id, true as value from channels h {_AT_HOME}
            where h.direction = 'export' and h.unit = 'kWh'""",
        absent_is_none=True,
    ),
)
