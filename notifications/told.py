"""The question of the customer page about what we may send, and what we sent."""

from __future__ import annotations

from notifications.consents.tokens import GOOD_FOR
from notifications.consents.words import LONGEST_PROOF, Word, standing_words
from notifications.customer_in_view import in_view
from notifications.outbox.queries import ListedNotice
from notifications.types import notice_type
from utility_crm.customers.room import card_of
from utility_crm.kit.parts import Answer, CustomerCall, Question, Sheet
from utility_crm.web.words import mark, translator

LATEST, HISTORY = 10, 20
"""How many notices, and words of theirs, the sheet shows."""


def words_of(call: CustomerCall) -> list[Word]:
    """What they allow; use it through `call.once`."""
    return standing_words(call.once(in_view).words)


def _asked(call: CustomerCall) -> ListedNotice | None:
    """The question about offers that waits for their answer, if one does."""
    said = next((word for word in call.once(words_of) if word.key == "marketing-email"), None)
    since = said.since if said else None
    for one in call.once(in_view).notices:
        if one.notice == "confirm_consent":
            asked = one.sent_at or one.created_at
            answered = since is not None and since > asked
            fresh = asked > call.now - GOOD_FOR
            return one if fresh and not answered and one.state not in ("withheld", "dead") else None
    return None


def _by_email(call: CustomerCall) -> dict[str, bool]:
    """What may be sent the one way that notices leave today, by purpose."""
    return {word.purpose: word.allows for word in call.once(words_of) if word.channel == "email"}


def _answer(call: CustomerCall) -> Answer:
    _ = translator(call.language, "notifications")
    may = _by_email(call)
    yes_or_no = {purpose: _("yes") if allowed else _("no") for purpose, allowed in may.items()}
    return Answer(_("service %(service)s · marketing %(marketing)s", **yes_or_no))


def _sheet(call: CustomerCall) -> Sheet:
    words, notices = call.once(words_of), call.once(in_view).notices
    return Sheet(
        "notifications/told.html",
        {
            "words": words,
            "may": _by_email(call),
            "reachable": any(point.kind == "email" for point in call.once(card_of).points),
            "changed": next((word for word in words if word.key == call.params.get("changed")), None),
            "longest_proof": LONGEST_PROOF,
            "history": call.once(in_view).words[:HISTORY],
            "asked": _asked(call),
            "notices": notices[:LATEST],
            "titles": {one.notice: notice_type(one.notice).title for one in notices[:LATEST]},
        },
    )


TOLD = Question("told", mark("What may you send me?"), 90, _answer, _sheet)
