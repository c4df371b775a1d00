"""A watched folder: every file taken once, put away with its report, whoever watches and whenever it dies."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Barrier

import psycopg
import pytest
from meter_files import JUNE, csv_file
from sqlalchemy import Engine, text
from sqlalchemy.exc import DataError, OperationalError
from typer.testing import CliRunner

from meters.asking import Asked
from meters.commands import app
from meters.commands.taking import feed_text
from meters.watching import Watch
from meters.watching.watch import database_away
from utility_crm.kit.database import make_engine
from utility_crm.kit.settings import settings

DAY = timedelta(days=1)
NOW = datetime(2024, 7, 1, tzinfo=UTC)
ROOT = Path(__file__).resolve().parents[3]
PLACE = {"PYTHONPATH": str(ROOT)}
PROGRAM = Path(__file__).parent / "programs" / "run_watch.py"


@pytest.fixture
def fresh(fresh_database_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Engine]:
    """The database of the command line."""
    monkeypatch.setenv("UTILITY_CRM_DATABASE_URL", fresh_database_url)
    settings.cache_clear()
    engine = make_engine(fresh_database_url, pool_size=8)
    yield engine
    engine.dispose()
    settings.cache_clear()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "arriving"
    made.mkdir()
    return made


def once(folder: Path, *more: str) -> tuple[int, list[dict]]:
    done = CliRunner().invoke(app, ["watch", str(folder), "--once", "--every", "0.01", "--json", *more])
    return done.exit_code, json.loads(done.stdout)["feeds"]


def lying(folder: Path) -> dict[str, list[str]]:
    """The names in the folder and below, without reports."""
    found: dict[str, list[str]] = {}
    for path in sorted(folder.rglob("*")):
        if path.is_file() and not path.name.endswith((".report.json", ".report.txt")):
            found.setdefault(path.parent.name, []).append(path.name)
    return found


def feeds(engine: Engine) -> list[tuple[str, str]]:
    with engine.connect() as connection:
        return [tuple(row) for row in connection.execute(text("select name, status from feeds order by id"))]


def test_files_are_taken_and_put_away_with_reports(fresh: Engine, folder: Path) -> None:
    csv_file(folder, "good.csv", ("SP1", JUNE, [1] * 24))
    csv_file(folder, "partly.csv", ("SP1", JUNE + DAY, [1] * 24), ("SP2", JUNE, ["x"] * 24))
    (folder / "bad.csv").write_text("")
    (folder / "coming.part").write_text("x")
    (folder / "below").mkdir()
    csv_file(folder / "below", "deep.csv", ("SP3", JUNE, [1] * 24))
    code, came = once(folder)
    assert code == 1
    assert [(Path(each["path"]).name, each["status"], each["moved_to"]) for each in came] == [
        ("bad.csv", "rejected", str(folder / "refused" / "bad.csv")),
        ("good.csv", "ok", str(folder / "done" / "good.csv")),
        ("partly.csv", "partial", str(folder / "done" / "partly.csv")),
    ]
    assert lying(folder) == {
        "arriving": ["coming.part"],
        "below": ["deep.csv"],
        "done": ["good.csv", "partly.csv"],
        "refused": ["bad.csv"],
    }
    report = json.loads((folder / "done" / "partly.csv.report.json").read_text())
    assert (report["status"], report["readings"], len(report["problems"])) == ("partial", 24, 24)
    assert report["moved_to"] == str(folder / "done" / "partly.csv") and report["reported_at"]
    assert "taken in part" in (folder / "done" / "partly.csv.report.txt").read_text()
    assert "The file is empty." in (folder / "refused" / "bad.csv.report.txt").read_text()
    csv_file(folder, "good.csv", ("SP1", JUNE, [2] * 24))
    code, [again] = once(folder)
    assert (code, again["status"], again["moved_to"]) == (0, "ok", str(folder / "done" / "good-2.csv"))
    assert once(folder) == (0, [])
    with fresh.connect() as connection:
        assert connection.scalar(text("select count(*) from feeds where counted_at is null")) == 0


def test_what_cannot_be_read_stays_and_is_told_once(fresh: Engine, folder: Path) -> None:
    csv_file(folder, "locked.csv", ("SP1", JUNE, [1] * 24))
    watch = Watch(fresh, folder, lambda _session: Asked(), feed_text, lambda: NOW)
    list(watch.look())
    (folder / "done").symlink_to(folder / "nowhere")
    [told] = watch.look()
    assert told.place is None and told.taken.problems[0]["code"] == "unmovable"
    assert list(watch.look()) == [] and lying(folder) == {"arriving": ["locked.csv"]}
    (folder / "done").unlink()
    (folder / "locked.csv").touch()
    assert list(watch.look()) == [], "it changed"
    [taken] = watch.look()
    assert (taken.taken.status, taken.place) == ("unchanged", folder / "done" / "locked.csv")


def test_a_file_that_goes_on_growing_or_goes_away_is_not_taken(
    fresh: Engine, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import meters.watching.watch as module

    path = csv_file(folder, "growing.csv", ("SP1", JUNE, [1] * 24))
    csv_file(folder, "gone.csv", ("SP2", JUNE, [1] * 24))
    watch = Watch(fresh, folder, lambda _session: Asked(), feed_text, lambda: NOW)
    list(watch.look())
    usual = module.ingest

    def meanwhile(session, taken: Path, how):
        if taken.name == "gone.csv":
            taken.unlink()
        feed = usual(session, taken, how)
        with path.open("a") as growing:
            growing.write("SP1,2024-06-02T00:00:00Z,1\n")
        return feed

    monkeypatch.setattr(module, "ingest", meanwhile)
    assert list(watch.look()) == [] and feeds(fresh) == []
    assert lying(folder) == {"arriving": ["growing.csv"]}


def test_two_watchers_take_no_file_twice(fresh: Engine, folder: Path) -> None:
    for number in range(12):
        csv_file(folder, f"{number:02}.csv", (f"SP{number}", JUNE, [number] * 24))
    together = Barrier(3)

    def watching(_number: int) -> list[str]:
        watch = Watch(fresh, folder, lambda _session: Asked(), feed_text, lambda: NOW)
        list(watch.look())
        together.wait(timeout=120)
        return [each.path.name for each in watch.look()]

    with ThreadPoolExecutor(3) as pool:
        came = [name for names in pool.map(watching, range(3)) for name in names]
    assert sorted(came) == [f"{number:02}.csv" for number in range(12)]
    assert sorted(feeds(fresh)) == [(name, "ok") for name in sorted(came)]
    assert lying(folder) == {"done": sorted(came)}


def killed(folder: Path, where: str) -> None:
    command = [sys.executable, str(PROGRAM), where, str(folder)]
    done = subprocess.run(command, env=os.environ | PLACE, timeout=120, capture_output=True, check=False)
    assert done.returncode == -signal.SIGKILL, done.stderr.decode()


@pytest.mark.parametrize(
    ("where", "statuses"),
    [
        ("before_commit", ["ok"]),
        ("before_move", ["ok", "unchanged"]),
        ("within_move", ["ok", "unchanged"]),
        ("before_report", ["ok"]),
    ],
)
def test_killed_anywhere_the_end_is_the_same(
    fresh: Engine, folder: Path, where: str, statuses: list[str]
) -> None:
    csv_file(folder, "x.csv", ("SP1", JUNE, [1] * 24))
    killed(folder, where)
    code, _came = once(folder)
    assert code == 0
    assert lying(folder) == {"done": ["x.csv"]}
    report = json.loads((folder / "done" / "x.csv.report.json").read_text())
    assert (report["status"], report["readings"]) == (statuses[-1], 24)
    assert [status for _name, status in feeds(fresh)] == statuses
    with fresh.connect() as connection:
        assert connection.scalar(text("select count(*) from blocks")) == 1
        assert connection.scalar(text("select count(*) from block_history")) == 0


@pytest.mark.parametrize("stop", [signal.SIGINT, signal.SIGTERM])
def test_a_stop_ends_it_cleanly(fresh: Engine, folder: Path, stop: signal.Signals) -> None:
    csv_file(folder, "x.csv", ("SP1", JUNE, [1] * 24))
    command = [sys.executable, "-u", str(PROGRAM), "nowhere", str(folder), "--json"]
    with subprocess.Popen(
        command, env=os.environ | PLACE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as running:
        assert running.stdout is not None and running.stderr is not None
        try:
            assert json.loads(running.stdout.readline())["status"] == "ok"
            os.kill(running.pid, stop)
            assert running.wait(timeout=60) == 0
        finally:
            running.kill()
        assert running.stderr.read().decode().endswith("The watch has ended.\n")
    assert lying(folder) == {"done": ["x.csv"]}


def test_usage_is_exit_2(tmp_path: Path) -> None:
    for usage in ([str(tmp_path / "none")], [str(tmp_path), "--timezone", "Mars/Olympus"]):
        assert CliRunner().invoke(app, ["watch", *usage]).exit_code == 2


def test_a_file_name_that_is_no_text(fresh: Engine, folder: Path) -> None:
    rows = csv_file(folder, "z-good.csv", ("SP1", JUNE, [1] * 24)).read_bytes()
    name = b"\xcf\xee\xea.csv"
    Path(os.fsdecode(os.fsencode(folder) + b"/" + name)).write_bytes(rows.replace(b"SP1", b"SP2"))
    code, came = once(folder)
    told = r"\xcf\xee\xea.csv"
    assert code == 0 and {(each["status"], Path(each["moved_to"]).name) for each in came} == {
        ("ok", told),
        ("ok", "z-good.csv"),
    }
    assert (told, "ok") in feeds(fresh)
    done = os.fsencode(folder / "done") + b"/" + name
    assert json.loads(Path(os.fsdecode(done + b".report.json")).read_text())["path"].endswith(told)
    assert told in Path(os.fsdecode(done + b".report.txt")).read_text()
    os.unlink(done + b".report.json")
    Watch(fresh, folder, lambda _session: Asked(), feed_text, lambda: NOW).finish_reports()
    assert os.path.exists(done + b".report.json")


def test_a_file_that_the_database_refuses_stops_no_other(fresh: Engine, folder: Path) -> None:
    csv_file(folder, "a-bad.csv", ("BAD", JUNE, [1] * 24))
    csv_file(folder, "b-good.csv", ("SP1", JUNE, [1] * 24))
    with fresh.begin() as connection:
        connection.execute(text("alter table service_points add constraint no_bad check (code <> 'BAD')"))
    code, [bad, good] = once(folder)
    assert code == 1 and (bad["status"], bad["feed_id"]) == ("rejected", None)
    assert bad["problems"][0]["code"] == "database_refused" and "no_bad" in bad["problems"][0]["message"]
    assert good["status"] == "ok" and lying(folder) == {"done": ["b-good.csv"], "refused": ["a-bad.csv"]}
    assert "no_bad" in (folder / "refused" / "a-bad.csv.report.txt").read_text()


@pytest.mark.parametrize(
    ("error", "away"),
    [
        (psycopg.errors.ProgramLimitExceeded(), False),
        (psycopg.errors.OutOfMemory(), False),
        (psycopg.errors.UntranslatableCharacter(), False),
        (psycopg.OperationalError("the connection is closed"), True),
        (psycopg.errors.AdminShutdown(), True),
        (psycopg.errors.DeadlockDetected(), True),
        (OperationalError("select", {}, psycopg.errors.CannotConnectNow()), True),
        (DataError("select", {}, psycopg.errors.DatetimeFieldOverflow()), False),
        (UnicodeEncodeError("utf-8", "x", 0, 1, "surrogates"), False),
    ],
)
def test_whose_fault_an_error_is(error: Exception, away: bool) -> None:
    assert database_away(error) is away


def test_a_driver_that_loses_the_server_leaves_the_file_for_later(
    fresh: Engine, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    csv_file(folder, "a.csv", ("SP1", JUNE, [1] * 24))
    watch = Watch(fresh, folder, lambda _session: Asked(), feed_text, lambda: NOW)
    list(watch.look())

    def lost(*_given: object) -> None:
        raise psycopg.OperationalError("the connection is lost")

    with monkeypatch.context() as patch:
        patch.setattr("meters.watching.watch.ingest", lost)
        with pytest.raises(psycopg.OperationalError):
            list(watch.look())
    assert lying(folder) == {"arriving": ["a.csv"]}
    [came] = watch.look()
    assert came.taken.status == "ok"
