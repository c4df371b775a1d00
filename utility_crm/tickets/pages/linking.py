"""Two tickets: merge and undo, split, links, incidents."""

from __future__ import annotations

from fastapi import APIRouter, Request
from sqlalchemy import select
from starlette.responses import Response

from utility_crm.kit.errors import Invalid
from utility_crm.tickets.actions import link, merge, set_parent, split, unlink, unmerge
from utility_crm.tickets.domain.life import LINKS
from utility_crm.tickets.domain.numbers import id_of, number_of
from utility_crm.tickets.pages.acts import acted
from utility_crm.tickets.pages.showing import found_ticket
from utility_crm.tickets.pages.typed import PACKAGE, version_of
from utility_crm.tickets.queries.ticket import OneTicket
from utility_crm.tickets.tables import Ticket
from utility_crm.web.forms import Posted
from utility_crm.web.posting import Posting
from utility_crm.web.visit import Visit
from utility_crm.web.words import counting, mark, translator

router = APIRouter()


@router.post("/tickets/{number}/merge")
def merged(request: Request, number: str, posted: Posting) -> Response:
    """Its messages go to another ticket; asked back where that is another customer's."""
    return acted(request, number, posted, "merge", _merge)


def _merge(v: Visit, one: OneTicket, posted: Posted) -> tuple[str, bool]:
    into = _other(v, posted, "into")
    _, ngettext = translator(v.user.language, PACKAGE), counting(v.user.language, PACKAGE)
    doubt = ""
    if None not in (one.customer_id, into.customer_id) and one.customer_id != into.customer_id:
        doubt = _(
            "%(into)s is of another customer (%(name)s): they would see what was written to both.",
            into=into.number, name=into.customer,
        )  # fmt: skip
    posted.sure(doubt, do=_("Merge it all the same"))
    moved = merge(v.session, one.id, into.id, now=v.now, by=v.user.id, version=version_of(posted))
    words = ngettext(
        "One message moved to %(into)s; this ticket is closed.",
        "%(num)s messages moved to %(into)s; this ticket is closed.",
        len(moved),
        into=into.number,
    )
    return words, True


@router.post("/tickets/{number}/unmerge")
def unmerged(request: Request, number: str, posted: Posting) -> Response:
    """Undo the merge."""
    return acted(request, number, posted, "unmerge", _unmerge)


def _unmerge(v: Visit, one: OneTicket, posted: Posted) -> tuple[str, bool]:
    del posted
    ngettext = counting(v.user.language, PACKAGE)
    back = unmerge(v.session, one.id, now=v.now, by=v.user.id)
    return ngettext("Undone: one message is back.", "Undone: %(num)s messages are back.", len(back)), True


@router.post("/tickets/{number}/split")
def divided(request: Request, number: str, posted: Posting) -> Response:
    """Chosen messages become a ticket of their own."""
    return acted(request, number, posted, "split", _split)


def _split(v: Visit, one: OneTicket, posted: Posted) -> tuple[str, bool]:
    ngettext = counting(v.user.language, PACKAGE)
    chosen = [int(one) for one in posted.every("messages") if one.isdecimal() and len(one) < 19]
    subject = posted.must("subject", mark("Say in a few words what it is about."))
    new = split(
        v.session, one.id, chosen, subject=subject.value, now=v.now, by=v.user.id, version=version_of(posted)
    )
    words = ngettext(
        "One message is %(number)s now.", "%(num)s messages are %(number)s now.", len(chosen),
        number=number_of(new),
    )  # fmt: skip
    return words, True


@router.post("/tickets/{number}/link")
def linked(request: Request, number: str, posted: Posting) -> Response:
    """Say what it has to do with another ticket; the incident it belongs to is one of these."""
    return acted(request, number, posted, "link", _link)


def _link(v: Visit, one: OneTicket, posted: Posted) -> tuple[str, bool]:
    _ = translator(v.user.language, PACKAGE)
    how = posted.one_of("how", (*LINKS, "parent"))
    other = _other(v, posted, "other")
    if how.value == "parent":
        done = set_parent(v.session, one.id, other.id, now=v.now, by=v.user.id, version=version_of(posted))
        return _("It belongs to %(number)s now.", number=other.number), done
    done = link(v.session, one.id, other.id, how.value, now=v.now, by=v.user.id)
    return _("Linked with %(number)s.", number=other.number), done


@router.post("/tickets/{number}/unlink")
def unlinked(request: Request, number: str, posted: Posting) -> Response:
    """Take a link away, or take it out of its incident."""
    return acted(request, number, posted, "unlink", _unlink)


def _unlink(v: Visit, one: OneTicket, posted: Posted) -> tuple[str, bool]:
    _ = translator(v.user.language, PACKAGE)
    if posted.text("parent"):
        done = set_parent(v.session, one.id, None, now=v.now, by=v.user.id, version=version_of(posted))
        return _("It belongs to no incident any more."), done
    unlink(v.session, one.id, posted.whole("link", 1).value, now=v.now, by=v.user.id)
    return _("The link is taken away."), True


def _other(v: Visit, posted: Posted, name: str) -> OneTicket:
    """The other ticket that a form names. Raises Invalid beside the field."""

    def read(typed: str) -> OneTicket:
        ticket_id = id_of(typed) or id_of(f"T-{typed}")
        if ticket_id is None or v.session.scalar(select(Ticket.id).where(Ticket.id == ticket_id)) is None:
            words = mark("There is no ticket “%(typed)s”; a number is such as T-10432.")
            raise Invalid("no_such_ticket", words, name, typed=typed)
        return found_ticket(v, number_of(ticket_id))

    return posted.field(name, read).value
