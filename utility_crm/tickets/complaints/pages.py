"""Complaints: which wait and by when, what they are about, and one of them from its first day to its end."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import timedelta
from decimal import Decimal
from functools import partial
from typing import Any
from urllib.parse import quote

from babel.numbers import get_currency_precision
from fastapi import APIRouter, Request
from sqlalchemy import select
from starlette.responses import HTMLResponse, Response

from utility_crm.customers.tables import Account
from utility_crm.kit.errors import Invalid, NotFound
from utility_crm.kit.settings import settings
from utility_crm.tickets.care.tables import Complaint, ComplaintLetter
from utility_crm.tickets.complaints.actions import Figures, advance, owed_by, set_figures
from utility_crm.tickets.complaints.letters import HOWS, make_letter, send_letter
from utility_crm.tickets.complaints.queries import (
    Whole,
    by_cause,
    complaint_of,
    register,
    waiting,
    waiting_figures,
)
from utility_crm.tickets.domain.complaints import (
    CAUSES,
    LETTERS,
    NO_MORE,
    OUTCOMES,
    STAGES,
    next_stages,
    procedure_for,
)
from utility_crm.tickets.domain.numbers import id_of, number_of
from utility_crm.tickets.domain.procedures import STEPS
from utility_crm.tickets.seen import tickets_seen_by
from utility_crm.web.forms import Posted
from utility_crm.web.masking import as_it_was, must_be_verified
from utility_crm.web.posting import Posting, handled
from utility_crm.web.visit import Visit, visit
from utility_crm.web.words import mark

router = APIRouter()
PATH = "/complaints"
ASKED = ("wait", "causes", "register", "law")
PERIOD_DAYS = 365
WORDS = {
    "stage": STAGES, "cause": CAUSES, "outcome": {**OUTCOMES, **NO_MORE}, "chosen": OUTCOMES, "step": STEPS,
    "letter": LETTERS,
}  # fmt: skip


@router.get("/complaints")
def complaints(request: Request, ask: str = "wait") -> Response:
    """The register over a question."""
    with visit(request, "complaints.read") as v:
        seen, before = tickets_seen_by(v.user), v.today + timedelta(days=1)
        first, ask = before - timedelta(days=PERIOD_DAYS), ask if ask in ASKED else "wait"
        whole = not v.user.area_ids
        causes = by_cause(v.session, first, before) if whole else []
        rows = waiting(v.session, seen) if ask == "wait" else []
        if ask == "register":
            rows = register(v.session, first, before, seen)
        return v.render(
            "tickets/care_complaints.html",
            ask=ask,
            figures=waiting_figures(v.session, v.today, seen),
            rows=rows,
            causes=causes,
            procedure=procedure_for(settings().country),
            cw=WORDS,
            first=first,
            path=PATH,
            whole=whole,
        )


@router.get("/complaints/{number}")
def complaint(request: Request, number: str) -> Response:
    """One complaint: what is owed, what was done, its letters."""
    with visit(request, "complaints.read") as v:
        return complaint_page(v, number)


@router.post("/complaints/{number}/stage")
def stage(request: Request, number: str, posted: Posting) -> Response:
    """Take it on to another stage, or to its end."""
    with visit(request, "complaints.lead") as v:
        ticket_id = _ticket(number)

        def act() -> Response:
            wanted = posted.one_of("stage", STAGES)
            posted.check()
            if wanted.value == "closed":
                _figures(v, ticket_id, posted)
            advance(
                v.session, ticket_id, wanted.value, now=v.now, by=v.user.id, note=posted.text("note"),
                outcome=posted.text("outcome"), reference=posted.text("reference"), seen=_seen(posted),
            )  # fmt: skip
            words = v.text(mark("The complaint is now: %(stage)s.")) % {"stage": v.text(STAGES[wanted.value])}
            return v.done(words, _path(ticket_id))

        return handled(v, posted, posted.text("form") or "stage", act, partial(complaint_page, v, number))


@router.post("/complaints/{number}/figures")
def figures(request: Request, number: str, posted: Posting) -> Response:
    """Note the cause and what they get."""
    with visit(request, "complaints.lead") as v:
        ticket_id = _ticket(number)

        def act() -> Response:
            changed = _figures(v, ticket_id, posted)
            return v.done(v.text(mark("Cause and amount are noted.")), _path(ticket_id), nothing=not changed)

        return handled(v, posted, "figures", act, partial(complaint_page, v, number))


@router.post("/complaints/{number}/letters")
def write(request: Request, number: str, posted: Posting) -> Response:
    """Write a letter; it is looked at before it is sent."""
    with visit(request, "complaints.lead") as v:
        ticket_id = _ticket(number)

        def act() -> Response:
            kind = posted.one_of("kind", LETTERS)
            posted.check()
            make_letter(v.session, ticket_id, kind.value, body=posted.text("body"), now=v.now, by=v.user.id)
            return v.done(
                v.text(mark("The letter is written. Read it, then send it.")), f"{_path(ticket_id)}#letters"
            )

        return handled(v, posted, "letter", act, partial(complaint_page, v, number))


@router.post("/complaints/{number}/letters/{letter_id}/send")
def send(request: Request, number: str, letter_id: int, posted: Posting) -> Response:
    """Send it, once."""
    with visit(request, "complaints.lead") as v:
        ticket_id = _ticket(number)
        _letter(v, ticket_id, letter_id)

        def act() -> Response:
            how = posted.one_of("how", HOWS)
            posted.check()
            send_letter(v.session, letter_id, how.value, now=v.now, by=v.user.id)
            return v.done(v.text(mark("The letter is on its way; the complaint went on.")), _path(ticket_id))

        return handled(v, posted, f"send-{letter_id}", act, partial(complaint_page, v, number))


@router.get("/complaints/{number}/letters/{letter_id}.pdf")
def paper(request: Request, number: str, letter_id: int) -> Response:
    """The letter as it leaves the house."""
    with visit(request, "complaints.read") as v:
        must_be_verified(v.whose())
        letter = _letter(v, _ticket(number), letter_id)
        name = quote(f"{number}-{letter.kind}.pdf")
        headers = {"Content-Disposition": f'inline; filename="{name}"'}
        return Response(bytes(letter.pdf), media_type="application/pdf", headers=headers)


def complaint_page(v: Visit, number: str) -> HTMLResponse:
    """The page of one. NotFound where the ticket is no complaint."""
    ticket_id = _ticket(number)
    whole = complaint_of(v.session, ticket_id)
    row = v.session.get(Complaint, ticket_id)
    if whole is None or row is None:
        raise NotFound("no_such_complaint", mark("This ticket is no complaint."), number)
    v.about(whole.line.customer_id)
    return v.render("tickets/care_complaint.html", **_shown(v, whole, row))


def _shown(v: Visit, whole: Whole, row: Complaint) -> dict[str, Any]:
    line = whole.line
    leads = v.user.may("complaints.lead")

    def words_of(words: Mapping[str, str]) -> list[tuple[str, str]]:
        return [(name, v.text(said)) for name, said in words.items()]

    return {
        "words_of": words_of,
        "stages_of": lambda names: [(name, v.text(STAGES[name])) for name in names],
        "redress": _plain(line.redress_minor, line.currency),
        "whole": whole,
        "one": line,
        "left": owed_by(v.session, row),
        "procedure": procedure_for(line.country),
        "nexts": [one for one in next_stages(line.stage) if one != "closed"],
        "may_close": "closed" in next_stages(line.stage),
        "leads": leads,
        "cw": WORDS,
        "path": f"{PATH}/{line.number}",
        "money_in": line.currency or _currency(v, line.customer_id),
    }


def _figures(v: Visit, ticket_id: int, posted: Posted) -> bool:
    row = v.session.get(Complaint, ticket_id)
    ticket = complaint_of(v.session, ticket_id)
    customer_id = ticket.line.customer_id if ticket else None
    v.about(customer_id)
    currency = (row.currency if row else "") or _currency(v, customer_id)
    cause = posted.one_of("cause", CAUSES)
    amount = posted.field("redress", partial(_minor, currency=currency))
    posted.check()
    wanted = Figures(
        cause.value,
        as_it_was(posted.text("cause_detail")[:500], row.cause_detail if row else "", customer_id),
        amount.value,
        currency,
        posted.text("redress_link")[:100],
    )
    return set_figures(v.session, ticket_id, wanted, now=v.now, by=v.user.id, seen=_seen(posted))


def _seen(posted: Posted) -> int | None:
    given = posted.text("seen")
    return int(given) if given.isdecimal() and len(given) < 19 else None


_TYPED = re.compile(r"([0-9]{1,9})(?:[.,]([0-9]{1,3}))?")


def _minor(typed: str, currency: str) -> int:
    """An amount as typed, in minor units; nothing is none. Thousands are not parted: 1,250 may be either."""
    if not typed:
        return 0
    decimals = get_currency_precision(currency)
    found = _TYPED.fullmatch(typed)
    parts = (found[2] or "") if found else ""
    if found is None or len(parts) > decimals:
        raise Invalid("amount", mark("“%(typed)s” is no amount such as 43.17."), "redress", typed=typed)
    return int(found[1] + parts.ljust(decimals, "0"))


def _currency(v: Visit, customer_id: int | None) -> str:
    found = v.session.scalar(
        select(Account.currency).where(Account.customer_id == customer_id).order_by(Account.id).limit(1)
    )
    return found or settings().currency


def _plain(minor: int, currency: str) -> str:
    """An amount as it would be typed."""
    if not minor:
        return ""
    decimals = get_currency_precision(currency)
    return str(Decimal(minor).scaleb(-decimals))


def _letter(v: Visit, ticket_id: int, letter_id: int) -> ComplaintLetter:
    letter = v.session.get(ComplaintLetter, letter_id)
    if letter is None or letter.ticket_id != ticket_id:
        raise NotFound("no_such_letter", mark("There is no such letter."), str(letter_id))
    return letter


def _ticket(number: str) -> int:
    found = id_of(number)
    if found is None:
        raise NotFound("no_such_complaint", mark("This ticket is no complaint."), number)
    return found


def _path(ticket_id: int) -> str:
    return f"{PATH}/{number_of(ticket_id)}"
