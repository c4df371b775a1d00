"""The outbox takes a notice once, and keeps why one may not go."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import event, func, select, update
from sqlalchemy.orm import Session

from notifications.consents.recording import record_consent
from notifications.domain.permission import Reason
from notifications.outbox.new_notice import Queued
from notifications.outbox.queueing import queue, queue_all, take_back
from notifications.tables import OutboxNotice
from tests.db.notifications.conftest import reminder
from utility_crm.customers.tables import Occupancy
from utility_crm.kit.errors import Invalid, NotFound

NIGHT = datetime(2026, 11, 20, 22, 30, tzinfo=UTC)


def test_a_key_is_queued_once(session: Session, town: Any, now: datetime) -> None:
    account = town.person()
    first = queue(session, reminder(account), now)
    again = queue(session, reminder(account), now + timedelta(days=1))
    assert (first.outcome, again.outcome) == ("queued", "already")
    (row,) = town.rows()
    assert (row.state, row.reason, row.not_before, row.address) == (
        "waiting",
        None,
        now,
        "person1@example.org",
    )
    assert row.message_id.startswith("<") and row.message_id.endswith("@utility.example>")


def test_the_same_key_twice_in_one_call(session: Session, town: Any, now: datetime) -> None:
    account = town.person()
    became = queue_all(session, [reminder(account)] * 3, now)
    assert [one.outcome for one in became] == ["queued", "already", "already"]
    assert len(town.rows()) == 1


def test_why_one_was_withheld_is_kept(session: Session, town: Any, now: datetime) -> None:
    silent, unreachable, willing = town.person(), town.person(mail=None), town.person()
    for granted, at in ((True, now - timedelta(days=2)), (False, now - timedelta(days=1))):
        record_consent(session, silent.customer_id, "service", "email", granted=granted, now=at, proof="call")
    record_consent(
        session, willing.customer_id, "marketing", "email", granted=False, now=now, proof="web form"
    )
    became = queue_all(
        session,
        [reminder(account, f"F-{account.id}") for account in (silent, unreachable, willing)],
        now,
    )
    assert [(one.outcome, one.reason) for one in became] == [
        ("withheld", Reason.CONSENT_WITHDRAWN),
        ("withheld", Reason.NO_ADDRESS),
        ("queued", None),
    ]
    assert [(row.state, row.reason) for row in town.rows()] == [
        ("withheld", "consent_withdrawn"),
        ("withheld", "no_address"),
        ("waiting", None),
    ]


def test_at_night_it_waits_for_the_morning_of_the_premise(session: Session, town: Any) -> None:
    here, there = town.person(), town.person(zone="Asia/Vladivostok")
    became = queue_all(session, [reminder(here, "F-1"), reminder(there, "F-2")], NIGHT)
    assert [one.reason for one in became] == [Reason.QUIET_HOURS, None]
    assert [row.not_before for row in town.rows()] == [datetime(2026, 11, 21, 8, tzinfo=UTC), NIGHT]
    assert [row.timezone for row in town.rows()] == ["Europe/London", "Asia/Vladivostok"]


def test_the_zone_is_that_of_where_the_account_is_supplied_now(
    session: Session, town: Any, now: datetime
) -> None:
    account = town.person(zone="Europe/Moscow", until=date(2026, 6, 1))
    moved_to = town.person(zone="Asia/Yekaterinburg", mail=None)
    new_home = session.scalar(select(Occupancy.premise_id).where(Occupancy.account_id == moved_to.id))
    assert new_home is not None
    session.add(Occupancy(account_id=account.id, premise_id=new_home, starts_on=date(2026, 6, 1)))
    session.flush()
    queue(session, reminder(account), now)
    assert town.rows()[0].timezone == "Asia/Yekaterinburg"


def test_what_is_paid_is_taken_back(session: Session, town: Any, now: datetime) -> None:
    account = town.person()
    queue_all(session, [reminder(account, "F-1"), reminder(account, "F-2")], now)
    assert take_back(session, ["bill:F-1"], now) == 1
    assert take_back(session, ["bill:F-1"], now) == 0
    assert [(row.key, row.state, row.reason) for row in town.rows()] == [
        ("payment_reminder:F-1:1", "withheld", "no_longer_true"),
        ("payment_reminder:F-2:1", "waiting", None),
    ]


def test_thousands_take_two_statements(session: Session, town: Any, now: datetime) -> None:
    account = town.person()
    notices = [reminder(account, f"F-{number}") for number in range(2000)]
    statements: list[str] = []
    connection = session.connection()

    def heard(_c: Any, _cursor: Any, statement: str, *_: Any) -> None:
        statements.append(statement)

    event.listen(connection, "before_cursor_execute", heard)
    became = queue_all(session, notices, now)
    event.remove(connection, "before_cursor_execute", heard)
    assert len(statements) == 2
    assert {one.outcome for one in became} == {"queued"}
    assert session.scalar(select(func.count(OutboxNotice.key.distinct()))) == 2000
    assert [row.key for row in town.rows()] == [notice.key for notice in notices]


def test_nothing_asked_nothing_done(session: Session, now: datetime) -> None:
    assert queue_all(session, [], now) == list[Queued]()


def test_who_is_unknown_or_what_is_incomplete_is_refused(session: Session, town: Any, now: datetime) -> None:
    notice = reminder(town.person())
    with pytest.raises(NotFound, match="customer"):
        queue(session, replace(notice, customer_id=999_999), now)
    with pytest.raises(NotFound, match="kind of notice"):
        queue(session, replace(notice, notice="valentine"), now)
    with pytest.raises(Invalid, match="amount_minor, currency"):
        queue(session, replace(notice, context={"account": "A", "bill": "F", "due_on": "2026-11-06"}), now)
    assert town.rows() == []


def test_a_move_that_is_booked_does_not_bring_its_clock_before_its_day(session: Session, town: Any) -> None:
    account = town.person(zone="Asia/Tokyo", until=date(2026, 12, 1))
    coming = town.person(zone="Europe/London")
    session.execute(
        update(Occupancy)
        .where(Occupancy.account_id == coming.id)
        .values(account_id=account.id, starts_on=date(2026, 12, 1))
    )
    noon = datetime(2026, 11, 20, 12, tzinfo=UTC)  # nine in the evening in Tokyo
    assert queue(session, reminder(account, "F-1"), noon).reason == Reason.QUIET_HOURS
    assert queue(session, reminder(account, "F-2"), noon + timedelta(days=15)).reason is None
    assert [row.timezone for row in town.rows()] == ["Asia/Tokyo", "Europe/London"]
