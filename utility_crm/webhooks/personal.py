"""What was announced of a customer to other systems: they were told, and forget it by themselves."""

from __future__ import annotations

from utility_crm.kit.personal import Holding, Personal
from utility_crm.web.words import mark

PERSONAL = Personal(
    holdings=(
        Holding(
            "webhook_attempts",
            mark("Tries to tell other systems"),
            """t.delivery_id in (select d.id from webhook_deliveries d join webhook_events e on e.id =
                d.event_id
                                 where e.customer_id = any(:people))""",
            "delete",
            out=None,
        ),
        Holding(
            "webhook_events",
            mark("What was told to other systems"),
            "t.customer_id = any(:people)",
            {"personal": "null", "data": "'{}'"},
            hidden=("made_at",),
        ),
    ),
    apart={
        "webhook_subscriptions": "addresses of other systems",
        "webhook_deliveries": "which event reached which system, by number",
    },
)
