"""What comes by a form, a program or a messenger: stored and placed in one go, answered with its number."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from utility_crm.mail.domain.clean_text import clean_text, one_line
from utility_crm.mail.placing import Came, fit_subject, fit_text, ignore, place
from utility_crm.mail.tables import Arrival


@dataclass(frozen=True, slots=True)
class Told:
    """A message as it was told. channel: "web", "api" or "messenger"; via: the messenger's adapter; name: it
    is known by on its channel, once; peer: a digest of where it came from; kind: of the ticket."""

    channel: str
    name: str
    sender: str
    text: str
    sender_name: str = ""
    subject: str = ""
    language: str = ""
    via: str = ""
    peer: str = ""
    kind: str = "other"
    more: Mapping[str, str] | None = None


def take(
    session: Session, told: Told, now: datetime, *, ticket_id: int | None = None, ignored: str = ""
) -> Arrival:
    """Keep a message and place it: into this ticket, or a new one; `ignored` says why it goes nowhere. The
    same name again is the same arrival, and nothing is done twice."""
    raw = json.dumps(
        {
            "sender": told.sender,
            "sender_name": told.sender_name,
            "subject": told.subject,
            "text": told.text,
            "kind": told.kind,
            **(told.more or {}),
        },
        ensure_ascii=False,
        sort_keys=True,
    ).encode()
    digest = sha256(f"{told.via}\n{told.name}".encode()).hexdigest()
    row = {
        "channel": told.channel,
        "via": told.via,
        "digest": digest,
        "sha256": sha256(raw).hexdigest(),
        "raw": raw,
        "size_bytes": len(raw),
        "received_at": now,
        "external_id": told.name,
        "sender": told.sender,
        "sender_name": one_line(told.sender_name, 200),
        "subject": one_line(told.subject),
        "language": told.language,
        "peer": told.peer,
    }
    statement = insert(Arrival).values(**row).on_conflict_do_nothing(index_elements=["channel", "digest"])
    made = session.scalar(statement.returning(Arrival.id))
    if made is None:
        known = select(Arrival).where(Arrival.channel == told.channel, Arrival.digest == digest)
        return session.scalars(known).one()
    arrival = session.get_one(Arrival, made)
    if ignored:
        ignore(arrival, ignored)
        session.flush()
        return arrival
    place(session, arrival, came_of(arrival, json.loads(raw)), ticket_id, now)
    return arrival


def came_of(arrival: Arrival, told: Mapping[str, str]) -> Came:
    """A message that was told as JSON, as it goes into a ticket."""
    text = clean_text(told["text"])
    return Came(
        channel=arrival.channel,
        sender=arrival.sender,
        sender_name=arrival.sender_name,
        subject=fit_subject(arrival.subject, text),
        text=fit_text(text),
        language=arrival.language,
        external_id=f"{arrival.via} {arrival.external_id}".strip(),
        kind=told["kind"],
    )
