"""Figures as they are written in a customer's language."""

from __future__ import annotations

from datetime import date, datetime, time
from decimal import Decimal
from functools import lru_cache

from babel import Locale, UnknownLocaleError
from babel.dates import format_date, format_datetime, format_time
from babel.numbers import format_currency, get_currency_precision

# English without a country would put the month before the day.
_PLACES = {"en": "en_GB"}


@lru_cache(maxsize=64)
def locale_of(language: str) -> Locale:
    """The language's customs; English ones for a language nobody taught us."""
    try:
        return Locale.parse(_PLACES.get(language, language.replace("-", "_")))
    except (UnknownLocaleError, ValueError):
        return Locale.parse(_PLACES["en"])


def money_in_words(amount_minor: int, currency: str, language: str) -> str:
    """An amount in the currency's minor units: "£12.50", "12,50 £"."""
    amount = Decimal(amount_minor).scaleb(-get_currency_precision(currency))
    return str(format_currency(amount, currency, locale=locale_of(language)))


def day_in_words(day: date, language: str) -> str:
    """ "Friday, 27 November 2026", in the language's own way."""
    return _full_day(day.year, day.month, day.day, language)


def time_in_words(at: datetime, language: str, *, zone_named: bool = False) -> str:
    """The time on the wall: "09:00"; with `zone_named` also which clock: "01:30 BST"."""
    if zone_named:
        return str(format_datetime(at, "HH:mm z", tzinfo=at.tzinfo, locale=locale_of(language)))
    return _on_the_wall(at.hour, at.minute, language)


def short_day_in_words(day: date, language: str) -> str:
    """ "6 Nov 2026", in the language's own way: for a text message."""
    return str(format_date(day, "d MMM y", locale=locale_of(language)))


def price_in_words(price_micro: int, currency: str, language: str) -> str:
    """A price in millionths of the currency, as exact as it is: "£0.14228", never fewer digits than money
    has."""
    amount = Decimal(price_micro).scaleb(-6).normalize()
    least = get_currency_precision(currency)
    if -int(amount.as_tuple().exponent) < least:
        amount = amount.quantize(Decimal(1).scaleb(-least))
    said = format_currency(amount, currency, locale=locale_of(language), decimal_quantization=False)
    return str(said)


# Thousands hear of one day and one hour. Asked for by its parts, since aware times of two zones may be equal
# and are not the same on the wall.
@lru_cache(maxsize=4096)
def _full_day(year: int, month: int, day: int, language: str) -> str:
    # Russian ends with an abbreviation ("2026 г."), whose dot would stand beside the sentence's own.
    words = str(format_date(date(year, month, day), "full", locale=locale_of(language)))
    return words.removesuffix("г.").rstrip()


@lru_cache(maxsize=4096)
def _on_the_wall(hour: int, minute: int, language: str) -> str:
    return str(format_time(time(hour, minute), "HH:mm", locale=locale_of(language)))
