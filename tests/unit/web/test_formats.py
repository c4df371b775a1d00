"""Money, energy, dates and signs as people read them."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from utility_crm.web import formats

BY_RU = "ru"


@pytest.mark.parametrize(
    ("minor", "currency", "language", "words"),
    [
        (3152, "GBP", "en", "£31.52"),
        (-336, "GBP", "en", "−£3.36"),
        (0, "GBP", "en", "£0.00"),
        (123456789, "EUR", "en", "€1,234,567.89"),
        (31500, "JPY", "en", "¥31,500"),
        (-336, "GBP", "ru", "−3,36\xa0£"),
    ],
)
def test_money_has_a_real_minus_and_its_own_decimals(
    minor: int, currency: str, language: str, words: str
) -> None:
    assert formats.money(minor, currency, language) == words


def test_signs_are_printed() -> None:
    assert formats.signed_money(1618, "GBP") == "+£16.18"
    assert formats.signed_money(-336, "GBP") == "−£3.36"
    assert formats.signed_money(0, "GBP") == "£0.00"
    assert formats.signed_number(-2.25, 1) == "−2.2"
    assert formats.signed_kwh(32_600_000) == "+32.6"


def test_energy_and_prices() -> None:
    assert formats.kwh(361_900_000) == "361.9"
    assert formats.kwh(1_234_567_890_000, 0) == "1,234,568"
    assert formats.kwh(361_900_000, 1, BY_RU) == "361,9"
    assert formats.price(291_000, "GBP") == "29.10\xa0p"
    assert formats.price(-15_000, "EUR") == "−1.50\xa0ct"
    assert formats.price(5_430_000, "RUB", BY_RU) == "5,4300\xa0₽"
    assert formats.percent(0.3125) == "31\xa0%"
    assert formats.percent(0.991, 1) == "99.1\xa0%"


def test_instants_are_shown_in_the_utilitys_zone() -> None:
    late = datetime(2026, 6, 30, 23, 30, tzinfo=UTC)  # half past midnight in London's summer
    assert (formats.day(late), formats.clock(late)) == ("1 Jul", "00:30")
    assert formats.day_key(late) == date(2026, 7, 1)


def test_dates_in_both_languages() -> None:
    when = date(2026, 10, 17)
    assert formats.weekday(when) == "Sat 17 Oct"
    assert formats.day_long(when) == "Saturday 17 October 2026"
    assert formats.month(when) == "October 2026"
    assert formats.month(when, BY_RU) == "октябрь 2026"
    assert formats.day_year(when, BY_RU) == "17 окт. 2026"


def test_how_long_ago() -> None:
    now = datetime(2026, 11, 20, 14, 42, tzinfo=UTC)
    assert formats.ago(datetime(2026, 11, 20, 12, 40, tzinfo=UTC), now) == "2 hours ago"
    assert formats.ago(date(2026, 11, 17), now) == "3 days ago"
    assert formats.ago(date(2026, 11, 24), now) == "in 4 days"


def test_a_language_nobody_knows_is_english() -> None:
    assert formats.money(100, "GBP", "xx-unknown") == "£1.00"
