"""What open pages are told, and what people typed and have not sent."""

from __future__ import annotations

from utility_crm.kit.personal import Aging, Holding, Personal
from utility_crm.web.words import mark

PERSONAL = Personal(
    holdings=(
        Holding(
            "drafts",
            mark("What a colleague typed and has not sent"),
            """(t.key ~ ('^(customer|new-ticket)-('
                    || array_to_string(cast(:people as bigint[]), '|') || ')(-|$)')
                or t.text ilike any(:like))""",
            "delete",
            out=None,
            withheld=mark("Drafts are nobody's word yet."),
        ),
        Holding(
            "pushes",
            mark("What open pages were told"),
            "t.payload::text ilike any(:like)",
            "delete",
            out=None,
        ),
    ),
    agings=(
        Aging(
            "drafts",
            mark("Drafts nobody came back to"),
            "drafts",
            "updated_at",
            3,
            mark("nobody finishes what lay so long"),
            old="t.updated_at < :cut",
            least=1,
        ),
    ),
    apart={"done_forms": "digests of forms; addresses of pages, without a name"},
)
