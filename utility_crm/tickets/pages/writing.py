"""What people write: an answer, a note, a new ticket. Their forms may bring files."""

from __future__ import annotations

from functools import partial
from uuid import uuid4

from fastapi import APIRouter, Request
from sqlalchemy import select
from starlette.responses import HTMLResponse, Response

from utility_crm.customers.pages import customer_page
from utility_crm.customers.tables import Account, Customer
from utility_crm.kit.errors import CareError, Conflict, Invalid, NotFound
from utility_crm.tickets.actions import add_message, add_note, answer_all, open_ticket
from utility_crm.tickets.actions.bulk import Bulk
from utility_crm.tickets.actions.incidents import children_of
from utility_crm.tickets.actions.opening import known_message
from utility_crm.tickets.attachments import files_on
from utility_crm.tickets.domain.life import CHANNELS, KINDS, PRIORITIES
from utility_crm.tickets.domain.numbers import number_of
from utility_crm.tickets.macros.writing import figures_missing, macro_text, ready_to_send
from utility_crm.tickets.pages.showing import WORDS, found_ticket, offers, ticket_page
from utility_crm.tickets.pages.typed import PACKAGE, customer_called, id_or_none, key_of, version_of
from utility_crm.tickets.pages.uploading import MOST_BYTES, WithFiles, files_of
from utility_crm.tickets.queries.ticket import OneTicket
from utility_crm.web.forms import Form, Posted
from utility_crm.web.posting import Posting, handled, shown_again
from utility_crm.web.visit import Visit, visit
from utility_crm.web.words import counting, mark, translator

AFTER = ("waiting", "open", "on_hold", "solved")
"""How a ticket may stand after an answer."""
router = APIRouter(route_class=WithFiles, max_body_size=MOST_BYTES)


@router.post("/tickets/{number}/answer")
def answer(request: Request, number: str, posted: Posting) -> Response:
    """Send an answer, once however often the form comes; to all below an incident, if that was ticked."""
    with visit(request, "tickets.write") as v:
        one = found_ticket(v, number)

        def act() -> Response:
            text = posted.field("text", ready_to_send)
            channel, then = posted.one_of("channel", CHANNELS), posted.one_of("then", AFTER)
            posted.check()
            key, below = key_of(posted), bool(posted.text("children"))
            known = known_message(v.session, "", None, key)
            if known is not None and not below:
                return _nothing(v, one)
            message_id = known.id if known is not None else add_message(
                v.session, one.id, direction="out", text=text.value, channel=channel.value, now=v.now,
                by=v.user.id, then=then.value, version=version_of(posted), form_key=key,
                attachments=files_of(posted),
            )  # fmt: skip
            if not below:
                return v.done(_answered(v, channel.value, then.value), one.path)
            others = len(children_of(v.session, one.id)) - len(children_of(v.session, one.id, viewer=v.user))
            came = answer_all(
                v.session, one.id, text=text.value, now=v.now, by=v.user.id, then=then.value,
                attachments=files_on(v.session, message_id), form_key=key, viewer=v.user,
            )  # fmt: skip
            if came.refused:
                return shown_again(v, posted, "answer", _some_left(v, came), page, back=one.path)
            if known is not None and not came.done:
                return _nothing(v, one)
            return v.done(_answered_all(v, came, others), one.path)

        page = partial(ticket_page, v, number)
        return handled(v, posted, "answer", act, page, back=one.path)


@router.post("/tickets/{number}/macro")
def put_in(request: Request, number: str, posted: Posting) -> Response:
    """The page again, with a ready answer behind what was typed: the customer's figures are in it. What is
    not known is said, and keeps it from being sent."""
    with visit(request, "tickets.write") as v:
        one = found_ticket(v, number)
        typed, errors = posted.text("text"), {}
        try:
            made = macro_text(v.session, posted.text("macro"), one.customer_id, one.language or "", v.now)
        except (NotFound, Invalid) as error:
            errors["macro"] = v.said(error)
        else:
            typed = f"{typed}\n\n{made.text}".strip()
            if made.missing:
                errors["text"] = v.said(figures_missing(made.missing))
        values = {name: (posted.text(name),) for name in ("channel", "then", "form_key")}
        v.request.state.form = Form("answer", values | {"text": (typed,)}, errors, back=one.path, filled=True)
        response = ticket_page(v, number)
        response.status_code = 422 if errors else 200
        return response


@router.post("/tickets/{number}/note")
def note(request: Request, number: str, posted: Posting) -> Response:
    """Keep a note among us, once however often the form comes."""
    with visit(request, "tickets.write") as v:
        one = found_ticket(v, number)

        def act() -> Response:
            text, key = posted.must("text", mark("Write something first.")), key_of(posted)
            posted.check()
            if known_message(v.session, "note", None, key) is not None:
                return _nothing(v, one)
            add_note(
                v.session, one.id, text=text.value, now=v.now, by=v.user.id, version=version_of(posted),
                form_key=key, attachments=files_of(posted),
            )  # fmt: skip
            return v.done(v.text(mark("The note is kept; the customer does not see it.")), one.path)

        return handled(v, posted, "note", act, partial(ticket_page, v, number), back=one.path)


@router.get("/tickets/new")
def new(request: Request, customer_id: int | None = None, subject: str = "", kind: str = "other") -> Response:
    """The form of a new ticket, of a customer where one is named."""
    with visit(request, "tickets.write") as v:
        return new_page(v, customer_id, subject=subject, kind=kind)


@router.post("/tickets/new")
def opened(request: Request, posted: Posting) -> Response:
    """Open a ticket, once however often the form comes."""
    with visit(request, "tickets.write") as v:
        _, given = translator(v.user.language, PACKAGE), posted.text("customer_id")
        customer_id = int(given) if given.isdecimal() and len(given) < 19 else None

        def act() -> Response:
            customer = posted.field("customer", partial(customer_called, v)) if not customer_id else None
            subject = posted.must("subject", mark("Say in a few words what it is about."))
            text = posted.must("text", mark("Write something first."))
            kind, channel = posted.one_of("kind", KINDS), posted.one_of("channel", CHANNELS)
            priority = posted.one_of("priority", PRIORITIES)
            account = posted.field("account_id", id_or_none)
            posted.check()
            key = key_of(posted)
            before = known_message(v.session, "", None, key)
            ours = bool(posted.text("ours"))
            ticket_id = open_ticket(
                v.session, kind=kind.value, subject=subject.value, text=text.value, channel=channel.value,
                now=v.now, by=v.user.id, customer_id=customer_id or (customer.value if customer else None),
                account_id=account.value, priority=priority.value, direction="note" if ours else "in",
                assignee_id=v.user.id if posted.text("take") else None, form_key=key,
                attachments=files_of(posted),
            )  # fmt: skip
            number = number_of(ticket_id)
            words = _("%(number)s is open.", number=number)
            back = f"/customers/{customer_id}" if posted.text("do") and customer_id else f"/tickets/{number}"
            return v.done(words, back, nothing=before is not None)

        page = partial(_again, v, posted, customer_id)
        return handled(v, posted, "new", act, page, back="/tickets")


def new_page(v: Visit, customer_id: int | None, *, subject: str = "", kind: str = "other") -> HTMLResponse:
    """The form of a new ticket. NotFound where there is no such customer."""
    name, accounts = "", list[tuple[int, str]]()
    if customer_id is not None:
        found = v.session.scalar(select(Customer.name).where(Customer.id == customer_id))
        if found is None:
            raise NotFound("no_such_customer", mark("There is no customer of this number here."), "customer")
        name, accounts = found, accounts_of(v, customer_id)
    return v.render(
        "tickets/new.html", customer_id=customer_id, name=name, accounts=accounts, **offers(v),
        form_key=uuid4().hex, ticket_kinds=KINDS, priorities=PRIORITIES, subject=subject,
        channels=[one for one in CHANNELS if one != "note"], kind=kind if kind in KINDS else "other",
    )  # fmt: skip


def accounts_of(v: Visit, customer_id: int) -> list[tuple[int, str]]:
    """The accounts that a customer holds, open ones first."""
    rows = v.session.execute(
        select(Account.id, Account.number)
        .where(Account.customer_id == customer_id)
        .order_by(Account.closed_on.is_not(None), Account.opened_on, Account.id)
    )
    return [(row[0], row[1]) for row in rows]


def _again(v: Visit, posted: Posted, customer_id: int | None) -> Response:
    """The page where the form stood: the customer's, below its strip, or its own."""
    if posted.text("do") and customer_id is not None:
        return customer_page(v, customer_id, posted.text("ask"), params={})
    return new_page(v, customer_id)


def _answered_all(v: Visit, came: Bulk, others: int) -> str:
    """others: tickets below it that whoever answered may not see; they have no answer."""
    ngettext = counting(v.user.language, PACKAGE)
    words = ngettext(
        "The answer went to this ticket and one below it.",
        "The answer went to this ticket and %(num)s below it.",
        len(came.done),
    )
    if not others:
        return words
    left = ngettext(
        "One more below it is of another team or area: it has no answer yet.",
        "%(num)s more below it are of other teams or areas: they have no answer yet.",
        others,
    )
    return f"{words} {left}"


def _some_left(v: Visit, came: Bulk) -> CareError:
    """What is said where the answer is kept and could not go to all below: the same form sent again tries
    these anew, and nobody has it twice."""
    words = mark(
        "The answer is kept, and went to %(count)s below. It could not go to %(left)s. "
        "Send it again to try those once more."
    )
    left = "; ".join(
        f"{number_of(ticket_id)}: {v.said(error).rstrip('.')}" for ticket_id, error in came.refused
    )
    return Conflict("children_left", words, None, count=len(came.done) + len(came.unchanged), left=left)


def _answered(v: Visit, channel: str, then: str) -> str:
    _ = translator(v.user.language, PACKAGE)
    how, stands = v.text(WORDS["channel"][channel]), v.text(WORDS["status"][then])
    return _("The answer is kept (%(channel)s); the ticket: %(status)s.", channel=how, status=stands)


def _nothing(v: Visit, one: OneTicket) -> Response:
    return v.done(v.text(mark("This was kept before: nothing was kept twice.")), one.path, nothing=True)
