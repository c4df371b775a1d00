from __future__ import annotations

import copy
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from babel.numbers import get_currency_precision
from hypothesis import given, settings
from hypothesis import strategies as st
from rating_cases import demand, document, documents, fixed, flat, tax, three_rates, version

from billing.domain.errors import TariffRefused
from billing.domain.tariffs.currencies import currencies
from billing.domain.tariffs.file import read_tariff, tariff_of
from billing.domain.tariffs.schema import tariff_schema

DOCS = Path(__file__).resolve().parents[3] / "docs"
WHOLE = document(
    version(
        fixed() | {"each": "kVA"},
        three_rates() | {"registers": [{"name": "T1", "label": "day"}], "share": "95"},
        {
            "kind": "dynamic",
            "code": "market",
            "label": "Market",
            "series": "spot",
            "multiplier": "1.05",
            "adder": "0.03",
            "cap": "0.95",
            "floor": "-0.1",
        },
        {**three_rates(), "code": "solar", "net": {"by": "month"}},
        {
            **three_rates(),
            "code": "net",
            "net": {"by": "bill", "year_ends": "may", "price": "0.03", "label": "Paid", "pays": "surplus"},
        },
        {
            "kind": "export",
            "code": "feed-in",
            "netting": "interval",
            "periods": [{"label": "Sun", "price": "0.04", "hours": ["10:00-16:00"]}],
        },
        {"kind": "export", "code": "sold", "label": "Sold", "series": "spot", "floor": "0"},
        demand(by="bill", per="day", ratchet={"percent": "80", "months": 11, "of": ["june"]}),
        {
            "kind": "capacity",
            "code": "network",
            "label": "Network",
            "price": "9",
            "window": 60,
            "days": ["monday"],
            "peaks": [
                {"month": "2026-01", "hours": ["08:00-10:00"]},
                {"month": "2026-02", "at": ["2026-02-03T17:00"]},
            ],
        },
        {
            "kind": "reactive",
            "code": "reactive",
            "label": "Reactive",
            "price": "0.03",
            "allowed": "33",
            "by": "bill",
        },
        {"kind": "discount", "code": "off", "label": "Off", "percent": "10"},
        {
            "kind": "discount",
            "code": "less",
            "label": "Less",
            "amount": "1",
            "per": "day",
            "base": ["energy"],
        },
        {
            "kind": "discount",
            "code": "first",
            "label": "First kWh",
            "percent": "50",
            "up_to": "100",
            "per": "month",
        },
        {"kind": "minimum", "code": "least", "label": "Least", "price": "9", "per": "year", "base": ["off"]},
        tax(base=["energy"]),
        {
            "kind": "late_fee",
            "code": "late",
            "label": "Late",
            "percent": "1",
            "per": "month",
            "after_days": 9,
        },
        {"kind": "late_fee", "code": "notice", "label": "Notice", "amount": "5"},
        seasons=[
            {"name": "summer", "from": "04-01", "to": "10-01"},
            {"name": "winter", "from": "10-01", "to": "04-01"},
        ],
    ),
    holidays={"country": "GB", "subdivision": "ENG"},
    decimals=2,
    rounding="half_even",
)


def examples() -> list[str]:
    return re.findall(r"```json\n(.*?)```", (DOCS / "tariffs.md").read_text(encoding="utf-8"), re.DOTALL)


def valid(found: Any) -> bool:
    return bool(jsonschema.Draft202012Validator(tariff_schema()).is_valid(found))


def test_published_schema_is_the_schema() -> None:
    jsonschema.Draft202012Validator.check_schema(tariff_schema())
    published = json.loads((DOCS / "tariff.schema.json").read_text(encoding="utf-8"))
    assert published == tariff_schema()


def test_documented_examples_are_tariffs() -> None:
    assert len(examples()) == 2
    for text in examples():
        assert read_tariff(text).versions
        assert valid(json.loads(text))


def objects(found: Any) -> Iterator[dict[str, Any]]:
    if isinstance(found, dict):
        yield found
        for value in found.values():
            yield from objects(value)
    elif isinstance(found, list):
        for value in found:
            yield from objects(value)


@pytest.mark.parametrize("index", range(len(list(objects(WHOLE)))))
def test_no_key_is_ever_ignored(index: int) -> None:
    found = copy.deepcopy(WHOLE)
    list(objects(found))[index]["surprise"] = "1"
    with pytest.raises(TariffRefused, match="unknown key 'surprise'"):
        tariff_of(found)
    assert not valid(found)


@settings(deadline=None, max_examples=60)
@given(documents())
def test_what_the_reader_takes_the_schema_takes(found: dict[str, Any]) -> None:
    assert tariff_of(found).code == found["code"]
    assert valid(found)


@settings(deadline=None, max_examples=200)
@given(
    st.integers(0, 100),
    st.integers(0, 10),
    st.sampled_from([None, 1, 0.5, True, "", "x", "0.1234567", [], {}, "2013-02-30", "25:00-26:00", "-1"]),
)
def test_what_the_schema_refuses_the_reader_refuses(index: int, key: int, value: Any) -> None:
    found = copy.deepcopy(WHOLE)
    places = list(objects(found))
    place = places[index % len(places)]
    place[list(place)[key % len(place)]] = value
    if not valid(found):
        with pytest.raises(TariffRefused):
            tariff_of(found)


def refusal(found: Any) -> str:
    with pytest.raises(TariffRefused) as caught:
        tariff_of(found)
    return str(caught.value)


def energy(*periods: dict[str, Any], **more: Any) -> dict[str, Any]:
    return document(version({"kind": "energy", "code": "energy", "periods": list(periods)}), **more)


PLACE = "versions[0].charges[0].periods"


TWO_SEASONS = [
    {"name": "summer", "from": "04-01", "to": "10-01"},
    {"name": "winter", "from": "10-01", "to": "04-01"},
]
REFUSALS: list[tuple[Any, str]] = [
    (
        document(version(tax())),
        "versions[0].charges[0]: a tax is on charges that stand before it, and there is none",
    ),
    (
        document(version(flat(), seasons=TWO_SEASONS)),
        "versions[0].seasons: no charge names any of them (summer, winter): name them under 'seasons' of a "
        "period, or leave them out",
    ),
    (
        energy({"label": "a", "price": 0.12}),
        f'{PLACE}[0].price: write the number as a text, "0.12", so that it stays exact',
    ),
    (
        energy({"label": "a", "prise": "0.12"}),
        f"{PLACE}[0]: 'price' is not given; did you mean it by 'prise'?",
    ),
    (energy({"label": "a", "price": "0.12", "note": "..."}), f"{PLACE}[0]: unknown key 'note'"),
    (
        energy(
            {"label": "a", "price": "1", "hours": ["00:00-07:00"]},
            {"label": "b", "price": "1", "hours": ["07:00-22:00"], "days": ["weekday", "sunday"]},
            {"label": "c", "price": "1", "hours": ["22:00-24:00"]},
        ),
        f"{PLACE}: 07:00-22:00 on a saturday falls in no period",
    ),
    (
        energy(
            {"label": "night", "price": "1", "hours": ["00:00-07:00"]},
            {"label": "day", "price": "1", "hours": ["06:00-24:00"]},
        ),
        f"{PLACE}[1]: 06:00-07:00 on a monday falls in 'night' (periods[0]) and in 'day'",
    ),
    (
        energy({"label": "a", "price": "1", "days": ["weekday", "weekend"]}, holidays={"country": "GB"}),
        f"{PLACE}: 00:00-24:00 on a holiday falls in no period",
    ),
    (
        energy({"label": "a", "price": "1", "days": ["weekday", "weekend", "holiday"]}),
        f"{PLACE}[0].days[2]: this tariff names no holiday calendar, so it has no holidays",
    ),
    (
        energy({"label": "a", "price": "1", "days": ["weekday", "monday"]}),
        f"{PLACE}[0].days[1]: monday stands there twice",
    ),
    (
        energy(
            {"label": "a", "price": "1", "hours": ["00:00-12:00"]},
            {"label": "a", "price": "2", "otherwise": True},
        ),
        f"{PLACE}[1]: 'a' has two prices",
    ),
    (
        energy({"label": "a", "price": "1", "hours": ["7-12"]}),
        f"{PLACE}[0].hours[0]: expected hours such as 07:00-16:30, found '7-12'",
    ),
    (
        energy({"label": "a", "price": "1", "hours": ["07:00-24:30"]}),
        f"{PLACE}[0].hours[0]: '07:00-24:30' is not a span of a day from 00:00 to 24:00",
    ),
    (
        energy({"label": "a", "price": "1", "seasons": ["summer"]}),
        f"{PLACE}[0].seasons[0]: 'summer' is not a season of this version (none)",
    ),
    (
        document(version(flat(), tax(base=["vat"]))),
        "versions[0].charges[1].base[0]: a tax cannot be its own base",
    ),
    (
        document(version(flat(), tax(base=["vat"], code="levy"), tax())),
        "versions[0].charges[1].base[0]: 'vat' is no charge that stands before it (energy)",
    ),
    (
        document(version(flat(), flat())),
        "versions[0].charges[1].code: 'energy' is already the code of a charge above",
    ),
    (
        document(version(flat()), version(flat())),
        "versions[1].starts_on: versions must follow each other by date",
    ),
    (
        document(version(fixed(per="day")), version(fixed(per="month"), starts_on="2012-01-01")),
        "versions[1].charges[0]: 'standing' is fixed by day in an earlier version and fixed by month here; "
        "use another code",
    ),
    (
        document(version(flat()), timezone="Europe/Londn"),
        "timezone: 'Europe/Londn' is not a time zone such as Europe/London",
    ),
    (document(version(flat()), decimals=1), "decimals: expected one of 0, 2, 3, found the number 1"),
    (document(version(flat()), decimals=True), "decimals: expected one of 0, 2, 3, found true"),
    (document(version(flat()), rounding="up"), "rounding: 'up' is not one of half_up, half_even"),
    (
        document(version(flat()), holidays={"country": "GB", "subdivision": "XYZ"}),
        "holidays.subdivision: no public holidays are known for 'XYZ' of GB",
    ),
    (
        document(version(flat()), holidays={"country": "Narnia"}),
        "holidays.country: no public holidays are known for 'Narnia'",
    ),
    (
        document(version(flat(), starts_on="2024-W01-1")),
        "versions[0].starts_on: '2024-W01-1' is not a date written YYYY-MM-DD",
    ),
    (document(version(tax("5.00001"))), "versions[0].charges[0].percent: has more than four decimals"),
    (document(), "versions: expected a list of at least 1, found a list of 0"),
    ([], "expected an object, found a list of 0"),
    (document(version(fixed()), currency="XXQ"), "currency: 'XXQ' is no currency of ISO 4217 that is in use"),
    (document(version(fixed()), currency="XAU"), "currency: 'XAU' is no currency of ISO 4217 that is in use"),
]


@pytest.mark.parametrize(("found", "says"), REFUSALS)
def test_refusals_say_place_and_reason(found: Any, says: str) -> None:
    assert refusal(found) == says


@pytest.mark.parametrize(
    ("seasons", "says"),
    [
        ([("summer", "04-01", "10-01")], "01-01 to 04-01 falls in no season"),
        ([("summer", "04-01", "10-01"), ("winter", "11-01", "04-01")], "10-01 to 11-01 falls in no season"),
        (
            [("summer", "04-01", "10-02"), ("winter", "10-01", "04-01")],
            "10-01 falls in 'summer' and in 'winter'",
        ),
        ([("summer", "01-01", "10-01")], "10-01 to the end of the year falls in no season"),
        ([("all", "01-01", "01-01")], "a season that ends where it begins is empty"),
    ],
)
def test_seasons_cover_the_year_once(seasons: list[tuple[str, str, str]], says: str) -> None:
    named = [{"name": name, "from": start, "to": end} for name, start, end in seasons]
    assert says in refusal(document(version(flat(), seasons=named)))


@pytest.mark.parametrize(
    ("charges", "says"),
    [
        (
            [{"kind": "discount", "code": "d", "label": "D", "percent": "5"}, flat()],
            "versions[0].charges[0]: a discount is on charges that stand before it, and there is none",
        ),
        (
            [{"kind": "late_fee", "code": "late", "label": "Late", "amount": "5"}],
            "versions[0].charges: a late fee is no line of a bill, and there is no other charge",
        ),
    ],
)
def test_a_version_that_could_never_charge_anything_is_refused(charges: Any, says: str) -> None:
    assert refusal(document(version(*charges))) == says


def test_one_season_that_is_named_is_enough() -> None:
    one = {
        "kind": "demand",
        "code": "d",
        "window": 30,
        "periods": [{"label": "d", "price": "1", "seasons": ["summer"]}],
    }
    assert tariff_of(document(version(flat(), one, seasons=TWO_SEASONS))).versions[0].seasons


def test_one_season_in_two_spans_of_the_year() -> None:
    spans = [
        ("high", "12-01", "03-01"),
        ("low", "03-01", "06-01"),
        ("high", "06-01", "09-01"),
        ("low", "09-01", "12-01"),
    ]
    seasons = [{"name": name, "from": start, "to": end} for name, start, end in spans]
    periods = [{"label": name, "price": "0.1", "seasons": [name]} for name in ("high", "low")]
    charge = {"kind": "energy", "code": "energy", "periods": periods}
    found = tariff_of(document(version(charge, seasons=seasons))).versions[0]
    assert [season.name for season in found.seasons] == ["high", "low"]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('{"format": "tariff/1", "format": "tariff/1"}', "the key 'format' stands twice in one object"),
        ('{"format": NaN}', "NaN is not a number"),
        ("{", "line 1, column 2: not JSON"),
        ("[" * 100_000, "nested too deeply"),
        ('{"price": ' + "9" * 5_000 + "}", "a number in it has thousands of digits"),
        ('{"a": [{"label": "x\\u0000"}]}', "a[0].label: holds U+0000, which is no character of a text"),
        ('{"name": "x\\ud800"}', "name: holds U+D800, which is no character of a text"),
        ('{"x\\u0007": "bell"}', "the file: holds U+0007"),
    ],
)
def test_json_is_read_strictly(text: str, says: str) -> None:
    with pytest.raises(TariffRefused, match=re.escape(says)):
        read_tariff(text)


def test_documented_refusals_are_what_is_said() -> None:
    """The messages in docs/tariffs.md are those tested above."""
    text = (DOCS / "tariffs.md").read_text(encoding="utf-8")
    said = re.findall(r"\| `(versions\[0\][^`]*)` \|", text)
    known = {says for _, says in REFUSALS}
    assert len(said) == 8
    assert [text for text in said if text not in known] == []


def test_a_currency_brings_its_decimals() -> None:
    own = {code: tariff_of(document(version(fixed()), currency=code)).decimals for code in currencies()}
    assert {"EUR": 2, "GBP": 2, "JPY": 0, "KWD": 3, "CLP": 0, "RUB": 2, "XAF": 0}.items() <= own.items()
    # ISO 4217 and the CLDR agree on what is divided by a thousand, but for the Iraqi dinar.
    thousandths = {code for code in own if get_currency_precision(code) == 3}
    assert {code for code, decimals in own.items() if decimals == 3} == thousandths | {"IQD"}
    assert {code for code, decimals in own.items() if decimals == 0} <= {
        code for code in own if get_currency_precision(code) == 0
    }
