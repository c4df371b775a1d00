"""Letters to staff: asked for once, sent at least once, under one name."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from threading import Event

import pytest
from sqlalchemy import Engine, text

from notifications.channels import ChannelDown, Letter, TryAgain, Undeliverable
from notifications.channels.mailbox import Mailbox
from notifications.delivery.staff import StaffBatch, deliver_staff, tell_staff
from notifications.delivery.worker import Worker, run_delivery
from notifications.domain.retry import Retry
from notifications.writing import Sender
from utility_crm.kit.database import make_engine, unit_of_work
from utility_crm.kit.installation import SIMULATED, note
from utility_crm.kit.settings import settings

LONG_AGO = datetime(2024, 1, 1, tzinfo=UTC)


class Broken:
    """A way out that fails as told."""

    def __init__(self, error: Exception) -> None:
        self.error = error

    honours_keys = True
    at_once = 1

    def send(self, letter: Letter) -> str:
        raise self.error

    def rest(self) -> None:
        pass


@pytest.fixture
def fresh(fresh_database_url: str, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("UTILITY_CRM_MAIL_OPS", "ops@a.example, night@a.example")
    settings.cache_clear()
    engine = make_engine(fresh_database_url)
    yield engine
    engine.dispose()
    settings.cache_clear()


def tell(engine: Engine, key: str = "k") -> int:
    with unit_of_work(engine) as session:
        return tell_staff(session, key, "A feed\nis late", "It is <late>.\nLook.", LONG_AGO)


def rows(engine: Engine) -> list[tuple[str, str, int]]:
    with engine.connect() as connection:
        found = connection.execute(text("select address, state, attempts from staff_mail order by id"))
        return [tuple(row) for row in found]


def deliver(engine: Engine, channel) -> StaffBatch:
    return deliver_staff(engine, channel, Retry(tries=2, first=timedelta(0)), Event())


def test_a_letter_goes_out_once_to_each_address(fresh: Engine) -> None:
    assert (tell(fresh), tell(fresh)) == (2, 0)
    assert deliver(fresh, Mailbox(fresh)) == StaffBatch(2, 2, 0)
    assert deliver(fresh, Mailbox(fresh)) == StaffBatch()
    with fresh.connect() as connection:
        found = connection.execute(text("select recipient, subject, html, deliveries from mailbox")).all()
    assert {row.recipient for row in found} == {"ops@a.example", "night@a.example"}
    assert {(row.subject, row.deliveries) for row in found} == {("A feed is late", 1)}
    assert all("&lt;late&gt;" in row.html for row in found)


def test_letters_of_a_simulated_utility_say_so(fresh: Engine) -> None:
    tell(fresh)
    deliver(fresh, Mailbox(fresh))
    with unit_of_work(fresh) as session:
        note(session, SIMULATED, {"as_of": "2026-11-20"})
    tell(fresh, "another")
    deliver(fresh, Mailbox(fresh))
    with fresh.connect() as connection:
        found = connection.scalars(text("select text from mailbox order by received_at")).all()
    assert ["simulated" in letter for letter in found] == [False, False, True, True]


def test_a_worker_that_died_is_followed_under_the_same_name(fresh: Engine) -> None:
    tell(fresh)
    deliver(fresh, Mailbox(fresh))
    with fresh.begin() as connection:  # as if it had died between sending and writing that down
        connection.execute(text("update staff_mail set state = 'waiting', sent_at = null"))
    deliver(fresh, Mailbox(fresh))
    with fresh.connect() as connection:
        assert connection.scalars(text("select deliveries from mailbox")).all() == [2, 2]


def test_a_lease_keeps_others_away_until_it_ends(fresh: Engine) -> None:
    tell(fresh)
    with fresh.begin() as connection:
        connection.execute(text("update staff_mail set lease_until = now() + interval '1 minute'"))
    assert deliver(fresh, Mailbox(fresh)) == StaffBatch()
    with fresh.begin() as connection:
        connection.execute(text("update staff_mail set lease_until = now() - interval '1 second'"))
    assert deliver(fresh, Mailbox(fresh)).sent == 2


def test_failures_are_tried_again_and_end(fresh: Engine) -> None:
    tell(fresh)
    assert deliver(fresh, Broken(ChannelDown("no server"))).down == "no server"
    assert {row[1:] for row in rows(fresh)} == {("waiting", 0)}
    assert deliver(fresh, Broken(TryAgain("busy"))).failed == 2
    assert deliver(fresh, Broken(TryAgain("busy"))).failed == 2
    assert {row[1:] for row in rows(fresh)} == {("dead", 2)}
    tell(fresh, "another")
    assert deliver(fresh, Broken(Undeliverable("nobody"))).failed == 2
    assert {row[1] for row in rows(fresh)} == {"dead"}


def test_nobody_to_write_to(fresh: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("UTILITY_CRM_MAIL_OPS", "")
    settings.cache_clear()
    assert tell(fresh) == 0 and rows(fresh) == []


def test_the_delivery_worker_takes_them_along(fresh: Engine) -> None:
    class Once(Mailbox):
        def rest(self) -> None:  # nothing more is due
            stop.set()

    stop = Event()
    tell(fresh)
    worker = Worker(
        fresh, Once(fresh), Sender("Measured Energy"), "care@a.example", staff=True, idle_seconds=0.01
    )
    run_delivery(fresh, stop, [worker])
    assert rows(fresh) == [("ops@a.example", "sent", 1), ("night@a.example", "sent", 1)]
