"""The customer page put together: every package's answers, in one session and one response.

A part that fails says so in its own place and the rest of the page works; the log has its error under a code.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Protocol, TypeVar
from uuid import uuid4

from sqlalchemy.exc import DBAPIError

from utility_crm.customers.timeline import TimelinePage, timeline_page, wanted
from utility_crm.kit.errors import CareError
from utility_crm.kit.masking import shown
from utility_crm.kit.parts import (
    Act,
    Answer,
    Banner,
    Cell,
    CustomerCall,
    CustomerRoom,
    Flag,
    Question,
    Sheet,
    SideSection,
    Todo,
)
from utility_crm.web.formats import local_day
from utility_crm.web.words import translator

T = TypeVar("T")
log = logging.getLogger("utility_crm.customers.page")


class Ordered(Protocol):
    """Anything that has its place in a list."""

    @property
    def order(self) -> int:
        """Small comes first."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A question with its short answer, as the left column shows it."""

    question: Question
    answer: Answer


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What lies around the chosen sheet."""

    asked: tuple[Asked, ...]
    cells: tuple[Cell, ...]
    flags: tuple[Flag, ...]
    banners: tuple[Banner, ...]
    todos: tuple[Todo, ...]
    sections: tuple[SideSection, ...]
    timeline: TimelinePage


def all_questions(rooms: Iterable[CustomerRoom]) -> list[Question]:
    """Every package's questions in the order of the page."""
    return sorted(chain.from_iterable(room.questions for room in rooms), key=lambda one: one.order)


def chosen_question(questions: Sequence[Question], key: str) -> Question:
    """The question asked for, else the first."""
    return next((one for one in questions if one.key == key), questions[0])


def surroundings(
    call: CustomerCall, rooms: Sequence[CustomerRoom], questions: Sequence[Question]
) -> Surroundings:
    """Everything but the chosen sheet."""
    return Surroundings(
        asked=tuple(Asked(one, _answer(call, one)) for one in questions),
        cells=_in_order(_gather(call, (room.cells for room in rooms))),
        flags=_in_order(_gather(call, (room.flags for room in rooms))),
        banners=tuple(_gather(call, (room.banners for room in rooms))),
        todos=_in_order(_gather(call, (room.todos for room in rooms))),
        sections=_in_order(_gather(call, (room.sections for room in rooms))),
        timeline=timeline_of(call, rooms),
    )


def acts_here(call: CustomerCall, rooms: Iterable[CustomerRoom]) -> tuple[Act, ...]:
    """What whoever looks may do to this customer now, in the order of the key bar."""
    viewer = call.viewer
    found = chain.from_iterable(room.acts for room in rooms)
    mine = [one for one in found if viewer is not None and viewer.may(one.permission)]

    def applies(one: Act) -> bool:
        return one.applies is None or _guarded(call, one.label, one.applies, lambda _code: False)

    return _in_order(one for one in mine if applies(one))


def panel_of(call: CustomerCall, act: Act) -> Sheet:
    """The form of an act, or in its place what went wrong."""
    if act.context is None:
        return Sheet(act.panel, {})
    context = act.context

    def filled(call: CustomerCall) -> Sheet:
        return Sheet(act.panel, context(call))

    return _guarded(call, act.label, filled, lambda code: Sheet("customers/act_failed.html", {"code": code}))


def sheet_of(call: CustomerCall, question: Question) -> Sheet:
    """The chosen question in full, or in its place what went wrong."""
    return _guarded(call, question.key, question.sheet, _failed_sheet)


def _failed_sheet(code: str) -> Sheet:
    return Sheet("customers/failed.html", {"code": code})


def _answer(call: CustomerCall, question: Question) -> Answer:
    def failed(code: str) -> Answer:
        _ = translator(call.language)
        return Answer(_("not now"), code, "bad")

    return _guarded(call, question.key, question.answer, failed)


Part = Callable[[CustomerCall], Sequence[T]]


def _gather(call: CustomerCall, parts: Iterable[Part[T] | None]) -> list[T]:
    found: list[T] = []
    for part in parts:
        if part is not None:
            found += _guarded(call, part.__module__, part, lambda _code: ())
    return found


def _guarded(
    call: CustomerCall, what: str, part: Callable[[CustomerCall], T], instead: Callable[[str], T]
) -> T:
    """The part's own value; when it raises, the log gets the error and the page a substitute with its code.

    The page only reads, so nothing is lost by rolling back, and the parts that follow can go on.
    """
    try:
        return part(call)
    except CareError as error:
        log.warning("%s of customer %d: %s", what, call.customer_id, error.message)
        call.session.rollback()
        return instead(error.code)
    except Exception as error:
        if isinstance(error, DBAPIError) and error.connection_invalidated:
            raise  # the database is away: no part of the page can be right
        code = uuid4().hex[:8]
        log.exception("%s of customer %d failed, shown as %s", what, call.customer_id, code)
        call.session.rollback()
        return instead(code)


OrderedT = TypeVar("OrderedT", bound=Ordered)


def _in_order(items: Iterable[OrderedT]) -> tuple[OrderedT, ...]:
    return tuple(sorted(items, key=lambda item: item.order))


def timeline_of(call: CustomerCall, rooms: Sequence[CustomerRoom]) -> TimelinePage:
    """What happened, of every package, as far as the address asks for it."""
    entries = _gather(call, (room.timeline for room in rooms))
    asked = wanted(call.params)

    def seen(text: str) -> str:
        return shown(text, "text", call.customer_id)

    return timeline_page(entries, asked, local_day, seen)
