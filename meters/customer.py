"""The meter's part of the customer page: what it sent, what it did not, and when it was exchanged."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta

from sqlalchemy import text

from meters.customer_days import (
    ESTIMATED,
    SHORT,
    SILENT,
    CorrectedDays,
    OddDays,
)
from meters.customer_in_view import KNOWN, THEIR_NUMBERS, in_view
from meters.customer_use import DAY
from meters.visits import customer as visits
from utility_crm.kit.masking import shown
from utility_crm.kit.parts import CustomerCall, CustomerRoom, Proof, TimelineEntry, Todo, Tone
from utility_crm.web.formats import day as day_words
from utility_crm.web.formats import number
from utility_crm.web.words import mark, translator

SILENT_DAYS = 2
"""From this many days without a word on a meter is spoken of."""
KIND = mark("Meter")


def timeline(call: CustomerCall) -> Sequence[TimelineEntry]:
    """Gaps, estimates, corrections, meters that came and went, and visits."""
    mine = call.once(in_view)
    title = translator(call.language, "meters")("Meter exchanged")
    return [
        *(_odd(call, run) for run in mine.odd),
        *(_corrected(call, one) for one in mine.corrected),
        *(
            TimelineEntry(
                _noon(one.installed_on), KIND, title, shown(one.serial, "meter", call.customer_id),
                whole_day=True,
            )
            for one in mine.exchanged
        ),
        *visits.timeline(call),
    ]  # fmt: skip


def todos(call: CustomerCall) -> Sequence[Todo]:
    """A meter that is silent until today: the agent can ask what is the matter. And who comes when."""
    _ = translator(call.language, "meters")
    yesterday = call.today - timedelta(days=1)
    silent = [
        Todo(
            _("No readings since %(day)s", day=day_words(run.first, call.language)),
            _("Ask whether anything changed at the meter; bills wait for it"),
            tone="warn",
            order=20,
        )
        for run in call.once(in_view).odd
        if run.kind == SILENT and run.last == yesterday and run.days >= SILENT_DAYS
    ]
    return [*silent[:1], *visits.todos(call)]


def _odd(call: CustomerCall, run: OddDays) -> TimelineEntry:
    _ = translator(call.language, "meters")
    when, count = _span(run, call.language), number(run.readings, 0, call.language)
    if run.kind == SILENT:
        title = _("No readings")
    elif run.kind == SHORT:
        title = _("%(count)s readings missing", count=count)
    else:
        title = _("%(count)s readings estimated", count=count)
    tone: Tone = "wait" if run.kind == ESTIMATED else "warn"
    return TimelineEntry(_noon(run.last), KIND, title, f"{when} · {run.code}", tone, whole_day=True)


def _corrected(call: CustomerCall, one: CorrectedDays) -> TimelineEntry:
    _ = translator(call.language, "meters")
    title = _("Estimates replaced by readings") if one.estimated else _("Readings corrected")
    return TimelineEntry(one.at, KIND, title, f"{_span(one, call.language)} · {one.code}", "ok")


def _span(run: OddDays | CorrectedDays, language: str) -> str:
    first, last = day_words(run.first, language), day_words(run.last, language)
    return first if run.first == run.last else f"{first} – {last}"


def _noon(day: date) -> datetime:
    """A day of standard time has no hour on the timeline: its middle is on that day in any zone of Europe."""
    return datetime.combine(day, time(12), UTC)


_SERIALS = text("""
    select distinct m.serial
    from accounts a
    join occupancies o on o.account_id = a.id
     and o.starts_on <= :today and (o.ends_before is null or o.ends_before > :today)
    join service_points s on s.premise_id = o.premise_id
    join meters m on m.service_point_id = s.id
     and m.installed_on <= :today and (m.removed_before is null or m.removed_before > :today)
    where a.customer_id = :customer and m.serial <> ''
""")


def proofs(call: CustomerCall) -> Sequence[Proof]:
    """The serial of a meter at their place: who stands before it can read it out."""
    serials = call.session.scalars(_SERIALS, {"customer": call.customer_id, "today": call.today})
    return (Proof("meter", mark("meter serial"), tuple(serials)),)


ROOM = CustomerRoom(
    gathers=(KNOWN, THEIR_NUMBERS),
    known=THEIR_NUMBERS,
    questions=(DAY, visits.QUESTION),
    timeline=timeline,
    todos=todos,
    proofs=proofs,
    acts=(visits.CHECK,),
)
