"""Other systems hear of outages, of consent, and of notices that did not arrive."""

from __future__ import annotations

from datetime import datetime, timedelta

from heard import heard, listen_to_all
from sqlalchemy import text
from sqlalchemy.orm import Session

from notifications.consents.recording import record_consent
from notifications.domain.incident import State
from notifications.outages.announcing import Interruption, plan_outage
from notifications.outages.incidents import (
    By,
    Opening,
    confirm,
    estimate,
    merge,
    open_incident,
    restore,
    withdraw,
)
from notifications.outbox.claims import Terms, claim
from notifications.outbox.queueing import queue
from notifications.outbox.receipts import Told, take_receipts
from notifications.outbox.settling import Tried, settle
from tests.db.notifications.conftest import Town, reminder

HOUR, OPS = timedelta(hours=1), By()


def kinds_of(session: Session) -> list[str]:
    return [kind for kind, _, _ in heard(session)]


def test_an_outage_from_its_beginning_to_its_end(town: Town, session: Session, now: datetime) -> None:
    listen_to_all(session)
    one = open_incident(session, Opening(town.west, now - HOUR, reference="INC-1"), OPS, now)
    ((kind, told, _),) = heard(session)
    assert (kind, told["place"], told["reference"], told["state"]) == (
        "outage.begun",
        "A-W",
        "INC-1",
        "confirmed",
    )
    estimate(session, one, now + HOUR, OPS, now)
    assert kinds_of(session) == ["outage.changed"]
    other = open_incident(session, Opening(town.east, now - HOUR), OPS, now)
    merge(session, other, one, OPS, now)
    assert kinds_of(session) == ["outage.begun", "outage.ended", "outage.changed"]
    restore(session, one, now, OPS, now)
    assert kinds_of(session) == ["outage.ended"]


def test_a_mere_report_is_not_announced(town: Town, session: Session, now: datetime) -> None:
    listen_to_all(session)
    one = open_incident(session, Opening(town.west, now - HOUR, State.REPORTED), OPS, now)
    wrong = open_incident(session, Opening(town.east, now - HOUR, State.REPORTED), OPS, now)
    withdraw(session, wrong, OPS, now)
    assert heard(session) == []
    confirm(session, one, OPS, now)
    assert kinds_of(session) == ["outage.begun"]


def test_works_that_are_planned(town: Town, session: Session, now: datetime) -> None:
    listen_to_all(session)
    ahead = now + timedelta(days=3)
    plan_outage(session, Interruption(town.west, ahead, ahead + HOUR, "A switch"), now)
    ((kind, told, _),) = heard(session)
    assert kind == "outage.planned" and datetime.fromisoformat(told["starts_at"]) == ahead


def test_what_bounced_and_what_was_said(town: Town, session: Session, now: datetime) -> None:
    listen_to_all(session)
    account = town.person()
    queue(session, reminder(account), now)
    (held,) = claim(session, now, Terms(), "care@utility.example")[1]
    settle(session, [Tried(held, "taken", now, "subject")], now)
    name = session.scalar(text("select message_id from outbox"))
    events = [Told("e1", name, "delivered", now), Told("e2", name, "bounced", now)]
    take_receipts(session, "smtp", events, now)
    take_receipts(session, "smtp", events, now)
    ((kind, told, personal),) = heard(session)
    assert (kind, told["what"], told["kind"], told["channel"]) == (
        "notice.bounced", "bounced", "payment_reminder", "email",
    )  # fmt: skip
    assert personal == {"address": held.address} and "@" not in str(told)

    record_consent(session, account.customer_id, "marketing", "email", granted=True, now=now, proof="said so")
    found = {kind: (told, personal) for kind, told, personal in heard(session)}
    assert found.keys() == {"consent.changed", "customer.changed"}
    told, personal = found["consent.changed"]
    assert (told["purpose"], told["granted"], personal) == ("marketing", True, None)
    assert "said so" not in str(found["customer.changed"][0])
