"""A storm: an outage, a wrong time, an update, the supply back; and a delivery process killed in between."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Engine, text

from notifications.outages import incidents
from notifications.outages.incidents import By, Opening, open_incident
from tests.stories.notifications.test_killed_workers import PEOPLE, Post
from utility_crm.kit.database import make_engine, unit_of_work

PEOPLE_THERE = 150
SECONDS = 240.0
NETWORK = text("""
    with area as (
        insert into network_nodes (code, name, kind) values ('A', 'Area', 'area') returning id
    ), feeder as (
        insert into network_nodes (code, name, kind, parent_id) select 'F', 'Feeder', 'feeder', id from area
        returning id
    )
    update premises set node_id = feeder.id from feeder
""")
CARE = text("""
    insert into customer_flags (customer_id, kind, consented_at, review_on)
    select id, 'medical', now(), '2099-01-01' from customers where number like '%7'
""")
# What each person's mailbox holds, in the order it came.
STORIES = text("""
    select number, array_agg(notice order by sent_at, id) as heard
    from (select customers.number, outbox.notice, outbox.sent_at, outbox.id
          from outbox join customers on customers.id = outbox.customer_id where outbox.state = 'sent') as sent
    group by number
""")


@pytest.fixture
def post(fresh_database_url: str) -> Iterator[Post]:
    engine = make_engine(fresh_database_url)
    yield Post(engine, fresh_database_url)
    engine.dispose()


def wait_until(said: Callable[[], bool]) -> None:
    give_up_at = time.monotonic() + SECONDS
    while not said():
        assert time.monotonic() < give_up_at, "the storm takes too long"
        time.sleep(0.03)


def all_told(engine: Engine) -> bool:
    """No event is yet to be told, and no notice is on its way."""
    left = text(
        "select (select count(*) from outage_tellings where ended_at is null) "
        "+ (select count(*) from outbox where state in ('waiting', 'sending'))"
    )
    with engine.connect() as connection:
        return not connection.scalar(left)


def test_everybody_hears_the_whole_story_once_whoever_dies(post: Post) -> None:
    now = datetime.now(UTC)
    by = By(source="api")
    with unit_of_work(post.engine) as session:
        session.execute(PEOPLE, {"people": PEOPLE_THERE, "zone": f"Etc/GMT{now.hour - 12:+d}"})
        session.execute(NETWORK)
        session.execute(CARE)
        feeder = session.execute(text("select id from network_nodes where code = 'F'")).scalar_one()
    with post.workers() as start:
        worker = start()
        with unit_of_work(post.engine) as session:
            first = now + timedelta(hours=1)
            outage = open_incident(
                session, Opening(feeder, now - timedelta(minutes=9), estimated_at=first), by, now
            )
        wait_until(lambda: post.sent() > 0)
        os.kill(worker, signal.SIGKILL)
        # nothing lives that could tell, or hold what the dead one held for longer than its lease
        with post.engine.begin() as connection:
            connection.execute(text("update outage_tellings set lease_until = now() where ended_at is null"))
        start()
        wait_until(lambda: all_told(post.engine))
        assert post.sent() == PEOPLE_THERE
        with unit_of_work(post.engine) as session:
            incidents.estimate(session, outage, now + timedelta(hours=5), by, datetime.now(UTC))
        wait_until(lambda: all_told(post.engine))
        with unit_of_work(post.engine) as session:
            at = datetime.now(UTC)
            incidents.restore(session, outage, at, by, at)
        wait_until(lambda: all_told(post.engine))
    with post.engine.connect() as connection:
        stories = {row.number: row.heard for row in connection.execute(STORIES)}
        repeats = connection.scalar(text("select count(*) - count(distinct message_id) from mailbox"))
        order = connection.scalars(
            text("select priority from outbox where notice = 'unplanned_outage' order by id")
        ).all()
    assert len(stories) == PEOPLE_THERE and repeats == 0
    whole = ["unplanned_outage", "outage_time_changed", "outage_restored"]
    assert {tuple(heard) for heard in stories.values()} == {tuple(whole)}
    # who depends on the supply was written to before anybody else
    assert list(order) == sorted(order) and order[0] == 0
    assert post.count("select count(*) from call_tasks where state = 'dropped'") == PEOPLE_THERE // 10
