"""`utility-crm billing ...` on a database, in the shapes that are promised."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from billing_world import World, flat
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

    assert call("run", "--period", "2026-09") == (0, {"issued": 1, "unchanged": 0, "held": []})
    code, document = call("run", "--period", "2026-10")
    assert (code, document["issued"], document["unchanged"]) == (1, 1, 0)
    assert [held["account"] for held in document["held"]] == [empty.account]
    assert set(document["held"][0]) == {"account", "reason"}
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
    assert (code, document["error"]["code"]) == (1, "period")
    broken = tmp_path / "broken.json"
    broken.write_text('{"format": "tariff/1",', encoding="utf-8")
    code, document = call("tariffs", "import", str(broken))
    assert (code, document["error"]["code"]) == (1, "tariff")
    code, document = call("tariffs", "import", str(tmp_path / "none.json"))
    assert (code, document["error"]["code"]) == (2, "no_such_path")
