"""What the telephone keeps of a customer."""

from __future__ import annotations

from utility_crm.kit.personal import Aging, Holding, Personal, Scope
from utility_crm.web.words import mark

PERSONAL = Personal(
    holdings=(
        Holding(
            "call_events",
            mark("What the telephone told"),
            "t.call_id = any(:calls)",
            "delete",
            hidden=("extension", "line", "event"),
        ),
        Holding(
            "calls",
            mark("Calls"),
            "t.id = any(:calls)",
            {
                "number_said": "''",
                "number": "''",
                "recording": "''",
                "caller": "''",
                "note": "''",
                "customer_id": "null",
                "contact_id": "null",
                "relation_id": "null",
                "provider_call": "'erased-' || t.id",
            },
            hidden=("extension", "line", "user_id", "contact_id", "relation_id"),
            masked=("caller",),
            withheld=mark("Recordings are with the telephone system; the archive holds their addresses."),
            sweeps=("note", "caller"),
        ),
    ),
    scopes=(
        Scope(
            "calls",
            """select id from calls where customer_id = any(:people)
               or (customer_id is null and number <> '' and number = any(:own_addresses))""",
        ),
    ),
    agings=(
        Aging(
            "calls.recording",
            mark("Links to recordings"),
            "calls",
            "began_at",
            12,
            mark("as long as a contract made by telephone may be disputed"),
            old="t.began_at < :cut and t.recording <> ''",
            now={"recording": "''"},
            person="t.customer_id",
            least=1,
        ),
        Aging(
            "call_events",
            mark("Events of the telephone"),
            "call_events",
            "at",
            12,
            mark("as their recordings"),
            old="t.at < :cut",
            person="(select c.customer_id from calls c where c.id = t.call_id)",
        ),
    ),
)
