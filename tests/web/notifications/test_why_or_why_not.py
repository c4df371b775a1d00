"""Why a customer got a notice, or did not: looked for, told step by step, and decided by a person."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import event, text
from sqlalchemy.orm import Session

from notifications.outbox.claims import Terms, claim
from notifications.outbox.queueing import queue_all, take_back
from notifications.outbox.receipts import Told, take_receipts
from notifications.outbox.searching import MOST
from notifications.outbox.settling import Tried, settle
from notifications.outbox.suppressing import suppress
from notifications.tables import OutboxNotice
from notifications.types.payment_reminder import payment_reminder
from tests.web.conftest import MakeClient
from tests.web.notifications.test_what_may_be_sent import words
from tests.web.people import People
from utility_crm.customers.tables import Account, ContactPoint

NOW = datetime(2026, 11, 20, 14, 42, tzinfo=UTC)
MAIL = "care@utility.example"


@pytest.fixture(autouse=True)
def at_1442(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("utility_crm.web.visit.utc_now", lambda: NOW)


def reminders(session: Session, people: People, count: int = 1) -> list[int]:
    """Margaret's reminders; their ids."""
    account = session.query(Account).filter_by(customer_id=people.margaret).one()
    session.query(ContactPoint).update({"preferred": False})
    notices = [
        payment_reminder(
            customer_id=people.margaret, account_id=account.id, account=account.number,
            bill=f"F-{number:03}", amount_minor=3152, currency="GBP", due_on=date(2026, 11, 6),
        )
        for number in range(count)
    ]  # fmt: skip
    queue_all(session, notices, NOW - timedelta(hours=1))
    return list(session.scalars(text("select id from outbox order by id")))


def test_the_whole_way_is_told(session: Session, make_client: MakeClient, people: People) -> None:
    (notice,) = reminders(session, people)
    (one,) = claim(session, NOW - timedelta(minutes=50), Terms(), MAIL)[1]
    settle(session, [Tried(one, "taken", NOW - timedelta(minutes=50), "late")], NOW - timedelta(minutes=50))
    bounced = Told("e1", one.message_id, "bounced", NOW - timedelta(minutes=40), "5.1.1 no such user")
    take_receipts(session, "mail", [bounced], NOW - timedelta(minutes=40))
    (two,) = claim(session, NOW - timedelta(minutes=39), Terms(), MAIL, channel="sms")[1]
    settle(session, [Tried(two, "taken", NOW - timedelta(minutes=39), "text")], NOW - timedelta(minutes=39))
    read = Told("e2", two.message_id, "read", NOW - timedelta(minutes=30))
    take_receipts(session, "gateway", [read], NOW - timedelta(minutes=30))
    page = words(make_client("agent").get(f"/notices/{notice}").text)
    way = page[page.index("asked for") :]
    places = [way.index(one) for one in ("handed over", "bounced", "email → sms", " read ")]
    assert places == sorted(places) and way.count("handed over") == 2
    assert "5.1.1 no such user" in way and "m.ashdown@mail.example" in way
    assert "read Fri 20 Nov 14:12" in words(make_client("admin").get(f"/customers/{people.margaret}").text)


def test_it_is_found_by_what_is_known_of_it(
    session: Session, make_client: MakeClient, people: People
) -> None:
    reminders(session, people, 2)
    take_back(session, ["bill:F-001"], NOW)
    client = make_client("agent")

    def found(**asked: str) -> tuple[bool, bool]:
        page = client.get("/notices", params={"ask": "all", **asked}).text
        ids = [row.id for row in session.query(OutboxNotice).order_by(OutboxNotice.id)]
        return f"/notices/{ids[0]}" in page, f"/notices/{ids[1]}" in page

    both, none = (True, True), (False, False)
    assert found() == found(customer="c100001") == found(customer="ashd") == both
    assert found(customer="C100003") == found(customer="%") == found(customer="_") == none
    assert found(reason="no_longer_true") == (False, True)
    assert found(ask="waits") == (True, False)
    assert found(kind="payment_reminder", channel="email") == both
    assert found(kind="planned_outage") == found(channel="sms") == none
    assert found(since="2026-11-20", until="2026-11-20") == both
    assert found(since="2026-11-21") == found(until="2026-11-19") == none
    assert found(since="soon", before="x", kind="' or 1=1") == both


def test_pages_go_by_key_in_as_many_statements(
    session: Session, make_client: MakeClient, people: People
) -> None:
    ids, client, counts = reminders(session, people, MOST + 5), make_client("agent"), list[int]()
    for address, inside, outside in (
        ("/notices?ask=all", ids[-1], ids[4]),
        (f"/notices?ask=all&before={ids[5]}", ids[4], ids[5]),
    ):
        seen = list[str]()

        def note(_c: object, _cur: object, statement: str, *_: object, into: list[str] = seen) -> None:
            into.append(statement)

        event.listen(session.get_bind(), "before_cursor_execute", note)
        page = client.get(address).text
        event.remove(session.get_bind(), "before_cursor_execute", note)
        counts.append(len([one for one in seen if "SAVEPOINT" not in one]))
        assert f"/notices/{inside}" in page and f'"/notices/{outside}"' not in page
        assert (f"before={ids[5]}" in page) == (address == "/notices?ask=all")
    assert counts[0] == counts[1]


@pytest.mark.parametrize(
    ("decision", "state", "kind"),
    [("again", "waiting", "again"), ("another", "waiting", "another_way"),
     ("considered", "sent", "considered_sent"), ("drop", "withheld", "dropped")],
)  # fmt: skip
def test_a_person_decides_and_it_is_kept_who(
    session: Session, make_client: MakeClient, people: People, decision: str, state: str, kind: str
) -> None:
    (notice,) = reminders(session, people)
    session.execute(text("update outbox set state = 'parked', last_error = 'the server broke off'"))
    client = make_client("ops")
    queue_page = words(client.get("/notices?ask=failed").text)
    assert "in doubt" in queue_page and "the server broke off" in queue_page
    path = f"/notices/{notice}/{decision}"
    assert make_client("agent").post(path, data={"because": "said on the phone"}).status_code == 403
    if decision == "drop":
        assert client.post(path, data={"because": " "}).status_code == 422
    assert client.post(path, data={"because": "said on the phone"}).status_code == 303
    assert session.scalar(text("select state from outbox")) == state
    page = words(client.get(f"/notices/{notice}").text)
    assert "Priya Nair" in page
    assert kind in session.scalars(text("select kind from notice_events")).all()
    assert client.post(path, data={"because": "again"}).status_code == 409
    assert client.post(f"/notices/{notice}/burn").status_code == 404


def test_what_was_refused_cannot_count_as_sent_nor_go_where_no_way_is(
    session: Session, make_client: MakeClient, people: People
) -> None:
    (notice,) = reminders(session, people)
    session.execute(text("update outbox set state = 'dead', last_error = '550', channels = '{email}'"))
    client = make_client("ops")
    for decision in ("considered", "another"):
        answer = client.post(f"/notices/{notice}/{decision}")
        assert answer.status_code == 409
    assert session.scalar(text("select state from outbox")) == "dead"
    assert session.scalar(text("select count(*) from notice_events")) == 0


def test_a_closed_address_is_opened_for_a_reason(
    session: Session, make_client: MakeClient, people: People
) -> None:
    suppress(session, "email", "m.ashdown@mail.example", "bounced", "5.1.1", NOW)
    number = session.scalar(text("select id from suppressions"))
    client = make_client("ops")
    assert "Nothing is sent to one address." in words(client.get("/notices?ask=closed").text)
    path = f"/suppressions/{number}/lift"
    assert make_client("agent").post(path, data={"because": "x"}).status_code == 403
    refused = client.post(path, data={"because": ""})
    assert refused.status_code == 422 and "Say in a few words why." in words(refused.text)
    assert client.post(path, data={"because": "they mended it"}).status_code == 303
    page = words(client.get("/notices?ask=closed").text)
    assert "No address is closed." in page and "they mended it; Priya Nair" in page
    assert client.post(path, data={"because": "again"}).status_code == 404
