"""`meters ingest` as a shell sees it: its document, its exit codes, and the real files beside the project."""

from __future__ import annotations

import csv
import errno
import json
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from meter_files import JUNE, csv_file
from sqlalchemy import Engine, text
from typer.testing import CliRunner

import meters.actions.ingesting
from meters.commands import app
from meters.feeds.reading import read_feed
from utility_crm.kit.database import make_engine
from utility_crm.kit.settings import settings


@pytest.fixture
def fresh(fresh_database_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Engine]:
    """The database of the command line."""
    monkeypatch.setenv("UTILITY_CRM_DATABASE_URL", fresh_database_url)
    settings.cache_clear()
    engine = make_engine(fresh_database_url)
    yield engine
    engine.dispose()
    settings.cache_clear()


def run(*arguments: str | Path) -> tuple[int, list[dict[str, Any]]]:
    """Exit code, and the feeds of the document."""
    result = CliRunner().invoke(app, ["ingest", *map(str, arguments), "--json"])
    return result.exit_code, json.loads(result.stdout)["feeds"]


def test_a_document_a_path_in_order(fresh: Engine, tmp_path: Path) -> None:
    good, bad = csv_file(tmp_path, "a b.csv", ("SP1", JUNE, [1] * 24)), tmp_path / "bad.csv"
    bad.write_bytes(b"")
    code, (refused, taken, again) = run(bad, good, good)
    assert code == 1
    assert refused == {
        "path": str(bad),
        "feed_id": refused["feed_id"],
        "status": "rejected",
        "readings": 0,
        "blocks_added": 0,
        "blocks_changed": 0,
        "blocks_unchanged": 0,
        "problems": [{"member": None, "line": None, "code": "empty", "message": "The file is empty."}],
    }
    assert (taken["path"], taken["status"], taken["readings"], taken["blocks_added"]) == (
        str(good),
        "ok",
        24,
        1,
    )
    assert (again["status"], again["blocks_added"], again["blocks_changed"], again["blocks_unchanged"]) == (
        "unchanged", 0, 0, 1,
    )  # fmt: skip
    assert refused["feed_id"] < taken["feed_id"] < again["feed_id"]


def test_exit_codes(fresh: Engine, tmp_path: Path) -> None:
    good = csv_file(tmp_path, "a.csv", ("SP1", JUNE, [1] * 24))
    partial = csv_file(tmp_path, "b.csv", ("SP2", JUNE, [1] * 24), ("SP3", JUNE, ["x"] * 24))
    assert run(good)[0] == 0 and run(good)[0] == 0
    assert run(partial)[0] == 1 and run(good, partial)[0] == 1
    missing = CliRunner().invoke(app, ["ingest", str(good), str(tmp_path / "none.csv"), "--json"])
    assert missing.exit_code == 2 and json.loads(missing.stdout)["error"]["where"].endswith("none.csv")
    for usage in (["--timezone", "Mars/Olympus"], ["--columns", "what=ever"], ["--format", "pdf"]):
        assert CliRunner().invoke(app, ["ingest", str(good), *usage]).exit_code == 2
    with fresh.connect() as connection:
        assert connection.scalar(text("select count(*) from feeds")) == 5


def test_a_file_that_cannot_be_read_leaves_the_others_told(
    fresh: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = csv_file(tmp_path, "a.csv", ("SP1", JUNE, [1] * 24))
    torn = csv_file(tmp_path, "torn.csv", ("SP2", JUNE, [1] * 24))
    last = csv_file(tmp_path, "c.csv", ("SP3", JUNE, [1] * 24))
    digest = meters.actions.ingesting._digest

    def failing(path: Path) -> str:
        if path == torn:
            raise OSError(errno.EIO, "Input/output error", str(path))
        return digest(path)

    monkeypatch.setattr(meters.actions.ingesting, "_digest", failing)
    code, (taken, refused, also) = run(first, torn, last)
    assert code == 1 and (taken["status"], also["status"]) == ("ok", "ok")
    assert (refused["path"], refused["feed_id"], refused["status"]) == (str(torn), None, "rejected")
    (problem,) = refused["problems"]
    assert problem["code"] == "unreadable" and "Input/output error" in problem["message"]
    with fresh.connect() as connection:
        names = connection.scalars(text("select name from feeds order by id")).all()
    assert names == ["a.csv", "c.csv"]
    said = CliRunner().invoke(app, ["ingest", str(first), str(torn)]).stdout
    assert "a.csv: nothing new" in said and "torn.csv: refused" in said and "cannot be read" in said


def test_a_person_reads_words(fresh: Engine, tmp_path: Path) -> None:
    path = csv_file(tmp_path, "a.csv", ("SP1", JUNE, [1] * 24), ("SP1", JUNE.replace(day=2), ["x"] * 24))
    said = CliRunner().invoke(app, ["ingest", str(path), str(path)]).stdout.splitlines()
    assert said[0].endswith("a.csv: taken in part, 24 readings; 1 days new, 0 changed, 0 the same")
    assert said[1].startswith("  ! line 26: ")
    assert "nothing new" in " ".join(said[2:]) and "this file was taken on 20" in " ".join(said)


SUMS = """
select s.code, sum(m) as micro, count(m) as readings
from blocks b join channels c on c.id = b.channel_id join service_points s on s.id = c.service_point_id
cross join unnest(b.micro) as m group by s.code
"""


@pytest.mark.shared
def test_london_all_the_files_and_again(fresh: Engine, shared_data: Path) -> None:
    """Readings as `expected_2013.csv`, kWh the exact sum of the file's values; again changes nothing."""
    folder = shared_data / "readings" / "london"
    with (folder / "expected_2013.csv").open() as file:
        known = {row["LCLid"]: row for row in csv.DictReader(file)}
    paths = [folder / f"{household}.csv" for household in known]
    columns = 'service_point=LCLid,starts_at=tstp,value="energy(kWh/hh)"'
    code, feeds = run(*paths, "--timezone", "UTC", "--columns", columns)
    assert code == 0 and len(feeds) == 19
    assert [feed["readings"] for feed in feeds] == [int(row["rows"]) for row in known.values()]
    assert all(feed["status"] == "ok" and feed["blocks_changed"] == 0 for feed in feeds)
    with fresh.connect() as connection:
        stored = {code: (micro, readings) for code, micro, readings in connection.execute(text(SUMS))}
    for household, row in known.items():
        with (folder / f"{household}.csv").open() as file:
            values = [Decimal(line["energy(kWh/hh)"].strip()) for line in csv.DictReader(file)]
        exact = sum(int(round(value, 6).scaleb(6)) for value in values)
        assert stored[household] == (exact, int(row["rows"]))
    code, again = run(*paths, "--timezone", "UTC", "--columns", columns)
    assert code == 0 and all(feed["status"] == "unchanged" for feed in again)
    assert sum(feed["blocks_added"] + feed["blocks_changed"] for feed in again) == 0
    assert [feed["blocks_unchanged"] for feed in again] == [feed["blocks_added"] for feed in feeds]


@pytest.mark.shared
def test_london_read_again_without_the_hash(fresh: Engine, shared_data: Path) -> None:
    """Columns told or detected: the second is read anew, and finds every block as it is."""
    path = shared_data / "readings" / "london" / "MAC000003.csv"
    _code, [first] = run(path, "--timezone", "UTC")
    _code, [second] = run(path, "--timezone", "UTC", "--columns", "service_point=LCLid")
    assert (first["blocks_added"], first["blocks_changed"]) == (365, 0)
    assert (second["status"], second["blocks_added"], second["blocks_changed"]) == ("unchanged", 0, 0)
    assert second["blocks_unchanged"] == 365


@pytest.mark.shared
def test_every_valid_nem12_file_is_stored_as_it_was_read(fresh: Engine, shared_data: Path) -> None:
    paths = sorted(
        path
        for path in (shared_data / "feeds" / "nem12").iterdir()
        if path.suffix.lower() in (".csv", ".zip")
    )
    _code, feeds = run(*paths)
    for path, feed in zip(paths, feeds, strict=True):
        read = read_feed(path)
        kept = [block for block in read.blocks if block.unit.stored]
        assert feed["readings"] <= sum(int(block.present.sum()) for block in kept), path.name
        reasons = {problem["code"] for problem in feed["problems"]}
        assert reasons <= {"no_unit", "unit_not_stored", "channel_changed"}, path.name
        if not reasons:
            assert feed["readings"] == sum(int(block.present.sum()) for block in kept) > 0, path.name
            assert feed["blocks_added"] + feed["blocks_changed"] + feed["blocks_unchanged"] == len(kept)
    _code, again = run(*paths)
    assert sum(feed["blocks_added"] + feed["blocks_changed"] for feed in again) == 0


@pytest.mark.shared
def test_every_invalid_nem12_file_is_refused_or_taken_in_part(fresh: Engine, shared_data: Path) -> None:
    paths = sorted((shared_data / "feeds" / "nem12" / "invalid").iterdir())
    code, feeds = run(*paths)
    assert code == 1 and len(feeds) == len(paths) > 0
    assert all(feed["status"] in ("rejected", "partial") and feed["problems"] for feed in feeds)
    with fresh.connect() as connection:
        recorded = connection.execute(text("select name, status from feeds order by id")).all()
    assert recorded == [(path.name, feed["status"]) for path, feed in zip(paths, feeds, strict=True)]
