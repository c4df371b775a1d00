"""The worker: what becomes of each try, with several at once, and when things go away."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

from notifications.channels import ChannelDown, InDoubt, Letter, TryAgain, Undeliverable
from notifications.channels.mailbox import Mailbox
from notifications.delivery import worker as delivery
from notifications.delivery.worker import Worker, deliver_batch
from notifications.domain.retry import Retry
from notifications.outbox import claims, queueing, settling
from notifications.outbox.claims import Terms, claim
from notifications.outbox.queueing import queue_all
from notifications.outbox.settling import begin
from notifications.types import notice_type
from notifications.writing import Sender
from tests.db.notifications.conftest import reminder
from utility_crm.customers.tables import Account, ContactPoint
from utility_crm.kit.database import make_engine, unit_of_work
from utility_crm.kit.installation import SIMULATED, note

MAIL = "care@utility.example"
TERMS = Terms()


@dataclass
class Fake:
    """A channel that fails as told, per recipient, and looks at whether a transaction is open."""

    engine: Engine
    failures: dict[str, list[Exception]] = field(default_factory=dict)
    sent: list[Letter] = field(default_factory=list)
    open_transactions: set[int] = field(default_factory=set)
    honours_keys: bool = True
    at_once: int = 1

    def send(self, letter: Letter) -> str:
        with self.engine.connect() as connection:
            self.open_transactions.add(
                connection.scalar(
                    text(
                        "select count(*) from pg_stat_activity where datname = current_database() "
                        "and pid <> pg_backend_pid() and state like 'idle in transaction%'"
                    )
                )
                or 0
            )
        if waiting := self.failures.get(letter.recipient):
            raise waiting.pop(0)
        self.sent.append(letter)
        return f"number {len(self.sent)}"

    def rest(self) -> None:
        pass


@dataclass
class Yard:
    """A worker on a database where things are committed, at an hour of our choosing."""

    engine: Engine
    fake: Fake
    worker: Worker
    town: Callable[[Session], Any]
    now: datetime

    def queue(self, people: int) -> None:
        with unit_of_work(self.engine) as session:
            town = self.town(session)
            queue_all(session, [reminder(town.person(), f"F-{n}") for n in range(people)], self.now)

    def rows(self) -> list[Any]:
        with self.engine.connect() as connection:
            return list(connection.execute(text("select * from outbox order by id")))

    def deliver(self, stop: threading.Event | None = None) -> delivery.Batch:
        return deliver_batch(self.worker, stop or threading.Event())


@pytest.fixture
def yard(
    fresh_database_url: str,
    make_town: Callable[[Session], Any],
    now: datetime,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Yard]:
    engine = make_engine(fresh_database_url)
    fake = Fake(engine)
    made = Yard(
        engine, fake, Worker(engine, fake, Sender("Northmoor"), MAIL, retry=Retry(tries=2)), make_town, now
    )
    monkeypatch.setattr(delivery, "utc_now", lambda: made.now)
    yield made
    engine.dispose()


def test_a_batch_in_which_everything_happens(yard: Yard) -> None:
    yard.queue(4)
    yard.fake.failures = {
        "person2@example.org": [TryAgain("451 later")],
        "person3@example.org": [Undeliverable("550 no such person")],
    }
    done = yard.deliver()
    assert (done.looked_at, done.sent, done.failed, done.down) == (4, 2, 2, None)
    first, again, dead, last = yard.rows()
    assert (first.state, first.attempts, first.sent_at) == ("sent", 1, yard.now)
    assert first.subject == "£45.12 of bill F-0 is late"
    assert (again.state, again.attempts, again.last_error) == ("waiting", 1, "451 later")
    assert timedelta(seconds=15) <= again.not_before - yard.now <= timedelta(seconds=30)
    assert (dead.state, dead.last_error) == ("dead", "550 no such person")
    assert last.state == "sent"
    # and no transaction was open while any letter went out
    assert yard.fake.open_transactions == {0}
    # the second try succeeds
    yard.now = again.not_before
    assert yard.deliver().sent == 1
    again = yard.rows()[1]
    assert (again.state, again.attempts, again.last_error) == ("sent", 2, None)
    assert len({letter.message_id for letter in yard.fake.sent}) == 3


def test_letters_of_a_database_with_a_demo_say_so_whatever_the_process_was_told(yard: Yard) -> None:
    """`up --demo` sets nothing for its children: it is the database that knows."""
    yard.queue(1)
    yard.deliver()
    with unit_of_work(yard.engine) as session:
        note(session, SIMULATED, {"as_of": "2026-11-20"})
        queue_all(session, [reminder(session.get_one(Account, 1), "F-9")], yard.now)
    yard.deliver()
    real, simulated = (letter.text for letter in yard.fake.sent)
    line = "This utility and its customers are simulated"
    assert line not in real and line in simulated


def test_it_gives_up_after_the_last_try(yard: Yard) -> None:
    yard.queue(1)
    yard.fake.failures = {"person1@example.org": [TryAgain("451 later"), TryAgain("452 still full")]}
    yard.deliver()
    yard.now += timedelta(seconds=30)
    yard.deliver()
    (row,) = yard.rows()
    assert (row.state, row.attempts, row.last_error) == ("dead", 2, "452 still full")


def test_a_channel_that_is_down_costs_no_try(yard: Yard) -> None:
    yard.queue(3)
    yard.fake.failures = {"person2@example.org": [ChannelDown("no mail server")]}
    done = yard.deliver()
    assert (done.sent, done.down) == (1, "no mail server")
    assert [(row.state, row.attempts, row.lease_until) for row in yard.rows()] == [
        ("sent", 1, None),
        ("waiting", 0, None),
        ("waiting", 0, None),
    ]
    assert yard.deliver().sent == 2


def test_one_that_cannot_be_written_does_not_keep_the_others_waiting(yard: Yard) -> None:
    yard.queue(2)
    with yard.engine.begin() as connection:
        connection.execute(text("update outbox set context = '{}' where key like '%F-0%'"))
    done = yard.deliver()
    assert (done.sent, done.failed) == (1, 1)
    broken = yard.rows()[0]
    assert (broken.state, broken.attempts) == ("waiting", 1)
    assert "account" in broken.last_error


def test_asked_to_stop_it_gives_back_what_it_holds(yard: Yard) -> None:
    yard.queue(3)
    stop = threading.Event()
    sent = yard.fake.send

    def send_one(letter: Letter) -> str:
        stop.set()
        return sent(letter)

    yard.fake.send = send_one  # type: ignore[method-assign]
    assert yard.deliver(stop).sent == 1
    assert [row.state for row in yard.rows()] == ["sent", "waiting", "waiting"]


def test_a_slow_batch_stops_before_its_lease_does(yard: Yard) -> None:
    yard.queue(4)
    sent = yard.fake.send

    def slowly(letter: Letter) -> str:
        yard.now += timedelta(seconds=20)
        return sent(letter)

    yard.fake.send = slowly  # type: ignore[method-assign]
    assert yard.deliver().sent == 2
    assert [row.state for row in yard.rows()] == ["sent", "sent", "waiting", "waiting"]


def test_four_workers_at_once_send_each_notice_once(yard: Yard) -> None:
    yard.queue(60)
    mailbox = Mailbox(yard.engine)
    stop = threading.Event()
    worker = replace(yard.worker, channel=mailbox, terms=Terms(batch=4), idle_seconds=0.01)
    threads = [
        threading.Thread(target=delivery.run_delivery, args=(yard.engine, stop, [worker])) for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for _ in range(6000):
        if all(row.state == "sent" for row in yard.rows()):
            break
        threading.Event().wait(0.02)
    stop.set()
    for thread in threads:
        thread.join(120)
    assert {(row.state, row.claims) for row in yard.rows()} == {("sent", 1)}
    with yard.engine.connect() as connection:
        counted = connection.execute(text("select count(*), sum(deliveries) from mailbox")).one()
    assert tuple(counted) == (60, 60)


def test_the_cap_holds_between_workers_at_once(yard: Yard) -> None:
    with unit_of_work(yard.engine) as session:
        account = yard.town(session).person()
        queue_all(session, [reminder(account, f"F-{n}") for n in range(16)], yard.now)
    worker = replace(yard.worker, terms=Terms(batch=2))
    barrier = threading.Barrier(4)

    def work() -> None:
        barrier.wait(120)
        while deliver_batch(worker, threading.Event()).looked_at:
            pass

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    became = Counter((row.state, row.reason) for row in yard.rows())
    assert became == {("sent", None): 3, ("waiting", "daily_cap"): 13}


def test_the_mailbox_honours_message_ids(yard: Yard) -> None:
    mailbox = Mailbox(yard.engine)
    letter = Letter("<1@x>", "a@example.org", "subject", "text", "<p>text</p>")
    for _ in range(3):
        mailbox.send(letter)
    with yard.engine.connect() as connection:
        assert connection.execute(text("select message_id, deliveries from mailbox")).all() == [("<1@x>", 3)]


def test_it_outlives_a_database_that_goes_away(yard: Yard) -> None:
    stop, rounds = threading.Event(), 0
    yard.queue(2)

    def alive() -> None:
        nonlocal rounds
        rounds += 1
        if rounds == 2:
            with yard.engine.begin() as connection:
                connection.execute(
                    text(
                        "select pg_terminate_backend(pid) from pg_stat_activity "
                        "where datname = current_database() and pid <> pg_backend_pid()"
                    )
                )
        if rounds > 2 and all(row.state == "sent" for row in yard.rows()):
            stop.set()

    delivery.run_delivery(yard.engine, stop, [replace(yard.worker, idle_seconds=0.01)], alive=alive)
    assert [row.state for row in yard.rows()] == ["sent", "sent"]


def test_a_channel_that_takes_many_at_once_settles_them_all(yard: Yard) -> None:
    """Sixty at once: some taken, some refused, some in doubt; each has its own outcome and its attempt."""
    yard.queue(60)
    yard.fake.at_once = 8
    yard.fake.failures = {
        f"person{n}@example.org": [InDoubt("took too long") if n % 2 else Undeliverable("no such number")]
        for n in range(1, 21)
    }
    worker = replace(yard.worker, terms=Terms(batch=60))
    done = deliver_batch(worker, threading.Event())
    assert (done.looked_at, done.sent, done.failed) == (60, 40, 20)
    assert Counter(row.state for row in yard.rows()) == {"sent": 40, "waiting": 10, "dead": 10}
    with yard.engine.connect() as connection:
        tried = connection.execute(text("select outcome, count(*) from delivery_attempts group by outcome"))
        assert dict(map(tuple, tried)) == {"taken": 40, "refused": 10, "unknown": 10}


def test_where_no_keys_are_known_what_may_have_arrived_is_parked(
    yard: Yard, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A kind that must not arrive twice, over a channel without keys: in doubt, or begun by one that died."""
    kind = replace(notice_type("payment_reminder"), in_doubt="park")
    for module in (delivery, settling, claims):
        monkeypatch.setattr(module, "notice_type", lambda name: kind)
    yard.queue(3)
    yard.fake.honours_keys = False
    yard.fake.failures = {"person1@example.org": [InDoubt("broke off")]}
    with unit_of_work(yard.engine) as session:  # a worker that died after it had begun the second
        _, held = claim(session, yard.now, Terms(batch=2), MAIL)
        begin(session, held[1], yard.now)
    yard.now += timedelta(seconds=61)
    assert yard.deliver().sent == 1
    assert [(row.state, row.last_error) for row in yard.rows()] == [
        ("parked", "broke off"),
        ("parked", "a worker died while it was being sent: it may have arrived"),
        ("sent", None),
    ]


def test_what_one_way_refuses_goes_the_next(yard: Yard, monkeypatch: pytest.MonkeyPatch) -> None:
    """Mail bounces off, a text message is tried; who has no telephone is left dead."""
    kind = replace(notice_type("payment_reminder"), channels=("email", "sms"))
    monkeypatch.setattr(queueing, "notice_type", lambda name: kind)
    with unit_of_work(yard.engine) as session:
        town = yard.town(session)
        one, other = town.person(), town.person()
        phone = ContactPoint(
            customer_id=one.customer_id, kind="phone", value="+447700900001", normal="+447700900001"
        )
        session.add(phone)
        session.flush()
        queue_all(session, [reminder(one, "F-1"), reminder(other, "F-2")], yard.now)
    yard.fake.failures = {f"person{n}@example.org": [Undeliverable("550 no such person")] for n in (1, 2)}
    assert yard.deliver().failed == 2
    first, second = yard.rows()
    assert (first.state, first.channel, first.address, first.attempts) == (
        "waiting",
        "sms",
        "+447700900001",
        0,
    )
    assert (second.state, second.channel) == ("dead", "email")
    assert first.message_id != second.message_id
    with unit_of_work(yard.engine) as session:
        assert claim(session, yard.now, TERMS, MAIL)[0] == 0, "the mail worker leaves it alone"
        (held,) = claim(session, yard.now, TERMS, MAIL, channel="sms")[1]
    assert held.address == "+447700900001"


def test_a_notice_keeps_the_version_it_was_written_with(yard: Yard) -> None:
    yard.queue(2)
    with yard.engine.begin() as connection:
        connection.execute(
            text(
                "with people as (insert into users (login, name, role, password_hash) values "
                "('oona', 'Oona', 'ops', '-'), ('petr', 'Petr', 'ops', '-') returning id) "
                "insert into notice_versions (kind, language, channel, part, text, state, number, "
                "written_by, written_at, decided_by, decided_at) "
                "select 'payment_reminder', 'en', 'email', 'subject.txt', 'Late: {{ amount }}', 'approved', "
                "1, min(id), now(), max(id), now() from people"
            )
        )
    yard.deliver()
    assert {letter.subject for letter in yard.fake.sent} == {"Late: £45.12"}
    assert {(row.state, row.version, row.subject) for row in yard.rows()} == {("sent", 1, "Late: £45.12")}
