"""What the care of tickets keeps of a customer: complaints, above all, which regulators ask about later."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from sqlalchemy import text
from sqlalchemy.orm import Session

from utility_crm.kit.personal import Holding, Keeping, PaperOut, Personal, Scopes, Waits
from utility_crm.web.words import mark

_TICKET = "t.ticket_id = any(:tickets)"
_HOUSE = "the house's own: promises, rules, texts, hours"
_LETTERS = text("""
    select id, kind, made_at from complaint_letters where ticket_id = any(:tickets) and sent_at is not null
    order by id
""")
_LETTER = text("select pdf from complaint_letters where id = :id")


def papers(session: Session, scopes: Scopes, language: str) -> Iterator[PaperOut]:
    """The letters of complaints, as they were sent."""
    del language
    for letter_id, kind, made_at in session.execute(_LETTERS, {"tickets": scopes["tickets"]}).all():
        name = f"complaints/{made_at:%Y-%m-%d}-{kind}-{letter_id}.pdf"
        yield PaperOut(name, partial(_letter, session, letter_id))


def _letter(session: Session, letter_id: int) -> bytes:
    return bytes(session.execute(_LETTER, {"id": letter_id}).scalar_one())


PERSONAL = Personal(
    holdings=(
        Holding(
            "complaint_letters",
            mark("Letters about complaints"),
            _TICKET,
            "delete",
            hidden=("pdf", "sha256", "made_by", "sent_by"),
            only="t.sent_at is not null",
        ),
        Holding(
            "complaint_steps",
            mark("Steps of complaints"),
            _TICKET,
            {"note": "''"},
            kept="complaints",
            then="delete",
            hidden=("by_user", "note"),
        ),
        Holding(
            "complaints",
            mark("Complaints"),
            _TICKET,
            {"cause_detail": "''", "redress_link": "''", "next_step": "''"},
            kept="complaints",
            then="delete",
            hidden=("next_step", "contact_id"),
        ),
        Holding(
            "ticket_promises",
            mark("When we promised to answer"),
            _TICKET,
            "stays",
            hidden=("stretches", "policy_id"),
        ),
        Holding("ticket_rule_runs", mark("What rules did to tickets"), _TICKET, "delete", out=None),
    ),
    waits=(
        Waits(
            "complaint_open",
            """select count(*), coalesce(string_agg('T-' || (10000 + ticket_id), ', '), '') from complaints
               where ticket_id = any(:tickets) and stage <> 'closed'""",
            mark("%(many)s complaints are open: %(which)s"),
        ),
    ),
    keepings=(
        Keeping(
            "complaints",
            mark("The register of complaints"),
            """select max(coalesce(closed_at, received_at))::date from complaints
               where ticket_id = any(:tickets)""",
        ),
    ),
    papers="utility_crm.tickets.care.personal:papers",
    apart={
        "working_hours": _HOUSE,
        "ticket_policies": _HOUSE,
        "ticket_rules": _HOUSE,
        "ticket_macros": _HOUSE,
        "ticket_takers": "of people who work here",
    },
)
