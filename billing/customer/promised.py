"""Promises in the timeline: given, and kept, broken or taken back, each when it was."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, time
from zoneinfo import ZoneInfo

from billing.customer import loads
from billing.queries.dunning import PromiseRow
from billing.wording import say
from utility_crm.kit.parts import CustomerCall, TimelineEntry, Tone
from utility_crm.kit.settings import settings
from utility_crm.web.formats import day_year, money
from utility_crm.web.words import mark

ENDED = {
    "kept": mark("Promise of %(amount)s by %(day)s kept"),
    "broken": mark("Promise of %(amount)s by %(day)s broken"),
}
_TAKEN_BACK = mark("Promise of %(amount)s by %(day)s taken back")


def timeline(call: CustomerCall) -> Sequence[TimelineEntry]:
    """One entry where it was given, one where it ended."""
    found = []
    for one in call.once(loads.agreed).promises:
        given = _entry(call, one, mark("They promise %(amount)s by %(day)s"), one.promised_on)
        found.append(given)
        if one.taken_back_at is not None:
            found.append(_taken_back(call, one, one.taken_back_at))
        elif one.state in ENDED and one.ended_on is not None:
            broken = one.state == "broken"
            found.append(_entry(call, one, ENDED[one.state], one.ended_on, broken))
    return found


def _taken_back(call: CustomerCall, one: PromiseRow, at: datetime) -> TimelineEntry:
    _ = say(call.language)
    by = _("by %(name)s", name=one.taken_back_by) if one.taken_back_by else ""
    detail = ", ".join(filter(None, (one.taken_back_because, by)))
    return TimelineEntry(at, mark("Payments"), _words(call, one, _TAKEN_BACK), detail, "", _href(call))


def _entry(call: CustomerCall, one: PromiseRow, words: str, on: date, broken: bool = False) -> TimelineEntry:
    at = datetime.combine(on, time(), ZoneInfo(settings().timezone))
    said = _words(call, one, words)
    tone: Tone = "bad" if broken else ""
    return TimelineEntry(at, mark("Payments"), said, "", tone, _href(call), whole_day=True)


def _words(call: CustomerCall, one: PromiseRow, words: str) -> str:
    currencies = {each.id: each.currency for each in call.once(loads.accounts)}
    amount = money(one.amount_minor, currencies[one.account_id], call.language)
    return say(call.language)(words) % {"amount": amount, "day": day_year(one.due_on, call.language)}


def _href(call: CustomerCall) -> str:
    return f"/customers/{call.customer_id}?ask=owe#agreed"
