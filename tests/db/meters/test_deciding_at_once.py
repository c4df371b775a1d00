"""Files, people and the clock at the same channels at the same time: nobody stuck, nothing said twice."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Barrier

import pytest
from meter_files import JUNE, csv_file
from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

from meters.actions import ingest
from meters.findings.deciding import accept_findings, estimate_findings
from meters.findings.reviewing import review_channels
from meters.usage import settle_readings
from utility_crm.auth.tables import User
from utility_crm.kit.database import make_engine, unit_of_work

POINTS = [f"SP{number}" for number in range(8)]
DAYS = [JUNE + timedelta(days=day) for day in range(10)]
NOW = datetime(2024, 6, 12, 9, tzinfo=UTC)


@pytest.fixture
def fresh(fresh_database_url: str) -> Iterator[Engine]:
    engine = make_engine(fresh_database_url, pool_size=8)
    yield engine
    engine.dispose()


def ordinary(turn: int) -> list[object]:
    return [round(0.2 + (slot + turn) % 48 / 100, 2) for slot in range(48)]


def test_nobody_is_stuck_and_nothing_is_said_twice(fresh: Engine, tmp_path: Path) -> None:
    with unit_of_work(fresh) as session:
        sana = User(login="sana", name="Sana", role="ops", password_hash="nobody's")
        session.add(sana)
        session.flush()
        user = sana.id
        first = [(point, day, ordinary(0)) for point in POINTS for day in DAYS]
        ingest(session, csv_file(tmp_path, "first.csv", *first))
    by = {"user_id": user, "reason": "At once.", "now": NOW}

    def open_ones(session: Session) -> list[int]:
        return list(session.scalars(text("select id from findings where state = 'open' order by id desc")))

    for turn in range(1, 4):
        files = []
        for number in range(2):
            wild = [9000 + turn * 10 + number, *ordinary(turn)[1:]]
            points = POINTS if number else POINTS[::-1]
            days = [(point, DAYS[turn], wild) for point in points]
            files.append(csv_file(tmp_path, f"{turn}-{number}.csv", *days))
        works: list[Callable[[Session], object]] = [
            lambda session, path=files[0]: ingest(session, path),
            lambda session, path=files[1]: ingest(session, path),
            lambda session: estimate_findings(session, open_ones(session), **by),
            lambda session: accept_findings(session, open_ones(session)[::-1], **by),
            lambda session, turn=turn: review_channels(session, NOW.date() + timedelta(days=turn), NOW),
            settle_readings,
        ]
        together = Barrier(len(works))

        def done(work: Callable[[Session], object], together: Barrier = together) -> object:
            with unit_of_work(fresh) as session:
                together.wait(timeout=120)
                return work(session)

        with ThreadPoolExecutor(len(works)) as pool:
            list(pool.map(done, works))
    with unit_of_work(fresh) as session:
        doubled = """
            select count(*) from findings a join findings b on a.id < b.id and a.rule = b.rule
            and a.channel_id = b.channel_id and a.state = 'open' and b.state = 'open'
            where a.first_day <= b.last_day and b.first_day <= a.last_day
        """
        assert session.scalar(text(doubled)) == 0
        last = [(point, day, ordinary(9)) for point in POINTS for day in DAYS]
        ingest(session, csv_file(tmp_path, "last.csv", *last))
        left = session.scalars(text("select rule from findings where state = 'open'")).all()
        assert set(left) <= {"overlap"}, "what was wild is so no more"
