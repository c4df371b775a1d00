"""The messenger: an address, a consent and a gateway of its own; what nobody confirms goes by SMS."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import create_engine
from sqlalchemy.orm import Session

from notifications.channels.gateway import Gateway
from notifications.channels.in_app import InApp
from notifications.consents.recording import record_consent
from notifications.delivery.letter import letter
from notifications.delivery.worker import workers
from notifications.outbox.claims import Terms, claim
from notifications.outbox.new_notice import NewNotice
from notifications.outbox.queueing import queue
from notifications.outbox.receipts import Told, fall_back, take_receipts
from notifications.outbox.settling import Tried, settle
from notifications.outbox.stranded import withhold_stranded
from notifications.writing import Sender
from tests.db.notifications.conftest import Town, reminder
from tests.db.notifications.test_gateway import Server, listening
from utility_crm.customers.reach import add_contact_point, prefer_contact_point
from utility_crm.customers.tables import ContactPoint
from utility_crm.kit.clock import utc_now
from utility_crm.kit.settings import settings
from utility_crm.kit.signature import is_signed

MAIL = "care@utility.example"
SECRET = "between the messenger and us"


@pytest.fixture
def messenger(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    with listening() as found:
        given = {
            "MAIL_TO": "smtp", "GATEWAY_URL": "http://127.0.0.1:9/", "GATEWAY_SECRET": "another",
            "MESSENGER_URL": f"http://127.0.0.1:{found.server_port}/", "MESSENGER_SECRET": SECRET,
        }  # fmt: skip
        for name, value in given.items():
            monkeypatch.setenv(f"UTILITY_CRM_{name}", value)
        settings.cache_clear()
        yield found
    monkeypatch.undo()
    settings.cache_clear()


def person(town: Town, session: Session) -> Any:
    """Somebody with a telephone, who likes the messenger best."""
    account = town.person(mail=None)
    for kind, value in (("phone", "+447700900011"), ("messenger", "@Ann.Hill")):
        point = add_contact_point(session, account.customer_id, kind=kind, value=value, country="GB")
    prefer_contact_point(session, account.customer_id, point)
    return account


def by_messenger(session: Session, now: datetime) -> None:
    """What a worker of the messenger does with what is due."""
    (worker, urgent) = (one for one in workers(create_engine("postgresql+psycopg://"), settings())
                        if one.name == "messenger")  # fmt: skip
    assert isinstance(worker.channel, Gateway) and urgent.channel is worker.channel
    (held,) = claim(session, now, Terms(), MAIL, channel="messenger")[1]
    number = worker.channel.send(letter(held, Sender("Northmoor Energy")))
    settle(session, [Tried(held, "taken", now, provider_id=number)], now)


def test_it_goes_to_their_name_there_and_without_a_receipt_by_text_message(
    town: Town, session: Session, now: datetime, messenger: Server
) -> None:
    queue(session, reminder(person(town, session)), now)
    by_messenger(session, now)
    ((headers, body),) = messenger.got
    said = json.loads(body)
    assert (said["channel"], said["to"]) == ("messenger", "@Ann.Hill") and "45.12" in said["text"]
    assert is_signed(body, headers, SECRET, utc_now())
    (row,) = town.rows()
    assert (row.state, row.channels) == ("sent", ["messenger", "email", "sms"])
    assert fall_back(session, now + timedelta(minutes=14)) == 0
    assert fall_back(session, now + timedelta(minutes=15)) == 1
    (row,) = town.rows()
    assert (row.state, row.channel, row.address) == ("waiting", "sms", "+447700900011")
    # a receipt that comes too late is kept, and stops nothing
    told = Told("e1", headers["idempotency-key"], "delivered", now)
    assert take_receipts(session, "messenger", [told], now)["new"] == 1
    assert town.rows()[0].state == "waiting"


def test_a_receipt_in_time_ends_it(town: Town, session: Session, now: datetime, messenger: Server) -> None:
    queue(session, reminder(person(town, session)), now)
    by_messenger(session, now)
    (row,) = town.rows()
    take_receipts(session, "messenger", [Told("e1", row.message_id, "delivered", now)], now)
    assert fall_back(session, now + timedelta(days=2)) == 0
    assert town.rows()[0].channel == "messenger"


def test_who_says_no_to_the_messenger_gets_text_messages(
    town: Town, session: Session, now: datetime, messenger: Server
) -> None:
    account = person(town, session)
    record_consent(session, account.customer_id, "service", "messenger", granted=False, now=now, proof="call")
    queue(session, reminder(account), now)
    assert [(row.channel, row.state) for row in town.rows()] == [("sms", "waiting")]


@pytest.mark.parametrize(
    ("given", "way", "reason"),
    [
        ({"MAIL_TO": "smtp"}, ("letter",), "no_channel"),
        ({"MAIL_TO": "smtp", "LETTERS_AT": "15:00"}, ("letter",), None),
        ({"MAIL_TO": "smtp"}, ("push",), "no_channel"),
        ({"MAIL_TO": "smtp", "APP_NOTICES": "true"}, ("push",), None),
    ],
)
def test_a_way_that_is_not_set_up_is_not_waited_for(
    town: Town, session: Session, now: datetime, monkeypatch: pytest.MonkeyPatch, given: dict[str, str],
    way: tuple[str, ...], reason: str | None,
) -> None:  # fmt: skip
    monkeypatch.setenv("UTILITY_CRM_LETTERS_AT", "")
    for name, value in given.items():
        monkeypatch.setenv(f"UTILITY_CRM_{name}", value)
    settings.cache_clear()
    account = town.person()
    add_contact_point(session, account.customer_id, kind="post", value="1 Mill Lane, Kelder", country="GB")
    app = {"kind": "app", "value": "token", "normal": "token"}
    session.add(ContactPoint(customer_id=account.customer_id, **app))
    session.flush()
    asked: NewNotice = reminder(account, channels=way)
    became = queue(session, asked, now)
    monkeypatch.undo()
    settings.cache_clear()
    assert became.reason == reason
    assert town.rows()[0].state == ("withheld" if reason else "waiting")


def test_what_waited_when_a_way_was_taken_away_goes_another_or_says_why_not(
    town: Town, session: Session, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    both, alone = person(town, session), town.person(mail=None)
    add_contact_point(session, alone.customer_id, kind="messenger", value="@Bob", country="GB")
    for account in (both, alone):
        queue(session, reminder(account, f"F-{account.id}"), now)
    assert [row.channel for row in town.rows()] == ["messenger", "messenger"]  # the mailbox takes all
    monkeypatch.setenv("UTILITY_CRM_MAIL_TO", "smtp")
    monkeypatch.setenv("UTILITY_CRM_GATEWAY_URL", "http://127.0.0.1:9/")
    settings.cache_clear()
    assert withhold_stranded(session, now) == (1, 1)
    assert withhold_stranded(session, now) == (0, 0)
    monkeypatch.undo()
    settings.cache_clear()
    assert [(row.channel, row.state, row.reason) for row in town.rows()] == [
        ("sms", "waiting", None), ("messenger", "withheld", "no_channel"),
    ]  # fmt: skip


def test_the_app_is_a_way_where_the_settings_say_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("UTILITY_CRM_MAIL_TO", "smtp")
    monkeypatch.setenv("UTILITY_CRM_APP_NOTICES", "true")
    settings.cache_clear()
    found = {one.name: one.channel for one in workers(create_engine("postgresql+psycopg://"), settings())}
    monkeypatch.undo()
    settings.cache_clear()
    assert isinstance(found["push"], InApp)
