"""Numbers and dates as English says them. The only place that knows currency signs."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

from billing.domain.explanation.weather.parting import WeatherFit
from billing.domain.money import MICRO, amount_text
from billing.domain.reckoning.days import Period

_SIGNS = {"GBP": "£", "EUR": "€", "USD": "$", "AUD": "A$", "NZD": "NZ$", "CAD": "C$", "JPY": "¥", "INR": "₹"}
_MINOR_NAMES = {"GBP": "p", "EUR": "ct", "USD": "¢", "AUD": "c", "NZD": "c", "CAD": "¢"}
_MONTHS = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip
_NUMBERS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")


def money_text(amount_minor: int, currency: str, decimals: int) -> str:
    """The size, without a sign: £23.88, or 23.88 CHF where the currency has no sign of its own."""
    whole, _, part = amount_text(abs(amount_minor), decimals).partition(".")
    text = f"{int(whole):,}" + (f".{part}" if part else "")
    sign = _SIGNS.get(currency)
    return f"{sign}{text}" if sign else f"{text} {currency}"


def price_text(price_micro: int, currency: str) -> str:
    """A price as people say it: 14.228 p, but £1.50; at least two decimals, never rounded."""
    return prices_text([price_micro], currency)[0]


def prices_text(prices_micro: Sequence[int], currency: str) -> list[str]:
    """Prices beside each other in one unit: where one of them is a pound or more, all are in pounds."""
    name = _MINOR_NAMES.get(currency)
    if name and all(abs(price) < MICRO for price in prices_micro):
        return [f"{_price_figure(price * 100)} {name}" for price in prices_micro]
    sign = _SIGNS.get(currency)
    if sign is None:
        return [f"{_price_figure(price)} {currency}" for price in prices_micro]
    said = [_price_figure(price) for price in prices_micro]
    return [f"−{sign}{one[1:]}" if one.startswith("−") else f"{sign}{one}" for one in said]


def _price_figure(value_micro: int) -> str:
    whole, part = divmod(abs(value_micro), MICRO)
    decimals = f"{part:06d}".rstrip("0").ljust(2, "0")
    return f"{'−' if value_micro < 0 else ''}{whole:,}.{decimals}"


def percent_text(ppm: int, places: int) -> str:
    """Parts per million as a percentage with at most so many places."""
    value = f"{ppm / 10_000:.{places}f}"
    if "." in value:
        value = value.rstrip("0").rstrip(".")
    return f"{value} %"


def kwh_text(micro_kwh: int, more_places: int) -> str:
    """kWh with one decimal, for people, or with more where that says too little."""
    value = f"{abs(micro_kwh) / MICRO:,.{1 + more_places}f}"
    return f"−{value}" if micro_kwh < 0 and value.strip("0.,") else value


def celsius_text(degrees: float) -> str:
    """Degrees with one decimal and a real minus."""
    value = f"{abs(degrees):.1f}"
    return f"−{value}" if degrees < 0 and float(value) else value


def fit_text(fit: WeatherFit) -> str:
    """How well the weather is known: fitted on 334 days, R² 0.63, CV(RMSE) 0.40: heating below 11.5 °C by
    2.57 ± 0.77 kWh a degree-day."""
    slopes = [
        f"{name} {celsius_text(slope.balance_celsius)} °C by {slope.kwh:.2f} ± {slope.plus_minus:.2f} kWh a "
        "degree-day"
        for name, slope in (("heating below", fit.heating), ("cooling above", fit.cooling))
        if slope is not None
    ]
    said = " and ".join(slopes)
    return f"fitted on {fit.days} days, R² {fit.r2:.2f}, CV(RMSE) {fit.cvrmse:.2f}: {said}"


def count_words(count: int) -> str:
    return _NUMBERS[count] if 0 <= count < len(_NUMBERS) else str(count)


def day_count(count: str | None) -> str:
    return f"{count} day" if count == "1" else f"{count} days"


def month_of(period: Period) -> str | None:
    """The month's name where the period is exactly one calendar month."""
    start = period.starts_on
    next_month = (start.replace(day=1) + timedelta(days=31)).replace(day=1)
    return _MONTHS[start.month - 1] if start.day == 1 and period.ends_before == next_month else None


def month_name(day: date) -> str:
    return _MONTHS[day.month - 1]


def date_text(day: date, *, with_year: bool = False) -> str:
    return f"{day.day} {_MONTHS[day.month - 1]}" + (f" {day.year}" if with_year else "")


def bill_names(before: Period, after: Period) -> tuple[str, str]:
    """The two bills by name: ("Your November bill", "October’s"), with years where months are the same."""
    months = month_of(before), month_of(after)
    if months[0] and months[1]:
        if months[0] == months[1]:
            years = before.starts_on.year, after.starts_on.year
            return f"Your {months[1]} {years[1]} bill", f"{months[0]} {years[0]}’s"
        return f"Your {months[1]} bill", f"{months[0]}’s"
    lasts = [period.ends_before - timedelta(days=1) for period in (before, after)]
    same = (lasts[0].month, lasts[0].day) == (lasts[1].month, lasts[1].day)
    return (
        f"Your bill to {date_text(lasts[1], with_year=same)}",
        f"the one to {date_text(lasts[0], with_year=same)}",
    )


def bill_name(period: Period) -> str:
    month = month_of(period)
    return (
        f"Your {month} bill" if month else f"Your bill to {date_text(period.ends_before - timedelta(days=1))}"
    )
