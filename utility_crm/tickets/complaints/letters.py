"""Letters about complaints: written, set as PDF/A, kept on the ticket, sent once."""

from __future__ import annotations

import json
from datetime import datetime
from hashlib import sha256
from pathlib import Path

from babel.dates import format_date
from sqlalchemy import select
from sqlalchemy.orm import Session

from utility_crm.customers.card import customer_card
from utility_crm.customers.tables import ContactPoint, Customer
from utility_crm.kit.errors import Conflict, Invalid, NotFound
from utility_crm.kit.paper import FONTS
from utility_crm.kit.paper.glyphs import characters_of, settable
from utility_crm.kit.paper.setting import compiler_of
from utility_crm.kit.settings import settings
from utility_crm.tickets.actions.talking import add_message, add_note
from utility_crm.tickets.actions.writing import held
from utility_crm.tickets.care.house import house_words
from utility_crm.tickets.care.tables import Complaint, ComplaintLetter
from utility_crm.tickets.complaints.actions import advance, held_complaint, must_be_open, note_step, owe_next
from utility_crm.tickets.complaints.letter_words import About, letter_words
from utility_crm.tickets.domain.complaints import LETTERS, next_stages, procedure_for
from utility_crm.tickets.domain.files import Given
from utility_crm.tickets.tables import Ticket
from utility_crm.web.formats import local_day, locale, money
from utility_crm.web.words import mark

_TEMPLATE = Path(__file__).parent / "templates" / "letter.typ"
HOWS = ("email", "letter")
LONGEST_BODY = 20_000
_STAGE = {"acknowledgement": "acknowledged", "final": "answered", "deadlock": "deadlock"}


def make_letter(
    session: Session, ticket_id: int, kind: str, *, body: str, now: datetime, by: int | None
) -> int:
    """Write a letter and keep its PDF; its id. One of a kind that was not sent yet is written anew.

    body: paragraphs of whoever writes; a final answer and a deadlock letter need them. Raises Invalid,
    NotFound, Conflict (settled).
    """
    ticket, row = held(session, ticket_id), held_complaint(session, ticket_id)
    if kind not in LETTERS:
        raise Invalid("letter", mark("Choose one of what is offered."), "kind")
    must_be_open(row)
    if kind in ("final", "deadlock") and not body.strip():
        raise Invalid("body", mark("Write what was found, and what is done about it."), "body")
    if len(body) > LONGEST_BODY:
        raise Invalid(
            "body_long", mark("A letter has at most %(most)s characters."), "body", most=LONGEST_BODY
        )
    name, address, language = _whom(session, ticket)
    about = _about(ticket, row, name, language)
    subject, parts = letter_words(kind, language, about, body)
    text = "\n\n".join(parts)
    pdf = set_letter(about.number, language, now, (name, *address), subject, parts)
    letter = session.scalars(
        select(ComplaintLetter).where(
            ComplaintLetter.ticket_id == ticket_id,
            ComplaintLetter.kind == kind,
            ComplaintLetter.sent_at.is_(None),
        )
    ).first()
    if letter is None:
        letter = ComplaintLetter(ticket_id=ticket_id, kind=kind)
        session.add(letter)
    letter.language, letter.subject, letter.text = language, subject, text
    letter.pdf, letter.sha256 = pdf, sha256(pdf).hexdigest()
    letter.made_at, letter.made_by = now, by
    session.flush()
    return letter.id


def send_letter(session: Session, letter_id: int, how: str, *, now: datetime, by: int | None) -> int:
    """It goes out now: by e-mail as an answer on the ticket with the PDF, or on paper, which is noted there.
    The complaint goes on to the stage that the letter makes. Its ticket. Raises Conflict (sent before)."""
    found = session.get(ComplaintLetter, letter_id)
    if found is None:
        raise NotFound("no_such_letter", mark("There is no such letter."), "letter")
    ticket = held(session, found.ticket_id)
    row = held_complaint(session, found.ticket_id)
    letter = session.get(ComplaintLetter, letter_id, with_for_update=True, populate_existing=True)
    assert letter is not None
    if letter.sent_at is not None:
        raise Conflict("letter_sent", mark("This letter was sent already."), "letter")
    if how not in HOWS:
        raise Invalid("how", mark("Choose one of what is offered."), "how")
    name = f"{ticket.number}-{letter.kind}.pdf"
    file = Given(name, bytes(letter.pdf))
    if how == "email":
        add_message(
            session, ticket.id, direction="out", text=letter.text, channel="email", now=now, by=by,
            attachments=[file], then=ticket.status if letter.kind == "acknowledgement" else "waiting",
        )  # fmt: skip
    else:
        words = house_words()(mark("Posted on paper: %(letter)s."), letter=letter.subject)
        add_note(session, ticket.id, text=words, now=now, by=by, attachments=[file])
    letter.sent_at, letter.sent_how, letter.sent_by = now, how, by
    session.flush()
    note_step(session, ticket.id, "letter", letter.kind, now=now, by=by, note=letter.subject)
    stage = _STAGE.get(letter.kind, "")
    if stage and stage in next_stages(row.stage):
        advance(session, ticket.id, stage, now=now, by=by, note=letter.subject)
    else:
        owe_next(session, row)
    return ticket.id


def set_letter(
    number: str, language: str, now: datetime, address: tuple[str, ...], subject: str, parts: tuple[str, ...]
) -> bytes:
    """The letter as PDF/A-2b: the same bytes for the same words on the same day."""
    known, given = characters_of(FONTS), settings()
    day = local_day(now)
    name = given.supplier_name or given.utility_name
    lines = [line.strip() for line in given.supplier_address.split("|") if line.strip()]
    contact = [*lines, given.supplier_phone, given.supplier_email, given.supplier_website]

    def shown(text: str) -> str:
        return text if known.issuperset(text) else settable(text, known)

    document = {
        "number": number, "language": language[:2], "issued": (day.year, day.month, day.day),
        "day": shown(str(format_date(day, "long", locale=locale(language)))), "sender": shown(name),
        "contact": [shown(line) for line in contact if line],
        "address": [shown(line) for line in address if line],
        "subject": shown(subject), "text": [[shown(line) for line in part.splitlines()] for part in parts],
    }  # fmt: skip
    made = compiler_of(_TEMPLATE).compile(
        format="pdf",
        sys_inputs={"letter": json.dumps(document, ensure_ascii=False)},
        pdf_standards="a-2b",
        timestamp=0,
    )
    assert isinstance(made, bytes)
    return made


def _about(ticket: Ticket, row: Complaint, name: str, language: str) -> About:
    redress = money(row.redress_minor, row.currency, language) if row.redress_minor else ""
    body = procedure_for(row.country).body
    return About(ticket.number, name, row.received_on, redress, body, settings().utility_name)


def _whom(session: Session, ticket: Ticket) -> tuple[str, tuple[str, ...], str]:
    """Name, lines of the address, language: the customer's, else the sender's."""
    house = settings().language
    if ticket.customer_id is None:
        return house_words()(mark("customer")), (), (ticket.language or house)[:2]
    name, language = session.execute(
        select(Customer.name, Customer.language).where(Customer.id == ticket.customer_id)
    ).one()
    post = session.scalar(
        select(ContactPoint.value)
        .where(ContactPoint.customer_id == ticket.customer_id, ContactPoint.kind == "post")
        .order_by(ContactPoint.preferred.desc(), ContactPoint.id)
        .limit(1)
    )
    lines = tuple(
        part.strip() for part in (post or _home(session, ticket.customer_id)).split(",") if part.strip()
    )
    return name, lines, (ticket.language or language)[:2]


def _home(session: Session, customer_id: int) -> str:
    """Where they live, as their account's premise has it."""
    account = customer_card(session, customer_id).account
    return account.address if account is not None else ""
