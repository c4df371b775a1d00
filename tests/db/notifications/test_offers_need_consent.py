"""Every kind that is marketing, whichever there are, goes to nobody who did not agree, by no channel."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy.orm import Session

from notifications.consents.confirming import confirm
from notifications.consents.recording import record_consent
from notifications.consents.tokens import GOOD_FOR, Asked, Leaving, confirmation
from notifications.consents.unsubscribing import unsubscribe
from notifications.domain.permission import Reason
from notifications.outbox.claims import Terms, claim
from notifications.outbox.new_notice import NewNotice
from notifications.outbox.queueing import queue
from notifications.types import notice_types
from tests.db.notifications.conftest import Town
from utility_crm.customers.tables import ContactPoint

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
OFFERS = sorted(kind.name for kind in notice_types().values() if kind.purpose == "marketing")


def test_surveys_and_campaigns_are_offers() -> None:
    assert {"campaign", "survey"} <= set(OFFERS)


def offered(kind: str, customer_id: int) -> NewNotice:
    return NewNotice(
        key=f"{kind}:1", notice=kind, customer_id=customer_id, context=notice_types()[kind].example
    )


@pytest.mark.parametrize("kind", OFFERS)
def test_it_is_withheld_without_consent_and_kept_with_the_reason(
    session: Session, town: Town, kind: str
) -> None:
    account = town.person()
    record_consent(session, account.customer_id, "service", "email", granted=True, now=NOON, proof="a call")
    done = queue(session, offered(kind, account.customer_id), NOON)
    assert (done.outcome, done.reason) == ("withheld", Reason.NO_CONSENT)
    assert claim(session, NOON, Terms(), "care@utility.example", channel="email")[1] == []


@pytest.mark.parametrize("kind", OFFERS)
def test_who_agreed_gets_it_by_that_channel_alone_until_they_withdraw(
    session: Session, town: Town, kind: str
) -> None:
    account = town.person()
    phone = "+447700900001"
    session.add(ContactPoint(customer_id=account.customer_id, kind="phone", value=phone, normal=phone))
    session.flush()
    record_consent(session, account.customer_id, "marketing", "sms", granted=True, now=NOON, proof="a call")
    assert queue(session, offered(kind, account.customer_id), NOON).outcome == "queued"
    (row,) = town.rows()
    assert (row.channel, row.purpose) == ("sms", "marketing")
    record_consent(session, account.customer_id, "marketing", "sms", granted=False, now=NOON, proof="a call")
    assert claim(session, NOON, Terms(), "care@utility.example", channel="sms")[1] == []
    (row,) = town.rows()
    # of the example's survey there is no row: tests/db/surveys asks the same of one there is
    why = Reason.NO_LONGER_TRUE if kind == "survey" else Reason.CONSENT_WITHDRAWN
    assert (row.state, row.reason) == ("withheld", why)


def test_an_older_link_does_not_bring_back_what_was_withdrawn_since(session: Session, town: Town) -> None:
    customer = town.person().customer_id
    times = [NOON, NOON + timedelta(days=1)]
    first, second = (
        confirmation("key", Asked(customer, "marketing", "email", "person1@example.org", at + GOOD_FOR))
        for at in times
    )
    assert confirm(session, "key", first, times[1]).done
    left = times[1] + timedelta(hours=1)
    unsubscribe(session, Leaving(customer, "email", 0), left)
    found = confirm(session, "key", second, left + timedelta(hours=1))
    assert (found.open, found.done) == (False, False), "it was asked before they left"
    anew = left + timedelta(days=1)
    third = confirmation("key", Asked(customer, "marketing", "email", "person1@example.org", anew + GOOD_FOR))
    assert confirm(session, "key", third, anew).done
