"""What was announced arrives at a real server, however it behaves; nothing is lost, doubles carry one id."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from functools import partial
from pathlib import Path
from threading import Event, Thread
from typing import Any
from urllib.parse import urlsplit

import pytest
from listening import Listening, answers, drips, endless, listening
from sqlalchemy import Engine, text

from utility_crm.announcing.telling import Happening, announce, announce_all
from utility_crm.auth.sealing import Sealer
from utility_crm.installed import load_tables
from utility_crm.kit.clock import utc_now
from utility_crm.kit.database import make_engine, unit_of_work
from utility_crm.tickets.events import TicketEvent
from utility_crm.webhooks import lane
from utility_crm.webhooks.actions import (
    Wanted,
    add_listener,
    forget_old,
    remove_listener,
    send_again,
    set_state,
    turn_secret,
)
from utility_crm.webhooks.claims import LEASE, claim
from utility_crm.webhooks.domain.addresses import Address
from utility_crm.webhooks.domain.patience import TRIES
from utility_crm.webhooks.domain.signing import key_of, signature
from utility_crm.webhooks.lane import Sender, run_sending, send_due
from utility_crm.webhooks.of_tickets import told as told_of_tickets
from utility_crm.webhooks.posting import Answered, post
from utility_crm.webhooks.queries import attempts, deliveries, listeners

SEALER = Sealer("only for tests")
KIND = "ticket.opened"


@pytest.fixture(scope="module")
def base(server: Any) -> Iterator[Engine]:
    """A database of this file's own: what is sent was committed."""
    from tests.conftest import _clone

    load_tables()
    for url in _clone(server, "webhooks_sending"):
        engine = make_engine(url, pool_size=10)
        yield engine
        engine.dispose()


@pytest.fixture
def other() -> Iterator[Listening]:
    with listening() as told:
        yield told


@pytest.fixture
def sender(base: Engine) -> Iterator[Sender]:
    yield Sender(base, SEALER, local=True, idle_seconds=0.02, post=partial(post, seconds=60))
    with unit_of_work(base) as session:
        session.execute(text("truncate webhook_subscriptions, webhook_events restart identity cascade"))
        session.execute(text("delete from tasks"))


def impatient(sender: Sender, url: str) -> Sender:
    """With who never answers; any other may take its time on a busy machine."""
    slow = urlsplit(url).port

    def posted(address: Address, *given: Any, **more: Any) -> Answered:
        return post(address, *given, **more, seconds=0.5 if address.port == slow else 60)

    return replace(sender, post=posted)


def listens(base: Engine, url: str, name: str = "shop", **more: Any) -> str:
    with unit_of_work(base) as session:
        wanted = Wanted(name, url, (KIND,), **more)
        return add_listener(session, wanted, SEALER, utc_now(), by=None, local=True).secret


def happens(base: Engine, **data: Any) -> None:
    with unit_of_work(base) as session:
        announce(session, KIND, utc_now(), data or {"ticket": "T-1"}, personal={"subject": "Me"})


def later(base: Engine, by: timedelta = timedelta(days=2)) -> None:
    """So much time goes by."""
    with unit_of_work(base) as session:
        session.execute(text("update webhook_deliveries set not_before = not_before - cast(:by as interval), "
                             "lease_until = lease_until - cast(:by as interval), "
                             "first_at = first_at - cast(:by as interval)"), {"by": by})  # fmt: skip
        session.execute(text("update webhook_subscriptions set rests_until = rests_until - "
                             "cast(:by as interval), failing_since = failing_since - cast(:by as interval)"),
                        {"by": by})  # fmt: skip


def sent(base: Engine) -> Any:
    with unit_of_work(base) as session:
        return deliveries(session)


def standing(base: Engine) -> Any:
    with unit_of_work(base) as session:
        return listeners(session)[0]


def test_it_arrives_signed_once_and_without_what_is_personal(base, sender, other) -> None:
    secret = listens(base, other.url)
    happens(base, ticket="T-7")
    assert send_due(sender) == 1 and send_due(sender) == 0
    (heard,) = other.heard
    assert heard.path == "/in?from=us"
    told = json.loads(heard.body)
    assert told["type"] == KIND and told["data"] == {"ticket": "T-7"} and "personal" not in told
    name, at = heard.headers["webhook-id"], int(heard.headers["webhook-timestamp"])
    right = signature(secret, name, utc_now().fromtimestamp(at, tz=utc_now().tzinfo), heard.body)
    assert heard.headers["webhook-signature"] == right
    (one,) = sent(base)
    assert (one.event, one.state, one.status, one.attempts) == (name, "arrived", 204, 1)


def test_what_is_personal_goes_to_who_may_have_it(base, sender, other) -> None:
    listens(base, other.url, personal=True)
    happens(base)
    send_due(sender)
    assert json.loads(other.heard[0].body)["personal"] == {"subject": "Me"}


def test_where_nobody_may_have_it_it_is_not_even_kept(base, sender, other) -> None:
    listens(base, other.url)
    happens(base)
    with unit_of_work(base) as session:
        assert session.scalar(text("select personal from webhook_events")) is None


def test_what_is_undone_was_never_announced(base, sender, other) -> None:
    listens(base, other.url)
    with pytest.raises(ZeroDivisionError), unit_of_work(base) as session:
        announce(session, KIND, utc_now(), {"ticket": "T-1"})
        raise ZeroDivisionError
    with unit_of_work(base) as session:
        announce(session, "customer.changed", utc_now(), {})  # nobody listens to that
    assert send_due(sender) == 0 and other.heard == [] and sent(base) == []


def test_two_secrets_sign_while_one_is_turned(base, sender, other) -> None:
    old = listens(base, other.url)
    with unit_of_work(base) as session:
        new = turn_secret(session, 1, SEALER, utc_now()).secret
    happens(base)
    send_due(sender)
    given = other.heard[0].headers["webhook-signature"].split(" ")
    assert len(given) == 2 and old != new and key_of(old) != key_of(new)
    with unit_of_work(base) as session:
        session.execute(text("update webhook_subscriptions set old_secret_until = now()"))
    happens(base)
    send_due(sender)
    assert len(other.heard[1].headers["webhook-signature"].split(" ")) == 1


@pytest.mark.parametrize(
    ("behaves", "status", "said"),
    [
        (answers(500, b"out  of\norder"), 500, "out of order"),
        (answers(404), 404, ""),
        (answers(302, Location="/elsewhere"), 302, ""),
        (answers(307, Location="http://127.0.0.1:1/"), 307, ""),
        (drips(30.0), 0, "no answer in time"),
        (endless, 500, "no no no"),
        (lambda handler: handler.connection.close(), 0, ""),
    ],
)
def test_what_fails_is_tried_again_under_the_same_id(base, sender, other, behaves, status, said) -> None:
    listens(base, other.url)
    happens(base)
    other.behaves = behaves
    send_due(impatient(sender, other.url) if said == "no answer in time" else sender)
    (one,) = sent(base)
    assert (one.state, one.status) == ("waiting", status) and one.detail.startswith(said)
    assert len(one.detail) <= 300 and one.not_before is not None and one.not_before > utc_now()
    assert send_due(sender) == 0  # not before its time
    later(base)
    other.behaves = answers(200)
    send_due(sender)
    assert [heard.path for heard in other.heard] == ["/in?from=us"] * 2  # nothing was followed
    first, second = (heard.headers["webhook-id"] for heard in other.heard)
    assert first == second and other.heard[0].body == other.heard[1].body
    (one,) = sent(base)
    assert one.state == "arrived" and standing(base).failures == 0
    with unit_of_work(base) as session:
        assert [tried.status for tried in attempts(session, one.id)] == [200, status]


def test_a_server_that_is_away_is_waited_for(base, sender) -> None:
    with listening() as gone:
        url = gone.url
    listens(base, url)
    happens(base)
    send_due(sender)
    assert sent(base)[0].detail.startswith("no connection")


def test_what_it_asks_for_is_waited_for(base, sender, other) -> None:
    listens(base, other.url)
    happens(base)
    other.behaves = answers(429, Retry_After="7200")
    send_due(sender)
    assert sent(base)[0].not_before > utc_now() + timedelta(hours=1, minutes=59)


def test_gone_is_gone_and_somebody_is_told(base, sender, other) -> None:
    listens(base, other.url)
    happens(base)
    other.behaves = answers(410)
    send_due(sender)
    one = standing(base)
    assert (one.state, one.off_because, one.dead) == ("off", "gone", 1)
    with unit_of_work(base) as session:
        assert session.scalars(text("select title from tasks")).all() == ["Webhook “shop” was switched off"]
    happens(base)  # nothing is kept for it any more
    assert len(sent(base)) == 1 and send_due(sender) == 0


def test_patience_ends_and_begins_anew_by_hand(base, sender, other) -> None:
    listens(base, other.url)
    happens(base)
    other.behaves = answers(503)
    for _ in range(TRIES):
        assert standing(base).state == "on"
        assert send_due(sender) == 1
        later(base)
    one = standing(base)
    assert (one.state, one.off_because, one.dead, len(other.heard)) == ("off", "failing", 1, TRIES)
    other.behaves = answers(200)
    with unit_of_work(base) as session:
        set_state(session, 1, "on", utc_now())
        assert send_again(session, [1], utc_now()) == 1
    send_due(sender)
    assert sent(base)[0].state == "arrived" and len({h.headers["webhook-id"] for h in other.heard}) == 1


def test_one_delivery_that_never_gets_through_does_not_switch_off_who_hears_the_rest(
    base, sender, other
) -> None:
    listens(base, other.url)
    happens(base, ticket="bad")

    def picky(handler: Any) -> None:
        answers(400 if b"bad" in other.heard[-1].body else 200)(handler)

    other.behaves = picky
    for _ in range(TRIES):
        send_due(sender)
        happens(base)
        send_due(sender)
        later(base)
    one = standing(base)
    assert (one.state, one.dead) == ("on", 1)


def test_who_is_paused_hears_it_all_afterwards(base, sender, other) -> None:
    listens(base, other.url)
    with unit_of_work(base) as session:
        set_state(session, 1, "paused", utc_now())
    happens(base)
    assert send_due(sender) == 0
    with unit_of_work(base) as session:
        set_state(session, 1, "on", utc_now())
    assert send_due(sender) == 1 and len(other.heard) == 1


def test_what_waits_for_who_does_not_hear_is_forgotten_by_age(base, sender, other) -> None:
    for name in ("on", "paused", "off"):
        listens(base, other.url, name)
    happens(base)
    with unit_of_work(base) as session:
        for number, state in ((2, "paused"), (3, "off")):
            set_state(session, number, state, utc_now())
        ahead = utc_now() + timedelta(days=1)
        assert forget_old(session, ahead) == 0  # who hears is still tried
        set_state(session, 1, "paused", utc_now())
        assert forget_old(session, ahead) == 1
    assert sent(base) == []


def test_a_listener_removed_meanwhile_breaks_no_act(base, sender, other) -> None:
    listens(base, other.url, "one")
    listens(base, other.url, "two")

    def removed() -> Any:
        with unit_of_work(base) as another:
            remove_listener(another, 2)
        return [Happening({"ticket": "T-1"})]

    with unit_of_work(base) as session:
        assert announce_all(session, KIND, utc_now(), removed) == 1
    assert len(sent(base)) == 1


def test_one_after_the_other_few_are_claimed_at_once(base, sender, other) -> None:
    listens(base, other.url)
    for _ in range(5):
        happens(base)
    claimed = []

    def counted(handler: Any) -> None:
        with unit_of_work(base) as session:
            held = "select count(*) from webhook_deliveries where lease_until is not null"
            claimed.append(session.scalar(text(held)))
        answers(204)(handler)

    other.behaves = counted
    assert send_due(sender) == 5
    assert max(claimed) == lane.FEW and len(other.heard) == 5


def opened(ticket: int, message: int) -> TicketEvent:
    return TicketEvent(1, ticket, 1, utc_now(), "opened", None, message, {}, {"status": "new"}, "")


def test_an_internal_note_leaves_by_no_webhook(base, sender, other) -> None:
    listens(base, other.url, personal=True)
    with unit_of_work(base) as session:
        ticket = session.scalar(text(
            "insert into tickets (kind, subject, channel, opened_at, updated_at) "
            "values ('meter', 'Meter', 'call', now(), now()) returning id"))  # fmt: skip
        for direction, channel, words in (("note", "note", "A rude remark"), ("in", "email", "It hums")):
            message = session.scalar(text(
                "insert into ticket_messages (ticket_id, direction, channel, at, text) "
                "values (:ticket, :direction, :channel, now(), :words) returning id"),
                {"ticket": ticket, "direction": direction, "channel": channel, "words": words})  # fmt: skip
            told_of_tickets(session, opened(ticket, message))
    send_due(sender)
    assert [json.loads(one.body)["personal"].get("text") for one in other.heard] == [None, "It hums"]
    with unit_of_work(base) as session:
        session.execute(text("delete from ticket_messages"))
        session.execute(text("delete from tickets"))


def test_an_address_inside_is_asked_nothing(base, sender, other) -> None:
    """It was taken down when local ones were allowed, and they are no longer."""
    listens(base, other.url)
    happens(base)
    lane.send_due(Sender(base, SEALER, local=False))
    assert other.heard == [] and sent(base)[0].status == 0 and sent(base)[0].state == "waiting"


def test_a_secret_of_another_key_sends_nothing_unsigned(base, sender, other) -> None:
    listens(base, other.url)
    happens(base)
    send_due(Sender(base, Sealer("another"), local=True))
    assert other.heard == [] and "another secret key" in sent(base)[0].detail


def test_a_slow_listener_keeps_nobody_waiting(base, sender, other) -> None:
    """Two lanes at once: each event of the quick one arrives once, while the slow one answers nothing."""
    with listening() as slow:
        slow.behaves = drips(120.0)
        listens(base, slow.url, "slow")
        listens(base, other.url, "quick")
        for place in range(30):
            happens(base, ticket=f"T-{place}")
        stop, enough = Event(), Event()

        def counted(handler: Any) -> None:
            answers(204)(handler)
            if len(other.heard) >= 30:
                enough.set()

        other.behaves = counted
        lanes = [Thread(target=run_sending, args=(impatient(sender, slow.url), stop)) for _ in range(2)]
        for thread in lanes:
            thread.start()
        assert enough.wait(120)
        stop.set()
        for thread in lanes:
            thread.join()
    assert sorted(json.loads(one.body)["data"]["ticket"] for one in other.heard) == sorted(
        f"T-{place}" for place in range(30)
    )
    assert len({one.headers["webhook-id"] for one in other.heard}) == 30


DYING = """
import sys
from threading import Event
from utility_crm.auth.sealing import Sealer
from utility_crm.kit.database import make_engine
from utility_crm.webhooks.lane import Sender, run_sending
run_sending(Sender(make_engine(sys.argv[1]), Sealer("only for tests"), local=True), Event())
"""


def test_killed_in_the_middle_nothing_is_lost_and_the_double_has_the_same_id(base, sender, other) -> None:
    listens(base, other.url)
    happens(base)
    reached, go_on = Event(), Event()

    def waits(handler: Any) -> None:
        reached.set()
        go_on.wait(120)
        answers(200)(handler)

    other.behaves = waits
    url = base.url.render_as_string(hide_password=False)
    process = subprocess.Popen([sys.executable, "-c", DYING, url], cwd=Path(__file__).parents[3])
    assert reached.wait(120)
    process.send_signal(signal.SIGKILL)
    process.wait()
    go_on.set()
    other.behaves = answers(200)
    with unit_of_work(base) as session:
        assert claim(session, utc_now(), 10) == []  # its lease is not over
    later(base, LEASE)
    assert send_due(sender) == 1
    assert len(other.heard) == 2 and len({one.headers["webhook-id"] for one in other.heard}) == 1
    assert sent(base)[0].state == "arrived"
