"""Records of another system: rows of files as they stood, and what they became."""

from __future__ import annotations

from utility_crm.kit.personal import Aging, Holding, Personal, Waits
from utility_crm.web.words import mark

# A row of the customer file is an account; which customers are new with it is kept beside.
_THEIRS = """(({t}.kind in ('customers', 'customers.held') and {t}.thing_id = any(:accounts))
    or ({t}.kind = 'customers.new' and {t}.thing_id = any(:people))
    or ({t}.kind = 'customers.point' and {t}.thing_id in
        (select p.id from contact_points p where p.customer_id = any(:people)))
    or ({t}.kind = 'customers.flag' and {t}.thing_id in
        (select f.id from customer_flags f where f.customer_id = any(:people)))
    or ({t}.kind = 'tickets' and {t}.thing_id = any(:tickets))
    or ({t}.kind = 'contacts' and {t}.thing_id in
        (select c.id from contacts c where c.customer_id = any(:people))))"""

PERSONAL = Personal(
    holdings=(
        Holding(
            "record_rows",
            mark("Rows of files from other systems"),
            """t.cells::text ilike any(:like) and exists (select from record_imports i
                where i.id = t.import_id and i.state not in ('staged', 'checked'))""",
            "delete",
            out=None,
        ),
        Holding(
            "record_refusals",
            mark("Rows that were refused"),
            "(t.value ilike any(:like) or t.figures::text ilike any(:like))",
            {"value": "''", "figures": "'{}'"},
            out=None,
        ),
        Holding(
            "record_changes",
            mark("What files from other systems changed"),
            "(t.before::text ilike any(:like) or t.after::text ilike any(:like))",
            "delete",
            out=None,
        ),
        Holding(
            "record_sightings",
            mark("In which files your records stood"),
            f"""exists (select from record_things r join record_imports i
                on i.source = r.source and i.kind = r.kind
                where i.id = t.import_id and r.external_id = t.external_id and {_THEIRS.format(t="r")})""",
            "delete",
            out=None,
        ),
        Holding(
            "record_things",
            mark("Your records in other systems"),
            _THEIRS.format(t="t"),
            "delete",
            only="t.kind in ('customers', 'tickets', 'contacts')",
            hidden=("digest", "import_id", "seen_import", "seen_line", "thing_id"),
        ),
        Holding(
            "contact_point_checks",
            mark("Ways to reach you that may be written wrongly"),
            "t.point_id in (select p.id from contact_points p where p.customer_id = any(:people))",
            "delete",
            out=None,
        ),
    ),
    waits=(
        Waits(
            "file_not_taken",
            """select count(distinct r.import_id), coalesce(string_agg(distinct r.import_id::text, ', '), '')
               from record_rows r join record_imports i on i.id = r.import_id
               where i.state in ('staged', 'checked') and r.cells::text ilike any(:like)""",
            mark("%(many)s files of other systems that nobody has taken yet name them: import %(which)s"),
        ),
    ),
    agings=(
        Aging(
            "record_rows",
            mark("Rows of files that were refused"),
            "record_rows",
            "import_id",
            6,
            mark("long enough to mend the file"),
            old="exists (select from record_imports i where i.id = t.import_id and i.made_at < :cut)",
            least=1,
        ),
    ),
    apart={"record_imports": "files by name and digest, and counts of what was done with them"},
)
