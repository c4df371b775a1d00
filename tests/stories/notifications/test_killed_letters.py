"""Letters are in one batch each, whoever is killed with -9 between choosing them and keeping their file."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, date, datetime
from hashlib import sha256
from pathlib import Path

from sqlalchemy import text

from notifications.outbox.queueing import queue_all
from notifications.types.payment_reminder import payment_reminder
from tests.stories.notifications.test_killed_workers import PEOPLE, ROOT
from utility_crm.kit.database import make_engine, unit_of_work

PROGRAM = Path(__file__).parent / "programs" / "cut_letters.py"
COUNT = 60
BEFORE = datetime(2026, 11, 20, 14, 0, tzinfo=UTC)
BY_POST = text("update contact_points set kind = 'post', value = 'Mill Lane, ' || value")
HELD = text("""
    select (select count(*) from letters) as letters,
           (select count(distinct notice_id) from letters) as notices,
           (select count(*) from outbox where state = 'gathered') as gathered,
           (select count(*) from letter_batches where letters > 0) as batches,
           (select count(*) from letter_batches where state = 'gathered') as made
""")


def test_each_notice_is_in_one_batch_whoever_dies(fresh_database_url: str) -> None:
    engine = make_engine(fresh_database_url)
    with unit_of_work(engine) as session:
        session.execute(PEOPLE, {"people": COUNT, "zone": "Europe/London"})
        session.execute(BY_POST)
        accounts = session.execute(text("select id, number, payer_id from accounts order by id")).all()
        asked = [
            payment_reminder(
                customer_id=one.payer_id, account_id=one.id, account=one.number, bill=f"F-{one.number}",
                amount_minor=1000, currency="GBP", due_on=date(2026, 11, 6),
            )
            for one in accounts
        ]  # fmt: skip
        queue_all(session, [replace(one, channels=("letter",)) for one in asked], BEFORE)
    seen = []
    given = {**os.environ, "PYTHONPATH": str(ROOT)}
    arguments = [sys.executable, str(PROGRAM), fresh_database_url]
    with subprocess.Popen(
        arguments, env=given, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as parent:
        assert parent.stdin and parent.stdout
        for place in ("written", "written", "cut", "set", "kept", "nowhere", "nowhere"):
            parent.stdin.write(f"{place}\n")
            parent.stdin.flush()
            ended = int(parent.stdout.readline())
            with engine.connect() as connection:
                seen.append((place, ended, *connection.execute(HELD).one()))
        parent.stdin.close()
    assert seen == [
        # place, exit, letters, notices, gathered, batches, made
        ("written", -9, 0, 0, 0, 0, 0),
        ("written", -9, 0, 0, 0, 0, 0),
        ("cut", -9, COUNT, COUNT, COUNT, 1, 0),
        ("set", -9, COUNT, COUNT, COUNT, 1, 0),
        ("kept", -9, COUNT, COUNT, COUNT, 1, 0),
        ("nowhere", 0, COUNT, COUNT, COUNT, 1, 1),
        ("nowhere", 0, COUNT, COUNT, COUNT, 1, 1),
    ]
    with engine.connect() as connection:
        kept = connection.execute(
            text("select pdf, pdf_sha256, index_csv, pages from letter_batches where letters > 0")
        ).one()
        told = connection.scalar(text("select count(*) from staff_mail where key like 'letters:%'"))
    engine.dispose()
    assert sha256(kept.pdf).hexdigest() == kept.pdf_sha256 and kept.pages == COUNT
    assert kept.index_csv.count(b"\r\n") == COUNT + 1 and told == 1
