"""What providers tell afterwards: kept once, acted on, and the next way tried."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from notifications.outbox.claims import Terms, claim
from notifications.outbox.queueing import foresee, queue
from notifications.outbox.receipts import Told, fall_back, take_receipts
from notifications.outbox.settling import Tried, settle
from notifications.outbox.suppressing import lift
from notifications.types import notice_types
from tests.db.notifications.conftest import Town, reminder
from utility_crm.customers.tables import ContactPoint

MAIL = "care@utility.example"


def sent(town: Town, session: Session, now: datetime, *, phone: str = "") -> Any:
    """A reminder that went out by mail to somebody who may have a telephone."""
    account = town.person()
    if phone:
        session.add(ContactPoint(customer_id=account.customer_id, kind="phone", value=phone, normal=phone))
        session.flush()
    queue(session, reminder(account, f"F-{account.number}"), now)
    (held,) = claim(session, now, Terms(), MAIL)[1]
    settle(session, [Tried(held, "taken", now, "subject")], now)
    return account


def test_an_event_told_twice_is_kept_once_and_the_weightier_stands(
    town: Town, session: Session, now: datetime
) -> None:
    sent(town, session, now)
    (row,) = town.rows()
    read = Told("e2", row.message_id, "read", now)
    events = [read, Told("e1", row.message_id, "delivered", now), Told("e9", "<nobody's>", "read", now)]
    assert take_receipts(session, "smtp", events, now) == {"new": 2, "known": 0, "of_no_notice": 1}
    assert take_receipts(session, "smtp", [read, read], now) == {"new": 0, "known": 2, "of_no_notice": 0}
    (row,) = town.rows()
    assert (row.state, row.receipt) == ("sent", "read")


def test_a_bounce_closes_the_address_and_the_notice_goes_by_text_message(
    town: Town, session: Session, now: datetime
) -> None:
    account = sent(town, session, now, phone="+447700900002")
    (row,) = town.rows()
    take_receipts(session, "smtp", [Told("e1", row.message_id, "bounced", now, "5.1.1 no such user")], now)
    (row,) = town.rows()
    assert (row.state, row.channel, row.address) == ("waiting", "sms", "+447700900002")
    # the next one does not try the mail at all
    queue(session, reminder(account, "F-2"), now)
    assert [one.channel for one in town.rows()] == ["sms", "sms"]
    # and it may be written to again once a person says so
    lift(session, session.scalar(text("select id from suppressions")) or 0, None, now)
    queue(session, reminder(account, "F-3"), now)
    assert town.rows()[-1].channel == "email"


def test_a_bounce_with_no_other_way_waits_for_a_person(town: Town, session: Session, now: datetime) -> None:
    account = sent(town, session, now)
    (row,) = town.rows()
    take_receipts(session, "smtp", [Told("e1", row.message_id, "bounced", now, "no such user")], now)
    (row,) = town.rows()
    assert (row.state, row.last_error) == ("dead", "bounced: no such user")
    assert str(foresee(session, [reminder(account, "F-2")], now)[0].reason) == "suppressed"  # type: ignore[union-attr]


def test_without_a_receipt_in_time_the_next_way_is_tried(
    town: Town, session: Session, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    kind = notice_types()["payment_reminder"]
    monkeypatch.setattr("notifications.outbox.settling.notice_type", lambda name: kind_with_wait(kind))
    sent(town, session, now, phone="+447700900003")
    sent(town, session, now)  # no telephone: nothing to fall back to
    first, second = town.rows()
    assert first.fall_back_at == now + timedelta(minutes=30)
    assert fall_back(session, now + timedelta(minutes=29)) == 0
    assert fall_back(session, now + timedelta(minutes=31)) == 1
    first, second = town.rows()
    assert (first.state, first.channel) == ("waiting", "sms")
    assert (second.state, second.fall_back_at) == ("sent", None)


def kind_with_wait(kind: Any) -> Any:
    return replace(kind, receipt_within=timedelta(minutes=30))
