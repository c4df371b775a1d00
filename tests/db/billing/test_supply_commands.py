"""`utility-crm billing supply ...` and `billing budget ...`."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, date, datetime
from typing import Any

import pytest
from billing_world import World, flat, two_rate
from sqlalchemy import Engine, text
from typer.testing import CliRunner

from billing.actions.payments import take_payment
from billing.commands import app
from billing.life.settling import close_even_accounts
from utility_crm.app import load_tables
from utility_crm.auth.tables import User
from utility_crm.kit.database import make_engine, unit_of_work
from utility_crm.kit.settings import settings


@pytest.fixture
def engine(fresh_database_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Engine]:
    monkeypatch.setenv("UTILITY_CRM_DATABASE_URL", fresh_database_url)
    monkeypatch.setenv("UTILITY_CRM_AS_OF", "2026-11-20")
    settings.cache_clear()
    load_tables()
    made = make_engine(fresh_database_url)
    yield made
    made.dispose()
    settings.cache_clear()


def call(*words: str) -> tuple[int, Any]:
    done = CliRunner().invoke(app, [*words, "--json"])
    return done.exit_code, json.loads(done.stdout) if done.stdout else None


def test_a_supply_from_its_end_to_whoever_comes_next(engine: Engine) -> None:
    with unit_of_work(engine) as session:
        world = World(session)
        for tariff in (flat(), two_rate(), flat("deemed", price="0.36")):
            world.tariff(tariff)
        one = world.supplied(starts_on=date(2026, 10, 1))
        world.even(one.channel_id, date(2026, 9, 30), 51)
        _, occupier = world.account()
        point = world.point_code(one.service_point_id)
        next_account = world.scalar("select number from accounts where id = :a", a=occupier)

    code, document = call(
        "supply", "tariff", "--service-point", point, "--tariff", "night", "--from", "2026-10-15"
    )
    assert (code, document["tariff"]) == (0, "night")
    term = ("supply", "term", "--service-point", point, "--last-day")
    assert call(*term, "2027-10-14") == (0, {"service_point": point, "last_day": "2027-10-14"})
    assert call(*term, "2026-10-01")[0] == 1 and call(*term, "14.10.2027")[0] == 2
    assert call(*term, "") == (0, {"service_point": point, "last_day": None})
    code, document = call("supply", "end", "--service-point", point, "--last-day", "2026-11-12")
    assert (code, document) == (0, {"bills": ["2026-10-000001", "2026-11-000001"], "held": []})
    code, document = call("supply", "unsupplied")
    assert [(row["service_point"], row["since"], row["kwh"]) for row in document["places"]] == [
        (point, "2026-11-13", "67.2")
    ]
    deem = ("supply", "deem", "--service-point", point, "--account", next_account, "--from", "2026-11-13")
    code, document = call(*deem)
    assert (code, document["error"]["code"]) == (1, "no_deemed_terms")
    terms = ("supply", "deemed-terms", "--tariff", "deemed", "--from", "2026-01-01", "--source", "terms")
    assert call(*terms)[0] == 0
    assert call(*deem) == (0, {"service_point": point, "account": next_account, "kind": "deemed"})
    begin = ("supply", "begin", "--service-point", point, "--account", next_account, "--tariff", "flat")
    assert call(*begin, "--from", "2026-11-18")[1]["kind"] == "contract"
    code, document = call(*begin, "--from", "2026-11-19")
    assert (code, document["error"]["code"]) == (1, "supplied")
    assert call(*begin, "--from", "19.11.2026")[0] == 2
    assert (
        call("supply", "deemed-terms", "--tariff", "flat", "--from", "2026-01-01", "--fuel", "coal")[0] == 2
    )

    # Who has left owes something yet; paid, the clock closes the account.
    today, mine = date(2026, 11, 20), {"a": one.account_id}
    with unit_of_work(engine) as session:
        assert close_even_accounts(session, today) == 0
        owed = session.scalar(text("select balance_minor from account_balances where account_id = :a"), mine)
        assert isinstance(owed, int)
        at = datetime(2026, 11, 20, 10, tzinfo=UTC)
        take_payment(session, one.account_id, owed, reference="p", received_at=at, posted_on=today)
        assert close_even_accounts(session, today) == 1
        assert close_even_accounts(session, today) == 0
        closed_on = session.scalar(text("select closed_on from accounts where id = :a"), mine)
        assert closed_on == date(2026, 11, 13)


def test_a_fixed_amount_from_the_past_years_bills(engine: Engine) -> None:
    with unit_of_work(engine) as session:
        world = World(session)
        world.tariff(flat())
        one = world.supplied(starts_on=date(2026, 9, 1))
        world.even(one.channel_id, date(2026, 8, 31), 63)
        session.add(User(login="agent", name="An Agent", role="agent", password_hash="nobody's"))
    assert call("budget", "propose", "--account", one.account)[1]["error"]["code"] == "no_bills"
    for month in ("2026-09", "2026-10"):
        assert call("run", "--period", month)[0] == 0
    # 91.35 and 94.50 in 61 days: 92.66 a month.
    assert call("budget", "propose", "--account", one.account) == (0, {"amount": "93.00", "year": "185.85"})
    begun = ("budget", "start", "--account", one.account, "--from", "2026-11-20", "--by")
    assert call(*begun, "nobody")[1]["error"]["code"] == "user"
    code, document = call(*begun, "agent")
    assert (code, document) == (0, {"amount": "93.00", "starts_on": "2026-11-20"})
    assert call("budget", "start", "--account", one.account, "--from", "2026-12-20")[0] == 1
    assert call("budget", "stop", "--account", one.account, "--before", "2027-01-01", "--by", "agent")[0] == 0
    with unit_of_work(engine) as session:
        told = "select ended_at is not null, made_by = u.id, ended_by = u.id from budget_plans, users u"
        assert tuple(session.execute(text(told)).one()) == (True, True, True)
    assert call("budget", "stop", "--account", one.account, "--before", "2027-01-01")[0] == 1


def test_what_is_booked_is_taken_back(engine: Engine) -> None:
    with unit_of_work(engine) as session:
        world = World(session)
        for tariff in (flat(), two_rate()):
            world.tariff(tariff)
        point = world.point_code(world.supplied(starts_on=date(2026, 10, 1)).service_point_id)
    at = ("--service-point", point)
    code, document = call("supply", "end", *at, "--last-day", "2036-12-01")
    assert (code, document["error"]["code"]) == (1, "far_day")
    code, document = call("supply", "tariff", *at, "--tariff", "night", "--from", "2026-12-01")
    assert code == 0
    assert call("supply", "take-back", *at, "--reason", "asked", "--by", "nobody")[0] == 1
    code, document = call("supply", "take-back", *at, "--reason", "they thought again")
    assert (code, document["kind"], document["effective_on"]) == (0, "tariff", "2026-12-01")
    code, document = call(
        "supply", "end", *at, "--last-day", "2026-12-10", "--forward-to", "7 Elm Walk|Westmoor"
    )
    assert code == 0
    code, document = call("supply", "take-back", *at, "--reason", "they stay")
    assert (code, document["kind"], document["effective_on"]) == (0, "end", "2026-12-11")
    assert call("supply", "take-back", *at, "--reason", "again")[0] == 1
