"""Reads taken by people, and meters exchanged, as an agent does them and as a shell sees them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest
from register_reads import DAY, KWH, START
from sqlalchemy import Engine, select, text
from typer.testing import CliRunner

from meters.commands import app
from meters.registers.exchanging import exchange_meter
from meters.registers.queries import register_sheets, sheets_document
from meters.registers.recording import Taken, record_read
from meters.tables import Feed, Meter, ServicePoint
from utility_crm.kit.database import make_engine
from utility_crm.kit.errors import Conflict, Invalid, NotFound, Refused
from utility_crm.kit.settings import settings


@pytest.fixture
def point(session, premise) -> int:
    """SP1 in London, where meter A stands since 2020."""
    made = ServicePoint(code="SP1", premise_id=premise("P1"))
    session.add(made)
    session.flush()
    session.add(
        Meter(serial="A", service_point_id=made.id, installed_on=date(2020, 1, 1), removed_before=None)
    )
    session.flush()
    return made.id


@pytest.fixture
def told(session, point):
    """`told(130, day=30, kind="actual", register="T1")`: the feed's id."""

    def write(kwh: float, day: float, kind: str = "actual", register: str = "T1", **more: Any) -> int:
        how = {name: more.pop(name) for name in ("despite", "reason", "user_id") if name in more}
        taken = Taken(register, int(kwh * KWH), **more)
        return record_read(session, "SP1", taken, START + DAY * day, kind, **how)

    return write


def used(session) -> list[float]:
    (sheet,) = register_sheets(session, "SP1")
    return [one.micro / KWH for one in sheet.used]


def test_a_read_is_a_feed_of_a_person(session, told) -> None:
    told(100, 0, reason="meter reader")
    feed = session.get_one(Feed, told(130, 30, "customer"))
    assert (feed.source, feed.status, feed.reason, feed.readings) == ("edit", "ok", "customer read", 1)
    (sheet,) = register_sheets(session, "SP1")
    newest = sheet.reads[0]
    assert (newest.kind, newest.meter, newest.figure, newest.feed_id) == ("customer", "A", 130 * KWH, feed.id)
    assert used(session) == [30] and sheet.faults == ()


def test_the_same_read_again_changes_nothing(session, told) -> None:
    told(100, 0)
    assert session.get_one(Feed, told(100, 0)).status == "unchanged"


def test_what_a_read_leaves_unsaid_is_as_the_register_is(session, told) -> None:
    told(100_000, 0, unit="Wh", direction="export")
    told(130_000, 30, "customer")
    (sheet,) = register_sheets(session, "SP1")
    assert (sheet.direction, sheet.unit, sheet.reads[0].unit) == ("export", "kWh", "Wh")
    assert used(session) == [30]


def test_a_read_that_cannot_be_is_refused_unless_meant(session, told) -> None:
    told(100, 0)
    with pytest.raises(Refused, match="left out") as refused:
        told(90, 30, "customer")
    assert refused.value.code == "read_contradicted"
    with pytest.raises(Refused, match="backwards"):
        told(90, 30, "actual")
    assert len(register_sheets(session, "SP1")[0].reads) == 1
    told(90, 30, "actual", despite=True)
    assert register_sheets(session, "SP1")[0].faults[0].code == "went_backwards"
    told(99, 60, "customer")  # what is odd already keeps nobody from reading on


def test_a_read_is_corrected_by_another_of_its_instant(session, told) -> None:
    told(100, 0)
    told(13, 30, "customer", despite=True)
    told(130, 30, "customer")
    assert used(session) == [30]
    assert session.scalar(text("select figure from register_read_history")) == 13 * KWH


@pytest.mark.parametrize(
    ("taken", "error", "code"),
    [
        (Taken(" ", KWH), Invalid, "no_register"),
        (Taken("T1", KWH, unit="kW"), Invalid, "unit_not_stored"),
        (Taken("T1", KWH, direction="out"), Invalid, "bad_direction"),
        (Taken("T1", KWH, digits=44), Invalid, "bad_digits"),
    ],
)
def test_a_read_that_cannot_be_kept(session, point, taken, error, code) -> None:
    with pytest.raises(error) as refused:
        record_read(session, "SP1", taken, START)
    assert refused.value.code == code
    assert session.scalar(select(text("count(*)")).select_from(text("feeds"))) == 0


def test_reads_of_nothing_known_or_of_another_kind(session, told) -> None:
    with pytest.raises(NotFound):
        record_read(session, "SP7", Taken("T1", KWH), START)
    with pytest.raises(NotFound):
        register_sheets(session, "SP7")
    told(100, 0)
    with pytest.raises(Conflict, match="import in kWh"):
        told(100, 1, unit="m3")
    with pytest.raises(Invalid, match="offset"):
        record_read(session, "SP1", Taken("T1", KWH), START.replace(tzinfo=None))


def exchange(session, day: float, final: dict[str, float], first: dict[str, float], **more: Any) -> int:
    ended = [Taken(name, int(kwh * KWH)) for name, kwh in final.items()]
    begun = [Taken(name, int(kwh * KWH), digits=6, multiplier_micro=2 * KWH) for name, kwh in first.items()]
    return exchange_meter(session, "SP1", START + DAY * day, "B", ended, begun, **more)


def meters(session) -> list[tuple[str, date, date | None]]:
    rows = session.execute(select(Meter.serial, Meter.installed_on, Meter.removed_before).order_by(Meter.id))
    return [tuple(row) for row in rows]


def test_an_exchange_ends_one_meter_and_begins_another(session, told) -> None:
    told(100, 0)
    told(7, 0, register="T2")
    exchange(session, 20.5, {"T1": 150, "T2": 8}, {"T1": 3, "T2": 0})
    told(13, 40)
    assert meters(session) == [("A", date(2020, 1, 1), date(2026, 1, 21)), ("B", date(2026, 1, 21), None)]
    first, second = register_sheets(session, "SP1")
    assert [(one.kind, one.meter) for one in first.reads] == [
        ("actual", "B"), ("first", "B"), ("final", "A"), ("actual", "A"),
    ]  # fmt: skip
    assert [one.micro / KWH for one in first.used] == [20, 50]  # the new one counts twofold
    assert [one.micro / KWH for one in second.used] == [1]
    assert first.faults == second.faults == ()


def test_an_exchange_told_again_changes_nothing_and_another_of_that_day_is_refused(session, told) -> None:
    told(100, 0)
    exchange(session, 20, {"T1": 150}, {"T1": 3})
    again = exchange(session, 20, {"T1": 150}, {"T1": 3})
    assert session.get_one(Feed, again).status == "unchanged" and len(meters(session)) == 2
    with pytest.raises(Conflict, match="meter B"):
        exchange_meter(session, "SP1", START + DAY * 10, "C", [Taken("T1", 140 * KWH)], [Taken("T1", 0)])


def test_exchanges_that_cannot_be(session, told) -> None:
    told(100, 0)
    with pytest.raises(Refused, match="backwards"):
        exchange(session, 20, {"T1": 50}, {"T1": 3})
    with pytest.raises(Invalid, match="same registers"):
        exchange(session, 20, {"T1": 150}, {"T2": 3})
    with pytest.raises(Invalid, match="number"):
        exchange_meter(session, "SP1", START + DAY, " ", [], [])
    with pytest.raises(Conflict, match="already"):
        exchange_meter(session, "SP1", START + DAY, "A", [], [])
    assert len(meters(session)) == 1


def test_the_document_of_a_service_point(session, told) -> None:
    told(99.5, 0, digits=5, multiplier_micro=40 * KWH)
    told(140, 30, "estimated")
    told(100, 60)
    document = sheets_document("SP1", register_sheets(session, "SP1"))
    (register,) = document["registers"]
    assert [(one["value"], one["kind"], one["superseded"]) for one in register["reads"]] == [
        ("100", "actual", False), ("140", "estimated", True), ("99.5", "actual", False),
    ]  # fmt: skip
    assert register["reads"][2]["multiplier"] == "40" and register["reads"][2]["digits"] == 5
    (span,) = register["consumption"]
    assert span == {
        "starts_at": "2026-01-01T00:00:00+00:00",
        "ends_before": "2026-03-02T00:00:00+00:00",
        "value": "20",
        "quality": "actual",
        "told": False,
    }
    json.dumps(document)


def run(*arguments: str) -> tuple[int, dict[str, Any]]:
    result = CliRunner().invoke(app, [*arguments, "--json"])
    return result.exit_code, json.loads(result.stdout)


@pytest.fixture
def fresh(fresh_database_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Engine]:
    """The database of the command line."""
    monkeypatch.setenv("UTILITY_CRM_DATABASE_URL", fresh_database_url)
    settings.cache_clear()
    engine = make_engine(fresh_database_url)
    yield engine
    engine.dispose()
    settings.cache_clear()


def test_the_command_line(fresh) -> None:
    with fresh.begin() as connection:
        connection.execute(text("insert into service_points (code) values ('SP1')"))
    add = ("read", "add", "--service-point", "SP1", "--register", "T1")
    assert run(*add, "--at", "2026-01-01", "--value", "100")[0] == 0
    code, taken = run(*add, "--at", "2026-02-01T12:00+01:00", "--value", "130.5", "--kind", "actual")
    assert (code, taken["service_point"], taken["register"]) == (0, "SP1", "T1")
    code, refused = run(*add, "--at", "2026-03-01", "--value", "12")
    assert (code, refused["error"]["code"]) == (1, "read_contradicted")
    code, unreadable = run(*add, "--at", "tomorrow", "--value", "12")
    assert (code, unreadable["error"]["where"]) == (1, "at")
    code, unreadable = run(*add, "--at", "2026-03-01", "--value", "12x")
    assert (code, unreadable["error"]["code"]) == (1, "not_a_number")
    exchanged = ("exchange", "--service-point", "SP1", "--serial", "B7", "--at", "2026-03-01")
    assert run(*exchanged, "--final", "T1=150", "--first", "T1=0", "--digits", "6")[0] == 0
    code, document = run("reads", "--service-point", "SP1")
    assert code == 0 and [one["value"] for one in document["registers"][0]["consumption"]] == ["19.5", "30.5"]
    shown = CliRunner().invoke(app, ["reads", "--service-point", "SP1"])
    assert "130.5 kWh" in shown.stdout and "B7" in shown.stdout
    assert run("reads", "--service-point", "SP2")[1]["error"]["code"] == "no_such_service_point"
    wrong = CliRunner().invoke(app, [*exchanged, "--final", "150", "--first", "T1=0"])
    assert wrong.exit_code == 2
