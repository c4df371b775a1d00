"""What came in from a customer, as it came."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from sqlalchemy import text
from sqlalchemy.orm import Session

from utility_crm.kit.personal import Aging, Holding, PaperOut, Personal, Scope, Scopes
from utility_crm.web.words import mark

_RAW = text("""
    select id, channel, received_at from arrivals where id = any(:arrivals) and octet_length(raw) > 0 order
    by id
""")
_ONE = text("select raw from arrivals where id = :id")
# Of what was ignored nobody has said whose it is: it may be of whoever has the address.
_WHO_WROTE = """
    select t.customer_id union all
    select p.customer_id from contact_points p where p.normal = lower(t.sender) and t.sender <> ''
"""


def papers(session: Session, scopes: Scopes, language: str) -> Iterator[PaperOut]:
    """Every message as it came."""
    del language
    for arrival_id, channel, at in session.execute(_RAW, {"arrivals": scopes["arrivals"]}).all():
        ending = "eml" if channel == "email" else "txt"
        yield PaperOut(f"came/{at:%Y-%m-%d}-{arrival_id}.{ending}", partial(_raw, session, arrival_id))


def _raw(session: Session, arrival_id: int) -> bytes:
    return bytes(session.execute(_ONE, {"id": arrival_id}).scalar_one())


PERSONAL = Personal(
    holdings=(
        Holding(
            "arrivals",
            mark("What came from you"),
            "t.id = any(:arrivals)",
            {
                "raw": "''",
                "size_bytes": "0",
                "sender": "''",
                "sender_name": "''",
                "subject": "''",
                "peer": "''",
                "external_id": "''",
                "receipt_name": "''",
                "detail": "''",
                "via": "''",
                "customer_id": "null",
                "digest": "'erased-' || t.id",
                "sha256": "''",
            },
            hidden=("raw", "digest", "sha256", "peer", "external_id", "receipt_name", "placed_by", "detail"),
        ),
    ),
    scopes=(
        Scope(
            "arrivals",
            """select id from arrivals where customer_id = any(:people) or ticket_id = any(:tickets)
               or (customer_id is null and lower(sender) = any(:own_addresses))""",
        ),
    ),
    agings=(
        Aging(
            "arrivals.raw",
            mark("Messages as they came, byte for byte"),
            "arrivals",
            "received_at",
            12,
            mark("what was said stays on the ticket; the bytes prove for a year how it came"),
            old="t.received_at < :cut and octet_length(t.raw) > 0 and t.state not in ('stored', 'waiting')",
            now={"raw": "''"},
            person="t.customer_id",
            least=1,
        ),
        Aging(
            "arrivals.ignored",
            mark("Spam, and what no person wrote"),
            "arrivals",
            "received_at",
            3,
            mark("long enough to find a mistake"),
            least=1,
            old="t.received_at < :cut and t.state in ('ignored', 'spam') and t.message_id is null",
            person=_WHO_WROTE,
        ),
    ),
    apart={"mail_sources": "mailboxes of ours", "mail_places": "numbers of messages on the mail server"},
)
