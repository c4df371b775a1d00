"""What a provider tells of a notice while a worker still sends it: kept, and acted on after."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

from notifications.outbox.claims import Terms, claim
from notifications.outbox.deciding import send_again
from notifications.outbox.going_on import Claimed
from notifications.outbox.queueing import queue
from notifications.outbox.receipts import Kind, Told, take_receipts
from notifications.outbox.settling import Tried, begin, settle
from tests.db.notifications.conftest import Town, reminder
from tests.worlds.lock_waits import until_all_wait
from utility_crm.customers.tables import ContactPoint
from utility_crm.kit.database import make_engine, unit_of_work

MAIL = "care@utility.example"
PHONE = "+447700900007"


def being_sent(town: Town, session: Session, now: datetime, *, phone: str = "") -> Claimed:
    """A reminder that a worker holds at this moment."""
    account = town.person()
    if phone:
        session.add(ContactPoint(customer_id=account.customer_id, kind="phone", value=phone, normal=phone))
        session.flush()
    queue(session, reminder(account, f"F-{account.number}"), now)
    (held,) = claim(session, now, Terms(), MAIL)[1]
    return held


def tell(session: Session, one: Claimed, kind: Kind, now: datetime, event: str = "e1") -> None:
    told = Told(event, one.message_id, kind, now, "5.1.1 nobody there" if kind == "bounced" else "")
    assert take_receipts(session, "mail", [told], now)["new"] == 1


def test_a_bounce_before_the_worker_wrote_it_down_is_acted_on_after(
    town: Town, session: Session, now: datetime
) -> None:
    held = being_sent(town, session, now, phone=PHONE)
    tell(session, held, "bounced", now)
    (row,) = town.rows()
    assert (row.state, row.receipt) == ("sending", "bounced")
    assert session.scalar(text("select count(*) from suppressions")) == 1, "the address is closed at once"
    settle(session, [Tried(held, "taken", now, "subject")], now)
    (row,) = town.rows()
    assert (row.state, row.channel, row.address) == ("waiting", "sms", PHONE)
    # told once more it is known, and what goes by text message is not touched
    assert take_receipts(session, "mail", [Told("e1", held.message_id, "bounced", now)], now)["known"] == 1
    assert town.rows()[0].state == "waiting"


def test_with_no_other_way_it_waits_for_a_person_and_sent_again_the_old_news_is_over(
    town: Town, session: Session, now: datetime
) -> None:
    held = being_sent(town, session, now)
    tell(session, held, "failed", now)
    settle(session, [Tried(held, "taken", now, "subject")], now)
    (row,) = town.rows()
    assert row.state == "dead" and row.last_error == "failed"
    user = session.scalar(
        text(
            "insert into users (login, name, role, password_hash, language) "
            "values ('o', 'O', 'ops', '-', 'en') returning id"
        )
    )
    send_again(session, row.id, now, int(user or 0))
    (held,) = claim(session, now, Terms(), MAIL)[1]
    settle(session, [Tried(held, "taken", now, "subject")], now)
    (row,) = town.rows()
    assert (row.state, row.receipt) == ("sent", None)


@pytest.mark.parametrize(
    ("kind", "state"), [("delivered", "sent"), ("read", "sent"), ("bounced", "dead"), ("failed", "dead")]
)
@pytest.mark.parametrize("early", [True, False])
def test_in_doubt_the_receipt_says_whether_it_arrived(
    town: Town, session: Session, now: datetime, kind: Kind, state: str, early: bool
) -> None:
    """The server broke off, and the notice is to be tried again: what is told decides, before or after."""
    held = being_sent(town, session, now)
    broke_off = Tried(held, "unknown", now, detail="broke off", again_at=now + timedelta(minutes=1))
    if early:
        tell(session, held, kind, now)
        settle(session, [broke_off], now)
    else:
        settle(session, [broke_off], now)
        tell(session, held, kind, now)
    assert town.rows()[0].state == state
    assert claim(session, now + timedelta(minutes=2), Terms(), MAIL) == (0, [])


@pytest.mark.parametrize("early", [True, False])
def test_a_parked_one_that_arrived_needs_nobody(
    town: Town, session: Session, now: datetime, monkeypatch: pytest.MonkeyPatch, early: bool
) -> None:
    """A worker died while it was being sent, and the kind says that it must not arrive twice."""
    from notifications.types import notice_types
    from tests.db.notifications.test_receipts import replace

    kind = replace(notice_types()["payment_reminder"], in_doubt="park")
    monkeypatch.setattr("notifications.outbox.claims.notice_type", lambda _name: kind)
    held = being_sent(town, session, now)
    begin(session, held, now)
    later = now + timedelta(minutes=2)
    if early:
        tell(session, held, "delivered", now)
    assert claim(session, later, Terms(), MAIL)[1] == []
    if not early:
        assert town.rows()[0].state == "parked"
        tell(session, held, "delivered", now)
    (row,) = town.rows()
    assert (row.state, row.sent_at) == ("sent", now)


def test_two_at_once_in_either_order_lose_nothing(
    fresh_database_url: str, make_town: Callable[[Session], Town], now: datetime
) -> None:
    """The race on purpose: one transaction is open while the other begins, in both orders."""
    engine = make_engine(fresh_database_url)
    outcomes = []
    for settles_first in (True, False):
        with unit_of_work(engine) as session:
            held = being_sent(make_town(session), session, now) if settles_first else again(session, now)
        outcomes.append(raced(engine, held, now, settles_first))
    engine.dispose()
    assert outcomes == [("dead", False), ("dead", False)]


def again(session: Session, now: datetime) -> Claimed:
    """A second notice to the same person, held by a worker."""
    account = session.execute(text("select id, number, customer_id, payer_id from accounts")).one()
    session.execute(text("delete from suppressions"))
    queue(session, reminder(account, "F-2"), now)
    (held,) = claim(session, now, Terms(), MAIL)[1]
    return held


def raced(engine: Engine, held: Claimed, now: datetime, settles_first: bool) -> Any:
    """State, and whether a receipt still waits, after settling and a bounce met."""

    def settled(session: Session) -> None:
        settle(session, [Tried(held, "taken", now, "subject")], now)

    def told(session: Session) -> None:
        tell(session, held, "bounced", now, f"e-{settles_first}")

    first, second = (settled, told) if settles_first else (told, settled)
    with ThreadPoolExecutor(1) as pool:
        with unit_of_work(engine) as one:
            first(one)
            begun = pool.submit(_alone, engine, second)
            # the other waits for our row: nothing of ours is committed, and it is not done
            assert until_all_wait(engine, begun)
        begun.result()
    with engine.connect() as connection:
        return tuple(
            connection.execute(
                text(
                    "select state, exists (select from receipts where early) from outbox "
                    "where message_id = :id"
                ),
                {"id": held.message_id},
            ).one()
        )


def _alone(engine: Engine, act: Callable[[Session], None]) -> None:
    with unit_of_work(engine) as session:
        act(session)
