"""Outages, notices and the mailbox as people see them, and their part of the customer page."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from html import unescape

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from notifications.outages.announcing import Interruption, plan_outage
from notifications.outbox.queueing import queue
from notifications.tables import MailboxMessage, Outage, OutboxNotice
from notifications.types.payment_reminder import payment_reminder
from tests.web.conftest import MakeClient
from tests.web.people import People
from utility_crm.customers.tables import Account, Contact
from utility_crm.kit.settings import settings
from utility_crm.network.tables import NetworkNode

NOW = datetime(2026, 11, 20, 14, 42, tzinfo=UTC)
FORM = {
    "starts": "2026-11-27T09:00",
    "ends": "2026-11-27T12:30",
    "reason": "a new transformer",
}


@pytest.fixture(autouse=True)
def at_1442(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is 14:42 on Friday 20 November 2026."""
    monkeypatch.setattr("utility_crm.web.visit.utc_now", lambda: NOW)


@pytest.fixture
def feeder(session: Session, people: People) -> int:
    """Where Margaret lives."""
    return session.scalars(select(NetworkNode.id).where(NetworkNode.code == "M3")).one()


def words(page: str) -> str:
    """What a page says, without its marks."""
    return unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page)))


def works(node: int, days: int = 7) -> Interruption:
    starts = datetime(2026, 11, 20, 9, tzinfo=UTC) + timedelta(days=days)
    return Interruption(node, starts, starts + timedelta(hours=3), "a new transformer")


def test_works_are_previewed_and_nobody_is_told(
    session: Session, make_client: MakeClient, feeder: int
) -> None:
    page = make_client("ops").get("/outages", params={"ask": "announce", "node": feeder, **FORM}).text
    said = words(page)
    assert "The works reach one customer. Written to at once: 1." in said
    assert "1 with a medical need" in said
    assert "No electricity on Friday, 27 November 2026, 09:00 to 12:30" in said
    assert 'value="a new transformer"' in page
    assert session.scalar(select(func.count(Outage.id))) == 0
    assert session.scalar(select(func.count(OutboxNotice.id))) == 0


@pytest.mark.parametrize(
    ("day", "said", "at_once"),
    [
        ("2026-11-27", "In time: they have to hear of it by 25 Nov 2026 (Electricity (Standards of", True),
        ("2026-11-21", "One day late. They had to hear of it by 19 Nov 2026 (Electricity (Standards", True),
        ("2027-02-15", "They are told from 18 Jan 2027 on, by 13 Feb 2027 at the latest", False),
    ],
)
def test_a_preview_says_whether_customers_hear_of_it_in_time(
    make_client: MakeClient, feeder: int, day: str, said: str, at_once: bool
) -> None:
    form = {"starts": f"{day}T09:00", "ends": f"{day}T12:30", "reason": ""}
    page = words(make_client("ops").get("/outages", params={"ask": "announce", "node": feeder, **form}).text)
    assert said in page and "Announce and tell them" in page
    assert ("Written to at once: 1." in page) == at_once
    assert ("Nobody is written to before 18 Jan 2027." in page) != at_once


def test_announcing_queues_the_notices_once(session: Session, make_client: MakeClient, feeder: int) -> None:
    client = make_client("ops")
    for queued in (1, 0):
        answer = client.post("/outages", data={"node": str(feeder), **FORM})
        assert answer.status_code == 303
        assert answer.headers["location"].endswith(f"?kept={queued}")
    row = session.scalars(select(Outage)).one()
    assert row.starts_at == datetime(2026, 11, 27, 9, tzinfo=UTC)
    notice = session.scalars(select(OutboxNotice)).one()
    told = (notice.address, notice.priority, notice.context["medical"])
    assert told == ("+447700900418", 0, True)  # she prefers the telephone
    page = words(client.get(answer.headers["location"]).text)
    assert "Margaret Ashdown" in page
    assert "•••" in page and "900418" not in page  # who has not verified her does not see her number


@pytest.mark.parametrize(
    ("changes", "field", "message"),
    [
        ({"ends": "2026-11-27T08:00"}, "ends", "an outage has to end after it starts"),
        ({"starts": "2026-11-20T14:00"}, "starts", "a planned outage begins in the future"),
        ({"starts": "soon"}, "starts", "a day and a time are needed here"),
        ({"starts": "2027-03-28T01:30", "ends": "2027-03-28T04:00"}, "starts", "skip 01:30"),
        ({"node": "999999"}, "node", "there is no such place in the network"),
    ],
)
def test_what_cannot_be_is_said_beside_its_field(
    session: Session, make_client: MakeClient, feeder: int, changes: dict[str, str], field: str, message: str
) -> None:
    form = {"node": str(feeder), **FORM, **changes}
    answer = make_client("ops").post("/outages", data=form)
    assert answer.status_code == 422
    assert message in answer.text
    assert re.search(rf'id="f-{field}"[^>]*aria-invalid="true"', answer.text)
    assert session.scalar(select(func.count(Outage.id))) == 0


def test_an_agent_sees_outages_and_announces_none(
    session: Session, make_client: MakeClient, feeder: int
) -> None:
    plan_outage(session, works(feeder), NOW)
    client = make_client("agent")
    page = client.get("/outages").text
    assert "The next works are at Moorside 3 on Fri 27 Nov, from 09:00 to 12:00." in words(page)
    assert "ops may announce works" in page
    assert client.post("/outages", data={"node": str(feeder), **FORM}).status_code == 403
    assert make_client("marketer").get("/outages").status_code == 403


def test_each_question_about_outages_is_answered(
    session: Session, make_client: MakeClient, feeder: int
) -> None:
    session.add_all(
        [
            Outage(
                node_id=feeder,
                planned=False,
                starts_at=NOW - timedelta(hours=1),
                ends_at=NOW + timedelta(hours=1),
            ),
            Outage(node_id=feeder, starts_at=NOW - timedelta(days=9), ends_at=NOW - timedelta(days=8)),
        ]
    )
    session.flush()
    client = make_client("ops")
    assert "One place is without electricity, Moorside 3, until about 15:42." in words(
        client.get("/outages").text
    )
    for ask, answer in {
        "planned": "No works are planned.",
        "untold": "Everyone was told who can be.",
        "before": "There was one outage in half a year.",
        "announce": "Say where and when",
    }.items():
        assert answer in words(client.get(f"/outages?ask={ask}").text)


def test_the_customer_page_knows_of_the_outage(
    session: Session, make_client: MakeClient, people: People, feeder: int
) -> None:
    plan_outage(session, works(feeder), NOW - timedelta(days=1))
    page = words(make_client("agent").get(f"/customers/{people.margaret}").text)
    assert "Planned outage here" in page
    assert (
        "Fri 27 Nov 09:00 to 12:00 · 14 Tannery Row · a new transformer · one customer · notice on its way"
        in page
    )
    assert "Tell them of the outage" in page
    assert "they depend on the supply: dialysis at home" in page
    session.add(Contact(customer_id=people.margaret, channel="call", topic="outage", at=NOW))
    session.flush()
    again = words(make_client("agent", language="ru").get(f"/customers/{people.margaret}").text)
    assert "Здесь плановое отключение" in again
    assert "Сообщите об отключении" not in again


def test_who_lives_elsewhere_sees_no_outage(
    session: Session, make_client: MakeClient, people: People, feeder: int
) -> None:
    plan_outage(session, works(feeder), NOW)
    assert "outage here" not in make_client("agent").get(f"/customers/{people.joseph}").text


def test_a_running_outage_is_on_the_page_of_who_lives_below_its_area(
    session: Session, make_client: MakeClient, people: People
) -> None:
    area = session.scalars(select(NetworkNode.id).where(NetworkNode.code == "M")).one()
    session.add(
        Outage(
            node_id=area, planned=False, starts_at=NOW - timedelta(hours=1), ends_at=NOW + timedelta(hours=2)
        )
    )
    session.flush()
    page = words(make_client("agent").get(f"/customers/{people.margaret}").text)
    since = "Outage here now since Fri 20 Nov 13:42, until about 16:42"
    assert f"{since} · 14 Tannery Row · one customer · not told by us" in page


@pytest.fixture
def late(session: Session, people: People, feeder: int) -> Iterator[OutboxNotice]:
    """Margaret's payment reminder."""
    account = session.scalars(select(Account).where(Account.customer_id == people.margaret)).one()
    queue(
        session,
        payment_reminder(
            customer_id=people.margaret,
            account_id=account.id,
            account=account.number,
            bill="F-000123",
            amount_minor=3152,
            currency="GBP",
            due_on=date(2026, 11, 6),
        ),
        NOW,
    )
    yield session.scalars(select(OutboxNotice)).one()


def test_a_notice_tells_its_whole_story(
    session: Session, make_client: MakeClient, late: OutboxNotice
) -> None:
    page = words(make_client("agent").get(f"/notices/{late.id}").text)
    for part in (
        "Not yet. It goes out next.",
        "£31.52 of bill F-000123 was due on",
        "bill:F-000123",
        "service: it goes out unless they asked us not to write",
        "21:00 to 08:00 by the clock in Europe/London",
        "payment_reminder:F-000123:1",
    ):
        assert part in page


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        (
            {"state": "withheld", "reason": "consent_withdrawn"},
            "No. It was not sent, because the customer asked us not to write this way.",
        ),
        (
            {"reason": "quiet_hours", "not_before": datetime(2026, 11, 21, 8, tzinfo=UTC)},
            "Not yet. It waits until Sat 21 Nov, 08:00, because it is night where the customer lives.",
        ),
        ({"not_before": NOW + timedelta(minutes=3)}, "Not yet. It is tried again on Fri 20 Nov at 14:45."),
        (
            {"state": "dead", "last_error": "550 no such person"},
            "No. It could not be sent: 550 no such person.",
        ),
        (
            {"state": "sent", "sent_at": NOW, "subject": "late"},
            "“We wrote to you at +44 7700 900418 on Friday 20 November 2026 at 14:42.”",
        ),
    ],
)
def test_why_she_got_it_or_did_not(
    session: Session, make_client: MakeClient, late: OutboxNotice, changes: dict[str, object], sentence: str
) -> None:
    for name, value in changes.items():
        setattr(late, name, value)
    session.flush()
    assert sentence in words(make_client("agent").get(f"/notices/{late.id}").text)
    timeline = words(make_client("marketer").get(f"/customers/{late.customer_id}").text)
    assert "Payment reminder" in timeline


def test_what_could_not_be_sent_is_tried_again_by_ops(
    session: Session, make_client: MakeClient, late: OutboxNotice
) -> None:
    late.state, late.attempts, late.last_error = "dead", 8, "550 no such person"
    session.flush()
    assert make_client("agent").post(f"/notices/{late.id}/again").status_code == 403
    client = make_client("ops")
    assert "One notice could not be sent" in words(client.get("/notices?ask=failed").text)
    assert client.post(f"/notices/{late.id}/again").status_code == 303
    assert client.post(f"/notices/{late.id}/again").status_code == 409
    session.expire_all()
    assert (late.state, late.attempts) == ("waiting", 0)
    assert client.get("/notices/999999").status_code == 404


def test_the_list_of_what_was_withheld_says_why(
    session: Session, make_client: MakeClient, people: People, late: OutboxNotice
) -> None:
    late.state, late.reason = "withheld", "no_address"
    session.flush()
    page = words(make_client("ops").get("/notices?ask=withheld").text)
    assert "One was not sent because we have no address to send it to." in page
    assert "Margaret Ashdown" in page
    russian = words(make_client("ops", language="ru").get("/notices?ask=withheld").text)
    assert "нет адреса" in russian


def test_the_mailbox_shows_what_arrived(
    session: Session, make_client: MakeClient, late: OutboxNotice
) -> None:
    session.add(
        MailboxMessage(
            message_id="<1@x>",
            recipient="m.ashdown@mail.example",
            subject="A <b>late</b> bill",
            text="Dear Margaret,\n\npay <now>.",
            html="",
            deliveries=2,
            received_at=NOW,
        )
    )
    session.flush()
    page = make_client("agent").get("/mailbox").text
    assert "A &lt;b&gt;late&lt;/b&gt; bill" in page
    assert "pay &lt;now&gt;." in page


def test_there_is_no_mailbox_where_mail_is_sent(
    make_client: MakeClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = make_client("ops")
    monkeypatch.setenv("UTILITY_CRM_MAIL_TO", "smtp")
    settings.cache_clear()
    assert client.get("/mailbox").status_code == 404
    assert "/mailbox" not in client.get("/notices").text


def test_htmx_gets_the_sheet_alone(make_client: MakeClient, feeder: int) -> None:
    part = make_client("ops").get("/outages?ask=planned", headers={"HX-Request": "true"}).text
    assert "<html" not in part and "No works are planned." in part
