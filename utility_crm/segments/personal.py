"""What segments keep of a customer: which frozen ones they are in."""

from __future__ import annotations

from utility_crm.kit.personal import Holding, Personal
from utility_crm.web.words import mark

PERSONAL = Personal(
    holdings=(
        Holding(
            "segment_members",
            mark("Lists of customers you are on"),
            "t.customer_id = any(:people)",
            "delete",
            out="""select s.name, s.frozen_at from segment_members t join segments s on s.id = t.segment_id
                where t.customer_id = any(:people) order by s.frozen_at""",
        ),
    ),
    apart={
        "segments": "questions over everybody, which name nobody",
        "segment_sizes": "how many a segment was on a day",
        "fact_ages": "when a fact was last worked out",
    },
)
