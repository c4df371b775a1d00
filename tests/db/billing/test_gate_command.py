"""`billing gate`: numbers of one's own, set, shown, taken back, and refused by name."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from billing_world import World, flat
from typer.testing import CliRunner

from billing.commands import app
from utility_crm.kit.database import make_engine, unit_of_work
from utility_crm.kit.settings import settings


@pytest.fixture
def here(fresh_database_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    monkeypatch.setenv("UTILITY_CRM_DATABASE_URL", fresh_database_url)
    settings.cache_clear()
    yield fresh_database_url
    settings.cache_clear()


def call(*words: str) -> tuple[int, Any]:
    done = CliRunner().invoke(app, ["gate", *words, "--json"])
    return done.exit_code, json.loads(done.stdout) if done.stdout.startswith("{") else done.output


def test_set_shown_taken_back_and_refused(here: str) -> None:
    engine = make_engine(here)
    with unit_of_work(engine) as session:
        World(session).tariff(flat())
    engine.dispose()
    code, shown = call("list")
    assert code == 0 and shown["rules"]["jump_up"]["household"] == {"percent": 100, "floor_kwh": 6}
    assert call("set", "jump_up", "percent=40", "--segment", "household")[0] == 0
    assert call("set", "jump_up", "percent=300", "--tariff", "flat")[0] == 0
    assert call("set", "negative", "--off", "--tariff", "flat")[0] == 0
    assert call("list")[1]["rules"]["jump_up"]["household"] == {"percent": 40, "floor_kwh": 6}
    on_flat = call("list", "--tariff", "flat")[1]["rules"]
    assert (on_flat["jump_up"]["household"]["percent"], on_flat["negative"]["industry"]) == (300, "off")
    assert call("unset", "jump_up", "--segment", "household") == (0, {"rule": "jump_up", "outcome": "unset"})
    assert call("unset", "jump_up", "--segment", "household")[1]["outcome"] == "unchanged"
    assert call("list")[1]["rules"]["jump_up"]["household"]["percent"] == 100
    for words, wrong in (
        (("set", "jumps", "percent=4"), "RULE"),
        (("set", "jump_up", "percents=4"), "NAME=NUMBER"),
        (("set", "jump_up", "percent=-4"), "NAME=NUMBER"),
        (("set", "jump_up"), "NAME=NUMBER"),
        (("set", "jump_up", "percent=4", "--segment", "homes"), "--segment"),
        (("unset", "jumps"), "RULE"),
    ):
        code, said = call(*words)
        assert (code, said["error"]["code"], said["error"]["where"]) == (2, "usage", wrong)
    for words in ("set", "jump_up", "percent=4", "--tariff", "none"), ("list", "--tariff", "none"):
        code, said = call(*words)
        assert code == 1 and said["error"]["code"] == "tariff"
    assert call("set", "jump_up", "percent")[0] == call("set", "jump_up", "percent=nan")[0] == 2
