"""`utility-crm billing corrections`, and two who approve at once."""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime
from threading import Barrier
from typing import Any

import pytest
from billing_world import World, flat
from sqlalchemy import Engine, text
from typer.testing import CliRunner

import billing.corrections.approving
from billing.actions.issuing import issue_cycle
from billing.commands import app
from billing.corrections.approving import Corrected, approve_corrections
from billing.cycles import Month
from utility_crm.app import load_tables
from utility_crm.kit.database import make_engine, unit_of_work
from utility_crm.kit.settings import settings

BILLED_AT = datetime(2026, 11, 3, tzinfo=UTC)
TODAY = date(2026, 11, 20)


@pytest.fixture
def late(fresh_database_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Engine]:
    """Three accounts billed for October; of two of them readings came in afterwards."""
    monkeypatch.setenv("UTILITY_CRM_DATABASE_URL", fresh_database_url)
    monkeypatch.setenv("UTILITY_CRM_AS_OF", TODAY.isoformat())
    settings.cache_clear()
    load_tables()
    engine = make_engine(fresh_database_url)
    with unit_of_work(engine) as session:
        world = World(session)
        world.tariff(flat())
        ones = [world.supplied() for _ in range(3)]
        for one in ones:
            world.even(one.channel_id, date(2026, 9, 30), 33)
        ids = [one.account_id for one in ones]
        issue_cycle(
            session, Month(2026, 10), 1, ids, issued_on=date(2026, 11, 3), known_at=BILLED_AT, now=BILLED_AT
        )
        feed = world.feed(datetime(2026, 11, 10, tzinfo=UTC))
        world.even(ones[0].channel_id, date(2026, 10, 5), 10, 300_000, feed_id=feed)
        world.even(ones[1].channel_id, date(2026, 10, 5), 10, 150_000, feed_id=feed)
    yield engine
    engine.dispose()
    settings.cache_clear()


def call(*words: str) -> tuple[int, Any]:
    done = CliRunner().invoke(app, ["corrections", *words, "--json"])
    return done.exit_code, json.loads(done.stdout)


def count(engine: Engine, statement: str) -> Any:
    with engine.connect() as connection:
        return connection.scalar(text(statement))


def test_shown_then_approved(late: Engine) -> None:
    code, document = call()
    assert code == 0 and "done" not in document
    assert document["sums"] == [
        {
            "currency": "GBP", "bills": 2, "accounts": 2, "before": "189.00", "after": "195.30",
            "difference": "6.30", "not_charged": "0.00", "pay_more": 1, "pay_less": 1,
        }
    ]  # fmt: skip
    more, less = document["bills"]
    assert (more["before"], more["after"], more["cause"]) == ("94.50", "107.10", "readings")
    assert (less["difference"], less["state"], less["protected_before"]) == ("-6.30", "proposed", None)
    assert count(late, "select count(*) from credit_notes") == 0

    code, document = call("--bill", less["bill"], "--approve", "read late")
    made = {"bill": less["bill"], "credit_note": "CN-2026-000001", "new_bill": "2026-10-000004"}
    assert (code, document["done"]) == (
        0,
        {
            "credit_notes": ["CN-2026-000001"], "new_bills": ["2026-10-000004"], "waiting": 0,
            "documents": [made | {"difference": "-6.30", "currency": "GBP"}],
        },
    )  # fmt: skip
    # What is chosen is summed, not all that waits.
    assert [(one["bills"], one["difference"]) for one in document["sums"]] == [(1, "-6.30")]
    code, document = call("--bill", less["bill"])
    assert (code, document["error"]["where"]) == (1, less["bill"])
    code, document = call("--bill", "NOPE")
    assert (code, document["error"]["code"], document["error"]["where"]) == (1, "bill", "NOPE")
    said = CliRunner().invoke(app, ["corrections", "--approve", "read late"]).stdout
    assert f"{more['bill']}: credit note CN-2026-000002, new bill 2026-10-000005" in said
    assert call()[1] == {"sums": [], "bills": []}
    code, document = call("--approve", "read late")
    assert (code, document["done"]["documents"]) == (0, [])
    said = CliRunner().invoke(app, ["corrections", "--approve", "read late"]).stdout
    assert said == "No issued bill would differ.\nNothing was put right.\n"
    assert count(late, "select sum(total_minor) from bills where status = 'issued'") == 9450 * 3 + 630


def test_two_approve_at_once_and_one_is_killed(late: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    call()
    with late.connect() as connection:
        ids = list(connection.scalars(text("select id from corrections")))

    def approve(_: int = 0) -> Corrected:
        with unit_of_work(late) as session:
            return approve_corrections(
                session, ids, user_id=None, decision="read late", today=TODAY, now=BILLED_AT, country="GB"
            )

    class Killed(Exception):
        pass

    def kill(*_: object, **__: object) -> None:
        raise Killed

    with monkeypatch.context() as patched, pytest.raises(Killed):
        patched.setattr(billing.corrections.approving, "store_bills", kill)
        approve()
    assert count(late, "select count(*) from credit_notes") == 0
    assert count(late, "select count(*) from bills where status = 'cancelled'") == 0

    start = Barrier(2)

    def together(number: int) -> Corrected:
        start.wait()
        return approve(number)

    with ThreadPoolExecutor(2) as pool:
        done = sorted(pool.map(together, range(2)), key=lambda one: one.unchanged)
    assert [(len(one.credit_notes), len(one.new_bill_ids), one.unchanged) for one in done] == [
        (2, 2, 0), (0, 0, 2),
    ]  # fmt: skip
    assert count(late, "select count(*) from bills where status = 'issued'") == 3
    assert count(late, "select count(*) from credit_notes") == 2
