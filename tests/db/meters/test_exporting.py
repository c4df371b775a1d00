"""Readings written to files: read again they say the same, whatever the format."""

from __future__ import annotations

import gzip
import io
import json
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from meter_files import JUNE, csv_file, nem12_file
from sqlalchemy import Engine, text
from typer.testing import CliRunner

from meters.commands import app
from meters.domain.units import parse_unit
from meters.exporting import Wanted, export
from meters.feeds.reading import read_feed
from meters.inspection import inspection
from meters.writing.writers import writers
from utility_crm.kit.database import make_engine
from utility_crm.kit.errors import Invalid, NotFound
from utility_crm.kit.settings import settings

NOW = datetime(2024, 7, 1, tzinfo=UTC)
DAY = timedelta(days=1)
NMI, OTHER = "6123456789", "6987654321"


@pytest.fixture
def export_to(session, tmp_path):
    """`export_to("csv", Wanted(...))`: what is inspected of the file, by service point and direction."""

    def channels(name: str, wanted: Wanted | None = None) -> dict[tuple[str, str], dict]:
        out = io.BytesIO()
        export(session, writers()[name], wanted or Wanted(), NOW, out)
        path = tmp_path / f"out-{name}"
        path.write_bytes(out.getvalue())
        [file] = inspection([read_feed(path)])["files"]
        assert (file["status"], file["format"]) == ("ok", name), file["problems"]
        kept = ("unit", "readings", "total", "missing", "starts_at", "quality", "interval_minutes")
        return {
            (each["service_point"], each["channel"]): {key: each[key] for key in kept} | _in_base(each)
            for each in file["channels"]
        }

    return channels


def _in_base(channel: dict) -> dict[str, str]:
    """Unit and total in the unit in which readings are kept: Green Button says Wh."""
    unit = parse_unit(channel["unit"])
    total = (Decimal(channel["total"]).scaleb(unit.exponent)).normalize()
    return {"unit": unit.base or "", "total": f"{total:f}"}


@pytest.fixture
def taken(take, tmp_path) -> None:
    """Two meters of several qualities, holes and directions, through a year's end."""
    nem = nem12_file(
        tmp_path,
        "a.csv",
        (NMI, JUNE, [f"{place / 1000}" for place in range(48)]),
        (NMI, JUNE + DAY, ["0.123456"] * 48),
        (NMI, JUNE + 3 * DAY, [2] * 48),
    )
    mixed = nem.read_text().replace(
        f"300,{JUNE + DAY:%Y%m%d},{','.join(['0.123456'] * 48)},A,,",
        f"300,{JUNE + DAY:%Y%m%d},{','.join(['0.123456'] * 48)},V,,",
    )
    quality = "400,1,10,A,,\n400,11,20,S18,,\n400,21,24,N,,\n400,25,48,F14,,\n"
    at = mixed.index(f"300,{JUNE + 3 * DAY:%Y%m%d}")
    nem.write_text(mixed[:at] + quality + mixed[at:])
    assert take(nem).status == "ok"
    exported = nem12_file(tmp_path, "b.csv", (NMI, JUNE, [0.25] * 48), suffix="B1")
    assert take(exported).status == "ok"
    assert take(nem12_file(tmp_path, "c.csv", (OTHER, JUNE + DAY, [1.5] * 96))).status == "ok"


@pytest.mark.parametrize("name", sorted(writers()))
def test_an_export_is_read_to_the_same_totals(taken, export_to, name: str) -> None:
    found = export_to(name)
    assert found == {
        (NMI, "E1"): {
            "unit": "kWh",
            "readings": 140,
            "total": "102.560064",
            "missing": 52,
            "starts_at": found[NMI, "E1"]["starts_at"],
            "quality": {"actual": 106, "substituted": 10, "final": 24}
            | ({"missing": 4} if name == "nem12" else {}),
            "interval_minutes": 30,
        },
        (NMI, "B1"): found[NMI, "B1"] | {"readings": 48, "total": "12", "quality": {"actual": 48}},
        (OTHER, "E1"): found[OTHER, "E1"] | {"readings": 96, "total": "144", "interval_minutes": 15},
    }
    starts_at = datetime.fromisoformat(found[NMI, "E1"]["starts_at"])
    assert starts_at == datetime.fromisoformat("2024-06-01T00:00+10:00")


@pytest.mark.parametrize("name", sorted(writers()))
def test_an_export_of_electricity_in_and_out_keeps_its_sums(taken, session, tmp_path, name: str) -> None:
    out = io.BytesIO()
    counted = export(session, writers()[name], Wanted(), NOW, out)
    path = tmp_path / "out"
    path.write_bytes(out.getvalue())
    blocks = read_feed(path).blocks
    sums = {
        direction: sum(
            int(block.values[block.present].sum()) for block in blocks if block.direction == direction
        )
        for direction in ("import", "export")
    }
    assert sums == {"import": 102_560_064 + 144_000_000, "export": 12_000_000}
    assert counted.document() == {
        "channels": 3,
        "days": 5,
        "readings": 140 + 48 + 96,
        "first_day": "2024-06-01",
        "last_day": "2024-06-04",
    }


def test_some_service_points_and_days(taken, export_to) -> None:
    assert set(export_to("csv", Wanted([OTHER]))) == {(OTHER, "E1")}
    one_day = export_to("csv", Wanted(None, JUNE + DAY, JUNE + DAY))
    assert {name: each["readings"] for name, each in one_day.items()} == {(NMI, "E1"): 44, (OTHER, "E1"): 96}


def test_what_is_not_there_is_said(taken, session) -> None:
    for wanted, code in [
        (Wanted([NMI, "NOBODY"]), "no_such_service_point"),
        (Wanted([NMI], date(2030, 1, 1)), "nothing_to_export"),
    ]:
        with pytest.raises(NotFound) as missing:
            export(session, writers()["csv"], wanted, NOW, io.BytesIO())
        assert missing.value.code == code


def test_a_csv_says_odd_names_gas_and_daily_values(take, export_to, session, tmp_path) -> None:
    odd = csv_file(tmp_path, "a.csv", ("G,1", JUNE, [1.5]), ("G,1", JUNE + DAY, [2]), title="m3")
    odd.write_text(odd.read_text().replace("G,1,", '"G ""x"", 1",'))
    assert take(odd).status == "ok"
    [(name, each)] = export_to("csv").items()
    assert name == ('G "x", 1', "import")
    assert (each["unit"], each["total"], each["interval_minutes"]) == ("m3", "3.5", 1440)
    [(_name, one)] = export_to("csv", Wanted(None, JUNE, JUNE)).items()
    assert (one["readings"], one["total"]) == (1, "1.5"), "one reading alone keeps its interval"
    session.execute(text("update channels set name = 'a' || chr(10) || 'b'"))
    with pytest.raises(Invalid):
        export(session, writers()["csv"], Wanted(), NOW, io.BytesIO())


def test_a_csv_keeps_days_of_an_odd_offset(take, export_to, session, tmp_path) -> None:
    take(csv_file(tmp_path, "a.csv", ("K1", JUNE, [1] * 48)))
    session.execute(text("update channels set offset_minutes = 345"))
    [(_name, each)] = export_to("csv").items()
    assert each["starts_at"] == "2024-06-01T00:00:00+05:45" and each["readings"] == 48


def test_an_export_taken_in_again_changes_nothing(taken, take, session, tmp_path) -> None:
    for name in writers():
        path = tmp_path / f"again-{name}.csv"
        with path.open("wb") as opened:
            export(session, writers()[name], Wanted(), NOW, opened)
        again = take(path)
        assert (again.status, again.blocks_added, again.blocks_changed) == ("unchanged", 0, 0), name


def test_channels_come_in_batches(taken, export_to, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = export_to("csv")
    monkeypatch.setattr("meters.exporting._CHANNELS_AT_ONCE", 1)
    monkeypatch.setattr("meters.exporting._ROWS_AT_ONCE", 1)
    assert export_to("csv") == whole


@pytest.fixture
def fresh(fresh_database_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Engine]:
    """The database of the command line."""
    monkeypatch.setenv("UTILITY_CRM_DATABASE_URL", fresh_database_url)
    settings.cache_clear()
    engine = make_engine(fresh_database_url)
    yield engine
    engine.dispose()
    settings.cache_clear()


def run(*arguments: object):
    return CliRunner().invoke(app, [str(each) for each in arguments])


def test_the_command(fresh: Engine, tmp_path: Path) -> None:
    source = nem12_file(tmp_path, "in.csv", (NMI, JUNE, [1] * 48), (NMI, JUNE + DAY, [2] * 48))
    assert run("ingest", source).exit_code == 0
    out = tmp_path / "out.csv.gz"
    wanted = ("--service-point", NMI, "--from", "2024-06-02", "--to", "2024-06-02")
    done = run("export", *wanted, "--format", "csv", "--out", out, "--json")
    assert done.exit_code == 0, done.output
    assert json.loads(done.stdout)["export"] == {
        "path": str(out),
        "format": "csv",
        "channels": 1,
        "days": 1,
        "readings": 48,
        "first_day": "2024-06-02",
        "last_day": "2024-06-02",
    }
    assert gzip.decompress(out.read_bytes()).count(b"\n") == 49
    [file] = json.loads(run("inspect", out, "--json").stdout)["files"]
    assert (file["status"], file["channels"][0]["total"]) == ("ok", "96")
    assert (
        "48 readings of 1 channels"
        in run("export", "--all", *wanted[2:], "--format", "csv", "--out", out).stdout
    )

    before = out.read_bytes()
    refused = run("export", "--service-point", "X", "--format", "csv", "--out", out, "--json")
    assert refused.exit_code == 1
    assert json.loads(refused.stdout)["error"]["code"] == "no_such_service_point"
    assert out.read_bytes() == before, "what stood there stays"
    unwritable = run("export", "--all", "--format", "csv", "--out", tmp_path / "no" / "x.csv", "--json")
    assert unwritable.exit_code == 1 and json.loads(unwritable.stdout)["error"]["code"] == "unwritable"
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []


@pytest.mark.parametrize(
    "usage",
    [
        ("--all", "--format", "pdf"),
        ("--format", "csv"),
        ("--all", "--service-point", "X", "--format", "csv"),
        ("--all", "--format", "csv", "--from", "June"),
        ("--all", "--format", "csv", "--from", "2024-06-02", "--to", "2024-06-01"),
    ],
)
def test_usage_is_exit_2(tmp_path: Path, usage: tuple[str, ...]) -> None:
    assert run("export", *usage, "--out", tmp_path / "x").exit_code == 2
