"""The supervisor's board: six questions about now and lately. A constant number of statements a question.

The page looks again by itself (`board.js`); what it then gets is kept a moment for everybody who may see the
same (`kept.py`).
"""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Request
from starlette.responses import HTMLResponse, Response

from utility_crm.board.domain.days import same_weekdays
from utility_crm.board.domain.piles import Pile
from utility_crm.board.kept import Kept
from utility_crm.board.pace import Paces, paces, piles_of
from utility_crm.board.queries import Colleague, Promises, Queue, colleagues, promises, queues
from utility_crm.board.today import Today, today_figures
from utility_crm.kit.settings import settings
from utility_crm.surveys.domain.spans import SPANS, last_days
from utility_crm.surveys.plan_store import kept_plan
from utility_crm.surveys.queries import Said, Satisfaction, said, satisfaction
from utility_crm.tickets.words import CHANNEL_WORDS, KIND_WORDS
from utility_crm.web.charts import bars
from utility_crm.web.visit import Visit, visit

router = APIRouter()
QUESTIONS = ("waits", "breaks", "people", "today", "pace", "satisfied")
MOST_SAID = 12


@dataclass(frozen=True, slots=True)
class Figures:
    """All that a board shows. piles and said (bad answers): where they are asked about."""

    queues: tuple[Queue, ...]
    promises: Promises
    people: tuple[Colleague, ...]
    day: Today
    pace: Paces
    piles: tuple[Pile, ...]
    rated: Satisfaction
    said: tuple[Said, ...]
    fewest: int


@router.get("/board")
def board(request: Request, ask: str = "waits", days: int = 30) -> Response:
    """What waits, which promises break, who is on what, how today is going, whether we keep up, how satisfied
    customers are; for htmx the sheet alone."""
    with visit(request, "board.read") as v:
        ask, days = _known(ask, days)
        return v.render("board/board.html", **_shown(_figures(v, ask, days), ask, days))


@router.get("/board/now")
def board_now(request: Request, ask: str = "waits", days: int = 30) -> Response:
    """The same as it stands now, without the house around it: for pages that look again by themselves."""
    with visit(request, "board.read") as v:
        ask, days = _known(ask, days)
        found = _kept(request).get((_sees(v), ask, days, v.today), v.now, lambda: _figures(v, ask, days))
        given: dict[str, Any] = _shown(found, ask, days)
        return HTMLResponse(v.fragment("board/board.html", layout="board/now.html", **given))


def _kept(request: Request) -> Kept[Figures]:
    """One for each application."""
    state = request.app.state
    if not hasattr(state, "kept_boards"):
        state.kept_boards = Kept[Figures]()
    kept: Kept[Figures] = state.kept_boards
    return kept


def _known(ask: str, days: int) -> tuple[str, int]:
    return ask if ask in QUESTIONS else QUESTIONS[0], days if days in SPANS else 30


def _sees(v: Visit) -> Hashable:
    """What decides what a person sees: who may see every ticket of every area sees what others such do."""
    user = v.user
    if user.may("tickets.all") or user.sees_all_tickets:
        return ("all", user.area_ids)
    return ("own", user.id, user.team_ids, user.area_ids)


def _figures(v: Visit, ask: str, days: int) -> Figures:
    zone = settings().timezone
    midnight = datetime.combine(v.today, time(), ZoneInfo(zone)).astimezone(UTC)
    begins, ends = last_days(days, v.today, zone)
    first = v.today - timedelta(days=days - 1)
    return Figures(
        queues(v.session, v.user, v.now),
        promises(v.session, v.user, v.now),
        colleagues(v.session, v.user, v.now, midnight),
        today_figures(v.session, v.user, v.now, same_weekdays(v.now, v.today, zone)),
        paces(v.session, v.user, begins, ends),
        piles_of(v.session, v.user, first, days, zone) if ask == "pace" else (),
        satisfaction(v.session, v.user, begins, ends),
        said(v.session, v.user, begins, ends, which="bad", most=MOST_SAID) if ask == "satisfied" else (),
        kept_plan(v.session).plan.fewest,
    )


def _shown(found: Figures, ask: str, days: int) -> dict[str, Any]:
    return {
        "ask": ask, "days": days, "spans": SPANS, "queues": found.queues, "promises": found.promises,
        "people": found.people, "day": found.day, "rated": found.rated, "said": found.said,
        "fewest": found.fewest, "kinds": KIND_WORDS,
        "pace": found.pace, "piles": found.piles, "channels": CHANNEL_WORDS, "bars": bars,
    }  # fmt: skip
