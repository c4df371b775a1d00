"""What the forms of tickets bring: keys, versions, people, customers as they are typed."""

from __future__ import annotations

from hashlib import sha256

from sqlalchemy import select

from utility_crm.customers.limits import those_seen
from utility_crm.customers.tables import Account, Customer
from utility_crm.kit.errors import Invalid
from utility_crm.web.forms import Posted
from utility_crm.web.visit import Visit
from utility_crm.web.words import mark

PACKAGE = "utility_crm.tickets"
"""Whose words these pages speak."""


def key_of(posted: Posted) -> str | None:
    """The key of the form and of what it says, so that it writes once: who goes back in the browser and
    writes something else has written something else, and it is kept."""
    key = posted.text("form_key")[:64]
    return f"{key} {sha256(posted.text('text').encode()).hexdigest()[:16]}" if key else None


def version_of(posted: Posted) -> int | None:
    """The version of the ticket that the person saw."""
    given = posted.text("version")
    return int(given) if given.isdecimal() and len(given) < 19 else None


def id_or_none(typed: str) -> int | None:
    """A choice of somebody or of nobody. Raises Invalid."""
    if not typed:
        return None
    if not (typed.isascii() and typed.isdecimal() and len(typed) < 19):
        raise Invalid("account", mark("Choose one of what is offered."), "account")
    return int(typed)


def customer_called(v: Visit, typed: str) -> int | None:
    """The customer of a number or an account as typed; none where nothing was. NotFound as Invalid."""
    if not typed:
        return None
    own = select(Customer.id).where(Customer.number == typed.upper())
    held = select(Account.customer_id).where(Account.number == typed)
    found = v.session.scalar(own) or v.session.scalar(held)
    if found is None or not those_seen(v.session, v.user, [found]):
        words = mark("There is no customer or account “%(typed)s”; find them first.")
        raise Invalid("no_such_customer", words, "customer", typed=typed)
    return found
