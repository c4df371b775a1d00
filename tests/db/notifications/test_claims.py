"""What a claim takes, and what it asks again before anything is sent."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import delete, update
from sqlalchemy.orm import Session

from notifications.consents.recording import record_consent
from notifications.domain.permission import Rules
from notifications.outbox.claims import Terms, claim, give_back
from notifications.outbox.queueing import queue, queue_all
from notifications.outbox.settling import Tried, settle
from notifications.outbox.suppressing import suppress
from notifications.tables import OutboxNotice
from tests.db.notifications.conftest import reminder
from utility_crm.customers.tables import ContactPoint

MAIL = "care@utility.example"
TERMS = Terms()


def states(town: Any) -> list[tuple[str, str | None]]:
    return [(row.state, row.reason) for row in town.rows()]


def test_a_claim_is_a_lease(session: Session, town: Any, now: datetime) -> None:
    queue(session, reminder(town.person()), now)
    looked_at, held = claim(session, now, TERMS, MAIL)
    assert (looked_at, len(held)) == (1, 1)
    assert (held[0].name, held[0].address) == ("Person 1", "person1@example.org")
    assert claim(session, now + timedelta(seconds=59), TERMS, MAIL) == (0, [])
    (again,) = claim(session, now + timedelta(seconds=60), TERMS, MAIL)[1]
    assert again.message_id == held[0].message_id
    assert [(row.claims, row.attempts) for row in town.rows()] == [(2, 0)]


def test_what_is_not_due_is_left(session: Session, town: Any, now: datetime) -> None:
    night = now.replace(hour=23)
    queue(session, reminder(town.person()), night)
    assert claim(session, night + timedelta(hours=8), TERMS, MAIL) == (0, [])
    assert len(claim(session, night + timedelta(hours=9), TERMS, MAIL)[1]) == 1


def test_who_depends_on_it_most_goes_first(session: Session, town: Any, now: datetime) -> None:
    for priority in (50, 10, 0, 1):
        queue(session, reminder(town.person(), f"F-{priority}", priority=priority), now)
    _, held = claim(session, now, Terms(batch=3), MAIL)
    assert [one.context["bill"] for one in held] == ["F-0", "F-1", "F-10"]


def test_consent_withdrawn_since_then_holds(session: Session, town: Any, now: datetime) -> None:
    account = town.person()
    queue(session, reminder(account), now)
    record_consent(session, account.customer_id, "service", "email", granted=False, now=now, proof="a call")
    assert claim(session, now, TERMS, MAIL) == (1, [])
    assert states(town) == [("withheld", "consent_withdrawn")]


def test_an_address_that_is_not_theirs_any_more_gets_nothing(
    session: Session, town: Any, now: datetime
) -> None:
    moved, gone, same = town.person(), town.person(), town.person(mail="Same@Example.org")
    phone = "+447700900001"
    session.add(ContactPoint(customer_id=gone.customer_id, kind="phone", value=phone, normal=phone))
    for account in (moved, gone, same):
        queue(session, reminder(account, account.number), now)
    own = ContactPoint.customer_id.in_([moved.customer_id, gone.customer_id])
    session.execute(delete(ContactPoint).where(own, ContactPoint.kind == "email"))
    new = "new@example.org"
    session.add(ContactPoint(customer_id=moved.customer_id, kind="email", value=new, normal=new))
    session.flush()
    held = claim(session, now, TERMS, MAIL)[1]
    assert [one.address for one in held] == [new, "Same@Example.org"]
    assert [row.address for row in town.rows()] == [new, phone, "Same@Example.org"]
    (by_phone,) = claim(session, now, TERMS, MAIL, channel="sms")[1]
    assert by_phone.address == phone


def test_a_new_address_that_is_closed_is_not_written_to(session: Session, town: Any, now: datetime) -> None:
    account = town.person()
    queue(session, reminder(account), now)
    session.execute(delete(ContactPoint).where(ContactPoint.customer_id == account.customer_id))
    new = "closed@example.org"
    session.add(ContactPoint(customer_id=account.customer_id, kind="email", value=new, normal=new))
    session.flush()
    suppress(session, "email", new, "bounced", "", now)
    assert claim(session, now, TERMS, MAIL)[1] == []
    assert states(town) == [("withheld", "suppressed")]


def test_night_fell_while_it_waited(session: Session, town: Any, now: datetime) -> None:
    queue(session, reminder(town.person()), now)
    assert claim(session, now.replace(hour=21), TERMS, MAIL) == (1, [])
    assert states(town) == [("waiting", "quiet_hours")]
    assert town.rows()[0].not_before == datetime(2026, 11, 21, 8, tzinfo=UTC)


def test_it_came_too_late(session: Session, town: Any, now: datetime) -> None:
    queue(session, reminder(town.person(), useful_before=now + timedelta(hours=1)), now)
    claim(session, now + timedelta(hours=1), TERMS, MAIL)
    assert states(town) == [("withheld", "too_late")]


def test_the_cap_counts_what_was_sent_today_and_what_is_on_its_way(
    session: Session, town: Any, now: datetime
) -> None:
    account, other = town.person(), town.person()
    queue_all(session, [reminder(account, f"F-{number}") for number in range(6)], now)
    queue(session, reminder(other, "F-other"), now)
    one_at_a_time, two_a_day = Terms(batch=1), Rules(cap_a_day=2)
    (first,) = claim(session, now, one_at_a_time, MAIL, two_a_day)[1]
    settle(session, [Tried(first, "taken", now, "subject")], now)
    (second,) = claim(session, now, one_at_a_time, MAIL, two_a_day)[1]  # on its way, not sent yet
    looked_at, held = claim(session, now, TERMS, MAIL, two_a_day)
    assert looked_at == 5
    assert [one.context["bill"] for one in held] == ["F-other"]
    put_off = [row for row in town.rows() if row.reason == "daily_cap"]
    assert {row.not_before for row in put_off} == {datetime(2026, 11, 21, 8, tzinfo=UTC)}
    assert len(put_off) == 4
    # tomorrow the count begins anew, and one claim heeds it within itself
    for one in (second, *held):
        settle(session, [Tried(one, "taken", now, "subject")], now)
    assert len(claim(session, now + timedelta(days=1), TERMS, MAIL, two_a_day)[1]) == 2


def test_the_day_of_the_cap_is_the_customers_own(session: Session, town: Any) -> None:
    accounts = [town.person(), town.person(zone="Asia/Tokyo")]
    morning = datetime(2026, 11, 20, 10, tzinfo=UTC)  # seven in the evening in Tokyo
    for account in accounts:
        queue_all(session, [reminder(account, f"{account.number}-{n}") for n in range(2)], morning)
    once = Rules(cap_a_day=1)
    _, held = claim(session, morning, TERMS, MAIL, once)
    assert [one.context["bill"] for one in held] == ["A0001-0", "A0002-0"]
    for one in held:
        settle(session, [Tried(one, "taken", morning, "subject")], morning)
    # eight in the morning of the next day in Tokyo, when it is still today in London
    _, held = claim(session, datetime(2026, 11, 20, 23, tzinfo=UTC), TERMS, MAIL, once)
    assert [one.context["bill"] for one in held] == ["A0002-1"]
    assert [row.not_before.day for row in town.rows() if row.reason == "daily_cap"] == [21]


def test_one_that_kills_its_workers_is_dead_in_the_end(session: Session, town: Any, now: datetime) -> None:
    queue(session, reminder(town.person()), now)
    terms = Terms(lease=timedelta(minutes=1), most_claims=3)
    held = [claim(session, now + timedelta(minutes=n), terms, MAIL)[1] for n in range(4)]
    assert [len(one) for one in held] == [1, 1, 1, 0]
    (row,) = town.rows()
    assert row.state == "dead"
    assert "3 times" in row.last_error


@pytest.mark.parametrize("zone", ["Mars/Olympus", "", "../secret", "Europe"])
def test_a_time_zone_that_is_none_kills_its_notice_alone(
    session: Session, town: Any, now: datetime, zone: str
) -> None:
    for bill in ("F-bad", "F-good"):
        queue(session, reminder(town.person(), bill), now)
    session.execute(
        update(OutboxNotice).where(OutboxNotice.context["bill"].astext == "F-bad").values(timezone=zone)
    )
    looked_at, held = claim(session, now, TERMS, MAIL)
    assert (looked_at, [one.context["bill"] for one in held]) == (2, ["F-good"])
    bad, good = town.rows()
    assert (bad.state, bad.lease_until, good.state) == ("dead", None, "sending")
    assert f"time zone {zone!r}" in bad.last_error
    assert claim(session, now + timedelta(seconds=1), TERMS, MAIL) == (0, [])


def test_who_lost_the_lease_may_only_say_that_it_was_sent(session: Session, town: Any, now: datetime) -> None:
    queue(session, reminder(town.person()), now)
    (slow,) = claim(session, now, TERMS, MAIL)[1]
    later = now + timedelta(minutes=2)
    (quick,) = claim(session, later, TERMS, MAIL)[1]
    settle(session, [Tried(slow, "later", later, detail="too slow", again_at=later)], later)
    give_back(session, [slow], later)
    assert [(row.state, row.attempts) for row in town.rows()] == [("sending", 0)]
    settle(session, [Tried(slow, "taken", later, "first")], later)
    settle(
        session, [Tried(quick, "taken", later + timedelta(seconds=1), "second")], later + timedelta(seconds=1)
    )
    assert [(row.state, row.subject, row.sent_at) for row in town.rows()] == [("sent", "first", later)]
