"""What we know of a customer: the question of the page under which it is changed, with what was changed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from utility_crm.customers.care import KINDS as CARE_KINDS
from utility_crm.customers.care import LATEST, WORDS, care_seen
from utility_crm.customers.changes import changes_of
from utility_crm.customers.editing import SEGMENTS, TIMES, TONGUES, WAYS, Details
from utility_crm.customers.room import card_of, known_card
from utility_crm.kit.parts import Answer, CustomerCall, CustomerRoom, Flag, Question, Sheet
from utility_crm.web.words import counting, mark, translator


def _answer(call: CustomerCall) -> Answer:
    ngettext, _ = counting(call.language), translator(call.language)
    card = call.once(card_of)
    marks = len(card.flags)
    wish = _(card.preferred_channel) if card.preferred_channel else ""
    if marks:
        return Answer(ngettext("one mark of care", "%(num)s marks of care", marks), wish)
    return Answer(wish or _("no wishes"))


def _sheet(call: CustomerCall) -> Sheet:
    _ = translator(call.language)
    card = call.once(card_of)
    older = call.params.get("older", "")
    changes, following = changes_of(
        call.session, call.customer_id, call.language, _,
        int(older) if older.isascii() and older.isdecimal() and len(older) < 18 else None,
    )  # fmt: skip
    known = call.once(known_card)
    held = Details(
        known.name, known.language, known.segment, known.preferred_channel, known.contact_times
    )  # fmt: skip
    tongues = TONGUES if known.language in TONGUES else {**TONGUES, known.language: known.language}
    context = {
        "card": card,
        "held": held,
        "flags": {flag.kind: flag for flag in card.flags},
        "care_seen": {flag.kind: care_seen(flag.kinds, flag.detail, flag.review_on) for flag in card.flags},
        "care_kinds": CARE_KINDS,
        "care_words": WORDS,
        "segments": [(key, _(words)) for key, words in SEGMENTS.items()],
        "tongues": [(key, _(words)) for key, words in tongues.items()],
        "ways": [("", _("whatever suits")), *((one, _(one)) for one in WAYS)],
        "times": TIMES,
        "next_review": a_year_on(call.today),
        "latest_review": call.today + LATEST,
        "changes": changes,
        "following": following,
    }
    return Sheet("customers/details.html", context)


def a_year_on(day: date) -> date:
    """The same day of the next year; of 29 February the day before."""
    try:
        return day.replace(year=day.year + 1)
    except ValueError:
        return day.replace(year=day.year + 1, day=28)


def _flags(call: CustomerCall) -> Sequence[Flag]:
    """How and when they like to be spoken with."""
    _ = translator(call.language)
    card = call.once(card_of)
    if not card.preferred_channel and not card.contact_times:
        return ()
    way = _("best by %(way)s", way=_(card.preferred_channel)) if card.preferred_channel else _("best")
    return (Flag("", " · ".join((way, *(_(one) for one in card.contact_times))), order=58),)


DETAILS = CustomerRoom(
    questions=(Question("details", mark("What do you know about me?"), 88, _answer, _sheet),),
    flags=_flags,
)
