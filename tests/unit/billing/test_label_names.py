"""What charges are called in other languages: complete, no price, and put in where a line is read."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from rating_cases import document, fixed, flat, tax, version

from billing.actions.tariffs import first_difference
from billing.demo.tariff_files import tariff_files
from billing.domain.errors import TariffRefused
from billing.domain.tariffs.file import tariff_of
from billing.domain.tariffs.label_names import label_said
from billing.queries.bills import LineRow
from billing.wording import in_language

RUSSIAN = {"Standing": "Абонентская плата", "energy": "энергия", "VAT": "НДС"}


def named(labels: Any) -> dict[str, Any]:
    return document(version(fixed(), flat(), tax()), **({} if labels is None else {"labels": labels}))


def test_names_are_read_and_are_no_part_of_the_price() -> None:
    plain, russian = tariff_of(named(None)), tariff_of(named({"ru": RUSSIAN}))
    assert dict(dict(russian.labels)["ru"]) == RUSSIAN and plain.labels == ()
    assert plain == russian and hash(plain) == hash(russian)
    assert first_difference(plain, russian) is None


@pytest.mark.parametrize(
    ("labels", "says"),
    [
        ({"ru": {**RUSSIAN, "Standin": "x"}}, "labels.ru.Standin: 'Standin' is the label of no charge"),
        ({"ru": {"Standing": "x", "VAT": "y"}}, "labels.ru: 'energy' has no name in it"),
        ({"rus": RUSSIAN}, "labels.rus: 'rus' is no language of two small letters, such as ru"),
        ({"RU": RUSSIAN}, "labels.RU: 'RU' is no language of two small letters, such as ru"),
        ({"ru": {**RUSSIAN, "VAT": ""}}, "labels.ru.VAT: expected a text, found an empty text"),
        ({"ru": {**RUSSIAN, "VAT": 5}}, "labels.ru.VAT: expected a text, found the number 5"),
        ({"ru": "x"}, "labels.ru: expected an object"),
        ("ru", "labels: expected an object"),
    ],
)
def test_refusals_say_place_and_reason(labels: Any, says: str) -> None:
    with pytest.raises(TariffRefused) as refused:
        tariff_of(named(labels))
    assert str(refused.value).startswith(says)


def test_what_the_engine_adds_to_a_label_is_told_apart() -> None:
    names = {"peak": "пик", "peak, winter": "зимний пик"}
    assert label_said("peak", names) == ("пик", "")
    assert label_said("peak, to 300 kWh", names) == ("пик", "to 300 kWh")
    assert label_said("peak, winter, over 300 kWh", names) == ("зимний пик", "over 300 kWh")
    assert label_said("peaks", names) == ("peaks", "")


@pytest.mark.parametrize(
    ("label", "said"),
    [
        ("Energy", "Энергия"),
        ("Energy, to 1300.5 kWh", "Энергия, до 1\u00a0300,5 кВт·ч"),
        ("Energy, over 300 kWh", "Энергия, свыше 300 кВт·ч"),
        ("Energy, mean price", "Энергия, средняя цена"),
        ("Energy, the year closed with the agreement", "Энергия, год закрыт вместе с договором"),
        ("Rent", "Rent"),
    ],
)
def test_lines_are_said_in_the_readers_language(label: str, said: str) -> None:
    line = LineRow(
        1, "energy", label, date(2026, 10, 1), date(2026, 11, 1), 1, "kWh", 1, 1, None, None, None,
        {"ru": {"Energy": "Энергия"}},
    )  # fmt: skip
    (russian,), (english,) = in_language([line], "ru"), in_language([line], "en")
    assert (russian.label, english) == (said, line)
    assert in_language([replace(line, labels=None)], "ru") == (line,)


def test_every_charge_of_the_demo_has_a_russian_name() -> None:
    for found in tariff_files(date(2026, 4, 1)):
        names = dict(dict(tariff_of(found).labels)["ru"])
        assert names["Standing charge"] == "Абонентская плата"
        assert all(any("а" <= letter <= "я" for letter in one.lower()) for one in names.values())
