"""Visits on the customer page: when somebody comes, what became of it, and the form to book one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from meters.customer_in_view import in_view
from meters.visits.booking import AHEAD, SLOTS, visit_places
from meters.visits.listed import Visit, VisitEvent
from utility_crm.kit.parts import Act, Answer, CustomerCall, Question, Sheet, TimelineEntry, Todo, Tone
from utility_crm.web.formats import day_near, weekday
from utility_crm.web.words import mark, translator

SOON = timedelta(days=7)
KIND = mark("Visits")
STATES: Mapping[str, tuple[Tone, str]] = {
    "booked": ("wait", mark("booked")),
    "done": ("ok", mark("done")),
    "missed": ("warn", mark("no access")),
    "cancelled": ("", mark("cancelled")),
}
WHAT = {
    "meter_check": mark("Meter check"),
    "meter_exchange": mark("Meter exchange"),
    "meter_reading": mark("Meter reading"),
}
BECAME = {
    "moved": mark("Visit moved"),
    "cancelled": mark("Visit cancelled"),
    "done": mark("Visit done"),
    "missed": mark("Visit in vain: no access"),
}


def slots() -> list[tuple[str, str]]:
    """The parts of a day, as a form offers them."""
    return [(key, f"{a:%H:%M}–{b:%H:%M}") for key, (a, b) in SLOTS.items()]


def coming(call: CustomerCall) -> list[Visit]:
    """Booked and to come, the next first."""
    return [one for one in reversed(call.once(in_view).visits) if one.waits(call.today)]


def _answer(call: CustomerCall) -> Answer:
    _ = translator(call.language, "meters")
    ahead = coming(call)
    if ahead:
        return Answer(weekday(ahead[0].on_day, call.language), ahead[0].slot)
    visits = call.once(in_view).visits
    if any(one.untold(call.today) for one in visits):
        return Answer(_("was to be"), _("nobody noted what came of it"), "warn")
    if visits:
        tone, words = STATES[visits[0].state]
        return Answer(day_near(visits[0].on_day, call.today, call.language), _(words), tone)
    return Answer(_("nothing booked"))


def _sheet(call: CustomerCall) -> Sheet:
    visits = call.once(in_view).visits
    context = {
        "visits": visits,
        "ahead": coming(call),
        "untold": [one for one in visits if one.untold(call.today)],
        "states": STATES,
        "what": WHAT,
        "became": BECAME,
        "slots": slots(),
        "first": call.today + timedelta(days=1),
        "last": call.today + AHEAD,
        "key_of": lambda one: next(
            (key for key, (a, _b) in SLOTS.items() if f"{a:%H:%M}" == one.starts), next(iter(SLOTS))
        ),
    }
    return Sheet("meters/visits.html", context)


def timeline(call: CustomerCall) -> Sequence[TimelineEntry]:
    """Each booking, and each thing that became of it."""
    _ = translator(call.language, "meters")
    href, found = f"/customers/{call.customer_id}?ask=visits", list[TimelineEntry]()
    for one in call.once(in_view).visits:
        when = f"{weekday(one.on_day, call.language)} {one.slot}"
        detail = " · ".join(part for part in (one.note, one.made_by) if part)
        title = _("Visit booked: %(what)s, %(when)s", what=_(WHAT[one.kind]), when=when)
        found.append(TimelineEntry(one.made_at, KIND, title, detail, "", f"{href}#visit-{one.id}"))
        found += [_became(call, one, event, f"{href}#visit-{one.id}") for event in one.events]
    return found


def _became(call: CustomerCall, one: Visit, event: VisitEvent, href: str) -> TimelineEntry:
    _ = translator(call.language, "meters")
    title = _(BECAME[event.kind])
    if event.was_on is not None:
        title = (
            f"{title}: {_('was %(when)s', when=f'{weekday(event.was_on, call.language)} {event.was_from}')}"
        )
    detail = " · ".join(part for part in (event.note, event.by) if part)
    tone: Tone = "" if event.kind == "moved" else STATES[one.state][0]
    return TimelineEntry(event.at, KIND, title, detail, tone, href)


def todos(call: CustomerCall) -> Sequence[Todo]:
    """Who is visited within a week is reminded of it while on the line."""
    _ = translator(call.language, "meters")
    return [
        Todo(
            _("Say that somebody comes on %(day)s", day=weekday(one.on_day, call.language)),
            _("%(what)s, between %(slot)s", what=_(WHAT[one.kind]), slot=one.slot),
            f"/customers/{call.customer_id}?ask=visits#visit-{one.id}",
            order=35,
        )
        for one in coming(call)
        if one.on_day <= call.today + SOON
    ]


def check_panel(call: CustomerCall) -> Mapping[str, Any]:
    """Where, when; and what is booked already."""
    return {
        "places": visit_places(call.session, call.customer_id, call.today),
        "slots": slots(),
        "first": call.today + timedelta(days=1),
        "last": call.today + AHEAD,
        "booked": coming(call),
    }


QUESTION = Question("visits", mark("When do you come?"), 48, _answer, _sheet)
CHECK = Act("m", mark("Meter check"), "visits.book", "meters/act_check.html", order=45, context=check_panel)
