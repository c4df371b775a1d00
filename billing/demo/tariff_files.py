"""The three simulated tariffs as tariff files (docs/tariffs.md): each with one price change."""

from __future__ import annotations

from datetime import date
from typing import Any

from utility_crm.demo import prices
from utility_crm.demo.prices import Prices

Document = dict[str, Any]


def tariff_files(price_change: date) -> tuple[Document, ...]:
    """Steady, Day & Night and Business, in this order."""
    return (
        _file(prices.STEADY, price_change, _steady),
        _file(prices.DAY_NIGHT, price_change, _day_night),
        _file(prices.BUSINESS, price_change, _business)
        | {"holidays": {"country": "GB", "subdivision": "ENG"}},
    )


def _file(code: str, price_change: date, version: Any) -> Document:
    first = date(price_change.year - 2, 4, 1)  # before the first simulated half-hour
    versions = [
        {"starts_on": starts_on.isoformat(), **version(of_then)}
        for starts_on, of_then in ((first, prices.BEFORE), (price_change, prices.AFTER))
    ]
    return {
        "format": "tariff/1",
        "code": code,
        "name": prices.TARIFF_NAMES[code],
        "currency": "GBP",
        "timezone": "Europe/London",
        "eligibility": {
            "segments": ["small_business", "industry"] if code == prices.BUSINESS else ["household"]
        },
        "labels": _labels(versions),
        "versions": versions,
    }


def _steady(price: Prices) -> Document:
    energy = [{"label": "Energy, all hours", "price": _pounds(price.steady_kwh)}]
    return _charges(price.steady_day, energy, prices.HOUSEHOLD_TAX_PPM)


def _day_night(price: Prices) -> Document:
    energy: list[Document] = [
        {"label": "Night", "price": _pounds(price.night_kwh), "hours": [_hours(prices.NIGHT_HOURS)]},
        {"label": "Day", "price": _pounds(price.day_kwh), "otherwise": True},
    ]
    return _charges(price.day_night_day, energy, prices.HOUSEHOLD_TAX_PPM)


def _business(price: Prices) -> Document:
    (early, late), (peak, after) = prices.DAY_HOURS, prices.PEAK_HOURS
    weekday, winter, summer = {"days": ["weekday"]}, {"seasons": ["winter"]}, {"seasons": ["summer"]}
    around = [_hours((early, peak)), _hours((after, late))]
    energy: list[Document] = [
        {"label": "Peak", "price": _pounds(price.business_peak_kwh)} | winter | weekday
        | {"hours": [_hours((peak, after))]},
        {"label": "Day", "price": _pounds(price.business_day_kwh)} | winter | weekday | {"hours": around},
        {"label": "Day", "price": _pounds(price.business_summer_kwh)} | summer | weekday
        | {"hours": [_hours((early, late))]},
        {"label": "Nights and days off", "price": _pounds(price.business_night_kwh), "otherwise": True},
    ]  # fmt: skip
    seasons = [
        {"name": "winter", "from": "11-01", "to": "04-01"},
        {"name": "summer", "from": "04-01", "to": "11-01"},
    ]
    made = _charges(price.business_day, energy, prices.BUSINESS_TAX_PPM)
    made["charges"].append(_LATE)
    return {"seasons": seasons, **made}


_RUSSIAN = {
    "Energy, all hours": "Энергия, круглые сутки",
    "Night": "Ночь",
    "Day": "День",
    "Peak": "Пик",
    "Nights and days off": "Ночи и выходные",
    "Standing charge": "Абонентская плата",
    "VAT": "НДС",
    "Interest for late payment": "Пени за просрочку",
}


def _labels(versions: list[Document]) -> Document:
    """What the charges of these versions are called in Russian."""
    charges = [charge for version in versions for charge in version["charges"]]
    named = [one.get("label") for charge in charges for one in (charge, *charge.get("periods", ()))]
    return {"ru": {label: _RUSSIAN[label] for label in dict.fromkeys(filter(None, named))}}


_LATE: Document = {
    "kind": "late_fee",
    "code": "late",
    "label": "Interest for late payment",
    "percent": "8",
    "per": "year",
    "after_days": 7,
}
"""Between businesses alone: no household is charged for paying late."""


def _charges(day_price: int, energy: list[Document], tax_ppm: int) -> Document:
    return {
        "charges": [
            {
                "kind": "fixed",
                "code": "standing",
                "label": "Standing charge",
                "price": _pounds(day_price),
                "per": "day",
            },
            {"kind": "energy", "code": "energy", "periods": energy},
            {"kind": "tax", "code": "vat", "label": "VAT", "percent": f"{tax_ppm // 10_000}"},
        ]
    }


def _hours(span: tuple[int, int]) -> str:
    return f"{span[0]:02d}:00-{span[1]:02d}:00"


def _pounds(micro: int) -> str:
    return f"0.{micro:06d}" if micro < 1_000_000 else f"{micro // 1_000_000}.{micro % 1_000_000:06d}"
