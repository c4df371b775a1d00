"""The desk's questions about calls: who called in vain or rings now, what I did not log."""

from __future__ import annotations

from datetime import datetime, timedelta

from utility_crm.customers.desk import midnight
from utility_crm.kit.parts import Answer, DeskCall, DeskQuestion, Sheet
from utility_crm.telephony.queries import DeskCalls, calls_at_desk, desk_calls
from utility_crm.web.words import counting, mark

PACKAGE = "utility_crm.telephony"


def since(call: DeskCall) -> datetime:
    """From the beginning of yesterday: who rang in the evening is called back now."""
    return midnight(call.today - timedelta(days=1))


def figures(call: DeskCall) -> DeskCalls:
    """Use it through `call.once`."""
    return desk_calls(call.session, call.user, since=since(call), now=call.now)


def _vain(call: DeskCall) -> Answer:
    known, ngettext = call.once(figures), counting(call.user.language, PACKAGE)
    rings = ngettext("one rings now", "%(num)s ring now", known.ringing) if known.ringing else ""
    return Answer(str(known.in_vain), rings, "bad" if known.ringing or known.in_vain else "")


def _unlogged(call: DeskCall) -> Answer:
    count = call.once(figures).unlogged
    return Answer(str(count), tone="warn" if count else "")


def _sheet(call: DeskCall, name: str) -> Sheet:
    rows = calls_at_desk(call.session, name, call.user, since=since(call), now=call.now)
    context = {"name": name, "rows": rows, "known": call.once(figures), "today": call.today}
    return Sheet("telephony/desk.html", context)


QUESTIONS = (
    DeskQuestion(
        "vain", mark("Who called in vain?"), "calls.read", -20, _vain, lambda call: _sheet(call, "vain")
    ),
    DeskQuestion(
        "unlogged", mark("What have I not logged?"), "calls.take", 5, _unlogged,
        lambda call: _sheet(call, "unlogged"),
    ),
)  # fmt: skip
