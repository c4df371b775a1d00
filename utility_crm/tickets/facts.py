"""What tickets and contacts know of everybody that segments may be made of."""

from __future__ import annotations

from utility_crm.kit.facts import FactOffer
from utility_crm.web.words import mark

FACTS = (
    FactOffer(
        "open_complaint",
        mark("Open complaint"),
        "yes-no",
        """select customer_id, true as value from tickets where kind = 'complaint'
               and status not in ('solved', 'closed') and customer_id is not null
           union all
           select customer_id, true from contacts where complaint and answered_at is null""",
        several=True,
        absent_is_none=True,
    ),
    FactOffer(
        "contacts_90",
        mark("Times they came to us in 90 days"),
        "number",
        """select customer_id, count(*) as value from contacts
           where direction = 'in' and at > cast(:now as timestamptz) - interval '90 days' and at <= :now
           group by customer_id""",
        absent_is_none=True,
    ),
)
