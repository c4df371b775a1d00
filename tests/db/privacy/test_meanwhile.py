"""Whatever waited for an erasure does not go in after it."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import DatabaseError
from sqlalchemy.orm import Session

from notifications.outbox.queueing import queue
from notifications.types.payment_reminder import payment_reminder
from tests.worlds.lock_waits import until_all_wait
from utility_crm.announcing.telling import announce
from utility_crm.kit.database import make_engine
from utility_crm.privacy.reading import hold_still

NOW = datetime(2026, 11, 20, 14, 42, tzinfo=UTC)
WRITES = (
    "insert into contacts (customer_id, channel, topic, note) values (1, 'call', 'bill', 'she said')",
    "insert into contact_points (customer_id, kind, value, normal) values (1, 'email', 'a@b.example', 'a@b')",
    """insert into relations (customer_id, other_id, kind, starts_on, noted_at)
       values (2, 1, 'household', '2026-01-01', now())""",
    """insert into ticket_messages (ticket_id, direction, channel, text, at)
       values (1, 'note', 'note', 'she said', now())""",
    "update calls set customer_id = 1",
    "update customers set name = 'Ruth Lane-Reed' where id = 1",
)


@pytest.fixture
def committed(fresh_database_url: str) -> Iterator[Engine]:
    engine = make_engine(fresh_database_url, pool_size=len(WRITES) + 4)
    with Session(engine) as session:
        session.execute(
            text("""insert into customers (number, kind, name, segment, since) values
                    ('R1', 'person', 'Ruth Lane', 'household', '2019-01-01'),
                    ('R2', 'person', 'Tom Reed', 'household', '2019-01-01')""")
        )
        session.execute(
            text("""insert into tickets (kind, subject, channel, opened_at, updated_at, customer_id)
                    values ('other', 'x', 'call', :now, :now, 1)"""),
            {"now": NOW},
        )
        session.execute(
            text("insert into calls (provider_call, direction, state, began_at) "
                 "values ('c', 'in', 'ended', :now)"), {"now": NOW},
        )  # fmt: skip
        session.execute(
            text("""insert into webhook_subscriptions (name, url, events, personal, secret, created_at,
                        changed_at)
                    values ('x', 'https://x.example', '{call.ended}', true, 's', :now, :now)"""),
            {"now": NOW},
        )
        session.commit()
    yield engine
    engine.dispose()


def test_what_waited_for_an_erasure_is_refused(committed: Engine) -> None:
    def write(sql: str) -> str:
        with Session(committed) as session:
            try:
                session.execute(text(sql))
                session.commit()
            except DatabaseError as error:
                return str(getattr(error.orig, "sqlstate", ""))
        return "written"

    def tell() -> str:
        with Session(committed) as session:
            announce(session, "call.ended", NOW, {"call": 1}, customer_id=1, personal={"name": "Ruth"})
            session.commit()
        return "told"

    def remind() -> str:
        notice = payment_reminder(
            customer_id=1, account_id=None, account="A1", bill="F-1", amount_minor=1, currency="GBP",
            due_on=date(2026, 11, 6),
        )  # fmt: skip
        with Session(committed) as session:
            queue(session, notice, NOW)
            session.commit()
        return "queued"

    with ThreadPoolExecutor(len(WRITES) + 2) as pool:
        with Session(committed) as erasing:
            hold_still(erasing, 1)
            work = [*(pool.submit(write, sql) for sql in WRITES), pool.submit(tell), pool.submit(remind)]
            assert until_all_wait(committed, *work)
            erased = text("update customers set name = '(erased)', erased_on = :day where id = 1")
            erasing.execute(erased, {"day": date(2026, 11, 20)})
            erasing.commit()
        assert [one.result() for one in work] == ["UC410"] * len(WRITES) + ["told", "queued"]
    with Session(committed) as session:
        assert session.scalar(text("select name from customers where id = 1")) == "(erased)"
        assert session.scalar(text("select count(*) from outbox")) == 0
        assert session.scalar(text("select count(*) from webhook_events")) == 1
        assert session.scalar(text("select count(*) from webhook_events where personal is not null")) == 0
        assert write(WRITES[0].replace("(1,", "(2,")) == "written"
