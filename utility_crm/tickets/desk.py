"""The desk's questions about tickets: what of mine breaks next, who has answered me, what has nobody."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from utility_crm.kit.parts import Answer, DeskCall, DeskQuestion, Sheet
from utility_crm.tickets.domain.filters import Filters
from utility_crm.tickets.queries.queue import SOON, counted, listed
from utility_crm.tickets.words import KIND_WORDS, PRIORITY_WORDS, STATUS_TONES, STATUS_WORDS
from utility_crm.web.formats import ago
from utility_crm.web.words import mark, translator

PACKAGE = "utility_crm.tickets"
SHOWN = 30
LISTS: Mapping[str, Filters] = {
    "next": Filters(who="me"),
    "soon": Filters(who="me", due="soon"),
    "replied": Filters(who="me", waits="any", order="waits"),
    "nobodys": Filters(who="nobody"),
}
WORDS = {"status": STATUS_WORDS, "tone": STATUS_TONES, "kind": KIND_WORDS, "priority": PRIORITY_WORDS}


def figures(call: DeskCall) -> dict[str, tuple[int, datetime | None]]:
    """How many each list has, in one statement; use it through `call.once`."""
    return counted(call.session, LISTS, call.user, call.now)


def _next(call: DeskCall) -> Answer:
    _, known = translator(call.user.language, PACKAGE), call.once(figures)
    soon = known["soon"][0]
    words = _("%(count)s late or due within 4 hours", count=soon) if soon else _("none due within 4 hours")
    return Answer(str(known["next"][0]), words if known["next"][0] else "", "bad" if soon else "")


def _waiting(call: DeskCall, name: str) -> Answer:
    count, oldest = call.once(figures)[name]
    _ = translator(call.user.language, PACKAGE)
    since = _("oldest %(when)s", when=ago(oldest, call.now, call.user.language)) if oldest else ""
    return Answer(str(count), since, "warn" if count else "")


def _replied(call: DeskCall) -> Answer:
    return _waiting(call, "replied")


def _nobodys(call: DeskCall) -> Answer:
    return _waiting(call, "nobodys")


def _sheet(call: DeskCall, name: str) -> Sheet:
    found = listed(call.session, replace(LISTS[name]), call.user, call.now, SHOWN)
    context = {
        "name": name, "found": found, "tw": WORDS, "now": call.now, "soon": call.now + SOON,
        "today": call.today, "soonest": next((one for one in found.rows if one.due_at is not None), None),
    }  # fmt: skip
    return Sheet("tickets/desk.html", context)


QUESTIONS = (
    DeskQuestion(
        "next", mark("What of mine breaks next?"), "tickets.read", -30, _next,
        lambda call: _sheet(call, "next"),
    ),
    DeskQuestion(
        "replied", mark("Who has answered me?"), "tickets.read", -25, _replied,
        lambda call: _sheet(call, "replied"),
    ),
    DeskQuestion(
        "nobodys", mark("What has nobody?"), "tickets.read", -15, _nobodys,
        lambda call: _sheet(call, "nobodys"),
    ),
)  # fmt: skip
