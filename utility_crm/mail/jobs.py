"""What the clock calls: look into the mailbox, and place what came."""

from __future__ import annotations

import logging
from collections import Counter
from datetime import datetime

from sqlalchemy.orm import Session

from utility_crm.kit.module import Job
from utility_crm.kit.said import Said, said, together
from utility_crm.kit.settings import settings
from utility_crm.mail.fetching import mark_stored, note_failure, source_named, store_new
from utility_crm.mail.mailbox import Address, MailboxDown, opened
from utility_crm.mail.placing import place_each
from utility_crm.web.words import mark

_log = logging.getLogger(__name__)


def fetch_and_place(session: Session, now: datetime) -> Said:
    """One look: first what an earlier look stored, and the clock has committed, is placed, each mail in a
    transaction of its own; then it is marked on the server; then new mail is stored."""
    placed = Counter(place_each(session.get_bind().engine, now))
    looked = fetch_once(session, now)
    became = said(
        mark("%(placed)s placed, %(waiting)s wait for a person, %(ignored)s ignored"),
        placed=placed["placed"],
        waiting=placed["waiting"],
        ignored=placed["ignored"],
    )
    return together((looked, became))


def fetch_once(session: Session, now: datetime) -> Said:
    """Mark and store, in this order; a server that does not answer is noted and said."""
    address = Address.of(settings())
    if address is None:
        return said(mark("no mailbox is set up"))
    source = source_named(session, address.name)
    if source is None:
        return said(mark("another reader is at it"))
    try:
        with opened(address) as box:
            marked = mark_stored(session, source, box, now)
            stored = store_new(session, source, box, now)
    except MailboxDown as error:
        _log.info("mail is not fetched: %s", error)
        note_failure(session, source, str(error), now)
        return said(mark("the mailbox could not be read: %(why)s"), why=source.error)
    return said(
        mark("%(new)s mails fetched, %(known)s known, %(marked)s marked as read"),
        new=stored.new,
        known=stored.known,
        marked=marked,
    )


JOBS = (Job("mail.fetch", 20, fetch_and_place, mark("Fetch mail and place it in tickets")),)
