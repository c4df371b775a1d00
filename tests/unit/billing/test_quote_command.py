"""`utility-crm billing quote`: files in, the promised document out, no database."""

from __future__ import annotations

import copy
import json
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from billing.commands import app

TARIFF = {
    "format": "tariff/1",
    "code": "plain",
    "name": "Plain",
    "currency": "GBP",
    "versions": [
        {
            "starts_on": "2010-01-01",
            "charges": [
                {"kind": "energy", "code": "energy", "periods": [{"label": "All hours", "price": "0.14228"}]}
            ],
        }
    ],
}
COLUMNS = 'service_point=LCLid,starts_at=tstp,value="energy(kWh/hh)"'


def call(*words: str) -> tuple[int, Any]:
    done = CliRunner().invoke(app, ["quote", *words, "--json"])
    return done.exit_code, json.loads(done.stdout)


@pytest.fixture
def tariff(tmp_path: Path) -> str:
    return written(tmp_path / "plain.json", json.dumps(TARIFF))


def written(path: Path, text: str) -> str:
    path.write_text(text, encoding="utf-8")
    return str(path)


def readings(path: Path, first: datetime, count: int, value: str = "0.5") -> str:
    rows = [f"MAC1,Std,{first + timedelta(minutes=30 * index)}, {value} " for index in range(count)]
    return written(path, "LCLid,stdorToU,tstp,energy(kWh/hh)\n" + "\n".join(rows) + "\n")


def test_months_lines_and_totals(tmp_path: Path, tariff: str) -> None:
    usage = readings(tmp_path / "use.csv", datetime(2024, 1, 31), 96)
    code, document = call("--tariff", tariff, "--usage", usage, "--columns", COLUMNS, "--timezone", "UTC")
    assert code == 0
    assert document == {
        "currency": "GBP",
        "total": "6.82",
        "usage": {"readings": 96, "missing": 0},
        "periods": [
            {
                "starts_on": starts_on,
                "ends_before": ends_before,
                "total": "3.41",
                "lines": [
                    {
                        "charge": "energy", "label": "All hours", "quantity": "24", "unit": "kWh",
                        "price": "0.14228", "amount": "3.41",
                    }
                ],
            }
            for starts_on, ends_before in (("2024-01-31", "2024-02-01"), ("2024-02-01", "2024-02-02"))
        ],
    }  # fmt: skip


def test_a_span_of_dates_counts_what_is_missing(tmp_path: Path, tariff: str) -> None:
    usage = readings(tmp_path / "use.csv", datetime(2024, 1, 31), 96)
    words = ("--tariff", tariff, "--usage", usage, "--columns", COLUMNS, "--timezone", "UTC")
    code, document = call(*words, "--from", "2024-01-30", "--to", "2024-02-01", "--period", "whole")
    assert (code, document["total"]) == (0, "3.41")
    assert document["usage"] == {"readings": 48, "missing": 48}
    assert len(document["periods"]) == 1


def test_the_tariffs_own_zone_decides(tmp_path: Path) -> None:
    moscow = written(tmp_path / "moscow.json", json.dumps({**TARIFF, "timezone": "Europe/Moscow"}))
    usage = readings(tmp_path / "use.csv", datetime(2024, 1, 31), 48)
    words = ("--tariff", moscow, "--usage", usage, "--columns", COLUMNS, "--timezone", "UTC")
    _, document = call(*words)
    assert [part["starts_on"] for part in document["periods"]] == ["2024-01-31", "2024-02-01"]
    assert document["periods"][1]["lines"][0]["quantity"] == "3"


def nem(path: Path, *names: str) -> str:
    text = "100,NEM12,202401020000,MDP,RETAIL\n"
    for name in names:
        text += f"200,NMI1,{''.join(names)},1,{name},N1,M1,kWh,30,\n"
        text += "300,20240101," + ",".join(["0.25"] * 48) + ",A,,,20240102000000,\n"
    return written(path, text + "900\n")


def test_several_channels_need_a_name(tmp_path: Path, tariff: str) -> None:
    usage = nem(tmp_path / "nem.csv", "E1", "B1")
    code, document = call("--tariff", tariff, "--usage", usage, "--timezone", "Australia/Brisbane")
    assert (code, document["error"]["code"]) == (1, "several_channels")
    assert "import=E1" in document["error"]["message"]
    code, document = call(
        "--tariff",
        tariff,
        "--usage",
        usage,
        "--timezone",
        "Australia/Brisbane",
        "--channels",
        "import=E1,export=B1",
    )
    assert (code, document["total"]) == (0, "1.71")
    code, document = call(
        "--tariff", tariff, "--usage", usage, "--timezone", "Australia/Brisbane", "--channels", "import=E9"
    )
    assert (code, document["error"]["code"]) == (1, "no_such_channel")


def test_energy_given_back_alone_is_refused(tmp_path: Path, tariff: str) -> None:
    usage = nem(tmp_path / "nem.csv", "B1")
    code, document = call("--tariff", tariff, "--usage", usage, "--timezone", "Australia/Brisbane")
    assert (code, document["error"]["code"]) == (1, "export_only")


def test_several_service_points_are_refused(tmp_path: Path, tariff: str) -> None:
    usage = readings(tmp_path / "use.csv", datetime(2024, 1, 31), 48)
    Path(usage).write_text(Path(usage).read_text() + "MAC2,Std,2024-01-31 00:00:00,1\n")
    code, document = call("--tariff", tariff, "--usage", usage, "--columns", COLUMNS, "--timezone", "UTC")
    assert (code, document["error"]["code"]) == (1, "several_service_points")


def test_no_zone_no_quote(tmp_path: Path, tariff: str) -> None:
    usage = nem(tmp_path / "nem.csv", "E1")
    code, document = call("--tariff", tariff, "--usage", usage)
    assert (code, document["error"]["code"]) == (1, "not_rateable")


@pytest.mark.parametrize(
    "words",
    [
        ("--from", "yesterday"),
        ("--to", "2024-1-1"),
        ("--channels", "imports=E1"),
        ("--channels", "import=E1,import=E2"),
        ("--period", "week"),
        ("--timezone", "Europe/Nowhere"),
        ("--tariff-timezone", "Europe/Nowhere"),
    ],
)
def test_usage_errors_exit_with_two(tmp_path: Path, tariff: str, words: tuple[str, str]) -> None:
    usage = nem(tmp_path / "nem.csv", "E1")
    done = CliRunner().invoke(app, ["quote", "--tariff", tariff, "--usage", usage, *words])
    assert done.exit_code == 2


def test_a_rate_of_the_utility_rate_database(tmp_path: Path) -> None:
    every_hour = [[0] * 24 for _ in range(12)]
    rate = {
        "name": "General", "fixedmonthlycharge": 31, "energyratestructure": [[{"rate": 0.1}]],
        "energyweekdayschedule": every_hour, "energyweekendschedule": every_hour,
        "flatdemandstructure": [[{"rate": 10}]], "flatdemandmonths": [0] * 12,
    }  # fmt: skip
    file = written(tmp_path / "rate.json", json.dumps({"items": [rate]}))
    usage = readings(tmp_path / "use.csv", datetime(2024, 1, 31), 48)
    done = CliRunner().invoke(
        app,
        ["quote", "--tariff", file, "--usage", usage, "--columns", COLUMNS, "--timezone", "UTC", "--json"],
    )
    document = json.loads(done.stdout)
    assert (done.exit_code, document["currency"]) == (0, "USD")
    assert [(line["charge"], line["amount"]) for line in document["periods"][0]["lines"]] == [
        ("fixed", "1.00"),
        ("energy", "2.40"),
        ("demand", "0.32"),
    ]
    for said in ("fixedmonthlycharge: the older field is priced", "these readings allow 30"):
        assert said in done.stderr
    del rate["energyweekendschedule"]
    code, document = call("--tariff", written(tmp_path / "bad.json", json.dumps(rate)), "--usage", usage)
    assert (code, document["error"]["where"]) == (1, "energyweekendschedule")
    assert document["error"]["message"].endswith(
        "bad.json cannot be taken: energyweekendschedule: is not given."
    )


def test_the_clock_of_a_tariff_that_names_none(tmp_path: Path, tariff: str) -> None:
    usage = nem(tmp_path / "nem.csv", "E1")
    words = ("--tariff", tariff, "--usage", usage)
    code, document = call(*words, "--timezone", "Australia/Brisbane", "--tariff-timezone", "Europe/Moscow")
    assert code == 0
    days = [(part["starts_on"], part["lines"][0]["quantity"]) for part in document["periods"]]
    assert days == [("2023-12-31", "3.5"), ("2024-01-01", "8.5")]


def test_a_path_that_is_not_there_exits_with_two(tmp_path: Path, tariff: str) -> None:
    code, document = call("--tariff", tariff, "--usage", str(tmp_path / "none.csv"))
    assert (code, document["error"]["code"]) == (2, "no_such_path")


def test_faults_of_either_file_are_named(tmp_path: Path, tariff: str) -> None:
    usage = nem(tmp_path / "nem.csv", "E1")
    bad = written(tmp_path / "bad.json", json.dumps({**TARIFF, "currency": "pounds"}))
    code, document = call("--tariff", bad, "--usage", usage)
    assert (code, document["error"]["where"]) == (1, "currency")
    empty = written(tmp_path / "empty.csv", "")
    code, document = call("--tariff", tariff, "--usage", empty)
    assert (code, document["error"]["code"]) == (1, "empty")


@pytest.mark.shared
def test_londons_flat_bills(shared_data: Path, tariff: str) -> None:
    """2013 at 14.228 p, each household to the penny of its exact kWh."""
    folder = shared_data / "readings" / "london"
    rows = (folder / "expected_2013.csv").read_text(encoding="utf-8").splitlines()
    head = rows[0].split(",")
    for row in rows[1:4]:
        known = dict(zip(head, row.split(","), strict=True))
        code, document = call(
            "--tariff", tariff, "--usage", str(folder / f"{known['LCLid']}.csv"), "--columns", COLUMNS,
            "--timezone", "UTC", "--from", "2013-01-01", "--to", "2014-01-01", "--period", "year",
        )  # fmt: skip
        assert code == 0
        assert document["usage"] == {"readings": int(known["rows"]), "missing": int(known["missing_hh"])}
        assert abs(Decimal(document["total"]) - Decimal(known["bill_flat_gbp_14_228p"])) < Decimal("0.0051")


DYNAMIC = {
    **TARIFF,
    "versions": [
        {
            "starts_on": "2010-01-01",
            "charges": [{"kind": "dynamic", "code": "energy", "label": "Market", "series": "spot"}],
        }
    ],
}


def test_prices_of_a_series_from_a_file(tmp_path: Path, tariff: str) -> None:
    usage = readings(tmp_path / "use.csv", datetime(2024, 1, 31), 48)
    subject = written(tmp_path / "dynamic.json", json.dumps(DYNAMIC))
    words = ("--usage", usage, "--columns", COLUMNS, "--timezone", "UTC", "--tariff", subject)
    code, document = call(*words)
    assert (code, document["error"]["code"]) == (1, "missing_prices")
    assert "'spot' has no price for 2024-01-31 00:00 UTC" in document["error"]["message"]
    assert "--prices FILE" in document["error"]["message"]
    rows = [f"2024-01-31 {hour:02d}:00:00,{hour}" for hour in range(24)]
    prices = written(tmp_path / "prices.csv", "\n".join(["starts_at,price", *rows]))
    for given in (prices, f"spot={prices}"):
        code, document = call(*words, "--prices", given, "--tariff-timezone", "UTC")
        assert (code, document["total"]) == (0, "276.00")
        assert document["periods"][0]["lines"] == [
            {
                "charge": "energy", "label": "Market, mean price", "quantity": "24", "unit": "kWh",
                "price": "11.5", "amount": "276.00",
            }
        ]  # fmt: skip
    # Another clock: the file's first price holds from 01:00 UTC on.
    code, document = call(*words, "--prices", prices, "--tariff-timezone", "Atlantic/Azores")
    assert (code, document["error"]["code"]) == (1, "missing_prices")
    code, document = call(*words, "--prices", f"other={prices}")
    assert (code, document["error"]["code"]) == (1, "no_series")
    code, document = call(
        "--usage", usage, "--columns", COLUMNS, "--timezone", "UTC", "--tariff", tariff, "--prices", prices
    )
    assert (code, document["error"]["code"]) == (1, "no_series")
    code, document = call(*words, "--prices", str(tmp_path / "none.csv"))
    assert (code, document["error"]["code"]) == (2, "no_such_path")
    bad = written(tmp_path / "bad.csv", "starts_at,price\n2024-01-31 00:00:00,0.1\n2024-01-31 00:00:00,0.2\n")
    code, document = call(*words, "--prices", bad)
    assert (code, document["error"]["code"]) == (1, "prices_refused")
    assert document["error"]["where"] == f"{bad}, line 3"


@pytest.mark.shared
def test_londons_dynamic_bills_by_the_command_line(shared_data: Path, tmp_path: Path) -> None:
    folder = shared_data / "readings" / "london"
    rows = (folder / "price_temperature_2013.csv").read_text(encoding="utf-8").splitlines()
    prices = "\n".join(["starts_at,price", *(row.rpartition(",")[0] for row in rows[1:])])
    subject = written(tmp_path / "dynamic.json", json.dumps(DYNAMIC))
    known_rows = (folder / "expected_2013.csv").read_text(encoding="utf-8").splitlines()
    head = known_rows[0].split(",")
    for row in known_rows[3:5]:
        known = dict(zip(head, row.split(","), strict=True))
        code, document = call(
            "--tariff", subject, "--usage", str(folder / f"{known['LCLid']}.csv"), "--columns", COLUMNS,
            "--timezone", "UTC", "--prices", written(tmp_path / "prices.csv", prices), "--period", "year",
            "--from", "2013-01-01", "--to", "2014-01-01",
        )  # fmt: skip
        assert code == 0
        assert abs(Decimal(document["total"]) - Decimal(known["bill_dtou_gbp"])) < Decimal("0.0051")


def test_energy_given_back_is_paid_for(tmp_path: Path, tariff: str) -> None:
    usage = nem(tmp_path / "nem.csv", "E1", "B1")
    charges = [
        *TARIFF["versions"][0]["charges"],  # type: ignore[index]
        {"kind": "export", "code": "export", "periods": [{"label": "Given back", "price": "0.1"}]},
    ]
    solar = {**TARIFF, "versions": [{"starts_on": "2010-01-01", "charges": charges}]}
    words = ("--usage", usage, "--timezone", "Australia/Brisbane")
    subject = written(tmp_path / "solar.json", json.dumps(solar))
    code, document = call(*words, "--tariff", subject, "--channels", "import=E1,export=B1")
    assert (code, document["total"]) == (0, "0.51")
    assert document["periods"][0]["lines"][1] == {
        "charge": "export", "label": "Given back", "quantity": "12", "unit": "kWh", "price": "-0.1",
        "amount": "-1.20",
    }  # fmt: skip
    code, document = call(*words, "--tariff", subject, "--channels", "import=E1")
    assert (code, document["total"]) == (0, "1.71")


def test_export_of_other_days_and_lengths_is_laid_on_the_same_axis(tmp_path: Path) -> None:
    text = "100,NEM12,202401020000,MDP,RETAIL\n"
    for name, minutes, day in (("E1", 30, 2), ("B1", 15, 1)):
        text += f"200,NMI1,E1B1,1,{name},N1,M1,kWh,{minutes},\n"
        values = ",".join(["0.25"] * (1440 // minutes))
        text += "".join(f"300,2024010{n},{values},A,,,20240105000000,\n" for n in range(day, day + 2))
    usage = written(tmp_path / "nem.csv", text + "900\n")
    charge = {"kind": "export", "code": "export", "periods": [{"label": "Given back", "price": "0.1"}]}
    subject = {**TARIFF, "versions": [{"starts_on": "2010-01-01", "charges": [charge]}]}
    found = CliRunner().invoke(
        app,
        [
            "quote", "--tariff", written(tmp_path / "solar.json", json.dumps(subject)), "--usage", usage,
            "--timezone", "Australia/Brisbane", "--channels", "import=E1,export=B1", "--json",
            "--from", "2024-01-01", "--to", "2024-01-04",
        ],
    )  # fmt: skip
    document = json.loads(found.stdout)
    assert (document["total"], document["usage"]) == ("-4.80", {"readings": 96, "missing": 48})
    assert "48 readings of energy given back are missing" in found.stderr


def test_a_quote_says_what_it_left_out_and_the_days_of_a_line(tmp_path: Path) -> None:
    dear = copy.deepcopy(TARIFF["versions"][0])  # type: ignore[index]
    dear["starts_on"] = "2024-02-02"
    subject = {**TARIFF, "versions": [*TARIFF["versions"], dear]}  # type: ignore[misc]
    dear["charges"][0]["periods"][0]["price"] = "0.5"
    usage = readings(tmp_path / "use.csv", datetime(2024, 1, 31), 48)
    late = readings(tmp_path / "late.csv", datetime(2024, 2, 2), 96)
    written(
        tmp_path / "use.csv", Path(usage).read_text() + "".join(Path(late).read_text().splitlines(True)[1:])
    )
    words = (
        "--tariff", written(tmp_path / "two.json", json.dumps(subject)), "--usage", usage,
        "--columns", COLUMNS, "--timezone", "UTC", "--period", "year", "--to", "2024-02-03",
    )  # fmt: skip
    code, document = call(*words)
    assert code == 0
    assert [(line.get("starts_on"), line.get("ends_before")) for line in document["periods"][0]["lines"]] == [
        ("2024-01-31", "2024-02-02"),
        ("2024-02-02", "2024-02-03"),
    ]
    unread, outside = document["notes"]
    assert "1 day has no reading" in unread and "2024-02-01" in unread
    assert "48 readings of the file lie outside the span" in outside
    shown = CliRunner().invoke(app, ["quote", *words])
    assert "All hours, 2024-02-02 to 2024-02-03" in shown.stdout and "at 0.5" in shown.stdout
    assert unread in shown.stderr and outside in shown.stderr


def test_readings_below_zero_are_named_with_their_line(tariff: str, tmp_path: Path) -> None:
    lines = "meter,time,kwh\nM1,2013-01-01 00:00:00,-1.5\nM1,2013-01-01 00:30:00,-2\n"
    usage = written(tmp_path / "below.csv", lines)
    named = ("--columns", "service_point=meter,starts_at=time,value=kwh", "--timezone", "Europe/London")
    code, document = call("--tariff", tariff, "--usage", usage, *named)
    error = document["error"]
    assert (code, error["code"]) == (1, "negative_value")
    assert "-1.5" in error["message"] and error["where"].endswith("line 2")


KVA = {
    **TARIFF,
    "versions": [
        {
            "starts_on": "2010-01-01",
            "charges": [
                {
                    "kind": "demand", "code": "demand", "window": 30, "unit": "kVA",
                    "periods": [{"label": "Highest", "price": "10"}],
                },
                {
                    "kind": "reactive", "code": "reactive", "label": "Reactive", "price": "1",
                    "allowed": "100",
                },
            ],
        }
    ],
}  # fmt: skip


def with_reactive(path: Path, kvarh: str, unit: str = "kVArh") -> str:
    """0.25 kWh each half-hour of a day, and so many kVArh."""
    text = "100,NEM12,202401020000,TEST,TEST\n200,NMI1,E1Q1,1,E1,N1,M1,kWh,30,\n"
    text += "300,20240101," + ",".join(["0.3"] * 48) + ",A,,,20240102000000,\n"
    text += f"200,NMI1,E1Q1,1,Q1,N1,M1,{unit},30,\n"
    text += f"300,20240101,{kvarh},A,,,20240102000000,\n900\n"
    return written(path, text)


def test_kva_are_quoted_of_the_channel_of_reactive_energy(tmp_path: Path) -> None:
    """0.3 kWh beside 0.4 kVArh in each half-hour: 1 kVA, and 4.8 kVArh more than kWh."""
    subject = written(tmp_path / "kva.json", json.dumps(KVA))
    usage = with_reactive(tmp_path / "nem.csv", ",".join(["0.4"] * 48))
    words = ["--tariff", subject, "--usage", usage, "--timezone", "Australia/Brisbane"]
    code, document = call(*words, "--channels", "import=E1,reactive=Q1")
    (part,) = document["periods"]
    rows = [(line["quantity"], line["unit"], line["amount"]) for line in part["lines"]]
    assert (code, rows) == (0, [("0.032258", "kVA month", "0.32"), ("4.8", "kVArh", "4.80")])
    assert "notes" not in document
    code, document = call(*words, "--channels", "import=E1")
    assert (code, document["error"]["code"]) == (1, "reactive_unknown")
    assert "reactive=Q1" in document["error"]["message"]
    assert document["error"]["where"] == usage


def test_reactive_readings_that_are_missing_or_no_reactive_energy_are_refused(tmp_path: Path) -> None:
    subject = written(tmp_path / "kva.json", json.dumps(KVA))
    text = ",".join(["0.4"] * 48)
    for until, unit, code, says in (
        ("2024-01-03", "kVArh", "reactive_missing", "2024-01-01 14:00 UTC (48 missing"),
        ("2024-01-02", "kWh", "unit", "Channel Q1 is in kWh; reactive energy is in kVArh."),
    ):
        usage = with_reactive(tmp_path / "nem.csv", text, unit)
        words = ["--tariff", subject, "--usage", usage, "--timezone", "Australia/Brisbane", "--to", until]
        done, document = call(*words, "--channels", "import=E1,reactive=Q1")
        assert (done, document["error"]["code"]) == (1, code)
        assert says in document["error"]["message"]


@pytest.mark.parametrize("each", ["kW", "kVA"])
def test_a_price_by_the_connection_is_told_its_size(tmp_path: Path, each: str) -> None:
    charge = {"kind": "fixed", "code": "f", "label": "F", "price": "10", "per": "month", "each": each}
    found = {**TARIFF, "versions": [{"starts_on": "2010-01-01", "charges": [charge]}]}
    subject = written(tmp_path / "by.json", json.dumps(found))
    usage = readings(tmp_path / "use.csv", datetime(2024, 1, 1), 48 * 31)
    words = ["--tariff", subject, "--usage", usage, "--columns", COLUMNS, "--timezone", "UTC"]
    option = f"--connection-{each.lower()}"
    code, document = call(*words, option, "12.5")
    assert (code, document["total"], "notes" in document) == (0, "125.00", False)
    done = CliRunner().invoke(app, ["quote", *words])
    assert done.exit_code == 2
    assert f"Invalid value for {option}" in done.stderr
    for text in ("-3", "0", "x", "1000001"):
        assert CliRunner().invoke(app, ["quote", *words, option, text]).exit_code == 2


def test_a_connection_that_nothing_is_priced_by_is_said(tmp_path: Path, tariff: str) -> None:
    usage = readings(tmp_path / "use.csv", datetime(2024, 1, 1), 48)
    words = ["--tariff", tariff, "--usage", usage, "--columns", COLUMNS, "--timezone", "UTC"]
    code, document = call(*words, "--connection-kw", "9")
    assert code == 0
    assert any("has no price by it" in note for note in document["notes"])
