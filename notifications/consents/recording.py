"""Keeping a customer's word for or against being written to."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from notifications.consents.words import CHANNELS, LONGEST_PROOF, PURPOSES
from notifications.tables import Consent
from utility_crm.announcing.telling import announce
from utility_crm.auth.audit import note_change
from utility_crm.customers.tables import Customer
from utility_crm.kit.errors import Invalid, NotFound
from utility_crm.web.words import mark

CONSENT = mark("consent")


def record_consent(
    session: Session,
    customer_id: int,
    purpose: str,
    channel: str,
    *,
    granted: bool,
    now: datetime,
    proof: str,
    by: int | None = None,
) -> None:
    """Keep a customer's word for or against being written to; the newest holds, and older ones stay. `by`
    is the user who took it.

    Raises `Invalid` for a purpose or channel there is not, or a `proof` that is blank or too long; `NotFound`
    for an unknown customer.
    """
    if purpose not in PURPOSES or channel not in CHANNELS:
        raise Invalid(
            "consent", mark("Consent is to service or marketing, by a channel there is."), "purpose"
        )
    known_by = " ".join(proof.split())
    if not 0 < len(known_by) <= LONGEST_PROOF:
        raise Invalid("consent_proof", mark("Say in a few words how we know."), "proof")
    if session.scalar(select(Customer.id).where(Customer.id == customer_id)) is None:
        raise NotFound("no_such_customer", "There is no customer of this number here.", str(customer_id))
    stood = session.scalar(
        select(Consent.granted)
        .where(Consent.customer_id == customer_id, Consent.purpose == purpose, Consent.channel == channel)
        .order_by(Consent.at.desc(), Consent.id.desc())
        .limit(1)
    )
    told = {"purpose": purpose, "channel": channel}
    before = None if stood is None else told | {"granted": stood}
    note_change(session, customer_id, CONSENT, before, told | {"granted": granted, "proof": known_by})
    announce(session, "consent.changed", now, told | {"granted": granted}, customer_id=customer_id)
    session.add(
        Consent(
            customer_id=customer_id,
            purpose=purpose,
            channel=channel,
            granted=granted,
            at=now,
            proof=known_by,
            recorded_by=by,
        )
    )
    session.flush()
