"""The telephone's part of the customer page: who is on the line, what is not logged, past calls."""

from __future__ import annotations

from collections.abc import Sequence

from utility_crm.kit.gathering import Gather
from utility_crm.kit.parts import Banner, CustomerCall, CustomerRoom, TimelineEntry, Todo
from utility_crm.kit.settings import settings
from utility_crm.kit.together import together
from utility_crm.telephony.lengths import long
from utility_crm.telephony.matching import read_number, spoken_for
from utility_crm.telephony.queries import OF_CUSTOMER, CallRow
from utility_crm.web.formats import clock
from utility_crm.web.words import mark, translator

PACKAGE = "utility_crm.telephony"
MOST = 50
"""Calls of a customer that their page knows."""


KNOWN = Gather((OF_CUSTOMER,), lambda call: {"customer": call.customer_id, "most_calls": MOST})


def calls(call: CustomerCall) -> list[CallRow]:
    """Their calls, newest first; use it through `call.once`."""
    (rows,) = together(call, KNOWN)
    return [CallRow(*row) for row in rows]


def line_banner(one: CallRow, viewer_id: int, language: str) -> Banner:
    """What a call says across the strip while it lasts, and until it is logged by whoever had it."""
    _ = translator(language, PACKAGE)
    key, mine = f"call-{one.id}", one.user_id == viewer_id
    number = read_number(one.number, settings().country)
    who = spoken_for(one.speaks_as, one.speaker, one.customer, language) if one.speaks_as else ""
    if one.state == "ringing":
        title = _("They ring") if mine or not one.person else _("They ring %(person)s", person=one.person)
        return Banner(title, ", ".join(filter(None, (who, number))), "now", key=key)
    if one.state == "dialling":
        return Banner(_("Calling them"), number, "now", key=key)
    if one.ended_at is None:
        title = _("On the line") if mine else _("On the line with %(person)s", person=one.person)
        words = _("since %(time)s", time=clock(one.answered_at or one.began_at, language))
        held = _("on hold") if one.state == "held" else ""
        return Banner(title, ", ".join(filter(None, (who, words, number, held))), "now", key=key)
    words = _("It took %(long)s. What was said is not kept yet.", long=long(one.talked_seconds, language))
    href = f"/customers/{one.customer_id}?do=l"
    return Banner(_("The call has ended"), words, "warn", href, _("Log the call"), key=key)


def _banners(call: CustomerCall) -> Sequence[Banner]:
    viewer = call.viewer.id if call.viewer is not None else 0
    shown = [one for one in call.once(calls) if one.goes_on(call.now) or one.waits_for(viewer, call.now)]
    return [line_banner(one, viewer, call.language) for one in shown[:2]]


def _todos(call: CustomerCall) -> Sequence[Todo]:
    _ = translator(call.language, PACKAGE)
    viewer = call.viewer.id if call.viewer is not None else 0
    href = f"/customers/{call.customer_id}?do=l"
    return [
        Todo(
            _("Log the call"),
            f"{clock(one.began_at, call.language)}, {long(one.talked_seconds, call.language)}",
            href,
            tone="warn",
            order=2,
        )
        for one in call.once(calls)
        if one.waits_for(viewer, call.now)
    ]


def _timeline(call: CustomerCall) -> Sequence[TimelineEntry]:
    listens = call.viewer is not None and call.viewer.may("calls.listen")
    return [_entry(call, one, listens) for one in call.once(calls) if _is_told(one, listens)]


def _is_told(one: CallRow, listens: bool) -> bool:
    """What was logged stands in the timeline by itself."""
    return one.ended_at is not None and (one.contact_id is None or (listens and bool(one.recording)))


def _entry(call: CustomerCall, one: CallRow, listens: bool) -> TimelineEntry:
    _ = translator(call.language, PACKAGE)
    titles = {
        (False, "in"): _("Call, %(long)s", long=long(one.talked_seconds, call.language)),
        (False, "out"): _("We called, %(long)s", long=long(one.talked_seconds, call.language)),
        (True, "in"): _("Call nobody took"),
        (True, "out"): _("We called, not reached"),
    }
    heard = listens and bool(one.recording)
    if one.contact_id is not None:
        title, detail = _("Recording, %(long)s", long=long(one.talked_seconds, call.language)), ""
    else:
        title = titles[one.answered_at is None, one.direction]
        detail = "" if one.answered_at is None else _("nothing was logged")
    if one.person:
        title += f" · {one.person}"
    if heard and one.contact_id is None:
        detail = ", ".join(filter(None, (detail, _("listen to it"))))
    return TimelineEntry(
        one.answered_at or one.began_at,
        mark("Calls"),
        title,
        detail,
        "warn" if one.missed else "",
        f"/telephone/{one.id}/recording" if heard else "",
    )


def _numbers(call: CustomerCall) -> Sequence[str]:
    """Numbers of their calls: who takes a call sees who rings, so these prove nothing."""
    return [one.number for one in call.once(calls) if one.number]


ROOM = CustomerRoom(gathers=(KNOWN,), banners=_banners, todos=_todos, timeline=_timeline, on_screen=_numbers)
