"""The door of the readings: a run waits for feeds under way, and no feed waits for a waiting run."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime

from sqlalchemy import text
from sqlalchemy.orm import Session

from meters.usage import enter_readings, settle_readings
from utility_crm.kit.database import make_engine


def test_nobody_waits_behind_a_waiting_run(fresh_database_url: str) -> None:
    engine = make_engine(fresh_database_url)

    def settled() -> datetime:
        with Session(engine) as session:
            return settle_readings(session)

    with ThreadPoolExecutor(1) as pool, Session(engine) as long_feed:
        first = enter_readings(long_feed)
        run = pool.submit(settled)
        with Session(engine) as other_feed:
            other_feed.execute(text("set local statement_timeout = '20s'"))
            second = enter_readings(other_feed)  # would stand behind the run's lock
            other_feed.commit()
        assert not run.done()
        long_feed.commit()
        instant = run.result(timeout=60)
    assert first < instant and first < second
    engine.dispose()


def test_with_nobody_inside_it_is_at_once(session: Session) -> None:
    enter_readings(session)  # one's own does not count
    assert settle_readings(session) <= session.scalar(text("select clock_timestamp()"))
