"""Price series in the database: kept as they were known, billed by, and missed by name."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from billing_world import NOW, World, flat
from sqlalchemy import event, text
from sqlalchemy.orm import Session
from typer.testing import CliRunner

from billing.actions.issuing import Issued, issue_cycle
from billing.actions.prices import PricesImport, import_prices, merged
from billing.commands import app
from billing.cycles import Month
from billing.domain.tariffs.price_series import PriceSeries
from billing.explaining import explain_bill
from billing.queries.bills import bills_of
from billing.queries.prices import prices_at_instants
from utility_crm.kit.settings import settings

LONG_AGO = NOW - timedelta(days=400)
FIRST = datetime(2026, 8, 30, tzinfo=UTC)
OCTOBER = Month(2026, 10)


def by_the_market(code: str = "market") -> dict[str, Any]:
    dynamic = {"kind": "dynamic", "code": "energy", "label": "Market", "series": "spot", "adder": "0.05"}
    version = {"starts_on": "2024-01-01", "charges": [dynamic]}
    return flat(code, versions=[version])


def spot(values: Any, starts_at: datetime = FIRST, minutes: int = 60) -> PriceSeries:
    return PriceSeries.of("spot", starts_at, minutes, values)


def months(seed: int) -> PriceSeries:
    return spot(np.random.default_rng(seed).integers(-20_000, 400_000, 24 * 70))


def take(session: Session, series: PriceSeries, at: datetime = LONG_AGO) -> PricesImport:
    return import_prices(session, series, file_name="spot.csv", received_at=at)


def issue(session: Session, world: World, accounts: list[int], month: Month = OCTOBER) -> Issued:
    return issue_cycle(session, month, 1, accounts, issued_on=date(2026, 11, 3), known_at=NOW, now=NOW)


def known(session: Session, at: datetime | None = None) -> list[int]:
    ((found,),) = prices_at_instants(session, ["spot"], FIRST, FIRST, [at])
    return found.price_micro[24:48].tolist() if found.interval_minutes == 60 else found.price_micro.tolist()


def test_the_same_prices_change_nothing_and_others_keep_what_was_known(session: Session) -> None:
    first = take(session, spot(range(72), FIRST - timedelta(days=1)))
    assert (first.outcome, first.days_added, first.days_changed) == ("added", 3, 0)
    assert take(session, spot(range(24, 48))).outcome == "unchanged"
    second = take(session, spot([7, 8], FIRST + timedelta(hours=3)), LONG_AGO + timedelta(days=9))
    assert (second.outcome, second.days_added, second.days_changed) == ("changed", 0, 1)
    assert known(session) == [*range(24, 27), 7, 8, *range(29, 48)]
    assert known(session, LONG_AGO + timedelta(days=8)) == list(range(24, 48))
    assert prices_at_instants(session, ["spot"], FIRST, FIRST, [LONG_AGO - timedelta(days=1)]) == [()]
    assert session.scalar(text("select count(*) from price_day_history")) == 1
    assert session.scalar(text("select count(*) from price_imports")) == 2


def test_a_days_parts_come_together_at_the_shorter_interval() -> None:
    assert merged((), (1, None)) == (1, None)
    assert merged((1, 2), (None, None, 7, None)) == (1, 1, 7, 2)
    assert merged((1, None, 3, 4), (5, None)) == (5, 5, 3, 4)


def test_days_of_other_intervals_are_one_series(session: Session) -> None:
    take(session, spot(range(24)))
    take(session, spot(range(96), FIRST + timedelta(days=1), 15))
    ((found,),) = prices_at_instants(session, ["spot"], FIRST, FIRST, [None])
    assert (found.interval_minutes, found.starts_at) == (15, FIRST)
    assert found.price_micro.tolist() == [hour for hour in range(24) for _ in range(4)] + list(range(96))


def test_bills_by_the_market_are_made_again_from_the_prices_they_knew(world: World, session: Session) -> None:
    world.tariff(by_the_market())
    one = world.supplied("market")
    values = world.random(one.channel_id, date(2026, 8, 31), 63, 5)
    prices = months(1)
    take(session, prices)
    for month in (Month(2026, 9), OCTOBER):
        assert issue(session, world, [one.account_id], month).held == ()
    after, before = bills_of(session, [one.account_id])
    # October in London begins an hour early: readings from 31 August, prices from the day before.
    begin = (datetime(2026, 9, 30, 23, tzinfo=UTC) - FIRST) // timedelta(hours=1)
    hours = np.repeat(prices.price_micro, 2)[2 * begin :][: 31 * 48 + 2] + 50_000
    used = np.array(values)[2 * begin - 48 :][: hours.size]
    assert after.total_minor == round(int((hours * used).sum()) / 10**10)
    changed = take(session, months(2), NOW + timedelta(days=1))
    assert changed.bills == 2
    assert changed.billed_days[0] == date(2026, 9, 1)
    assert changed.billed_days[-1] == date(2026, 10, 31)
    statements: list[str] = []
    listener = lambda *args: statements.append(str(args[2]))  # noqa: E731
    event.listen(session.get_bind(), "before_cursor_execute", listener)
    found = explain_bill(session, after, before)
    event.remove(session.get_bind(), "before_cursor_execute", listener)
    assert sum("price_days" in statement for statement in statements) == 1
    assert found.left_over_minor == 0
    assert "price" in {row.effect for row in found.rows if row.amount_minor}


def test_who_used_energy_without_a_price_is_held(world: World, session: Session) -> None:
    world.tariff(by_the_market())
    used, idle, gap = (world.supplied("market") for _ in range(3))
    quiet = [200_000] * (48 * 63)
    hole = 48 * 40
    world.read(used.channel_id, date(2026, 8, 31), quiet)
    world.read(idle.channel_id, date(2026, 8, 31), [*quiet[:hole], 0, 0, *quiet[hole + 2 :]])
    world.read(gap.channel_id, date(2026, 8, 31), [*quiet[:hole], None, None, *quiet[hole + 2 :]])
    prices = months(1).price_micro.copy()
    missing = np.zeros(prices.size, dtype=bool)
    missing[24 * 41] = True  # 10 October, from midnight on in UTC
    take(session, PriceSeries.of("spot", FIRST, 60, prices, missing))
    accounts = [one.account_id for one in (used, idle, gap)]
    done = issue(session, world, accounts)
    assert len(done.bill_ids) == 1
    assert [hold.account for hold in done.held] == [used.account, gap.account]
    assert {hold.code for hold in done.held} == {"missing_prices"}
    assert done.held[0].reason == "There is no price in the series spot for 2026-10-10 00:00 UTC."
    take(session, months(1), LONG_AGO + timedelta(days=1))
    assert len(issue(session, world, accounts).bill_ids) == 2


@pytest.fixture
def here(fresh_database_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    monkeypatch.setenv("UTILITY_CRM_DATABASE_URL", fresh_database_url)
    settings.cache_clear()
    yield fresh_database_url
    settings.cache_clear()


def call(*words: str) -> tuple[int, Any]:
    done = CliRunner().invoke(app, [*words, "--json"])
    return done.exit_code, json.loads(done.stdout) if done.exit_code < 2 else None


def test_by_the_command_line(here: str, tmp_path: Path) -> None:
    file = tmp_path / "spot.csv"
    rows = [f"2026-10-0{day}T{hour:02d}:00Z,0.{hour:02d}" for day in (1, 2) for hour in range(24)]
    file.write_text("\n".join(["starts_at,price", *rows]), encoding="utf-8")
    code, document = call("prices", "import", "spot", str(file))
    assert (code, document) == (
        0,
        {
            "series": "spot", "outcome": "added", "days_added": 2, "days_changed": 0, "billed_days": [],
            "bills": 0,
        },
    )  # fmt: skip
    assert call("prices", "import", "spot", str(file))[1]["outcome"] == "unchanged"
    code, document = call("prices", "list")
    assert [(row["series"], row["days"], row["first_day"]) for row in document["series"]] == [
        ("spot", 2, "2026-10-01")
    ]
    file.write_text("starts_at,price\n2026-10-01T00:00,0.1\n", encoding="utf-8")
    code, document = call("prices", "import", "spot", str(file))
    assert (code, document["error"]["where"]) == (1, f"{file}, line 2")
    assert call("prices", "import", "Spot!", str(file))[0] == 2
