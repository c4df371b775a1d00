"""`billing compare`: files in, the document of an explanation out, no database."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from rating_cases import document as tariff_document
from rating_cases import fixed, tax, three_rates, version
from typer.testing import CliRunner
from weather_cases import YEAR, seasons

from billing.commands import app

LONDON_COLUMNS = 'service_point=LCLid,starts_at=tstp,value="energy(kWh/hh)"'
FLAT = {
    "format": "tariff/1",
    "code": "plain",
    "name": "Plain",
    "currency": "GBP",
    "versions": [
        {
            "starts_on": "2010-01-01",
            "charges": [
                {"kind": "energy", "code": "energy", "periods": [{"label": "All hours", "price": "0.20"}]}
            ],
        }
    ],
}


def run(*words: str) -> tuple[int, str, str]:
    done = CliRunner().invoke(app, ["compare", *words])
    return done.exit_code, done.stdout, done.stderr


def call(*words: str) -> tuple[int, Any]:
    code, out, _ = run(*words, "--json")
    return code, json.loads(out)


def moved(document: Any) -> dict[str, float]:
    """Effects that are not nothing, in pounds."""
    found = {row["effect"]: float(row["amount"]) for row in document["effects"]}
    return {effect: amount for effect, amount in found.items() if amount}


def written(path: Path, text: str) -> str:
    path.write_text(text, encoding="utf-8")
    return str(path)


@pytest.fixture
def tariff(tmp_path: Path) -> str:
    return written(tmp_path / "plain.json", json.dumps(FLAT))


@pytest.fixture
def celsius() -> Any:
    return np.round(seasons(YEAR, 5), 2)


@pytest.fixture
def usage(tmp_path: Path, celsius: Any) -> str:
    """6 kWh a day, and one more for each degree below 14: a year of six-hourly readings, in UTC."""
    rows = []
    for day, degrees in enumerate(celsius.tolist()):
        at = datetime(2013, 1, 1, tzinfo=UTC) + timedelta(days=day)
        each = (6 + max(0.0, 14 - degrees)) / 4
        rows += [f"H1,{(at + timedelta(hours=h)):%Y-%m-%dT%H:%M:%SZ},{each:.6f}" for h in (0, 6, 12, 18)]
    return written(tmp_path / "use.csv", "service_point,starts_at,kwh\n" + "\n".join(rows) + "\n")


def warmth(path: Path, celsius: Any, titles: str = "starts_at,celsius") -> str:
    rows = [
        f"{(date(2013, 1, 1) + timedelta(days=day)).isoformat()}T00:00:00Z,{degrees}"
        for day, degrees in enumerate(celsius.tolist())
    ]
    return written(path, f"{titles}\n" + "\n".join(rows) + "\n")


def test_the_weather_of_a_temperature_file(tmp_path: Path, tariff: str, usage: str, celsius: Any) -> None:
    degrees = warmth(tmp_path / "t.csv", celsius)
    words = ("--tariff", tariff, "--usage", usage, "--before", "2013-09", "--after", "2013-11")
    words += ("--tariff-timezone", "UTC", "--temperature", degrees)
    code, document = call(*words)
    assert code == 0
    assert set(document) == {"before", "after", "difference", "effects", "residual", "sentence", "weather"}
    assert document["residual"] == "0.00"
    effects = {row["effect"]: row for row in document["effects"]}
    assert all(abs(amount) <= 0.02 for effect, amount in moved(document).items() if effect != "weather")
    days = list(zip(celsius.tolist(), YEAR.dates(), strict=True))
    used = [sum(6 + max(0.0, 14 - t) for t, day in days if day.month == month) for month in (9, 11)]
    assert [document["before"], document["after"]] == [f"{kwh * 0.20:.2f}" for kwh in used]
    assert float(effects["weather"]["amount"]) == pytest.approx((used[1] - used[0]) * 0.20, abs=0.05)
    assert "R² 1.00" in effects["weather"]["detail"]
    (weather,) = document["weather"]
    assert weather["service_point"] == "H1" and weather["reason"] is None
    assert weather["fit"]["heating"]["balance_celsius"] == 14.0
    assert weather["fit"]["heating"]["kwh_per_degree_day"] == pytest.approx(1.0, abs=0.01)
    code, out, _ = run(*words)
    assert code == 0 and out.startswith("Your November bill is £")
    assert "the colder month" in out.splitlines()[0]


def test_titles_of_two_files_in_one_option(tmp_path: Path, tariff: str, usage: str, celsius: Any) -> None:
    """A title is of the file that has it, whichever is told first; known titles need no telling."""
    degrees = warmth(tmp_path / "t.csv", celsius, "DateTime,Temperature")
    text = Path(usage).read_text().replace("service_point,starts_at,kwh", "LCLid,tstp,energy(kWh/hh)")
    renamed = written(tmp_path / "london.csv", text)
    words = ("--tariff", tariff, "--usage", renamed, "--before", "2013-09", "--after", "2013-11")
    words += ("--tariff-timezone", "UTC", "--temperature", degrees)
    both = f"{LONDON_COLUMNS},starts_at=DateTime,celsius=Temperature"
    code, document = call(*words, "--columns", both)
    assert code == 0 and document["weather"][0]["reason"] is None
    assert call(*words, "--columns", "starts_at=DateTime,celsius=Temperature") == (code, document)
    plain = warmth(tmp_path / "plain.csv", celsius)
    assert call(*words[:-1], plain, "--columns", LONDON_COLUMNS) == (code, document)
    code, document = call(*words)
    assert code == 1 and document["error"]["code"] == "missing_column"
    assert "'starts_at'" in document["error"]["message"]


def test_without_temperatures_use_is_use(tariff: str, usage: str) -> None:
    words = ("--tariff", tariff, "--usage", usage, "--before", "2013-09", "--after", "2013-11")
    code, document = call(*words, "--tariff-timezone", "UTC")
    assert code == 0 and document["weather"] == []
    assert set(moved(document)) == {"volume"}
    assert "using more a day" in document["sentence"]


def test_weather_too_short_to_fit_says_so(tmp_path: Path, tariff: str, usage: str, celsius: Any) -> None:
    lines = Path(usage).read_text().splitlines()
    half = written(tmp_path / "half.csv", "\n".join(lines[:1] + lines[1 + 243 * 4 :]) + "\n")
    degrees = warmth(tmp_path / "t.csv", celsius)
    words = ("--tariff", tariff, "--usage", half, "--before", "2013-10", "--after", "2013-11")
    words += ("--tariff-timezone", "UTC", "--temperature", degrees)
    code, document = call(*words)
    assert code == 0 and document["weather"][0]["reason"] == "too_short"
    assert "it takes 180 days" in run(*words)[1]


def test_a_month_is_billed_as_a_quote_bills_it(tmp_path: Path, usage: str) -> None:
    """A ratchet looks back upon the months of the file before."""
    document = json.loads(json.dumps(FLAT))
    document["versions"][0]["charges"].append(
        {
            "kind": "demand",
            "code": "demand",
            "window": 60,
            "ratchet": {"percent": "90", "months": 11},
            "periods": [{"label": "Highest", "price": "9.00", "otherwise": True}],
        }
    )
    path = written(tmp_path / "ratchet.json", json.dumps(document))
    shared = ("--tariff", path, "--usage", usage, "--tariff-timezone", "UTC")
    _, compared = call(*shared, "--before", "2013-02", "--after", "2013-07")
    quoted = json.loads(CliRunner().invoke(app, ["quote", *shared, "--json"]).stdout)
    totals = {period["starts_on"]: period["total"] for period in quoted["periods"]}
    assert (compared["before"], compared["after"]) == (totals["2013-02-01"], totals["2013-07-01"])
    _, swapped = call(*shared, "--before", "2013-07", "--after", "2013-02")
    assert moved(swapped) == {effect: -amount for effect, amount in moved(compared).items()}
    assert "peak" in moved(compared)


def test_prices_come_from_a_file(tmp_path: Path, usage: str) -> None:
    """A penny more each month: the later month's prices are an effect of their own."""
    document = json.loads(json.dumps(FLAT))
    document["versions"][0]["charges"] = [
        {"kind": "dynamic", "code": "energy", "label": "Energy", "series": "spot"}
    ]
    path = written(tmp_path / "dynamic.json", json.dumps(document))
    rows = []
    for day in YEAR.dates():
        rows += [f"{day.isoformat()}T{hour:02d}:00:00Z,0.{10 + day.month:02d}" for hour in range(24)]
    prices = written(tmp_path / "prices.csv", "starts_at,price\n" + "\n".join(rows) + "\n")
    words = ("--tariff", path, "--usage", usage, "--before", "2013-06", "--after", "2013-08")
    code, document = call(*words, "--tariff-timezone", "UTC", "--prices", prices)
    assert code == 0 and document["residual"] == "0.00"
    assert moved(document)["price"] > 0 and "16" in document["effects"][0]["detail"]
    code, document = call(*words, "--tariff-timezone", "UTC")
    assert code == 1 and document["error"]["code"] == "missing_prices"


def test_energy_given_back_is_an_effect_of_its_own(tmp_path: Path, usage: str) -> None:
    """Net metering from month to month: July's surplus is August's credit."""
    document = json.loads(json.dumps(FLAT))
    document["versions"][0]["charges"][0]["net"] = {"by": "month"}
    path = written(tmp_path / "net.json", json.dumps(document))
    rows = Path(usage).read_text().splitlines()
    sunny = {6: "4.0", 7: "9.0", 8: "2.0"}
    lines = ["service_point,starts_at,kwh,channel"]
    for row in rows[1:]:
        month, hour = int(row[8:10]), int(row[14:16])
        lines += [f"{row},E1", f"{row.rsplit(',', 1)[0]},{sunny.get(month, '0') if hour == 12 else '0'},B1"]
    both = written(tmp_path / "both.csv", "\n".join(lines) + "\n")
    shared = (
        "--tariff",
        path,
        "--usage",
        both,
        "--channels",
        "import=E1,export=B1",
        "--tariff-timezone",
        "UTC",
    )
    code, found = call(*shared, "--before", "2013-07", "--after", "2013-08")
    assert code == 0 and found["residual"] == "0.00"
    quoted = json.loads(CliRunner().invoke(app, ["quote", *shared, "--json"]).stdout)
    totals = {period["starts_on"]: period["total"] for period in quoted["periods"]}
    assert (found["before"], found["after"]) == (totals["2013-07-01"], totals["2013-08-01"])
    assert moved(found).keys() >= {"credit", "export_volume"} and moved(found)["credit"] < 0


def test_what_cannot_be_compared_is_refused(tmp_path: Path, tariff: str, usage: str) -> None:
    shared = ("--tariff", tariff, "--usage", usage, "--tariff-timezone", "UTC")
    code, document = call(*shared, "--before", "2012-09", "--after", "2013-11")
    assert (code, document["error"]["code"]) == (1, "no_readings")
    assert "2012-09" in document["error"]["message"]
    for option, month in (("--before", "2013-9"), ("--after", "November")):
        months = {"--before": "2013-09", "--after": "2013-11", option: month}
        words = [word for pair in months.items() for word in pair]
        code, _, err = run(*shared, *words)
        assert code == 2 and option in err
    code, _, err = run(*shared, "--before", "2013-09", "--after", "2013-11", "--columns", "nonsense=x")
    assert code == 2 and "celsius" in err
    bad = written(tmp_path / "bad.csv", "starts_at,celsius\n2013-01-01T00:00:00Z,warm\n")
    words = (*shared, "--before", "2013-09", "--after", "2013-11", "--temperature", bad)
    code, document = call(*words)
    assert code == 1 and document["error"]["where"] == f"{bad}, line 2"
    code, _ = call(*words[:-1], str(tmp_path / "none.csv"))
    assert code == 2


@pytest.mark.shared
def test_worked_example(tmp_path: Path, shared_data: Path) -> None:
    """EXPLAIN B9 from the command line."""
    london = shared_data / "readings" / "london"
    degrees = london / "price_temperature_2013.csv"
    if not degrees.exists():
        pytest.skip(f"needs the temperatures in {degrees.name}")
    worked = tariff_document(version(fixed(), three_rates(), tax()), code="three-rates", name="Three rates")
    code, document = call(
        "--tariff", written(tmp_path / "t.json", json.dumps(worked)),
        "--usage", str(london / "MAC000003.csv"), "--temperature", str(degrees),
        "--columns", f"{LONDON_COLUMNS},starts_at=DateTime,celsius=Temperature",
        "--timezone", "UTC", "--before", "2013-10", "--after", "2013-11",
    )  # fmt: skip
    assert code == 0
    assert (document["before"], document["after"], document["residual"]) == ("77.66", "101.54", "0.00")
    effects = {row["effect"]: float(row["amount"]) for row in document["effects"]}
    tabled = {"weather": 44.98, "shift": -10.84, "volume": -6.98, "days": -3.28}
    assert effects.keys() == tabled.keys()
    assert all(abs(effects[name] - tabled[name]) <= 0.30 for name in tabled)


def test_energy_given_back_is_compared(tmp_path: Path) -> None:
    """January and February 2023 at net metering: what January leaves, February begins with."""
    text = "100,NEM12,202301020000,MDP,RETAIL\n"
    days = [date(2023, 1, 1) + timedelta(days=day) for day in range(59)]
    for name, kwh in (("E1", ("0.25", "0.75")), ("B1", ("0.5", "0.25"))):
        text += f"200,NMI1,E1B1,1,{name},N1,M1,kWh,30,\n"
        for day in days:
            text += f"300,{day:%Y%m%d}," + ",".join([kwh[day.month - 1]] * 48) + ",A,,,20230401000000,\n"
    usage = written(tmp_path / "nem.csv", text + "900\n")
    net = {**three_rates(), "periods": [{"label": "All hours", "price": "0.20"}], "net": {"by": "month"}}
    subject = {**FLAT, "versions": [{"starts_on": "2010-01-01", "charges": [net]}]}
    code, document = call(
        "--tariff", written(tmp_path / "net.json", json.dumps(subject)), "--usage", usage,
        "--before", "2023-01", "--after", "2023-02", "--timezone", "Australia/Brisbane",
        "--channels", "import=E1,export=B1",
    )  # fmt: skip
    # January leaves 372 kWh; February takes 1,008 and gives 336.
    assert (code, document["before"], document["after"]) == (0, "0.00", "60.00")
    assert round(sum(moved(document).values()), 2) == 60
    assert set(moved(document)) <= {"days", "volume", "export_volume", "credit"}
    assert {"export_volume", "credit"} <= set(moved(document))
