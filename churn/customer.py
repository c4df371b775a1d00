"""Churn's part of the customer page: the chance of leaving in the strip, and why in the right column."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from churn.domain.survival import MonthlyHazard
from churn.queries import HIGH_TIMES_USUAL, SCORE, CustomerScore, customer_score
from churn.words import Since, Words
from utility_crm.kit.gathering import Gather
from utility_crm.kit.parts import Cell, CustomerCall, CustomerRoom, SideSection, Todo, Tone
from utility_crm.kit.together import together
from utility_crm.web.formats import day, percent
from utility_crm.web.words import mark

RAISED_TIMES_USUAL = 1.5
LAST_MONTH = 12
LAST = 99


KNOWN = Gather((SCORE,), lambda call: {"customer": call.customer_id, "today": call.today})


def score(call: CustomerCall) -> CustomerScore | None:
    """The latest score, once a page."""
    (rows,) = together(call, KNOWN)
    return customer_score(rows[0]) if rows else None


def tone(found: CustomerScore) -> Tone:
    """bad for a high chance, warn for a raised one."""
    times = found.score / found.usual if found.usual else 0.0
    return "bad" if times >= HIGH_TIMES_USUAL else "warn" if times >= RAISED_TIMES_USUAL else ""


def _cells(call: CustomerCall) -> Sequence[Cell]:
    found = call.once(score)
    if found is None:
        return ()
    usual = Words(call.language)._("usual %(share)s", share=percent(found.usual, 0, call.language))
    return (Cell(mark("May leave"), percent(found.score, 0, call.language), usual, tone(found), order=90),)


def _sections(call: CustomerCall) -> Sequence[SideSection]:
    found = call.once(score)
    if found is None:
        return ()
    words = Words(call.language)
    title = words._(
        "May leave: %(share)s, where %(usual)s is usual",
        share=percent(found.score, 0, call.language),
        usual=percent(found.usual, 0, call.language),
    )
    return (SideSection(title, _reasons(found, words), order=40),)


def _reasons(found: CustomerScore, words: Words) -> tuple[Todo, ...]:
    said = words.reasons(found.reasons, found.as_of, Since(found.overdue_now_minor, found.unanswered_now))
    items = [
        Todo(
            one.text,
            one.detail,
            amount=one.points if place else one.in_points,
            tone="bad",
            order=place,
        )
        for place, one in enumerate(said)
    ]
    if not items:
        since = words._("as of %(day)s", day=day(found.as_of, words.language))
        items.append(Todo(words._("Nothing about them raises it"), since))
    return (*items, *_when(found, words))


def _when(found: CustomerScore, words: Words) -> tuple[Todo, ...]:
    """When, not only whether."""
    if found.hazard is None:
        return ()
    hazard = MonthlyHazard.read(found.hazard)
    lost = hazard.lost_within(np.array([found.score]), LAST_MONTH)[0]
    one, six, year = (percent(float(lost[month - 1]), 0, words.language) for month in (1, 6, LAST_MONTH))
    if hazard.seen < LAST_MONTH:  # of so long nobody could know yet
        said = words._("Within one month %(one)s, six months %(six)s", one=one, six=six)
    else:
        said = words._(
            "Within one month %(one)s, six months %(six)s, a year %(year)s", one=one, six=six, year=year
        )
    return (Todo(said, words._("if nothing changes"), order=LAST),)


ROOM = CustomerRoom(gathers=(KNOWN,), cells=_cells, sections=_sections)
