"""What the cap put off leaves as one letter the next decent morning, and each of it says where it went."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from sqlalchemy import text
from sqlalchemy.orm import Session

from notifications.channels import Letter
from notifications.consents.recording import record_consent
from notifications.delivery.letter import letter
from notifications.domain.permission import Reason
from notifications.outbox.claims import Terms, claim
from notifications.outbox.digests import join_put_off
from notifications.outbox.queueing import queue, take_back
from notifications.outbox.settling import Tried, settle
from notifications.writing import Sender
from tests.db.notifications.conftest import Town, reminder

MAIL = "care@utility.example"
MORNING = datetime.fromisoformat("2026-11-21T08:00+00:00")


def deliver(session: Session, now: datetime) -> list[Letter]:
    """What leaves by mail at this time."""
    letters: list[Letter] = []
    while held := claim(session, now, Terms(), MAIL)[1]:
        letters += [letter(one, Sender("Northmoor Energy")) for one in held]
        settle(session, [Tried(one, "taken", now, "s") for one in held], now)
    return letters


def had_enough(town: Town, session: Session, now: datetime, bills: int) -> None:
    """Somebody whose reminders of the day are more than the cap allows; two of them went out."""
    account = town.person()
    for number in range(bills):
        queue(session, reminder(account, f"F-{number}", priority=number), now)
    assert len(deliver(session, now)) == 3


def test_put_off_ones_leave_together_in_the_morning(town: Town, session: Session, now: datetime) -> None:
    assert now.date() == date(2026, 11, 20)
    had_enough(town, session, now, 6)
    assert [join_put_off(session, now) for _ in range(2)] == [3, 0]
    *_sent, a, b, c, digest = town.rows()
    assert (digest.notice, digest.state, digest.not_before, digest.reason) == (
        "digest", "waiting", MORNING, Reason.DAILY_CAP,
    )  # fmt: skip
    for one in (a, b, c):
        assert (one.state, one.reason, one.digest_id) == ("withheld", Reason.IN_DIGEST, digest.id)
    assert deliver(session, MORNING - timedelta(minutes=1)) == []
    (mail,) = deliver(session, MORNING)
    assert mail.text.count("Dear Person 1") == 1 and mail.text.count("Northmoor Energy") == 1
    assert [mail.text.count(f"of bill F-{number} was due") for number in range(6)] == [0, 0, 0, 1, 1, 1]
    assert mail.html.count("<h2>") == 3 and mail.subject == "News about your account: 3"


def test_one_alone_goes_by_itself_and_more_of_the_day_join_the_letter_that_waits(
    town: Town, session: Session, now: datetime
) -> None:
    had_enough(town, session, now, 4)
    assert join_put_off(session, now) == 0
    account = town.rows()[0]
    person = session.execute(text("select * from accounts")).one()
    queue(session, reminder(person, "F-8", priority=90), now)
    deliver(session, now)
    assert join_put_off(session, now) == 2
    queue(session, reminder(person, "F-9", priority=91), now)
    deliver(session, now)
    assert join_put_off(session, now) == 1
    digests = [row for row in town.rows() if row.notice == "digest"]
    assert [len(one.context["items"]) for one in digests] == [3]
    assert account.state == "sent"


def test_what_is_no_longer_true_leaves_the_letter(town: Town, session: Session, now: datetime) -> None:
    had_enough(town, session, now, 5)
    join_put_off(session, now)
    assert take_back(session, ["bill:F-3"], now) == 1
    digest = town.rows()[-1]
    assert [item["about"] for item in digest.context["items"]] == ["bill:F-4"]
    assert take_back(session, ["bill:F-4"], now) == 1
    digest = town.rows()[-1]
    assert (digest.state, digest.reason) == ("withheld", "no_longer_true")
    assert deliver(session, MORNING) == []
    assert {row.reason for row in town.rows() if row.digest_id} == {"no_longer_true"}


def test_what_somebody_waits_for_is_not_joined(town: Town, session: Session, now: datetime) -> None:
    had_enough(town, session, now, 6)
    session.execute(
        text("update outbox set useful_before = now() + interval '9 years' where about = 'bill:F-3'")
    )
    session.execute(text("update outbox set purpose = 'marketing' where about = 'bill:F-4'"))
    assert join_put_off(session, now) == 0, "one is left, and one is no digest"


def test_who_said_no_since_gets_no_digest_either(town: Town, session: Session, now: datetime) -> None:
    had_enough(town, session, now, 6)
    join_put_off(session, now)
    who = town.rows()[0].customer_id
    record_consent(session, who, "service", "email", granted=False, now=now, proof="a call")
    assert deliver(session, MORNING) == []
    assert town.rows()[-1].reason == "consent_withdrawn"
