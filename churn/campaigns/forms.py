"""What is typed about a campaign, read."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import timedelta
from functools import partial
from typing import Any

from billing.domain.money import amount_text
from billing.domain.tariffs.file import default_decimals
from billing.money_in.typed import typed_minor
from churn.campaigns.audience import Audience
from churn.campaigns.drafting import LANGUAGES, LONGEST, Wanted
from churn.campaigns.queries import Known, tariff_id_of
from churn.campaigns.results import Campaigned
from churn.campaigns.words import OF_TARIFF, OFFER_WORDS
from utility_crm.kit.errors import Invalid
from utility_crm.kit.settings import settings
from utility_crm.segments.domain.tree import EVERYBODY, Tree, document_of
from utility_crm.segments.offers import question_of
from utility_crm.web.forms import Posted
from utility_crm.web.visit import Visit
from utility_crm.web.words import mark

WAYS = ("email", "sms", "letter", "call", "accepted")
USUAL_BUDGET = 50_000
USUAL_COSTS = {"email": 4, "sms": 6, "letter": 90, "call": 300, "accepted": 0}


def read_wanted(v: Visit, posted: Posted, known: Known, currency: str) -> Wanted:
    """A campaign of the form. Raises FieldsWrong."""
    minor = partial(_minor, currency=currency, language=v.user.language)
    codes = [code for code, _ in known.tariffs]
    name = posted.must("name")
    offer = posted.one_of("offer", OFFER_WORDS)
    tariff = posted.one_of("tariff", ["", *codes])
    amount = posted.field("amount", lambda typed: _amount(typed, posted.text("offer"), minor))
    saved = posted.one_of("saved", ["", *(key for key, _ in known.segments)])
    tree = posted.field("tree", _question)
    control = posted.whole("control", 5, 50)
    baseline = posted.whole("baseline", 0, 90)
    starts_on, ends_on, decides_on = posted.day("starts_on"), posted.day("ends_on"), posted.day("decides_on")
    budget = posted.field("budget", minor)
    costs = {way: posted.field(f"cost_{way}", minor) for way in WAYS}
    a_day = posted.whole("a_day", 0, 1_000_000)
    margin, source = posted.field("margin", minor), posted.text("margin_source")
    posted.check()
    offers_tariff = offer.value in OF_TARIFF
    audience = Audience(tree.value, int(saved.value) if saved.value else None)
    return Wanted(
        name=name.value, offer=offer.value, currency=currency, audience=audience,
        tariff_id=tariff_id_of(v.session, tariff.value) if offers_tariff and tariff.value else None,
        amount=amount.value if offer.value in ("discount", "points") else None,
        control_percent=control.value, baseline_percent=baseline.value, starts_on=starts_on.value,
        ends_on=ends_on.value, decides_on=decides_on.value, budget_minor=budget.value or 0,
        costs={way: given.value or 0 for way, given in costs.items()}, a_day=a_day.value,
        margin_minor=margin.value, margin_source=source,
    )  # fmt: skip


def first_values(v: Visit, known: Known) -> dict[str, object]:
    """What stands in the form of a new campaign: six weeks, a fifth left alone, looked at a month later."""
    currency = settings().currency
    return {
        "name": "", "offer": "tariff", "tariff": known.helps_most, "amount": "",
        "saved": "", "tree": "", "control": 20, "baseline": 2, "starts_on": v.today.isoformat(),
        "ends_on": (v.today + timedelta(days=41)).isoformat(),
        "decides_on": (v.today + timedelta(days=72)).isoformat(), "budget": _plain(USUAL_BUDGET, currency),
        "a_day": 0, "margin": "", "margin_source": "",
        **{f"cost_{way}": _plain(cost, currency) for way, cost in USUAL_COSTS.items()},
    }  # fmt: skip


def values_of(one: Campaigned, kept: Mapping[str, Any], tariff: str, a_day: int) -> dict[str, object]:
    """A draft as its form shows it. kept: its audience as it is kept, which may be one that cannot be read
    any more."""
    tree = kept.get("tree") or document_of(EVERYBODY)
    plain = partial(_plain, currency=one.currency)
    amount = "" if one.amount is None else one.amount if one.offer == "points" else plain(one.amount)
    return {
        "name": one.name, "offer": one.offer, "tariff": tariff, "amount": amount,
        "saved": kept.get("segment_id") or "",
        "tree": json.dumps(tree) if tree != document_of(EVERYBODY) else "",
        "control": one.control_ppm // 10_000, "baseline": one.baseline_ppm // 10_000,
        "starts_on": one.starts_on.isoformat(), "ends_on": one.ends_on.isoformat(),
        "decides_on": one.decides_on.isoformat(), "budget": plain(one.budget_minor), "a_day": a_day,
        "margin": plain(one.margin_minor), "margin_source": one.margin_source,
        **{f"cost_{way}": plain(int(one.costs.get(way, 0))) for way in WAYS},
    }  # fmt: skip


def with_given(values: Mapping[str, object], given: Mapping[str, str]) -> dict[str, object]:
    """The form's values with those that were typed, or that an address names. A question that cannot be read
    stays as it is: were it left out, everybody would be asked."""
    found = {**values, **{name: value for name, value in given.items() if name in values}}
    if found["offer"] not in OFFER_WORDS:
        found["offer"] = values["offer"]
    return found


def read_words(posted: Posted) -> dict[str, dict[str, str]]:
    """An arm's words by language."""
    return {
        language: {part: posted.text(f"{part}_{language}") for part in LONGEST} for language in LANGUAGES
    }  # fmt: skip


def _minor(typed: str, *, currency: str, language: str) -> int | None:
    """An amount, nought among them; None where nothing was typed."""
    if not typed:
        return None
    if not typed.strip("0.,"):
        return 0
    return typed_minor(typed, currency, language)


def _amount(typed: str, offer: str, minor: partial[int | None]) -> int | None:
    if offer != "points" or not typed:
        return minor(typed)
    if not (typed.isascii() and typed.isdecimal() and 0 < int(typed) < 10**6):
        raise Invalid("number", mark("Points are a whole number."), "amount")
    return int(typed)


def _question(typed: str) -> Tree:
    """Conditions as the builder hands them on; nothing is everybody."""
    if not typed:
        return EVERYBODY
    return question_of(typed)


def _plain(minor: int | None, currency: str) -> str:
    """An amount as it is typed, with the decimals that the currency has."""
    return "" if minor is None else amount_text(minor, default_decimals(currency))
