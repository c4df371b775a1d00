"""What notices and outages know of everybody that segments may be made of."""

from __future__ import annotations

from notifications.outages.affected import PLACES_OFF
from utility_crm.kit.facts import FactOffer
from utility_crm.web.words import mark

FACTS = (
    FactOffer(
        "may_be_written_to",
        mark("May be written to with offers"),
        "choice",
        """select customer_id, channel as value from (
               select distinct on (customer_id, channel) customer_id, channel, granted from consents
               where purpose = 'marketing' order by customer_id desc, channel desc, at desc, id desc) said
           where granted""",
        words={
            "email": mark("by e-mail"),
            "sms": mark("by SMS"),
            "messenger": mark("by messenger"),
            "push": mark("by push message"),
            "letter": mark("by letter"),
            "call": mark("by telephone"),
        },
        several=True,
        absent_is_none=True,
    ),
    FactOffer(
        "outage_minutes",
        mark("Minutes without supply in 12 months"),
        "number",
        f"""select a.customer_id, round(sum(extract(epoch from
                least(x.back_at, cast(:now as timestamptz)) - x.starts_at) / 60)) as value
            from (select outages.id, off.id as node, outages.starts_at,
                      coalesce(outages.restored_at, outages.ends_at) as back_at
                  from outages cross join lateral ({PLACES_OFF}) as off
                  where outages.merged_into is null and outages.withdrawn_at is null
                    and outages.starts_at < :now
                    and outages.starts_at >= cast(:now as timestamptz) - interval '12 months'
                    and (outages.restored_at is not null or outages.planned and outages.ends_at <= :now)) x
            join premises p on p.node_id = x.node
            join occupancies o on o.premise_id = p.id
                and o.starts_on <= cast(x.starts_at at time zone p.timezone as date)
                and (o.ends_before is null
                     or o.ends_before > cast(x.starts_at at time zone p.timezone as date))
            join accounts a on a.id = o.account_id
            group by a.customer_id""",
        stored=True,
        unit=mark("minutes"),
        absent_is_none=True,
    ),
)
