"""The page of ops put together: every question's short answer, and the chosen one in full.

A question that fails says so in its own place and the rest of the page works; the log has its error.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar
from uuid import uuid4

from meters.completeness import Completeness
from meters.pages.feeds_call import FeedsCall, FeedsQuestion
from meters.pages.feeds_figures import counts_lately_of, counts_today_of, known_of, unassigned_of
from meters.pages.questions import feeds_questions
from meters.queries import FeedCounts
from utility_crm.kit.errors import CareError
from utility_crm.kit.parts import Answer, Sheet
from utility_crm.web.words import translator

T = TypeVar("T")
log = logging.getLogger("utility_crm.meters.feeds_page")


@dataclass(frozen=True, slots=True)
class Asked:
    """A question with its short answer, as the left column shows it."""

    question: FeedsQuestion
    answer: Answer


@dataclass(frozen=True, slots=True)
class FeedsPage:
    """What lies around the chosen sheet: the strip's figures, and every question's answer."""

    asked: tuple[Asked, ...]
    known: Completeness
    counts_today: FeedCounts
    counts_lately: FeedCounts
    unassigned: int


def chosen_question(key: str) -> FeedsQuestion:
    """The question asked for, else the first."""
    questions = feeds_questions()
    return next((one for one in questions if one.key == key), questions[0])


def feeds_page(call: FeedsCall) -> FeedsPage:
    """Everything but the chosen sheet."""
    return FeedsPage(
        tuple(Asked(one, _answer(call, one)) for one in feeds_questions()),
        call.once(known_of),
        call.once(counts_today_of),
        call.once(counts_lately_of),
        call.once(unassigned_of),
    )


def sheet_of(call: FeedsCall, question: FeedsQuestion) -> Sheet:
    """The chosen question in full, or in its place that it cannot be answered."""
    return _guarded(
        call, question, question.sheet, lambda code: Sheet("meters/questions/failed.html", {"code": code})
    )


def _answer(call: FeedsCall, question: FeedsQuestion) -> Answer:
    def failed(code: str) -> Answer:
        return Answer(translator(call.language)("not now"), code, "bad")

    return _guarded(call, question, question.answer, failed)


def _guarded(
    call: FeedsCall, question: FeedsQuestion, part: Callable[[FeedsCall], T], instead: Callable[[str], T]
) -> T:
    """The part's own value; when it raises, the log gets the error and the page a substitute with its code.

    The page only reads, so nothing is lost by rolling back, and the parts that follow can go on.
    """
    try:
        return part(call)
    except CareError:
        raise  # it has words of its own, and a page for them
    except Exception:
        code = uuid4().hex[:8]
        log.exception("the question %s of the feeds failed, shown as %s", question.key, code)
        call.session.rollback()
        return instead(code)
