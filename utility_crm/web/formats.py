"""Money, energy, dates and signs as people read them, in the language asked for.

Every function takes `language` last; templates have them as filters already bound to the user's language.
Minus is the real one (−), a signed figure always carries its sign, instants are shown in the utility's zone.
"""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from functools import lru_cache
from zoneinfo import ZoneInfo

from babel import Locale, UnknownLocaleError
from babel.dates import format_date, format_datetime, format_timedelta
from babel.numbers import NumberPattern, format_currency, get_currency_precision, parse_pattern

from utility_crm.kit.settings import settings

MINUS = "−"
NBSP = "\N{NO-BREAK SPACE}"
_PER_UNIT = {"GBP": "p", "EUR": "ct", "USD": "¢", "AUD": "¢"}
"""Currencies whose energy prices people know in hundredths."""


@lru_cache(maxsize=64)
def locale(language: str) -> Locale:
    """The Babel locale of a language tag; English for one nobody knows."""
    try:
        return Locale.parse(language.replace("-", "_"))
    except (UnknownLocaleError, ValueError):
        return Locale.parse("en")


def _real_minus(words: str) -> str:
    return words.replace("-", MINUS)


@lru_cache(maxsize=4096)
def money(minor: int, currency: str, language: str = "en") -> str:
    """Minor units as an amount: 3152, "GBP" -> £31.52; negative with a real minus."""
    return (MINUS if minor < 0 else "") + _amount(abs(minor), currency, language)


@lru_cache(maxsize=4096)
def signed_money(minor: int, currency: str, language: str = "en") -> str:
    """The same with its sign printed: +£16.18, −£3.36, £0.00."""
    return ("+" if minor > 0 else "") + money(minor, currency, language)


def _amount(minor: int, currency: str, language: str) -> str:
    digits: int = get_currency_precision(currency)
    return str(format_currency(Decimal(minor).scaleb(-digits), currency, locale=locale(language)))


@lru_cache(maxsize=64)
def _places(decimals: int) -> NumberPattern:
    return parse_pattern("#,##0" + ("." + "0" * decimals if decimals else ""))


def number(value: int | float | Decimal, decimals: int = 0, language: str = "en") -> str:
    """A number with exactly `decimals` places and the language's separators; zero without a sign."""
    return _number(value + 0, decimals, language)


@lru_cache(maxsize=8192)
def _number(value: int | float | Decimal, decimals: int, language: str) -> str:
    return _real_minus(str(_places(decimals).apply(value, locale(language))))


def signed_number(value: int | float | Decimal, decimals: int = 0, language: str = "en") -> str:
    """The same with its sign printed."""
    return ("+" if value > 0 else "") + number(value, decimals, language)


def kwh(micro_kwh: int, decimals: int = 1, language: str = "en") -> str:
    """Millionths of a kWh as kWh, the number alone: 361_900_000 -> 361.9. The unit stands in the head."""
    return number(Decimal(micro_kwh).scaleb(-6), decimals, language)


def signed_kwh(micro_kwh: int, decimals: int = 1, language: str = "en") -> str:
    """The same with its sign printed."""
    return signed_number(Decimal(micro_kwh).scaleb(-6), decimals, language)


def price(price_micro: int, currency: str, language: str = "en") -> str:
    """A unit price in millionths of the currency unit: 291_000, "GBP" -> 29.10 p; elsewhere four decimals."""
    if currency in _PER_UNIT:
        return number(Decimal(price_micro).scaleb(-4), 2, language) + NBSP + _PER_UNIT[currency]
    pattern = locale(language).currency_formats["standard"].pattern.split(";")[0].replace("0.00", "0.0000")
    value = Decimal(price_micro).scaleb(-6)
    return _real_minus(
        str(format_currency(value, currency, format=pattern, locale=locale(language), currency_digits=False))
    )


def percent(share: float | Decimal, decimals: int = 0, language: str = "en") -> str:
    """A share of one as percent: 0.31 -> 31 %."""
    return number(Decimal(str(share)) * 100, decimals, language) + NBSP + "%"


def _local(when: date | datetime) -> date | datetime:
    if isinstance(when, datetime):
        return (when if when.tzinfo else when.replace(tzinfo=UTC)).astimezone(ZoneInfo(settings().timezone))
    return when


def local_day(when: date | datetime) -> date:
    """The calendar date of an instant in the utility's zone."""
    local = _local(when)
    return local.date() if isinstance(local, datetime) else local


@lru_cache(maxsize=4096)
def _date(when: date, pattern: str, language: str) -> str:
    return str(format_date(when, pattern, locale=locale(language)))


def day(when: date | datetime, language: str = "en") -> str:
    """17 Oct. An instant is shown as its day in the utility's zone, here and below."""
    return _date(local_day(when), "d MMM", language)


def day_near(when: date | datetime, today: date, language: str = "en") -> str:
    """17 Oct, or 17 Oct 2025 where it is not this year's."""
    one = local_day(when)
    return _date(one, "d MMM" if one.year == today.year else "d MMM y", language)


def day_year(when: date | datetime, language: str = "en") -> str:
    """17 Oct 2026."""
    return _date(local_day(when), "d MMM y", language)


def weekday(when: date | datetime, language: str = "en") -> str:
    """Sat 17 Oct."""
    return _date(local_day(when), "EEE d MMM", language)


def weekday_name(when: date | datetime, language: str = "en") -> str:
    """Sat."""
    return _date(local_day(when), "ccc", language)


def day_full(when: date | datetime, language: str = "en") -> str:
    """17 October 2026."""
    return _date(local_day(when), "d MMMM y", language)


def day_long(when: date | datetime, language: str = "en") -> str:
    """Saturday 17 October 2026."""
    return _date(local_day(when), "EEEE d MMMM y", language)


def weekday_long(when: date | datetime, language: str = "en") -> str:
    """Saturday 17 October."""
    return _date(local_day(when), "EEEE d MMMM", language)


def day_key(when: date | datetime, language: str = "en") -> date:  # noqa: ARG001 - filters are called alike
    """The calendar date itself, to compare and to count days with."""
    return local_day(when)


def month(when: date | datetime, language: str = "en") -> str:
    """October 2026."""
    return _date(local_day(when), "LLLL y", language)


def month_name(when: date | datetime, language: str = "en") -> str:
    """October."""
    return _date(local_day(when), "LLLL", language)


def month_short(when: date | datetime, language: str = "en") -> str:
    """Oct."""
    return _date(local_day(when), "LLL", language).rstrip(".")


def month_year(when: date | datetime, language: str = "en") -> str:
    """Oct 2026."""
    return _date(local_day(when), "LLL y", language)


def clock(when: datetime, language: str = "en") -> str:
    """14:31 in the utility's zone."""
    return str(format_datetime(_local(when), "HH:mm", locale=locale(language)))


def ago(when: date | datetime, now: datetime, language: str = "en") -> str:
    """How long before or after `now`: 3 days ago, in 2 hours. A date counts whole days in our zone."""
    if isinstance(when, datetime):
        return str(format_timedelta(when - now, add_direction=True, locale=locale(language)))
    today = local_day(now)
    return str(
        format_timedelta(
            when - today, granularity="day", threshold=1, add_direction=True, locale=locale(language)
        )
    )


def tel(value: str, language: str = "en") -> str:
    """A telephone number as a link of kind `tel:` has it (RFC 3966): digits and a leading plus."""
    del language
    return "".join(
        sign for place, sign in enumerate(value.strip()) if sign.isdigit() or (sign == "+" and place == 0)
    )


FILTERS = {
    function.__name__: function
    for function in (
        money, signed_money, number, signed_number, kwh, signed_kwh, price, percent,
        day, day_near, day_year, weekday, weekday_long, weekday_name, day_key, day_full, day_long, month,
        month_name, month_short, month_year, clock, ago, tel,
    )
}  # fmt: skip
"""What a template may write after a bar; each is bound to the user's language."""
