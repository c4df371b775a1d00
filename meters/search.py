"""Customers found by what stands on their meter: its serial, or the code of their service point."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import quote

from sqlalchemy import text
from sqlalchemy.orm import Session

from utility_crm.kit.parts import SearchHit
from utility_crm.web.words import mark

EXACT, BEGINS = 2, 15
"""Ranks: after exact account numbers, before names that only contain the words."""

# Whoever lives there last, or now; whoever left stays findable by the meter until somebody else moves in.
_FOUND = text("""
with named as (
    (select service_point_id, serial as word from meters where upper(serial) like :begins limit :limit)
    union
    (select id, code from service_points where upper(code) like :begins limit :limit)
)
select distinct on (named.word, s.id) a.customer_id, named.word, s.code
from named
join service_points s on s.id = named.service_point_id
join occupancies o on o.premise_id = s.premise_id
join accounts a on a.id = o.account_id
order by named.word, s.id, o.starts_on desc
""")


def find_meters(session: Session, words: str, limit: int) -> Sequence[SearchHit]:
    """Hits on the beginning of a serial or a code, in any case, however spaced; both always hold a digit."""
    wanted = "".join(words.split()).upper()
    if not any(letter.isdigit() for letter in wanted):
        return []
    begins = wanted.replace("\\", "\\\\").replace("%", r"\%").replace("_", r"\_") + "%"
    rows = session.execute(_FOUND, {"begins": begins, "limit": limit})
    return [
        SearchHit(
            customer_id, word, EXACT if word.upper() == wanted else BEGINS,
            opens=f"/meters/{quote(code)}" if word.upper() == wanted else "", called=mark("Meter"),
            permission="readings.read", kind="meter",
        )
        for customer_id, word, code in rows
    ][:limit]  # fmt: skip
