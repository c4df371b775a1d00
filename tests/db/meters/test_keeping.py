"""Months made ahead, months let go of, sums for SQL; on both layouts of the store."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from meter_files import csv_file
from sqlalchemy import text
from sqlalchemy.orm import Session

from meters.store.keeping import keep_readings, months_from
from tests.db.meters.conftest import Take
from utility_crm.kit.settings import settings

NOW = datetime(2026, 11, 20, 3, tzinfo=UTC)
OLD, RECENT = date(2024, 3, 5), date(2026, 11, 1)


def has_timescale(session: Session) -> bool:
    return session.scalar(text("select 1 from pg_extension where extname = 'timescaledb'")) is not None


@pytest.fixture
def kept_two_years(monkeypatch: pytest.MonkeyPatch) -> object:
    monkeypatch.setenv("UTILITY_CRM_READINGS_KEPT_MONTHS", "24")
    settings.cache_clear()
    yield
    monkeypatch.undo()
    settings.cache_clear()


def test_months_are_made_ahead(session: Session) -> None:
    assert keep_readings(session, NOW) == "room until 2027-03-01; nothing is dropped"
    if not has_timescale(session):
        made = session.scalars(
            text("select relname from pg_class where relname like 'blocks\\_______' order by 1")
        ).all()
        assert set(made) >= {"blocks_202611", "blocks_202612", "blocks_202701", "blocks_202702"}


@pytest.mark.usefixtures("kept_two_years")
def test_only_whole_months_beyond_the_time_go(session: Session, take: Take, tmp_path: Path) -> None:
    edge = date(2024, 11, 5)
    for place, day in enumerate((OLD, edge, RECENT)):
        take(csv_file(tmp_path, f"{place}.csv", ("SP1", day, [1] * 24)), timezone="UTC")
    assert keep_readings(session, NOW) == "room until 2027-03-01; 1 months dropped"
    assert session.scalars(text("select day from blocks order by day")).all() == [edge, RECENT]


@pytest.mark.usefixtures("kept_two_years")
def test_a_hold_keeps_the_days_they_lived_there(
    session: Session, take: Take, tmp_path: Path, premise: Callable[..., int]
) -> None:
    edge = date(2024, 11, 5)
    for place, (point, day) in enumerate(
        [("SP1", OLD), ("SP1", OLD + timedelta(days=9)), ("SP2", OLD), ("SP1", edge)]
    ):
        take(csv_file(tmp_path, f"{place}.csv", (point, day, [1] * 24)), timezone="UTC")
    home = {"home": premise("P1")}
    session.execute(text("update service_points set premise_id = :home where code = 'SP1'"), home)
    session.execute(
        text("""
            with person as (
                insert into customers (number, kind, name, segment, since)
                values ('H1', 'person', 'Ruth Lane', 'household', '2019-01-01') returning id
            ), hold as (
                insert into privacy_holds (customer_id, reason, placed_at, review_on)
                select id, 'a case in court', :now, '2027-01-01' from person
            ), account as (
                insert into accounts (number, customer_id, payer_id, cycle_day, currency, terms_days,
                    payment_method, opened_on)
                select 'HA', id, id, 1, 'GBP', 14, 'transfer', '2019-01-01' from person returning id
            )
            insert into occupancies (account_id, premise_id, starts_on, ends_before)
            select id, :home, '2019-01-01', :left from account
        """),
        home | {"now": NOW, "left": OLD + timedelta(days=5)},
    )
    kept = text("select s.code, b.day from blocks b join channels c on c.id = b.channel_id "
                "join service_points s on s.id = c.service_point_id order by b.day")  # fmt: skip
    assert keep_readings(session, NOW).endswith("1 months dropped")
    assert [tuple(one) for one in session.execute(kept)] == [("SP1", OLD), ("SP1", edge)]
    assert keep_readings(session, NOW).endswith("0 months dropped")
    session.execute(text("update privacy_holds set lifted_at = :now, lifted_because = 'over'"), {"now": NOW})
    assert keep_readings(session, NOW).endswith("1 months dropped")
    assert [tuple(one) for one in session.execute(kept)] == [("SP1", edge)]


def test_daily_totals_are_the_sums_of_what_is_present(session: Session, take: Take, tmp_path: Path) -> None:
    take(csv_file(tmp_path, "a.csv", ("SP1", RECENT, [1.5] * 20 + [None] * 4)), timezone="UTC")
    [row] = session.execute(text("select day, micro, readings, due from daily_totals")).all()
    assert (row.day, row.micro, row.readings, row.due) == (RECENT, 30_000_000, 20, 24)


@pytest.mark.parametrize(
    ("day", "months", "found"),
    [
        (date(2026, 11, 20), 3, date(2027, 2, 1)),
        (date(2026, 11, 20), -24, date(2024, 11, 1)),
        (date(2026, 12, 31), 0, date(2026, 12, 1)),
        (date(2026, 1, 1), -1, date(2025, 12, 1)),
    ],
)
def test_months(day: date, months: int, found: date) -> None:
    assert months_from(day, months) == found
