"""Saved ways to read files: kept under a name, used by the command line, and never looked back at."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine, text
from typer.testing import CliRunner

from meters.asking import Asked, asked, columns_of, columns_text
from meters.commands import app
from meters.profiles import asked_with, profile_named, profiles, remove_profile, save_profile
from utility_crm.kit.database import make_engine
from utility_crm.kit.errors import Conflict, Invalid, NotFound
from utility_crm.kit.settings import settings

LONDON = 'service_point=LCLid,starts_at=tstp,value="energy, kWh"'


def test_what_is_saved_is_what_is_found(session) -> None:
    how = asked("csv", LONDON, "Europe/London", "March")
    save_profile(session, "London trial", how)
    save_profile(session, "another", asked(timezone="UTC"))
    assert profile_named(session, "London trial").how == how
    assert {each.name for each in profiles(session)} == {"another", "London trial"}
    assert "Europe/London" in profile_named(session, "London trial").words
    remove_profile(session, "another")
    assert [each.name for each in profiles(session)] == ["London trial"]


def test_a_name_is_taken_once(session) -> None:
    save_profile(session, "a", asked(timezone="UTC"))
    save_profile(session, "a", asked(timezone="UTC"))
    with pytest.raises(Conflict):
        save_profile(session, "a", asked(timezone="Europe/London"))
    save_profile(session, "a", asked(timezone="Europe/London"), replace=True)
    zone = profile_named(session, "a").how.zone
    assert zone is not None and zone.key == "Europe/London"


@pytest.mark.parametrize("name", ["", " a", "a/b", "x" * 61, "a\nb"])
def test_a_name_is_a_name(session, name: str) -> None:
    with pytest.raises(Invalid):
        save_profile(session, name, asked(timezone="UTC"))
    with pytest.raises(Invalid):
        save_profile(session, "a", Asked())


def test_a_profile_that_is_none(session) -> None:
    save_profile(session, "known", asked(timezone="UTC"))
    with pytest.raises(NotFound, match="known"):
        asked_with(session, "unknown", Asked())
    with pytest.raises(NotFound):
        remove_profile(session, "unknown")
    assert asked_with(session, "", Asked()) == Asked()


def test_what_is_said_goes_above_the_profile(session) -> None:
    save_profile(session, "p", asked("csv", "starts_at=tstp,value=v", "UTC", "S1"))
    told = asked_with(session, "p", asked("auto", "ends_at=until", "Europe/London"))
    assert told == asked("csv", "ends_at=until,value=v", "Europe/London", "S1")


def test_titles_as_text_are_read_back() -> None:
    for columns in ({"value": "a, b", "starts_at": "t"}, {"quality": ""}, {}, {"value": "kWh (x=1)"}):
        assert columns_of(columns_text(columns)) == columns


@pytest.fixture
def fresh(fresh_database_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Engine]:
    """The database of the command line."""
    monkeypatch.setenv("UTILITY_CRM_DATABASE_URL", fresh_database_url)
    settings.cache_clear()
    engine = make_engine(fresh_database_url)
    yield engine
    engine.dispose()
    settings.cache_clear()


def run(*arguments: object, code: int = 0) -> dict:
    done = CliRunner().invoke(app, [*map(str, arguments), "--json"])
    assert done.exit_code == code, done.output
    return json.loads(done.stdout)


def test_the_commands(fresh: Engine, tmp_path: Path) -> None:
    rows = "".join(f"M1,2024-06-01 {hour:02}:00,{hour}\n" for hour in range(24))
    path = tmp_path / "a.csv"
    path.write_text('LCLid,when,"energy, kWh"\n' + rows)
    run("ingest", path, code=1)
    told = ("--columns", 'starts_at=when,value="energy, kWh"', "--timezone", "Europe/London")
    assert run("profiles", "add", "trial", *told) == {"profile": "trial"}
    assert run("profiles", "add", "trial", "--timezone", "UTC", code=1)["error"]["code"] == "profile_taken"
    [saved] = run("profiles", "list")["profiles"]
    assert (saved["name"], saved["timezone"], saved["columns"]["starts_at"]) == (
        "trial",
        "Europe/London",
        "when",
    )
    [taken] = run("ingest", path, "--profile", "trial")["feeds"]
    assert (taken["status"], taken["readings"]) == ("ok", 24)
    [same] = run("ingest", path, *told)["feeds"]
    assert same["status"] == "unchanged", "a feed keeps how it was read, not by which name"

    run("profiles", "add", "trial", "--timezone", "UTC", "--columns", told[1], "--replace")
    with fresh.connect() as connection:
        kept = connection.scalar(text("select options from feeds where status = 'ok'"))
        days = connection.execute(text("select day from blocks order by day")).scalars().all()
    assert kept["timezone"] == "Europe/London" and len(days) == 2, "what was taken stays as it was read"
    assert run("profiles", "remove", "trial") == {"removed": "trial"}
    assert run("ingest", path, "--profile", "trial", code=1)["error"]["code"] == "no_such_profile"
    assert (
        run("watch", tmp_path, "--once", "--profile", "trial", code=1)["error"]["code"] == "no_such_profile"
    )


def test_a_watched_folder_by_a_profile(fresh: Engine, tmp_path: Path) -> None:
    folder = tmp_path / "arriving"
    folder.mkdir()
    rows = "".join(f"M1,2024-06-01 {hour:02}:00,{hour}\n" for hour in range(24))
    (folder / "a.csv").write_text("who,when,kwh\n" + rows)
    run("profiles", "add", "odd", "--columns", "service_point=who,starts_at=when", "--timezone", "UTC")
    [came] = run("watch", folder, "--once", "--every", "0.01", "--profile", "odd")["feeds"]
    assert (came["status"], came["readings"]) == ("ok", 24)
