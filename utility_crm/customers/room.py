"""The ground's own part of the customer page: how to reach them, what was said, complaints that wait."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from utility_crm.customers.card import CustomerCard, customer_card
from utility_crm.customers.conversations import (
    CHANNELS,
    LONGEST_NOTE,
    TOPICS,
    Conversation,
)
from utility_crm.customers.happened import happened
from utility_crm.customers.in_view import HAPPENED, in_view
from utility_crm.customers.knowing import codes_of
from utility_crm.customers.parties import KIND_WORDS, Related, related
from utility_crm.customers.verify_panel import SEE, VERIFY, own_proofs
from utility_crm.kit.masking import reader_now
from utility_crm.kit.parts import (
    Act,
    Answer,
    CustomerCall,
    CustomerRoom,
    Flag,
    Proof,
    Question,
    Sheet,
    TimelineEntry,
    Todo,
)
from utility_crm.kit.settings import settings
from utility_crm.web.formats import day, day_year, local_day
from utility_crm.web.words import counting, mark, translator

COMPLAINT_DAYS = 8
"""From this many days on an unanswered complaint is late."""
GONE_DAYS = 90
"""Who left longer ago than this is owed an answer still, but nothing hurries."""


def known_card(call: CustomerCall) -> CustomerCard:
    """Who the page is about, as we know them; use it through `call.once`."""
    viewer = call.viewer.id if call.viewer is not None else None
    card = customer_card(call.session, call.customer_id, viewer, call.now, call.today)
    reader = reader_now()
    if reader is not None:
        reader.told(card.id, card.seen is not None, lambda: card.known(codes_of(call)))
    return card


def card_of(call: CustomerCall) -> CustomerCard:
    """Who the page is about, as far as whoever looks may see them; use it through `call.once`."""
    card = call.once(known_card)
    return card if sees_all(call) else card.as_masked()


def sees_all(call: CustomerCall) -> bool:
    """Whether personal data is shown: the caller was verified, there is a reason, or the house does without
    (for those who speak with customers; others see it masked always)."""
    if call.viewer is None or call.once(known_card).seen is not None:
        return True
    return not settings().caller_verification and call.viewer.may("callers.verify")


def said(call: CustomerCall) -> Sequence[Conversation]:
    """What was said, newest first; use it through `call.once`."""
    return call.once(in_view).said


def _reach_answer(call: CustomerCall) -> Answer:
    _ = translator(call.language)
    points = call.once(card_of).points
    if not points:
        return Answer(_("nothing on file"), tone="warn")
    first = next((point for point in points if point.kind == "phone"), points[0])
    return Answer(first.value, f"+{len(points) - 1}" if len(points) > 1 else "")


def _reach_sheet(call: CustomerCall) -> Sheet:
    return Sheet("customers/reach.html", {"card": call.once(card_of)})


def _said_answer(call: CustomerCall) -> Answer:
    _ = translator(call.language)
    conversations = call.once(said)
    if not conversations:
        return Answer(_("nothing yet"))
    waiting = [one for one in conversations if one.waits]
    if waiting:
        return Answer(_("complaint open"), day(waiting[-1].at, call.language), "bad")
    return Answer(day(conversations[0].at, call.language), _(conversations[0].topic))


def _said_sheet(call: CustomerCall) -> Sheet:
    conversations = call.once(said)
    waiting = [one for one in conversations if one.waits]
    return Sheet("customers/said.html", {"conversations": conversations, "waiting": waiting})


def _said_title(_: Callable[..., str], one: Conversation) -> str:
    """Call, bill · Priya Nair; who began it is said where it was we."""
    way = _(one.channel) if one.direction == "in" else _("%(way)s from us", way=_(one.channel))
    words = f"{way[:1].upper()}{way[1:]}, {_(one.topic)}"
    return f"{words} · {one.author}" if one.author else words


def _timeline(call: CustomerCall) -> Sequence[TimelineEntry]:
    _ = translator(call.language)
    spoken = [
        TimelineEntry(
            one.at,
            mark("Contacts"),
            _said_title(_, one),
            " · ".join(
                part for part in (one.note, one.outcome, _("settled at once") if one.resolved else "") if part
            ),
            "bad" if one.waits else "",
            f"/customers/{call.customer_id}?ask=said#said-{one.id}",
        )
        for one in call.once(said)
    ]
    return [*spoken, *happened(call, sees_all(call))]


def _todos(call: CustomerCall) -> Sequence[Todo]:
    _ = translator(call.language)
    waiting = [one for one in call.once(said) if one.waits]
    gone = bool(waiting) and _long_gone(call)
    reviews = [
        Todo(
            _("Review their medical need: is it still so?")
            if flag.kind == "medical"
            else _("Review their particular need: is it still so?"),
            f"{flag.detail}, {day_year(flag.review_on, call.language)}",
            f"/customers/{call.customer_id}?ask=reach#care",
            tone="bad",
            order=6,
        )
        for flag in call.once(card_of).flags
        if flag.review_on < call.today
    ]
    return [
        *reviews,
        *(
            Todo(
                _("Answer the complaint"),
                f"{_(one.topic)}, {day(one.at, call.language)}",
                f"/customers/{call.customer_id}?ask=said#said-{one.id}",
                tone="" if gone else "bad" if _is_late(call, one) else "warn",
                order=5,
            )
            for one in waiting
        ),
    ]


def _is_late(call: CustomerCall, one: Conversation) -> bool:
    return (call.today - local_day(one.at)).days >= COMPLAINT_DAYS


def _long_gone(call: CustomerCall) -> bool:
    """Whether they have accounts, and every one was closed more than `GONE_DAYS` ago."""
    closed = [account.closed_on for account in call.once(card_of).accounts]
    return bool(closed) and all(one is not None and (call.today - one).days > GONE_DAYS for one in closed)


def _log_panel(_call: CustomerCall) -> Mapping[str, Any]:
    return {"channels": CHANNELS, "topics": TOPICS, "longest_note": LONGEST_NOTE}


def _complaints(call: CustomerCall) -> list[Conversation]:
    """Complaints that wait for our answer, the oldest first."""
    return [one for one in reversed(call.once(said)) if one.waits]


def _answer_panel(call: CustomerCall) -> Mapping[str, Any]:
    return {"waiting": _complaints(call), "longest_note": LONGEST_NOTE}


def _edit_panel(_call: CustomerCall) -> Mapping[str, Any]:
    return {}


def _proofs(call: CustomerCall) -> Sequence[Proof]:
    return own_proofs(call.once(known_card))


ACTS = (
    VERIFY,
    SEE,
    Act(
        "l", mark("Log"), "contacts.write", "customers/act_log.html", order=10,
        context=_log_panel, at_once=True,
    ),
    Act(
        "a", mark("Answer complaint"), "contacts.write", "customers/act_answer.html", order=15,
        context=_answer_panel, applies=lambda call: call.once(card_of).complaint_since is not None,
    ),
    Act(
        "e", mark("Edit"), "contacts.write", "customers/act_edit.html", order=80,
        context=_edit_panel,
    ),
)  # fmt: skip


def parties(call: CustomerCall) -> list[Related]:
    """Others around the customer; use it through `call.once`."""
    return related(call.session, call.customer_id, call.today)


def _speaking(call: CustomerCall) -> list[Related]:
    return [one for one in call.once(parties) if one.speaks and one.holds(call.today)]


def _parties_answer(call: CustomerCall) -> Answer:
    _, ngettext = translator(call.language), counting(call.language)
    count = call.once(known_card).speakers
    return Answer(ngettext("one other", "%(num)s others", count) if count else _("nobody else"))


def _parties_sheet(call: CustomerCall) -> Sheet:
    _ = translator(call.language)
    context = {
        "card": call.once(card_of),
        "rows": call.once(parties),
        "speaking": call.once(_speaking),
        "words": KIND_WORDS,
        "kinds_of": [(kind, _(words)) for kind, words in KIND_WORDS.items()],
        "topics": TOPICS,
    }
    return Sheet("customers/parties.html", context)


def _flags(call: CustomerCall) -> Sequence[Flag]:
    """Who else may be on the telephone, and rightly."""
    ngettext = counting(call.language)
    count = call.once(known_card).speakers
    if not count:
        return ()
    words = ngettext("One other may speak for them", "%(num)s others may speak for them", count)
    return (Flag("", words, order=60),)


ROOM = CustomerRoom(
    gathers=(HAPPENED,),
    questions=(
        Question("reach", mark("How do we reach you?"), 80, _reach_answer, _reach_sheet),
        Question("said", mark("What did we say last time?"), 85, _said_answer, _said_sheet),
        Question("parties", mark("Who may speak for them?"), 82, _parties_answer, _parties_sheet),
    ),
    flags=_flags,
    todos=_todos,
    timeline=_timeline,
    acts=ACTS,
    proofs=_proofs,
)
