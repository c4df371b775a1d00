"""`utility-crm billing ...` on a database, in the shapes that are promised."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from billing_world import World, flat, two_rate
from typer.testing import CliRunner

from billing.commands import app
from utility_crm.app import load_tables
from utility_crm.kit.database import make_engine, unit_of_work
from utility_crm.kit.settings import settings


@pytest.fixture
def here(fresh_database_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The command line looks at this test's database, on 3 November 2026."""
    monkeypatch.setenv("UTILITY_CRM_DATABASE_URL", fresh_database_url)
    monkeypatch.setenv("UTILITY_CRM_AS_OF", "2026-11-03")
    settings.cache_clear()
    yield fresh_database_url
    settings.cache_clear()


def call(*words: str) -> tuple[int, Any]:
    done = CliRunner().invoke(app, [*words, "--json"])
    return done.exit_code, json.loads(done.stdout)


def test_from_a_tariff_file_to_an_explained_bill(here: str, tmp_path: Path) -> None:
    file = tmp_path / "flat.json"
    file.write_text(json.dumps(flat()), encoding="utf-8")
    assert call("tariffs", "import", str(file)) == (0, {"tariff": "flat", "outcome": "added"})
    assert call("tariffs", "import", str(file)) == (0, {"tariff": "flat", "outcome": "unchanged"})
    load_tables()
    engine = make_engine(here)
    with unit_of_work(engine) as session:
        world = World(session)
        world.tariff(flat())
        one, empty = world.supplied(), world.supplied(starts_on=date(2026, 10, 1))
        world.even(one.channel_id, date(2026, 8, 31), 63)
    engine.dispose()

    _, draft = call("run", "--period", "2026-09", "--draft")
    code, document = call("run", "--period", "2026-09")
    assert (code, document) == (
        0,
        {
            "period": "2026-09", "draft": False, "issued": 1, "unchanged": 0, "held": [],
            "totals": {"GBP": "91.35"},
        },
    )  # fmt: skip
    assert draft == document | {"draft": True}
    code, document = call("run", "--period", "2026-10")
    assert (code, document["issued"], document["unchanged"]) == (1, 1, 0)
    assert [held["account"] for held in document["held"]] == [empty.account]
    assert set(document["held"][0]) == {"account", "reason", "codes"}
    code, document = call("run", "--period", "2026-10")
    assert (code, document["issued"], document["unchanged"]) == (1, 0, 1)

    code, document = call("bills", "--account", one.account)
    assert code == 0
    assert document["bills"] == [
        {
            "bill": "2026-09-000001", "starts_on": "2026-09-01", "ends_before": "2026-10-01",
            "total": "91.35", "status": "issued",
        },
        {
            "bill": "2026-10-000001", "starts_on": "2026-10-01", "ends_before": "2026-11-01",
            "total": "94.50", "status": "issued",
        },
    ]  # fmt: skip
    code, document = call("explain", "--bill", "2026-10-000001")
    assert code == 0
    assert set(document) == {
        "before", "after", "difference", "effects", "residual", "sentence", "weather"
    }  # fmt: skip
    assert (document["before"], document["after"], document["difference"]) == ("91.35", "94.50", "3.15")
    assert round(sum(float(effect["amount"]) for effect in document["effects"]), 2) == 3.15
    assert all(set(effect) == {"effect", "amount", "detail"} for effect in document["effects"])
    _, swapped = call("explain", "--bill", "2026-09-000001", "--against", "2026-10-000001")
    assert swapped["difference"] == "-3.15"
    code, document = call("explain", "--bill", "2026-09-000001")
    assert (code, document["before"], document["effects"]) == (0, None, [])


def test_what_is_not_there_is_an_error_with_its_place(here: str, tmp_path: Path) -> None:
    code, document = call("bills", "--account", "A9")
    assert (code, document["error"]["code"], document["error"]["where"]) == (1, "account", "A9")
    code, document = call("explain", "--bill", "2026-01-000001")
    assert (code, document["error"]["code"]) == (1, "bill")
    code, document = call("run", "--period", "2026-13")
    assert (code, document["error"]["where"]) == (2, "--period")
    broken = tmp_path / "broken.json"
    broken.write_text('{"format": "tariff/1",', encoding="utf-8")
    code, document = call("tariffs", "import", str(broken))
    assert (code, document["error"]["code"]) == (1, "tariff")
    assert str(broken) in document["error"]["message"]
    for change, place in ({"currency": "XXQ"}, "currency"), ({"decimals": 3}, "decimals"):
        broken.write_text(json.dumps(flat() | change), encoding="utf-8")
        code, document = call("tariffs", "import", str(broken))
        assert (code, document["error"]["where"]) == (1, place)
        assert f"{broken} cannot be taken: " in document["error"]["message"]
    misspelt = json.dumps(flat()).replace('"price"', '"prise"')
    broken.write_text(misspelt, encoding="utf-8")
    assert call("tariffs", "import", str(broken))[1]["error"]["message"].endswith("by 'prise'?")
    code, document = call("tariffs", "import", str(tmp_path / "none.json"))
    assert (code, document["error"]["code"]) == (2, "no_such_path")


def test_an_answer_takes_what_it_names_and_refuses_the_rest(here: str) -> None:
    load_tables()
    engine = make_engine(here)
    with unit_of_work(engine) as session:
        world = World(session)
        world.tariff(flat())
        world.tariff(two_rate())
        one, other = world.supplied(), world.supplied()
        for each in (one, other):
            world.random(each.channel_id, date(2026, 8, 31), 63, 7)
    engine.dispose()
    assert call("run", "--period", "2026-10")[0] == 0
    mine, theirs = (call("bills", "--account", each.account)[1]["bills"][0]["bill"] for each in (one, other))

    def ask(question: str, *params: str) -> tuple[int, Any]:
        given = [word for param in params for word in ("--param", param)]
        return call("answer", question, "--account", one.account, *given)

    assert ask("charge", f"bill={mine}", "line=1")[0] == 0
    for question, wrong, allowed in [
        ("charge", "bill=XX", mine),
        ("charge", f"bill={theirs}", mine),
        ("charge", "line=99", "1, 2"),
        ("parts", "count=abc", "2, 3, 4, 6, 12"),
        ("tariff", "shift=300", "0, 10, 20, 30, 40, 50, 60"),
        ("why", f"against={mine}", "year-ago"),
        ("owe", f"bill={mine}", "it takes none"),
        ("why", "bil=1", "it takes bill, against"),
    ]:
        code, document = ask(question, wrong)
        error = document["error"]
        assert (code, error["code"], error["where"]) == (2, "usage", "--param"), wrong
        for word in (*wrong.split("=")[: 1 if "takes" in allowed else 2], allowed):
            assert word in error["message"], wrong

    code, document = ask("tariff", "shift=50")
    figures = {figure["name"]: figure["value"] for figure in document["figures"]}
    assert (code, figures["shift"]) == (0, "50")
    assert "With 50 % of the evening moved to the night, Day & Night" in document["sentence"]
    assert figures["cost_shifted.night"] in document["sentence"]
    assert float(figures["cost_shifted.night"]) < float(figures["cost_on.night"])
    assert figures["cost_shifted.flat"] == figures["billed"]
    said = CliRunner().invoke(app, ["answer", "owe", "--account", one.account, "--language", "ru"]).stdout
    assert "всего" in said and "in all" not in said


def test_a_statement_says_which_days_it_holds(here: str) -> None:
    load_tables()
    engine = make_engine(here)
    with unit_of_work(engine) as session:
        world = World(session)
        world.tariff(flat())
        account = world.supplied().account
    engine.dispose()

    def said(*words: str) -> tuple[int, str, str]:
        done = CliRunner().invoke(app, ["statement", "--account", account, *words])
        return done.exit_code, done.stdout, done.stderr

    code, out, err = said()
    assert (code, err) == (0, "") and "2026-11-03  owed at the end of the day" in out
    code, out, err = said("--to", "2026-12-01")
    assert code == 0 and "2026-11-30  owed at the end of the day" in out
    assert "days from 2026-11-04 on are still to come" in err
    code, out, err = said("--from", "2026-11-04")
    assert (code, out) == (2, "") and "still to come" in err
