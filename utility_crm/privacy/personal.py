"""What the room of privacy itself keeps: that somebody asked, and what came of it."""

from __future__ import annotations

from utility_crm.kit.personal import Aging, Holding, Personal
from utility_crm.web.words import mark

_THEIRS = "t.customer_id = any(:people)"
_HOUSE = "the house's own: rules, and counts of what went"

PERSONAL = Personal(
    holdings=(
        Holding(
            "privacy_export_parts",
            mark("Archives"),
            "t.export_id in (select id from privacy_exports x where x.customer_id = any(:people))",
            "delete",
            out=None,
        ),
        Holding(
            "privacy_exports",
            mark("When your data was taken out"),
            _THEIRS,
            {"state": "'gone'", "error": "''", "sha256": "null"},
            hidden=("sha256", "error"),
        ),
        Holding(
            "privacy_holds",
            mark("Why your data may not go"),
            _THEIRS,
            {
                "reason": "'erased'",
                "lifted_because": "case when t.lifted_at is null then '' else 'erased' end",
            },
        ),
        Holding(
            "privacy_requests",
            mark("What you asked about your data"),
            _THEIRS,
            {
                "proof": "'erased'",
                "extended_because": "''",
                "reason": "case when t.reason = '' then '' else 'erased' end",
            },
        ),
    ),
    agings=(
        Aging(
            "privacy_requests",
            mark("Requests about one's data that were answered"),
            "privacy_requests",
            "closed_at",
            60,
            mark("to show that they were answered in time (GDPR, art. 5(2))"),
            least=12,
            old="""t.closed_at < :cut and not exists (select from erasures e where e.request_id = t.id)
                   and not exists (select from privacy_exports x where x.request_id = t.id)""",
            person="t.customer_id",
        ),
        Aging(
            "retention_runs",
            mark("What went of old data, and when"),
            "retention_runs",
            "began_at",
            60,
            mark("to show that it went (GDPR, art. 5(2))"),
            old="t.began_at < :cut",
            least=12,
        ),
    ),
    apart={
        "erasures": "that somebody was forgotten, by number; without it nobody could show that they were",
        "erased_numbers": "digests of numbers that are nobody's any more, so that no file brings them back",
        "erasure_keeps": "until when what stays stays",
        "sealed_rows": "sealed: the values of invoices, as long as tax law asks for them",
        "privacy_downloads": "which colleague took an archive, and when",
        "retention_rules": _HOUSE,
        "retention_runs": _HOUSE,
    },
)
