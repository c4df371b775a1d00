"""The JSON Schema of tariff files, published as docs/tariff.schema.json and kept equal to it by a test.

It is for editors and for people; the reader (tariff_file.py) refuses more than a schema can say.
"""

from __future__ import annotations

from typing import Any

from billing.domain.charges.demand import MOST_MONTHS
from billing.domain.charges.late_fee import MOST_DAYS
from billing.domain.charges.power import POWER_UNITS
from billing.domain.charges.tiers import CAP_UNITS, WINDOWS
from billing.domain.money import DECIMALS, Rounding
from billing.domain.reckoning.days import DAY_WORDS, MONTH_NAMES
from billing.domain.tariffs.eligibility import FUELS, SEGMENTS
from billing.domain.tariffs.file import FORMAT

_DECIMAL = {"type": "string", "pattern": r"^-?[0-9]{1,18}(\.[0-9]{1,6})?$"}
_CAP = {"type": "string", "pattern": r"^[0-9]{1,10}(\.[0-9]{1,6})?$"}
_CODE = {"type": "string", "pattern": r"^[a-z0-9][a-z0-9_.-]{0,63}$"}
_TEXT = {"type": "string", "minLength": 1, "pattern": r"\S"}
_DATE = {"type": "string", "pattern": r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$"}
_MONTH_DAY = {"type": "string", "pattern": r"^[0-9]{2}-[0-9]{2}$"}


def _object(required: dict[str, Any], optional: dict[str, Any] | None = None) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": {**required, **(optional or {})},
        "required": list(required),
        "additionalProperties": False,
    }


def _some(item: dict[str, Any], *, unique: bool = False) -> dict[str, Any]:
    found: dict[str, Any] = {"type": "array", "minItems": 1, "items": item}
    return {**found, "uniqueItems": True} if unique else found


def _said(schema: dict[str, Any], description: str) -> dict[str, Any]:
    return {**schema, "description": description}


def _tiers(price: dict[str, Any], unit: str) -> dict[str, Any]:
    up_to = _said(_CAP, f"Cumulative {unit} at which the tier ends.")
    lower = _object({"up_to": up_to, "price": price})
    found = {"type": "array", "minItems": 2, "items": {"oneOf": [lower, _object({"price": price})]}}
    return _said(found, "The lowest first; the last has no end.")


def _periods(unit: str, tiers_of: str = "") -> dict[str, Any]:
    label = _said(_TEXT, "The line's name on the bill; the same label may stand in several periods.")
    price = _said(_DECIMAL, f"Currency units per {unit}, at most six decimals.")
    seasons = _said(_some(_TEXT, unique=True), "Seasons of this version; all of them when left out.")
    days = _said(_some({"enum": list(DAY_WORDS)}, unique=True), "All kinds of day when left out.")
    hours = _said(
        _hours(),
        "Clock hours, half-open; 22:00-07:00 is 00:00-07:00 and 22:00-24:00 of the same day.",
    )
    found: list[dict[str, Any]] = []
    for cost in ({"price": price}, *([{"tiers": _tiers(price, tiers_of)}] if tiers_of else [])):
        found.append(_object({"label": label, **cost}, {"seasons": seasons, "days": days, "hours": hours}))
        found.append(_object({"label": label, **cost, "otherwise": {"const": True}}, {"seasons": seasons}))
    return _some({"oneOf": found})


def _tier_rule() -> dict[str, Any]:
    fill = "In the order of time, in proportion to each label's energy, or each label for itself."
    return _object(
        {
            "by": _said({"enum": ["month", "day", "bill"]}, "When the tiers begin anew."),
            "fill": _said({"enum": ["time", "proportion", "each"]}, fill),
        },
        {
            "unit": _said({"enum": list(CAP_UNITS)}, "Of every up_to; kWh when left out."),
            "window": _said({"enum": list(WINDOWS)}, "Minutes of the demand, where the unit is per kW."),
        },
    )


def _charge() -> dict[str, Any]:
    label = _said(_TEXT, "The line's name on the bill.")
    fixed = _object(
        {
            "kind": {"const": "fixed"},
            "code": _CODE,
            "label": label,
            "price": _said(_DECIMAL, "Currency units a day, month or year."),
            "per": {"enum": ["day", "month", "year"]},
        },
        {"each": _said({"enum": ["kVA", "kW", "connection"]}, "What of the supply the price is for.")},
    )
    energy = _object(
        {
            "kind": {"const": "energy"},
            "code": _CODE,
            "periods": _periods("kWh", "kWh (a day, where the unit says so)"),
        },
        {
            "tiers": _said(_tier_rule(), "Where the periods have tiers: how these fill."),
            "net": _said(_net_rule(), "Net metering: energy given back is taken off, label by label."),
            "share": _said(_DECIMAL, "Per cent of what is metered that is charged; all of it when left out."),
            "registers": _said(
                _some(_object({"name": _TEXT, "label": _TEXT})),
                "Which label a register counts, where a meter has no intervals.",
            ),
        },
    )
    tax = _object(
        {
            "kind": {"const": "tax"},
            "code": _CODE,
            "label": label,
            "percent": _said(_DECIMAL, "Per cent, at most four decimals."),
        },
        {"base": _base()},
    )
    return {
        "oneOf": [
            fixed,
            energy,
            _dynamic(),
            *_export(),
            _demand(),
            *_capacity(),
            _reactive(),
            *_discounts(),
            _minimum(),
            tax,
            *_late_fees(),
        ]
    }


def _dynamic() -> dict[str, Any]:
    return _object(
        {
            "kind": {"const": "dynamic"},
            "code": _CODE,
            "label": _said(_TEXT, "The line's name on the bill."),
            "series": _said(_CODE, "Names the series of prices per kWh."),
        },
        _of_series(),
    )


def _export() -> list[dict[str, Any]]:
    netting = _said({"const": "interval"}, "Import and export of one interval are set off first.")
    head: dict[str, Any] = {"kind": {"const": "export"}, "code": _CODE}
    series = {
        "label": _said(_TEXT, "The line's name on the bill."),
        "series": _said(_CODE, "Names the series of prices per kWh."),
    }
    return [
        _object({**head, "periods": _periods("kWh given back")}, {"netting": netting}),
        _object({**head, **series}, {**_of_series(), "netting": netting}),
    ]


def _net_rule() -> dict[str, Any]:
    by = _said({"enum": ["month", "bill"]}, "Over what import and export are set off.")
    label = _said(_TEXT, "Of the line that pays out.")
    price = _said(_DECIMAL, "Currency units per kWh of it.")
    ends = _said({"enum": list(MONTH_NAMES)}, "The month at whose end credit ends and is paid out.")
    pays = {"enum": ["credit", "surplus"]}
    of_year = {"by": by, "year_ends": ends, "price": price, "label": label}
    said = _said(pays, "What is left of each label, or what the year gave back beyond what it took.")
    return {"oneOf": [_object({"by": by}), _object(of_year, {"pays": said})]}


def _of_series() -> dict[str, Any]:
    """What is done to each price of a series."""
    return {
        "multiplier": _said(_DECIMAL, "Each price is multiplied by it; 1 when left out."),
        "adder": _said(_DECIMAL, "Currency units per kWh added to each price after that."),
        "cap": _said(_DECIMAL, "No price is more than this, after multiplier and adder."),
        "floor": _said(_DECIMAL, "No price is less than this, after multiplier and adder."),
    }


def _demand() -> dict[str, Any]:
    percent = _said(_DECIMAL, "Of the highest; per cent, at most four decimals.")
    months = {"type": "integer", "minimum": 1, "maximum": MOST_MONTHS}
    of = _some({"enum": list(MONTH_NAMES)}, unique=True)
    ratchet = _object(
        {"percent": percent, "months": _said(months, "How many past months are looked back upon.")},
        {"of": _said(of, "Only these months of the year count; all of them when left out.")},
    )
    return _object(
        {
            "kind": {"const": "demand"},
            "code": _CODE,
            "window": _said({"enum": list(WINDOWS)}, "Minutes over which power is averaged."),
            "periods": _periods("kW (or its unit)", "kW (or its unit)"),
        },
        {
            "by": _said({"enum": ["month", "bill"]}, "How long a maximum lasts; a month when left out."),
            "per": _said({"enum": ["day", "month"]}, "What a kW is priced by; a month when left out."),
            "unit": _power_unit(),
            "ratchet": _said(ratchet, "What is billed at least."),
        },
    )


def _capacity() -> list[dict[str, Any]]:
    month = {"month": {"type": "string", "pattern": r"^[0-9]{4}-(0[1-9]|1[0-2])$"}}
    instant = {"type": "string", "pattern": r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}$"}
    at = {"type": "array", "items": instant, "uniqueItems": True}
    system = _object(
        {**month, "at": _said(at, "System peaks by the local clock: the mean of the power in them.")}
    )
    planned = _object(
        {**month, "hours": _said(_hours(), "Planned peak hours: each day's highest, and their mean.")}
    )
    peaks = {"type": "array", "minItems": 1, "items": {"oneOf": [system, planned]}}
    head = {
        "kind": {"const": "capacity"},
        "code": _CODE,
        "label": _said(_TEXT, "The line's name on the bill."),
        "price": _said(_DECIMAL, "Currency units per kW (or its unit) and month."),
        "window": _said({"enum": list(WINDOWS)}, "Minutes over which power is averaged."),
        "peaks": _said(peaks, "Every month that is billed."),
    }
    days = _said(
        _some({"enum": list(DAY_WORDS)}, unique=True), "Whose planned hours count; weekdays when left out."
    )
    return [_object(head, {"days": days, "unit": _power_unit()})]


def _power_unit() -> dict[str, Any]:
    return _said(
        {"enum": list(POWER_UNITS)}, "kVA and kVAr read reactive energy by the interval; kW when left out."
    )


def _reactive() -> dict[str, Any]:
    return _object(
        {
            "kind": {"const": "reactive"},
            "code": _CODE,
            "label": _said(_TEXT, "The line's name on the bill."),
            "price": _said(_DECIMAL, "Currency units per kVArh beyond what is allowed."),
            "allowed": _said(_DECIMAL, "Per cent of the kWh of the same time, at most four decimals."),
        },
        {"by": _said({"enum": ["month", "bill"]}, "Over what both are added up; a month when left out.")},
    )


def _hours() -> dict[str, Any]:
    return _some({"type": "string", "pattern": r"^[0-9]{2}:[0-9]{2}-[0-9]{2}:[0-9]{2}$"}, unique=True)


def _base() -> dict[str, Any]:
    return _said(_some(_CODE, unique=True), "Codes of charges above; all of them when left out.")


def _discounts() -> list[dict[str, Any]]:
    head = {
        "kind": {"const": "discount"},
        "code": _CODE,
        "label": _said(_TEXT, "The line's name on the bill."),
    }
    percent = _said(_DECIMAL, "Of its base, at most 100; at most four decimals.")
    amount = _said(_DECIMAL, "Currency units a day or a month; never more than its base is taken off.")
    return [
        _object({**head, "percent": percent}, {"base": _base()}),
        _object(
            {
                **head,
                "percent": percent,
                "up_to": _said(_CAP, "Only off the first kWh of its base, at their mean price."),
                "per": {"enum": ["day", "month"]},
            },
            {"base": _base()},
        ),
        _object({**head, "amount": amount, "per": {"enum": ["day", "month"]}}, {"base": _base()}),
    ]


def _late_fees() -> list[dict[str, Any]]:
    head = {"kind": {"const": "late_fee"}, "code": _CODE, "label": _said(_TEXT, "What it is called.")}
    days = {"type": "integer", "minimum": 0, "maximum": MOST_DAYS}
    after = {
        "after_days": _said(days, "So long it costs nothing, and they are not counted; 0 when left out.")
    }
    percent = _said(_DECIMAL, "Of what is overdue; per cent, at most four decimals.")
    per = _said({"enum": ["day", "month", "year"]}, "A month is a twelfth of 365 days.")
    return [
        _object({**head, "percent": percent, "per": per}, after),
        _object({**head, "amount": _said(_DECIMAL, "Currency units, once.")}, after),
    ]


def _minimum() -> dict[str, Any]:
    return _object(
        {
            "kind": {"const": "minimum"},
            "code": _CODE,
            "label": _said(_TEXT, "The line's name on the bill, where the base falls short."),
            "price": _said(_DECIMAL, "Currency units a day, month or year."),
            "per": {"enum": ["day", "month", "year"]},
        },
        {"base": _base()},
    )


def _volume() -> dict[str, Any]:
    value = _object(
        {
            "from": _said(_DATE, "In force from this date until the next one's."),
            "value": _said(_DECIMAL, "MJ a m3."),
        }
    )
    gas = _object(
        {
            "commodity": {"const": "gas"},
            "calorific_values": _said(_some(value), "By date, the earliest first."),
        },
        {"correction": _said(_DECIMAL, "Of the volume, such as 1.02264; 1 when left out.")},
    )
    return {"oneOf": [gas, _object({"commodity": {"const": "water"}})]}


def _eligibility() -> dict[str, Any]:
    power = _object(
        {},
        {
            "least": _said(_DECIMAL, "kW, this one included."),
            "most": _said(_DECIMAL, "kW, this one included."),
        },
    )
    return {
        **_object(
            {},
            {
                "segments": _said(_some({"enum": list(SEGMENTS)}, unique=True), "Of customers."),
                "areas": _said(_some(_TEXT, unique=True), "Codes of the network's areas."),
                "connection_kw": {**power, "minProperties": 1},
                "closed_from": _said(_DATE, "Nobody new from that day on; who is on it stays."),
            },
        ),
        "minProperties": 1,
    }


def tariff_schema() -> dict[str, Any]:
    """A JSON Schema (draft 2020-12) of one tariff file."""
    season = _object(
        {
            "name": _TEXT,
            "from": _said(_MONTH_DAY, "First day, MM-DD."),
            "to": _said(_MONTH_DAY, "The day after the last, MM-DD; may lie beyond the New Year."),
        }
    )
    version = _object(
        {
            "starts_on": _said(_DATE, "In force from this date until the next version's."),
            "charges": _said(_some(_charge()), "In the order of the bill's lines."),
        },
        {"seasons": _said(_some(season), "Together they cover the year, each day once.")},
    )
    holidays = _object({"country": _TEXT}, {"subdivision": _TEXT})
    body = _object(
        {
            "format": {"const": FORMAT},
            "code": _said(_CODE, "Names the tariff for good; another code is another tariff."),
            "name": _TEXT,
            "currency": _said({"type": "string", "pattern": "^[A-Z]{3}$"}, "ISO 4217."),
            "versions": _said(_some(version), "By date, the earliest first."),
        },
        {
            "decimals": _said(
                {"enum": list(DECIMALS)}, "Of the minor unit; the currency's own when left out."
            ),
            "timezone": _said(_TEXT, "IANA name; the premise's when left out."),
            "holidays": _said(holidays, "A public holiday calendar; without it no day is a holiday."),
            "volume": _said(_volume(), "For gas and water, metered in m3."),
            "fuel": _said({"enum": list(FUELS)}, "What it is a price of; the volume's, else electricity."),
            "eligibility": _said(_eligibility(), "Whom it is for; what is left out limits nothing."),
            "labels": _said(
                {
                    "type": "object",
                    "propertyNames": {"pattern": "^[a-z]{2}$"},
                    "additionalProperties": {"type": "object", "additionalProperties": _TEXT},
                },
                "By language (ISO 639-1), what every label of the charges is called in it.",
            ),
            "rounding": _said(
                {"enum": [rule.value for rule in Rounding]}, "Of an exact half; half_up when left out."
            ),
        },
    )
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "Tariff", **body}
