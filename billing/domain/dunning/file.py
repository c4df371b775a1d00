"""Reading a strategy of dunning from JSON: nothing is ignored, and what is wrong is said by place."""

from __future__ import annotations

import calendar
import re
from typing import Any

from billing.domain.dunning.strategy import (
    CHANNELS,
    COUNTED_FROM,
    FLAGS,
    ORDERS,
    STEPS,
    STOPS,
    Confirm,
    OrderRule,
    Span,
    Step,
    Stop,
    Strategy,
    Version,
)
from billing.domain.tariffs.json_place import Fields

FORMAT = "dunning/1"
SEGMENTS = ("household", "small_business", "industry")
_MOST_MINOR = range(10**12)
_DAYS = range(366)


def read_strategy(document: Any) -> Strategy:
    """Raises TariffRefused (place and reason)."""
    top = Fields(document)
    if (given := top.text("format")) != FORMAT:
        top.refuse("format", f"expected '{FORMAT}', found '{given}'")
    code, name = top.code("code"), top.text("name")
    country = _of_form(top, "country", r"[A-Z]{2}")
    subdivision = _of_form(top, "subdivision", r"[A-Z0-9]{1,3}")
    currency = _of_form(top, "currency", r"[A-Z]{3}")
    segments = tuple(_member(place, one, SEGMENTS) for one, place in top.texts("segments"))
    versions = tuple(_version(Fields(item, place), currency) for item, place in top.items("versions"))
    top.finish()
    days = [one.starts_on for one in versions]
    if days != sorted(set(days)):
        top.refuse("versions", "each begins later than the one before")
    if subdivision and not country:
        top.refuse("subdivision", "a part needs its country")
    return Strategy(code, name, country, subdivision, segments, currency, versions)


def _version(at: Fields, currency: str) -> Version:
    starts_on = at.on("starts_on")
    months, monthly = 0, None
    if at.has("norm"):
        norm = at.fields("norm")
        months = norm.whole_number("months", range(1, 25))
        if norm.has("monthly_minor"):
            monthly = norm.whole_number("monthly_minor", _MOST_MINOR)
        norm.finish()
    steps = tuple(_step(Fields(item, place)) for item, place in at.items("steps"))
    places = [STEPS.index(one.step) for one in steps]
    if places != sorted(set(places)):
        at.refuse("steps", f"each stands once, in this order: {', '.join(STEPS)}")
    stops = tuple(_stop(Fields(item, place)) for item, place in at.items("stops", least=0))
    orders = tuple(_order(Fields(item, place)) for item, place in at.items("orders", least=0))
    names = {one.step for one in steps}
    for place, order in enumerate(orders):
        if order.after_step not in names:
            at.refuse(f"orders[{place}].after_step", f"'{order.after_step}' is no step of this version")
    if not currency and (monthly or any(one.fee_minor or one.smallest_debt_minor for one in steps)):
        at.refuse("", "amounts are named, so the strategy needs a 'currency'")
    if not months and (any(one.norm for one in steps) or any(one.norm for one in orders)):
        at.refuse("", "a step asks for the norm, and 'norm' is not given")
    at.finish()
    return Version(starts_on, steps, stops, orders, months, monthly)


def _step(at: Fields) -> Step:
    made = Step(
        step=at.one_of("step", STEPS),
        after_days=at.whole_number("after_days", range(1, 366)),
        counts_from=at.one_of("counts_from", COUNTED_FROM) if at.has("counts_from") else "sent",
        channel=at.one_of("channel", CHANNELS) if at.has("channel") else "any",
        smallest_debt_minor=_amount(at, "smallest_debt_minor"),
        fee_minor=_amount(at, "fee_minor"),
        norm=at.flag("norm") if at.has("norm") else False,
        source=at.text("source"),
    )
    at.finish()
    return made


def _stop(at: Fields) -> Stop:
    stop = at.one_of("stop", STOPS)
    holds = frozenset(_member(place, one, (*STEPS, *ORDERS)) for one, place in at.texts("holds"))
    more: dict[str, Any] = {}
    if stop == "season":
        more = {"from_day": _day(at, "from"), "to_day": _day(at, "to")}
        if at.has("flags"):
            more["flags"] = tuple(_member(place, one, FLAGS) for one, place in at.texts("flags"))
    if stop == "temperature":
        more = {"at_most_millicelsius": at.whole_number("at_most_millicelsius", range(-60_000, 60_001))}
    if stop in ("advisory", "dates"):
        more = {
            "announced": tuple(_span(Fields(one, place)) for one, place in at.items("announced", least=0))
        }
        more["days_after"] = at.whole_number("days_after", _DAYS) if at.has("days_after") else 0
    source = at.text("source")
    at.finish()
    return Stop(stop, holds, source, **more)


def _order(at: Fields) -> OrderRule:
    confirm = at.items("confirm", least=0) if at.has("confirm") else []
    made = OrderRule(
        order=at.one_of("order", ORDERS),
        after_step=at.one_of("after_step", STEPS),
        wait_days=at.whole_number("wait_days", _DAYS),
        counts_from=at.one_of("counts_from", COUNTED_FROM),
        limited_days=at.whole_number("limited_days", _DAYS) if at.has("limited_days") else None,
        norm=at.flag("norm") if at.has("norm") else False,
        confirm=tuple(_confirm(Fields(item, place)) for item, place in confirm),
        source=at.text("source"),
    )
    at.finish()
    return made


def _confirm(at: Fields) -> Confirm:
    words = at.fields("words")
    said = {language: words.text(language) for language in ("en", "ru")}
    words.finish()
    made = Confirm(at.code("name"), said, at.text("source"))
    at.finish()
    return made


def _span(at: Fields) -> Span:
    made = Span(at.on("first"), at.on("last"), at.text("area") if at.has("area") else "")
    if made.last < made.first:
        at.refuse("last", "ends before it begins")
    at.finish()
    return made


def _amount(at: Fields, key: str) -> int:
    return at.whole_number(key, _MOST_MINOR) if at.has(key) else 0


def _of_form(at: Fields, key: str, form: str) -> str:
    if not at.has(key):
        return ""
    value = at.text(key)
    if not re.fullmatch(form, value):
        at.refuse(key, f"'{value}' is not of the form {form}")
    return value


def _member(place: str, value: str, allowed: tuple[str, ...]) -> str:
    if value not in allowed:
        Fields({}, place).refuse("", f"'{value}' is not one of {', '.join(allowed)}")
    return value


def _day(at: Fields, key: str) -> tuple[int, int]:
    value = at.text(key)
    found = re.fullmatch(r"([0-9]{2})-([0-9]{2})", value)
    month, day = (int(found[1]), int(found[2])) if found else (0, 0)
    if not (1 <= month <= 12 and 1 <= day <= calendar.monthrange(2024, month)[1]):
        at.refuse(key, f"'{value}' is not a day written MM-DD")
    return month, day
