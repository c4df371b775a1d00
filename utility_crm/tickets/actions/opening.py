"""Opening a ticket: the customer's own words, or a matter of ours."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from utility_crm.customers.tables import Account, Customer
from utility_crm.kit.errors import Invalid, NotFound
from utility_crm.tickets.actions.writing import fields_of, some_subject, some_text
from utility_crm.tickets.attachments import hang
from utility_crm.tickets.domain.files import Given
from utility_crm.tickets.domain.life import CHANNELS, KINDS, PRIORITIES, begun
from utility_crm.tickets.events import record
from utility_crm.tickets.tables import Ticket, TicketMessage
from utility_crm.web.words import mark


def open_ticket(
    session: Session,
    *,
    kind: str,
    subject: str,
    text: str,
    channel: str,
    now: datetime,
    customer_id: int | None = None,
    by: int | None = None,
    sender: str = "",
    language: str = "",
    external_id: str | None = None,
    attachments: Sequence[Given] = (),
    direction: str = "in",
    priority: str = "normal",
    account_id: int | None = None,
    premise_id: int | None = None,
    assignee_id: int | None = None,
    team_id: int | None = None,
    outage_id: int | None = None,
    tags: Sequence[str] = (),
    form_key: str | None = None,
) -> int:
    """A new ticket with its first message; the ticket's id.

    direction: "in", the customer's words (as they said them, or as `by` wrote them down), or "note", a matter
    that we open ourselves. language: of the customer, theirs on file where it is empty. external_id: the
    message's name on its channel; form_key: of the form it was typed into: the same again is the same ticket,
    wherever its message is by now. What is attached and cannot be taken is refused where `by` is a person,
    else left out with the reason. Raises Invalid, NotFound (customer, account).
    """
    known = known_message(session, channel, external_id, form_key)
    if known is not None:
        return known.ticket_id
    if kind not in KINDS or channel not in CHANNELS or priority not in PRIORITIES:
        raise Invalid("ticket", mark("Choose one of what is offered."), "kind, channel, priority")
    if direction not in ("in", "note"):
        raise Invalid(
            "direction", "A ticket is opened by a word of the customer's or by a note.", "direction"
        )
    about, words = some_subject(subject), some_text(text)
    spoken = _customer(session, customer_id, account_id)
    standing = begun(now, by_us=direction == "note")
    ticket = Ticket(
        kind=kind, subject=about, priority=priority, channel=channel, language=language or spoken,
        customer_id=customer_id, account_id=account_id, premise_id=premise_id, assignee_id=assignee_id,
        team_id=team_id, outage_id=outage_id, tags=tidy_tags(tags), version=1, opened_at=now, opened_by=by,
        updated_at=now, **fields_of(standing),
    )  # fmt: skip
    session.add(ticket)
    session.flush()
    message = TicketMessage(
        ticket_id=ticket.id, direction=direction, channel="note" if direction == "note" else channel,
        text=words, sender=sender, author_id=by, at=now, external_id=external_id, form_key=form_key,
    )  # fmt: skip
    session.add(message)
    session.flush()
    hang(session, message.id, attachments, refuse=by is not None)
    after = {"kind": kind, "status": "new", "priority": priority, "channel": channel}
    for name in ("customer_id", "account_id", "assignee_id", "team_id", "outage_id"):
        if getattr(ticket, name) is not None:
            after[name] = getattr(ticket, name)
    record(session, ticket.id, 1, "opened", now=now, by=by, message_id=message.id, after=after)
    return ticket.id


def known_message(
    session: Session, channel: str, external_id: str | None, form_key: str | None
) -> TicketMessage | None:
    """The message of this name, if it came before; else the name is this transaction's until it ends, and
    whoever brings the same waits here."""
    found: TicketMessage | None = None
    if external_id is not None:
        session.execute(
            select(func.pg_advisory_xact_lock(func.hashtextextended(f"{channel}\n{external_id}", 35)))
        )
        found = session.scalars(
            select(TicketMessage).where(
                TicketMessage.channel == channel, TicketMessage.external_id == external_id
            )
        ).one_or_none()
    if found is None and form_key is not None:
        session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(form_key, 36))))
        found = session.scalars(select(TicketMessage).where(TicketMessage.form_key == form_key)).one_or_none()
    return found


def tidy_tags(tags: Sequence[str]) -> list[str]:
    """Tags in lower case, each once, in their order. Raises Invalid."""
    found = list(dict.fromkeys(filter(None, (" ".join(tag.lower().split()) for tag in tags))))
    if len(found) > 20 or any(len(tag) > 40 or "," in tag for tag in found):
        raise Invalid("tags", mark("A ticket has at most 20 tags of 40 letters."), "tags")
    return found


def _customer(session: Session, customer_id: int | None, account_id: int | None) -> str:
    """Their language. Raises NotFound where there is no such customer, or the account is not theirs."""
    language = ""
    if customer_id is not None:
        found = session.scalar(select(Customer.language).where(Customer.id == customer_id))
        if found is None:
            raise NotFound("no_such_customer", mark("There is no customer of this number here."), "customer")
        language = found
    if account_id is not None:
        owners = session.execute(
            select(Account.customer_id, Account.payer_id).where(Account.id == account_id)
        ).one_or_none()
        if owners is None or customer_id is None or customer_id not in owners:
            raise NotFound("no_such_account", mark("This account is not theirs."), "account")
    return language
