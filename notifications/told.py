"""The question of the customer page about what we may send, and what we sent."""

from __future__ import annotations

from notifications.consents.words import LONGEST_PROOF, Word, consents_of
from notifications.outbox.queries import ListedNotice, notices_of
from notifications.types import notice_type
from utility_crm.customers.room import card_of
from utility_crm.kit.module import Answer, CustomerCall, Question, Sheet
from utility_crm.web.words import mark, translator

LATEST = 10
"""How many notices the sheet shows."""


def words_of(call: CustomerCall) -> list[Word]:
    """What they allow; use it through `call.once`."""
    return consents_of(call.session, call.customer_id)


def notices_to(call: CustomerCall) -> list[ListedNotice]:
    """What was written to them, newest first; use it through `call.once`."""
    return notices_of(call.session, call.customer_id)


def _by_email(call: CustomerCall) -> dict[str, bool]:
    """What may be sent the one way that notices leave today, by purpose."""
    return {word.purpose: word.allows for word in call.once(words_of) if word.channel == "email"}


def _answer(call: CustomerCall) -> Answer:
    _ = translator(call.language, "notifications")
    may = _by_email(call)
    yes_or_no = {purpose: _("yes") if allowed else _("no") for purpose, allowed in may.items()}
    return Answer(_("service %(service)s · marketing %(marketing)s", **yes_or_no))


def _sheet(call: CustomerCall) -> Sheet:
    words, notices = call.once(words_of), call.once(notices_to)
    return Sheet(
        "notifications/told.html",
        {
            "words": words,
            "may": _by_email(call),
            "reachable": any(point.kind == "email" for point in call.once(card_of).points),
            "changed": next((word for word in words if word.key == call.params.get("changed")), None),
            "longest_proof": LONGEST_PROOF,
            "notices": notices[:LATEST],
            "titles": {one.notice: notice_type(one.notice).title for one in notices[:LATEST]},
        },
    )


TOLD = Question("told", mark("What may you send me?"), 90, _answer, _sheet)
