"""What the audit log keeps of a customer: who looked at them, and how things were before they changed."""

from __future__ import annotations

from utility_crm.kit.personal import Aging, Holding, Personal
from utility_crm.web.words import mark

PERSONAL = Personal(
    holdings=(
        Holding(
            "audit_log",
            mark("Who looked at your data, and when"),
            "t.customer_id = any(:people)",
            "stays",
            out="""select t.at, t.kind, t.what, t.outcome from audit_log t
                   where t.customer_id = any(:people) order by t.at""",
            withheld=mark("Names of colleagues stay in the house; what was done, and when, is told."),
        ),
    ),
    agings=(
        Aging(
            "audit",
            mark("Who looked at and changed what"),
            "audit_log",
            "at",
            24,
            mark("an inspection asks about the year before the last"),
            least=3,
            calls="select forget_audit_before(least(:cut, clock_timestamp() - interval '91 days'), :now)",
        ),
    ),
    blanks=(
        "select blank_audit_of(one, :now, cast(:like as text[])) from unnest(cast(:people as bigint[])) one",
    ),
)
